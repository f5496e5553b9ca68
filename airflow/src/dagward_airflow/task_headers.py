"""Adds headers that name the task to its plain HTTP requests: an Airflow plugin.

Airflow finds it by an entry point of the package ``dagward-airflow``. If your image cannot contain the package, put
this file into ``$AIRFLOW_HOME/plugins`` of workers. examples/airflow/README.md has the steps.

It covers ``http.client`` and all libraries that use it (``requests``, ``urllib``, ``urllib3``, ``HttpHook``), and
``httpx``. It does not change HTTPS requests: no sidecar could read their headers, or remove them outside the mesh.
"""

import functools
import http.client
import sys
from urllib.parse import quote

import httpx
from airflow.listeners import hookimpl
from airflow.plugins_manager import AirflowPlugin

# The headers of the task that runs in this process; empty in other processes.
HEADERS = {}


@hookimpl
def on_task_instance_running(previous_state, task_instance):
    for name in ("dag_id", "run_id", "task_id", "map_index", "try_number"):
        value = getattr(task_instance, name, None)
        if value is not None:
            HEADERS["x-airflow-" + name.replace("_", "-")] = quote(str(value), safe="")


def before(owner, method, add):
    """Makes ``owner.method`` call ``add`` first; only once, even if both the package and a copy are installed."""
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
