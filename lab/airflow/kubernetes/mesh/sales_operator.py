"""Team sales: a pod of KubernetesPodOperator in the team's namespace, and one beside Airflow.

There is no connection ``kubernetes_default``, so the operator uses the token of the task's own pod.
"""

from airflow.providers.cncf.kubernetes.operators.pod import KubernetesPodOperator
from airflow.sdk import dag


def pod(name, namespace):
    return KubernetesPodOperator(
        task_id=name,
        name=name,
        namespace=namespace,
        in_cluster=True,
        image="lab",
        cmds=["python3", "-c", "print('made by an operator')"],
        random_name_suffix=False,
        on_finish_action="keep_pod",
        startup_check_interval_seconds=1,
    )


@dag(schedule=None)
def sales_operator():
    pod("own", "sales")
    pod("beside", "airflow")


sales_operator()
