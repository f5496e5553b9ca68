"""Team ml, hostile: its task sends what its run's ``conf`` says, byte by byte, through its pod's sidecar.

``conf`` has ``attempts``, each with a ``name`` and

* ``method``, ``path``, ``headers`` (a list of pairs) and ``body``, or ``raw``, a whole request in base64;
* ``late``, if more bytes are to follow once the answer is there, in base64.

Before the body, and anywhere in ``raw``, ``{token}`` stands for the task's own token, or for the one in
the file that ``token_from`` names, and ``{subject}`` for the task instance that it is for. The task
returns what came of each attempt, by name, without any token.
"""

import base64
import http.client
import json
import os
import re
import socket
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

from airflow.sdk import dag, task

SERVER = "airflow-api-server:8080"

# Of an answer's headers, those that an attack is about.
TOLD = ("connection", "content-type", "location", "x-airflow-proof", "x-request-id")

LONGEST_BODY = 4096

TIMEOUT = 60

TOKEN = re.compile(r"eyJ[\w-]+\.[\w-]+\.[\w-]+")


def subject_of(token):
    claims = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))["sub"]


def request_of(attempt, token):
    def filled(request):
        return request.replace(b"{token}", token.encode()).replace(b"{subject}", subject_of(token).encode())

    if "raw" in attempt:
        return filled(base64.b64decode(attempt["raw"]))
    body = attempt.get("body", "").encode()
    headers = attempt.get("headers", [])
    named = {name.lower() for name, _ in headers}
    if "host" not in named:
        headers = [["host", SERVER], *headers]
    if body and not named & {"content-length", "transfer-encoding"}:
        headers = [*headers, ["content-length", str(len(body))]]
    head = [f"{attempt['method']} {attempt['path']} HTTP/1.1", *(f"{name}: {value}" for name, value in headers)]
    return filled("\r\n".join([*head, "", ""]).encode()) + body


def answer_of(connection, method):
    answer = http.client.HTTPResponse(connection, method=method)
    try:
        answer.begin()
        body = answer.read(LONGEST_BODY).decode(errors="replace")
    except (OSError, http.client.HTTPException) as error:
        return {"status": None, "error": repr(error)}
    return {
        "status": answer.status,
        "headers": {name: answer.headers[name] for name in TOLD if name in answer.headers},
        "body": TOKEN.sub("TOKEN", body),
        "refreshed": "refreshed-api-token" in answer.headers,
    }


def outcome_of(attempt, token):
    sidecar = urlsplit(os.environ["http_proxy"])
    request = request_of(attempt, token)
    method = request.split(b" ", 1)[0].decode(errors="replace")
    with socket.create_connection((sidecar.hostname, sidecar.port), TIMEOUT) as connection:
        # A sidecar may refuse, and close, before all has been sent.
        with suppress(ConnectionError):
            connection.sendall(request)
        outcome = answer_of(connection, method)
        if "late" in attempt:
            with suppress(ConnectionError):
                connection.sendall(base64.b64decode(attempt["late"]))
            outcome["late"] = answer_of(connection, "GET")
    return outcome


@dag(schedule=None)
def ml_rogue_agent():
    @task
    def attack(ti, dag_run):
        import task_token

        conf = dag_run.conf
        stolen = conf.get("token_from")
        token = Path(stolen).read_text() if stolen else task_token.own(ti.id)
        outcomes = {attempt["name"]: outcome_of(attempt, token) for attempt in conf["attempts"]}
        for name, outcome in outcomes.items():
            print(name, outcome["status"])
        return outcomes

    attack()


ml_rogue_agent()
