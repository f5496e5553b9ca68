"""Team science: ``churn_model`` works within the team. ``churn_spy`` tries the objects of team sales.

``conf`` of the run of ``churn_spy``: ``victim_run``, a run of ``crm_sync``, and ``forged_run``, the run of it that
the task tries to start.
"""

from airflow.sdk import BaseHook, Variable, dag, task


@dag(schedule=None)
def churn_model():
    @task
    def train():
        print("trained")

    train()


@dag(schedule=None)
def churn_spy():
    @task
    def spy(ti, dag_run):
        from airflow.sdk.execution_time.comms import GetDagRunState, GetDRCount, TriggerDagRun
        from attempts import ask, outcomes_of

        victim = {"dag_id": "crm_sync", "run_id": dag_run.conf["victim_run"]}
        forged = {"dag_id": "crm_sync", "run_id": dag_run.conf["forged_run"]}
        return outcomes_of(
            {
                "xcom": lambda: ti.xcom_pull(task_ids="sync", **victim),
                "variable": lambda: Variable.get("region"),
                "connection": lambda: BaseHook.get_connection("crm"),
                "state": lambda: ask(GetDagRunState(**victim)),
                "count": lambda: ask(GetDRCount(dag_id="crm_sync")),
                "clear": lambda: ask(TriggerDagRun(**victim, reset_dag_run=True)),
                "trigger": lambda: ask(TriggerDagRun(**forged)),
                "teammate": lambda: ask(GetDRCount(dag_id="churn_model")),
            }
        )

    spy()


churn_model()
churn_spy()
