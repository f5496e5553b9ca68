"""Team sales: ``orders_ingest`` starts ``crm_sync``, another DAG of the team. The DAGs' names follow no convention."""

from airflow.providers.standard.operators.trigger_dagrun import TriggerDagRunOperator
from airflow.sdk import Variable, dag, task


@dag(schedule=None)
def orders_ingest():
    @task
    def extract():
        return {"orders": [19, 23]}

    TriggerDagRunOperator(
        task_id="hand_over",
        trigger_dag_id="crm_sync",
        trigger_run_id="of-{{ run_id }}",
        conf=extract(),
    )


@dag(schedule=None)
def crm_sync():
    @task
    def sync(dag_run):
        return {"region": Variable.get("region"), "orders": dag_run.conf.get("orders")}

    sync()


orders_ingest()
crm_sync()
