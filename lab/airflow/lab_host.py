"""The name of a component's pod, which Airflow stores as the host of a task.

The api-server reads the task's log from this host, through its sidecar, which knows the address of
the pod's own sidecar. ``[core] hostname_callable`` is set to ``lab_host.name``.
"""

import os


def name():
    return os.environ["DAGWARD_LAB_HOST"]
