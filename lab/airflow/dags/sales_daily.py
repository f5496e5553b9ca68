"""Team sales: two tasks, the second reads the XCom of the first."""

from airflow.sdk import dag, task


@dag(schedule=None, default_args={"queue": "sales"})
def sales_daily():
    @task
    def extract():
        return [19, 23]

    @task
    def load(orders):
        print(f"loaded {sum(orders)}")

    load(extract())


sales_daily()
