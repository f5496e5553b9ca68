"""Has a task say which task it is, on its plain HTTP requests: an Airflow plugin.

Airflow finds it by an entry point of the package ``dagward-airflow``. Where the image cannot have the package, put this
file into ``$AIRFLOW_HOME/plugins`` of workers. examples/airflow/README.md has the steps.

It holds for ``http.client`` and all that use it (``requests``, ``urllib``, ``urllib3``, ``HttpHook``), and
for ``httpx``. HTTPS is left alone: no sidecar could read the headers, nor take them away outside the mesh.
"""

import functools
import http.client
import sys
from urllib.parse import quote

import httpx
from airflow.listeners import hookimpl
from airflow.plugins_manager import AirflowPlugin

# Of the task that runs in this process; empty elsewhere.
HEADERS = {}


@hookimpl
def on_task_instance_running(previous_state, task_instance):
    for name in ("dag_id", "run_id", "task_id", "map_index", "try_number"):
        value = getattr(task_instance, name, None)
        if value is not None:
            HEADERS["x-airflow-" + name.replace("_", "-")] = quote(str(value), safe="")


def before(owner, method, add):
    """Has ``owner.method`` do ``add`` first; once, where both the package and a copy of this file are installed."""
    original = getattr(owner, method)
    if getattr(original, "names_task", False):
        return

    @functools.wraps(original)
    def wrapper(self, *args, **kwargs):
        add(self, *args)
        return original(self, *args, **kwargs)

    wrapper.names_task = True
    setattr(owner, method, wrapper)


def add_to_connection(connection, *_):
    if not isinstance(connection, http.client.HTTPSConnection):
        for name, value in HEADERS.items():
            connection.putheader(name, value)


def add_to_request(_client, request):
    if request.url.scheme == "http":
        request.headers.update(HEADERS)


before(http.client.HTTPConnection, "endheaders", add_to_connection)
before(httpx.Client, "send", add_to_request)
before(httpx.AsyncClient, "send", add_to_request)


class TaskHeaders(AirflowPlugin):
    name = "task_headers"
    listeners = [sys.modules[__name__]]
