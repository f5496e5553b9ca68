"""Team sales sets only fields that every author may set."""

from airflow.sdk import dag, task
from kubernetes.client import models as k8s

BASE = k8s.V1Container(
    name="base",
    resources=k8s.V1ResourceRequirements(requests={"memory": "2Gi"}),
    env=[k8s.V1EnvVar(name="OMP_NUM_THREADS", value="2")],
)
LARGE = k8s.V1Pod(spec=k8s.V1PodSpec(containers=[BASE], node_selector={"pool": "large"}))


@dag(schedule=None)
def sales_honest():
    @task
    def plain(ti):
        return ti.dag_id

    @task(executor_config={"pod_override": LARGE})
    def large(ti):
        return ti.dag_id

    plain() >> large()


sales_honest()
