"""Team sales requests a pod of team ml by mistake."""

from airflow.sdk import dag, task
from kubernetes.client import models as k8s

OF_ML = k8s.V1PodSpec(containers=[], service_account_name="airflow-worker-ml")


@dag(schedule=None)
def sales_careless():
    @task(executor_config={"pod_override": k8s.V1Pod(spec=OF_ML)})
    def copied(ti):
        return ti.dag_id

    copied()


sales_careless()
