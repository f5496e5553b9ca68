"""Shows the parts of the package `dagward-airflow` that an Airflow finds: its hooks and listeners, and the account
that a task's pod gets.

It reads the command of the task's container as a list from standard input.
"""

import json
import sys
from http.client import HTTPConnection
from types import SimpleNamespace

from airflow import settings
from airflow.exceptions import AirflowClusterPolicyViolation
from airflow.listeners.listener import get_listener_manager

HOOKS = ("task_policy", "task_instance_mutation_hook", "pod_mutation_hook")


def policies():
    manager = getattr(settings, "POLICY_PLUGIN_MANAGER", None) or settings.get_policy_plugin_manager()
    return {name: [impl.function.__module__ for impl in getattr(manager.hook, name).get_hookimpls()] for name in HOOKS}


def account(args, dag_id):
    spec = SimpleNamespace(containers=[SimpleNamespace(args=args, command=None)], service_account_name=None)
    annotations = {"dag_id": dag_id, "task_id": "load", "run_id": "r"}
    pod = SimpleNamespace(metadata=SimpleNamespace(annotations=annotations), spec=spec)
    try:
        settings.pod_mutation_hook(pod)
    except AirflowClusterPolicyViolation as error:
        return f"refused: {error}"
    return spec.service_account_name


def main(args):
    listeners = [getattr(plugin, "__name__", "") for plugin in get_listener_manager().pm.get_plugins()]
    return {
        "policies": policies(),
        "is_noop": settings.task_instance_mutation_hook.is_noop,
        "listens": "dagward_airflow.task_headers" in listeners,
        "adds_headers": hasattr(HTTPConnection.endheaders, "names_task"),
        "own": account(args, "sales_daily"),
        "forged": account(args, "ml_train"),
        "other_command": account(["sh", "-c", "id"], "sales_daily"),
    }


print(json.dumps(main(json.load(sys.stdin))))
