"""Two DAGs that share one service account. ``affairs`` only touches what is its own. ``meddler`` tries the objects of
``affairs``, and those of its own DAG that other tasks and runs have written.

``conf`` of the run of ``meddler``: ``victim_run``, a run of ``affairs``, and ``forged_run``, the run of it that the task
tries to start.
"""

from airflow.providers.standard.operators.trigger_dagrun import TriggerDagRunOperator
from airflow.providers.standard.sensors.external_task import ExternalTaskSensor
from airflow.sdk import dag, task


@dag(schedule=None)
def affairs():
    @task
    def extract():
        return [19, 23]

    @task.short_circuit
    def load(orders, dag_run):
        print(f"loaded {sum(orders)}")
        return not dag_run.conf.get("again")

    again = TriggerDagRunOperator(
        task_id="again",
        trigger_dag_id="affairs",
        trigger_run_id="again-{{ run_id }}",
        logical_date="{{ dag_run.run_after }}",
        conf={"again": True},
        wait_for_completion=True,
        poke_interval=0.5,
    )
    watch = ExternalTaskSensor(
        task_id="watch",
        external_dag_id="affairs",
        external_task_id="load",
        poke_interval=0.5,
    )
    load(extract()) >> again >> watch


@dag(schedule=None)
def meddler():
    @task
    def note():
        return "noted"

    @task
    def meddle(ti, dag_run):
        from airflow.sdk.execution_time.comms import (
            DeleteXCom,
            GetDagRunState,
            GetDRCount,
            GetTaskStates,
            SetXCom,
            TriggerDagRun,
        )
        from attempts import ask, outcomes_of

        victim = {"dag_id": "affairs", "run_id": dag_run.conf["victim_run"]}
        forged = {"dag_id": "affairs", "run_id": dag_run.conf["forged_run"]}
        own = {"dag_id": "meddler", "run_id": dag_run.run_id}
        result = {"task_id": "extract", "key": "return_value"}
        forgery = {"key": "return_value", "value": "forged"}
        return outcomes_of(
            {
                "read": lambda: ti.xcom_pull(task_ids="extract", **victim),
                "write": lambda: ask(SetXCom(task_id="extract", **victim, **forgery)),
                "delete": lambda: ask(DeleteXCom(**victim, **result)),
                "state": lambda: ask(GetDagRunState(**victim)),
                "count": lambda: ask(GetDRCount(dag_id="affairs")),
                "tasks": lambda: ask(GetTaskStates(dag_id="affairs")),
                "clear": lambda: ask(TriggerDagRun(**victim, reset_dag_run=True)),
                "trigger": lambda: ask(TriggerDagRun(**forged)),
                "write in another run": lambda: ask(
                    SetXCom(dag_id="meddler", run_id="other", task_id="meddle", **forgery)
                ),
                "write for another task": lambda: ask(SetXCom(task_id="note", **own, **forgery)),
                "read of another task": lambda: ti.xcom_pull(task_ids="note"),
                "write its own": lambda: ask(SetXCom(task_id="meddle", key="own", value=1, **own)),
            }
        )

    note() >> meddle()


affairs()
meddler()
