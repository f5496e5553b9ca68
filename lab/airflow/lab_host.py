"""The name of a component's pod, which Airflow writes down as the host of a task.

Who reads the task's log asks there: the api-server by this name through its sidecar, which knows
where the pod's own sidecar is. ``[core] hostname_callable`` is set to ``lab_host.name``.
"""

import os


def name():
    return os.environ["DAGWARD_LAB_HOST"]
