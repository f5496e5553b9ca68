"""Team sales on Airflow 2: two tasks, the second reads the XCom of the first."""

import pendulum
from airflow.decorators import dag, task


@dag(schedule=None, start_date=pendulum.datetime(2026, 1, 1))
def sales_daily():
    @task
    def extract():
        return [19, 23]

    @task
    def load(orders):
        print(f"loaded {sum(orders)}")

    load(extract())


sales_daily()
