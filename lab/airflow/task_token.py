"""Takes a task's own token from within the task, as any DAG author's code can.

The token belongs to the task's supervisor, which never gives it to the task. But the supervisor forks
the task, so the task has the supervisor's call stack below its own, and the stack contains the token
that the task was queued with. That token is only valid for ``run``. Airflow answers the same ``run``
twice, each time with a token that is valid for the whole Task Execution API.
"""

import json
import os
import sys
from datetime import datetime, timezone
from urllib.request import Request, urlopen

from airflow.sdk.api.client import get_hostname, getuser
from airflow.sdk.configuration import conf


def queued_with():
    frame = sys._getframe()
    while frame is not None:
        if frame.f_code.co_name == "supervise_task":
            return frame.f_locals["token"]
        frame = frame.f_back
    raise LookupError("no supervisor below this task")


def own(task_instance):
    server = conf.get("core", "execution_api_server_url").rstrip("/")
    started = {
        "state": "running",
        "hostname": get_hostname(),
        "unixname": getuser(),
        "pid": os.getpid(),
        "start_date": datetime.now(timezone.utc).isoformat(),
    }
    run = Request(
        f"{server}/task-instances/{task_instance}/run",
        data=json.dumps(started).encode(),
        headers={"authorization": f"Bearer {queued_with()}", "content-type": "application/json"},
        method="PATCH",
    )
    with urlopen(run) as answer:
        return answer.headers["refreshed-api-token"]
