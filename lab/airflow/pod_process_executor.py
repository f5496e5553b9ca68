"""Replaces KubernetesExecutor and the kubelet: a pod is a process here.

KubernetesExecutor turns each workload into a pod that runs
``python -m airflow.sdk.execution_time.execute_workload --json-string WORKLOAD`` beside a sidecar
of its own, and takes the pod's end for the workload's. This executor does the same, but it starts
the command as a process, and ``http_proxy`` replaces the pod's iptables rules: supervisor and task
reach Airflow through their pod's sidecar, which the lab has started before the run. Images, volumes
and ``pod_override`` have no counterpart.

``DAGWARD_LAB_PODS`` names a JSON file that maps ``dag_id/run_id/task_id`` to the address at which
the pod's sidecar takes the app's requests. ``*`` stands for a worker, which runs every task that has
no pod of its own.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from airflow.executors.base_executor import BaseExecutor

COMMAND = [sys.executable, "-m", "airflow.sdk.execution_time.execute_workload", "--json-string"]


class PodProcessExecutor(BaseExecutor):
    """One process per task instance, each behind the sidecar of its pod."""

    def start(self):
        self.pods = {}

    def _process_workloads(self, workload_items):
        for workload in workload_items:
            del self.queued_tasks[workload.key]
            sidecar = self._sidecar(workload.ti)
            if sidecar is None:
                self.fail(workload.key, info="the lab has no sidecar for this task")
                continue
            self.running.add(workload.key)
            self.pods[workload.key] = self._create_pod(workload, sidecar)

    def _sidecar(self, ti):
        sidecars = json.loads(Path(os.environ["DAGWARD_LAB_PODS"]).read_text())
        return sidecars.get(f"{ti.dag_id}/{ti.run_id}/{ti.task_id}") or sidecars.get("*")

    def _create_pod(self, workload, sidecar):
        capture = {"http_proxy": f"http://{sidecar}", "no_proxy": ""}
        return subprocess.Popen([*COMMAND, workload.model_dump_json()], env={**os.environ, **capture})

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

    def terminate(self):
        for pod in self.pods.values():
            pod.terminate()
        for pod in self.pods.values():
            pod.wait()

    def end(self):
        self.terminate()
