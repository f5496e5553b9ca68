"""Prints every route that the installed Airflow serves, one JSON object a line, for `cargo xtask routes`.

    {"app": "execution", "method": "GET", "path": "/execution/dags/{dag_id}", "query": [], "body": [], "asks": []}

`app` is the application that serves the route, `query` the names of the query's parameters, `body` the positions in
a JSON body: `actions[].entities[].dag_id`, and `asks` the permissions that Airflow asks its auth manager for before it
answers, see `asked.py`. HEAD and OPTIONS count if the route itself declares them, but not if a framework adds them.
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections import defaultdict
from importlib.util import find_spec
from pathlib import Path

# Turns on parts that are off by default, to see their routes as well. Each counts if it is installed.
os.environ["AIRFLOW__EDGE__API_ENABLED"] = "True"
os.environ["AIRFLOW_ENABLE_AIP_44"] = "True"
os.environ["AIRFLOW__WEBSERVER__RUN_INTERNAL_API"] = "True"
# From this argument the Edge plugin learns that it must serve its API.
sys.argv = ["airflow", "api-server"]
# Airflow's log lines on standard output go to standard error.
ROUTES = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)

import airflow  # noqa: E402
from asked import Questions  # noqa: E402

FAB = "airflow.providers.fab.auth_manager.fab_auth_manager.FabAuthManager"
AUTOMATIC = {"HEAD", "OPTIONS"}


class Routes:
    """The routes found so far. A route in several versions of an API appears once, with all that they read."""

    def __init__(self):
        self.found = defaultdict(lambda: (set(), set(), set()))

    def add(self, app, method, path, query=(), body=(), asks=()):
        for all_of_them, more in zip(self.found[app, method, path], (query, body, asks)):
            all_of_them.update(more)

    def print(self):
        for (app, method, path), found in sorted(self.found.items(), key=lambda item: item[0][::-1]):
            query, body, asks = map(sorted, found)
            route = {"app": app, "method": method, "path": path, "query": query, "body": body, "asks": asks}
            print(json.dumps(route), file=ROUTES)


class Document:
    """An OpenAPI document."""

    def __init__(self, document):
        self.document = document

    def resolve(self, node):
        while "$ref" in node:
            target = self.document
            for step in node["$ref"].removeprefix("#/").split("/"):
                target = target[step]
            node = target
        return node

    def operation(self, path, method):
        """The query's parameters and the body's positions of one operation."""
        item = self.document.get("paths", {}).get(path, {})
        operation = item.get(method.lower(), {})
        parameters = map(self.resolve, item.get("parameters", []) + operation.get("parameters", []))
        query = {parameter["name"] for parameter in parameters if parameter["in"] == "query"}
        body = set()
        for media in self.resolve(operation.get("requestBody", {})).get("content", {}).values():
            body |= self.places(media.get("schema", {}), "", ())
        return query, body

    def places(self, schema, place, above):
        """Every position under `schema` that has a value of its own."""
        if schema.get("$ref") in above:
            return {place}
        above += (schema.get("$ref"),) if "$ref" in schema else ()
        schema = self.resolve(schema)
        found = set()
        for kind in ("allOf", "anyOf", "oneOf"):
            for part in schema.get(kind, []):
                found |= self.places(part, place, above)
        for name, part in schema.get("properties", {}).items():
            if not self.resolve(part).get("readOnly"):
                found |= self.places(part, f"{place}.{name}".lstrip("."), above)
        if "items" in schema:
            found |= self.places(schema["items"], f"{place}[]", above)
        if not found and place and schema.get("type") != "null":
            found.add(place)
        return found


def starlette(routes, app, prefix, found):
    """The routes of a FastAPI or Starlette application, and of those mounted in it."""
    import fastapi.routing
    from fastapi.openapi.utils import get_openapi
    from starlette.routing import Mount, Route

    # Newer FastAPI keeps the routers that an application includes as separate objects.
    if hasattr(fastapi.routing, "iter_route_contexts"):
        routes = list(fastapi.routing.iter_route_contexts(routes))
    for route in routes:
        # Airflow excludes the routes of its UI from the document. Objects of newer releases are frozen.
        object.__setattr__(route, "include_in_schema", True)
    document = Document(get_openapi(title="", version="", routes=routes))
    for route in routes:
        kind = type(getattr(route, "original_route", route))
        if issubclass(kind, fastapi.routing.APIRoute):
            asks = guards(route)
            for method in route.methods:
                found.add(app, method, prefix + route.path, *document.operation(route.path_format, method), asks)
        elif issubclass(kind, Mount):
            mounted(route.app, route.path.strip("/") or app, prefix + route.path, found)
        elif issubclass(kind, Route):
            for method in route.methods - AUTOMATIC:
                found.add(app, method, prefix + route.path)
        else:
            raise SystemExit(f"cannot read {route!r}, under `{prefix}`")


def guards(route):
    """The questions of a FastAPI route: in its dependencies, in those of its routers, and in its own code."""
    questions = Questions()
    questions.scopes(route.dependencies)
    dependants = [route.dependant]
    while dependants:
        dependant = dependants.pop()
        questions.ask(dependant.call)
        dependants += dependant.dependencies
    return questions.found


def mounted(application, app, prefix, found):
    """The routes of an application that is mounted in another one."""
    from starlette.staticfiles import StaticFiles

    while not hasattr(application, "routes") and not isinstance(application, StaticFiles):
        if hasattr(application, "wsgi_application") or type(application).__name__ == "WSGIMiddleware":
            wsgi = getattr(application, "wsgi_application", None) or application.app
            return flask(getattr(wsgi, "app", wsgi), app, prefix, found)
        application = application.app
    if isinstance(application, StaticFiles):
        return found.add(app, "GET", prefix + "/{file:path}")
    if hasattr(application.router, "versioned_routers"):
        # Cadwyn, the Execution API: a router for each version, made at the first request.
        application._cadwyn_initialize()
        for router in application.router.versioned_routers.values():
            starlette(router.routes, app, prefix, found)
    starlette(application.routes, app, prefix, found)


def flask(application, app, prefix, found, documents=()):
    """The routes of a Flask application. `documents` has the OpenAPI documents by their path prefixes."""
    for rule in application.url_map.iter_rules():
        path = prefix + re.sub(r"<(?:(\w+)(?:\(.*?\))?:)?(\w+)>", placeholder, rule.rule)
        view = application.view_functions[rule.endpoint]
        questions = Questions()
        questions.ask(view)
        questions.permission(view)
        for method in rule.methods - AUTOMATIC:
            query, body = set(), set()
            for base, document in documents:
                if rule.rule.startswith(base + "/"):
                    plain = re.sub(r"<(?:.*?:)?(\w+)>", r"{\1}", rule.rule)
                    query, body = document.operation(plain.removeprefix(base), method)
            found.add(app, method, path, query, body, questions.found)


def placeholder(match):
    converter, name = match.groups()
    return f"{{{name}:path}}" if converter == "path" else f"{{{name}}}"


def airflow_2(found):
    import yaml

    from airflow.utils.serve_logs import create_app as log_server
    from airflow.www.app import create_app

    package = Path(airflow.__file__).parent
    documents = [
        (base, Document(yaml.safe_load((package / file).read_text())))
        for base, file in [
            ("/api/v1", "api_connexion/openapi/v1.yaml"),
            ("/auth/fab/v1", "providers/fab/auth_manager/openapi/v1.yaml"),
        ]
    ]
    flask(create_app(), "webserver", "", found, documents)
    flask(log_server(), "log server", "", found)


def airflow_3(found):
    from airflow.api_fastapi import app
    from airflow.configuration import conf

    mounted(app.create_app(), "api-server", "", found)
    if find_spec("airflow.providers.fab"):
        conf.set("core", "auth_manager", FAB)
        mounted(app.create_auth_manager().get_fastapi_app(), "auth", "/auth", found)
    try:
        from airflow.utils.serve_logs.log_server import create_app as log_server
    except ImportError:
        from airflow.utils.serve_logs import create_app as log_server
    server = log_server()
    (mounted if hasattr(server, "routes") else flask)(server, "log server", "", found)


def main():
    found = Routes()
    (airflow_2 if airflow.__version__.startswith("2.") else airflow_3)(found)
    found.print()


main()
