"""Team sales: a task that calls a service of the mesh by each of the usual libraries.

``conf`` of the run: ``service``, its URL.
"""

import urllib.error
import urllib.request

import httpx
import requests
from airflow.sdk import dag, task


def by_urllib(url):
    try:
        return urllib.request.urlopen(url).status
    except urllib.error.HTTPError as error:
        return error.code


@dag(schedule=None, default_args={"queue": "sales"})
def sales_pays():
    @task
    def pay(dag_run):
        def statuses(path):
            url = dag_run.conf["service"] + path
            return {
                "requests": requests.get(url).status_code,
                "httpx": httpx.get(url).status_code,
                "urllib": by_urllib(url),
            }

        return {path: statuses(path) for path in ("/claimed", "/proven")}

    pay()


sales_pays()
