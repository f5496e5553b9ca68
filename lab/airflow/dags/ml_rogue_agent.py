"""Team ml, hostile: its task sends the bytes in its run's ``conf`` through its pod's sidecar.

``conf`` has ``attempts``, each with a ``name``, the whole ``request`` in base64, and

* ``sign``, if the request carries a token that the task signs itself: the ``key`` of Airflow's
  configuration that signs it, and its ``claims``;
* ``late``, if the task must also report bytes that arrive after the answer.

In a request ``{token}`` stands for the task's own token, or for the one in the file that ``token_from``
names, ``{subject}`` for the task instance of that token, and ``{signed}`` for the one that the task signs.
The task returns the result of each attempt, by name, without any token.
"""

import base64
import http.client
import json
import os
import re
import socket
import time
import uuid
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

from airflow.sdk import dag, task

LONGEST_BODY = 4096

TIMEOUT = 60

TOKEN = re.compile(r"eyJ[\w-]+\.[\w-]+\.[\w-]+")


def subject_of(token):
    claims = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))["sub"]


def signed(sign):
    import jwt

    from airflow.sdk.configuration import conf

    now = int(time.time())
    claims = {"jti": uuid.uuid4().hex, "iat": now, "nbf": now, "exp": now + TIMEOUT, **sign["claims"]}
    return jwt.encode(claims, conf.get(*sign["key"]), algorithm="HS512")


def request_of(attempt, token):
    values = {b"{token}": token, b"{subject}": subject_of(token)}
    if "sign" in attempt:
        values[b"{signed}"] = signed(attempt["sign"])
    request = base64.b64decode(attempt["request"])
    for placeholder, value in values.items():
        request = request.replace(placeholder, value.encode())
    return request


def answer_of(connection, method):
    answer = http.client.HTTPResponse(connection, method=method)
    try:
        answer.begin()
        body = answer.read(LONGEST_BODY).decode(errors="replace")
    except (OSError, http.client.HTTPException) as error:
        return {"status": None, "error": repr(error)}
    return {
        "status": answer.status,
        "request_id": answer.headers.get("x-request-id"),
        "body": TOKEN.sub("TOKEN", body),
    }


def outcome_of(attempt, token):
    sidecar = urlsplit(os.environ["http_proxy"])
    request = request_of(attempt, token)
    method = request.split(b" ", 1)[0].decode(errors="replace")
    with socket.create_connection((sidecar.hostname, sidecar.port), TIMEOUT) as connection:
        # A sidecar may refuse the request and close the connection before all bytes are sent.
        with suppress(ConnectionError):
            connection.sendall(request)
        outcome = answer_of(connection, method)
        if attempt.get("late"):
            outcome["late"] = answer_of(connection, "GET")
    return outcome


@dag(schedule=None, default_args={"queue": "ml"})
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
