"""A DAG that belongs to no team."""

from airflow.sdk import dag, task


@dag(schedule=None)
def etl():
    @task
    def load(ti):
        return ti.dag_id

    load()


etl()
