"""Team ml gives a DAG a name of team sales, and requests that team's workers."""

from airflow.sdk import dag, task


@dag(schedule=None)
def sales_evil():
    @task(queue="sales")
    def steal(ti):
        return ti.dag_id

    steal()


sales_evil()
