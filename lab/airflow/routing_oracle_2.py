"""Airflow 2's own routing, without its endpoints.

It is the real webserver with its rules, converters and server, but every endpoint reports in the
header `x-route` how the request reached it: the rule, the path's parameters, and the query's
parameters that it reads. Code that would look up the caller in the database is left out.
"""

import inspect
import json
import re

import yaml
from flask import Response, request
from gunicorn.app.base import BaseApplication

import airflow.api_connexion
from airflow.www.app import cached_app

# The attributes from which views read the query. `values` also contains fields of forms.
READS = re.compile(r"""request\.(?:args|values)(?:\.get(?:list)?\(|\[)\s*["'](\w+)["']""")


def parameters_of_api():
    """The query's parameters by path, from the API's document."""
    directory = inspect.getfile(airflow.api_connexion).replace("__init__.py", "openapi/v1.yaml")
    with open(directory) as file:
        document = yaml.safe_load(file)

    def names(parameters):
        for parameter in parameters:
            if "$ref" in parameter:
                parameter = document["components"]["parameters"][parameter["$ref"].rsplit("/", 1)[1]]
            if parameter["in"] == "query":
                yield parameter["name"]

    parameters = {}
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if method != "parameters":
                own = [*item.get("parameters", []), *operation.get("parameters", [])]
                parameters[method.upper(), "/api/v1" + path] = list(names(own))
    return parameters


def endpoint(view, api):
    try:
        source = inspect.getsource(inspect.unwrap(view))
    except (OSError, TypeError):
        source = ""
    if "args = request.args" in source:
        source = re.sub(r"(?<![.\w])args\b", "request.args", source)
    of_view = READS.findall(source)
    # Old addresses of pages that are now below a DAG's.
    leads_on = "sanitize_args(request.args)" in source

    def answer(**path):
        rule = request.url_rule.rule
        template = re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule)
        method = "GET" if request.method == "HEAD" else request.method
        parameters = api.get((method, template), of_view)
        if leads_on and "dag_id" not in path:
            parameters = ["dag_id"]
        said = {
            "template": rule,
            "path": {name: str(value) for name, value in path.items()},
            "query": {name: request.args.getlist(name) for name in parameters if name in request.args},
            "parameters": parameters,
        }
        return Response(headers={"x-route": json.dumps(said)})

    return answer


def numbered(app):
    """Writes the number of the request into its answer."""

    def wrapped(environ, start_response):
        number = environ.get("HTTP_X_NUMBER", "")

        def start_numbered(status, headers, *rest):
            return start_response(status, [*headers, ("x-number", number)], *rest)

        return app(environ, start_numbered)

    return wrapped


def load():
    app = cached_app()
    api = parameters_of_api()
    for name, view in app.view_functions.items():
        app.view_functions[name] = endpoint(view, api)
    for hooks in (app.before_request_funcs, app.after_request_funcs, app.teardown_request_funcs):
        hooks.clear()
    return numbered(app)


class Server(BaseApplication):
    """gunicorn as `airflow webserver` runs it."""

    def load_config(self):
        self.cfg.set("bind", "127.0.0.1:0")
        self.cfg.set("workers", 2)
        self.cfg.set("worker_class", "sync")
        self.cfg.set("preload_app", True)
        self.cfg.set("timeout", 120)
        self.cfg.set("control_socket_disable", True)
        self.cfg.set("when_ready", when_ready)

    def load(self):
        return load()


def when_ready(server):
    host, port = server.LISTENERS[0].sock.getsockname()
    print(f"gunicorn at {host}:{port}", flush=True)


if __name__ == "__main__":
    Server().run()
