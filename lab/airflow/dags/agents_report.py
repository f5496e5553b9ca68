"""A DAG that AI agents may start. Its only task needs no worker."""

from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import dag


@dag(schedule=None)
def agents_report():
    EmptyOperator(task_id="report")


agents_report()
