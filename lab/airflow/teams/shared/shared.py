"""A DAG of no team."""

from airflow.sdk import dag, task


@dag(schedule=None)
def cleanup():
    @task
    def sweep():
        print("swept")

    sweep()


cleanup()
