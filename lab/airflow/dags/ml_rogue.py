"""Team ml, hostile: its task tries requests that only team sales may make, and returns the results.

``conf`` of the run: ``victim_run``, the run of ``sales_daily`` whose XCom it tries to read, and
``forged_run``, the run that it tries to start.
"""

from airflow.sdk import dag, task
from airflow.sdk.execution_time import task_runner
from airflow.sdk.execution_time.comms import TriggerDagRun


def outcome_of(attempt):
    try:
        return f"got {attempt()}"
    except Exception as error:
        return f"refused: {error}"


@dag(schedule=None, default_args={"queue": "ml"})
def ml_rogue():
    @task
    def steal(ti, dag_run):
        def read():
            return ti.xcom_pull(dag_id="sales_daily", task_ids="extract", run_id=dag_run.conf["victim_run"])

        def trigger():
            request = TriggerDagRun(dag_id="sales_daily", run_id=dag_run.conf["forged_run"])
            return task_runner.SUPERVISOR_COMMS.send(request)

        outcomes = {"read": outcome_of(read), "trigger": outcome_of(trigger)}
        print(outcomes)
        return outcomes

    steal()


ml_rogue()
