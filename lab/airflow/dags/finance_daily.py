"""Team finance: two tasks call a service of the mesh; one of them tries a request that only the other may make.

``conf`` of the run: ``service``, its URL.
"""

import requests
from airflow.sdk import dag, task

AS_BOOK_PAYMENTS = {
    "x-airflow-dag-id": "finance_daily",
    "x-airflow-task-id": "book_payments",
    "x-airflow-proof": "pod",
}


def told(answer):
    return {"status": answer.status_code, "body": answer.json()}


def payments(dag_run):
    return dag_run.conf["service"] + "/v1/payments"


@dag(schedule=None, default_args={"queue": "finance"})
def finance_daily():
    @task
    def book_payments(dag_run):
        return told(requests.post(payments(dag_run), json={"amount": 42}))

    @task
    def report(dag_run):
        url = payments(dag_run)
        return {
            "look": told(requests.get(url + "/7")),
            "book": told(requests.post(url, json={"amount": 42})),
            "book_as_other": told(requests.post(url, json={"amount": 42}, headers=AS_BOOK_PAYMENTS)),
        }

    book_payments()
    report()


finance_daily()
