"""Team sales, hostile: a task in its own pod reads data of team ml. ``conf`` of the run: ``victim``, a run of
``ml_daily``.
"""

from airflow.sdk import BaseHook, Variable, dag, task


def outcome_of(attempt):
    try:
        return f"got {attempt()}"
    except Exception as error:
        return f"refused: {error}"


@dag(schedule=None)
def sales_thief():
    @task
    def steal(ti, dag_run):
        victim = {"dag_id": "ml_daily", "task_ids": "extract", "run_id": dag_run.conf["victim"]}
        return {
            "xcom": outcome_of(lambda: ti.xcom_pull(**victim)),
            "variable": outcome_of(lambda: Variable.get("ml_plan")),
            "connection": outcome_of(lambda: BaseHook.get_connection("ml_store").password),
        }

    steal()


sales_thief()
