"""Team sales, hostile: each task requests a pod from the Kubernetes executor that does not belong to the team."""

import sys

from airflow.sdk import dag, task
from kubernetes.client import models as k8s

# Cluster policies for DAGs run in the process that runs this file, so the file can remove them.
for name in ("airflow_local_settings", "dagward_airflow.cluster_policy"):
    if policy := sys.modules.get(name):
        policy.refusal = lambda config: None


def pod(metadata=None, base=None, **spec):
    containers = [k8s.V1Container(name="base", **(base or {}))]
    return k8s.V1Pod(metadata=metadata, spec=k8s.V1PodSpec(containers=containers, **spec))


def container(**fields):
    return k8s.V1Container(image="registry.example.com/forger", **fields)


ISTIO_TOKEN = k8s.V1ServiceAccountTokenProjection(audience="istio-ca", path="token")

PODS = {
    "account": pod(service_account_name="airflow-worker-ml"),
    "old_account": pod(service_account="airflow-worker-ml"),
    "annotations": pod(metadata=k8s.V1ObjectMeta(annotations={"dag_id": "ml_train", "task_id": "fit"})),
    "no_annotation": pod(metadata=k8s.V1ObjectMeta(annotations={"dag_id": None})),
    "labels": pod(metadata=k8s.V1ObjectMeta(labels={"dag_id": "ml_train"})),
    # A pod that the api-server's Service selects.
    "service": pod(metadata=k8s.V1ObjectMeta(labels={"component": "api-server"})),
    "namespace": pod(metadata=k8s.V1ObjectMeta(namespace="billing")),
    "command": pod(base={"command": ["sh", "-c", "id"]}),
    "args": pod(base={"args": ["sh", "-c", "id"]}),
    "image": pod(base={"image": "registry.example.com/forger"}),
    "secret": pod(base={"env_from": [k8s.V1EnvFromSource(secret_ref=k8s.V1SecretEnvSource(name="airflow-jwt"))]}),
    # Traffic that Istio's iptables rules do not capture.
    "proxy_user": pod(base={"security_context": k8s.V1SecurityContext(run_as_user=1337)}),
    "proxy_user_of_pod": pod(security_context=k8s.V1PodSecurityContext(run_as_user=1337)),
    # Replaces the pod template's value.
    "no_context": pod(base={"security_context": k8s.V1SecurityContext()}),
    "host_network": pod(host_network=True),
    "shared_processes": pod(share_process_namespace=True),
    "no_sidecar": pod(metadata=k8s.V1ObjectMeta(labels={"sidecar.istio.io/inject": "false"})),
    "uncaptured_port": pod(
        metadata=k8s.V1ObjectMeta(annotations={"traffic.sidecar.istio.io/excludeOutboundPorts": "8080"})
    ),
    # The injector allows a pod to set fields of its own sidecar.
    "own_sidecar": k8s.V1Pod(
        spec=k8s.V1PodSpec(containers=[k8s.V1Container(name="base"), container(name="istio-proxy")])
    ),
    "renamed": k8s.V1Pod(spec=k8s.V1PodSpec(containers=[k8s.V1Container(name="istio-proxy")])),
    "init": pod(init_containers=[container(name="before", command=["iptables", "-F"])]),
    "sidecars_token": pod(
        base={"volume_mounts": [k8s.V1VolumeMount(name="istio-token", mount_path="/token")]}
    ),
    "own_token": pod(
        volumes=[
            k8s.V1Volume(
                name="token",
                projected=k8s.V1ProjectedVolumeSource(
                    sources=[k8s.V1VolumeProjection(service_account_token=ISTIO_TOKEN)]
                ),
            )
        ]
    ),
}

CONFIGS = {name: {"pod_override": override} for name, override in PODS.items()}
CONFIGS["template"] = {"pod_template_file": "/opt/airflow/dags/forged.yaml"}
CONFIGS["no_pod"] = {"pod_override": {"spec": {"serviceAccountName": "airflow-worker-ml"}}}


@dag(schedule=None)
def sales_forger():
    for name, config in CONFIGS.items():

        @task(task_id=name, executor_config=config)
        def forge(ti):
            return ti.dag_id

        forge()


sales_forger()
