"""Stands in for KubernetesExecutor and the kubelet, of which no container runtime is needed here.

KubernetesExecutor turns each workload into a pod that runs
``python -m airflow.sdk.execution_time.execute_workload --json-string WORKLOAD`` beside a sidecar
of its own. This executor starts the same command as a process, and points it at the sidecar that
the lab has started for that task: as in a pod, the supervisor and the task reach Airflow through
that sidecar only. Which pod gets which task, and what becomes of its exit status, follow
KubernetesExecutor; images, volumes and ``pod_override`` have no counterpart.

``DAGWARD_LAB_SIDECARS`` names a JSON file that maps ``dag_id/task_id`` to the URL of the
execution API as the task's sidecar serves it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from airflow.executors.base_executor import BaseExecutor


class PodProcessExecutor(BaseExecutor):
    """One process per task instance, each behind the sidecar of its pod."""

    def start(self):
        self.sidecars = json.loads(Path(os.environ["DAGWARD_LAB_SIDECARS"]).read_text())
        self.pods = {}

    def _process_workloads(self, workload_items):
        for workload in workload_items:
            del self.queued_tasks[workload.key]
            self.running.add(workload.key)
            self.pods[workload.key] = self._create_pod(workload)

    def _create_pod(self, workload):
        ti = workload.ti
        url = self.sidecars[f"{ti.dag_id}/{ti.task_id}"]
        module = "airflow.sdk.execution_time.execute_workload"
        return subprocess.Popen(
            [sys.executable, "-m", module, "--json-string", workload.model_dump_json()],
            env={**os.environ, "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": url},
        )

    def sync(self):
        for key, pod in list(self.pods.items()):
            status = pod.poll()
            if status is None:
                continue
            del self.pods[key]
            if status == 0:
                self.success(key)
            else:
                self.fail(key, info=f"the pod's process ended with status {status}")

    def end(self):
        self.terminate()

    def terminate(self):
        for pod in self.pods.values():
            pod.terminate()
        for pod in self.pods.values():
            pod.wait()
