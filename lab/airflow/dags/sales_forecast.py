"""Team sales: a DAG that starts when the figures have been updated. Its only task needs no worker."""

from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import Asset, dag


@dag(schedule=[Asset("sales_figures")])
def sales_forecast():
    EmptyOperator(task_id="forecast")


sales_forecast()
