"""Airflow 3's own routing, without its endpoints.

It is the real app with its routers, middlewares and servers, but every endpoint reports in the
header `x-route` how the request reached it: the template, the path's parameters, and the query's
parameters as Airflow reads them. It serves on two ports, one with each of uvicorn's HTTP parsers,
and prints both.
"""

import json
import socket
import threading

import uvicorn
from cadwyn import Cadwyn
from fastapi import FastAPI
from fastapi._compat import field_annotation_is_sequence
from fastapi.dependencies.utils import get_flat_dependant
from fastapi.routing import APIRoute
from starlette.datastructures import QueryParams
from starlette.routing import Mount

from airflow.api_fastapi.app import cached_app

# Airflow's answers to requests without a route.
CATCH_ALLS = {"webapp", "api_not_found", "old_api", "old_health"}


def endpoint(template, route):
    # FastAPI itself distinguishes lists from single values in this way.
    parameters = [
        (parameter.alias, field_annotation_is_sequence(parameter.field_info.annotation))
        for parameter in get_flat_dependant(route.dependant).query_params
    ]
    known = route.name not in CATCH_ALLS

    async def answer(scope, receive, send):
        query = QueryParams(scope["query_string"])
        read = {
            name: query.getlist(name) if several else [query[name]]
            for name, several in parameters
            if name in query
        }
        path = {name: str(value) for name, value in scope["path_params"].items()}
        said = {"template": template, "path": path, "query": read, "parameters": [name for name, _ in parameters]}
        headers = [(b"x-route", json.dumps(said).encode())] if known else []
        headers.append((b"content-length", b"0"))
        await send({"type": "http.response.start", "status": 200 if known else 404, "headers": headers})
        await send({"type": "http.response.body", "body": b""})

    return answer


def replace_endpoints(routes, prefix):
    for route in routes:
        if isinstance(route, Mount):
            replace_below(route.app, prefix + route.path)
        elif isinstance(route, APIRoute):
            route.app = endpoint(prefix + route.path, route)


def replace_below(app, prefix):
    if isinstance(app, Cadwyn):
        # The Execution API has separate routes for each of its versions; it makes them at the first request.
        app._cadwyn_initialize()
        for router in app.router.versioned_routers.values():
            replace_endpoints(router.routes, prefix)
    if isinstance(app, FastAPI):
        replace_endpoints(app.routes, prefix)


def numbered(app):
    """Writes the number of the request into its answer, so that clients can send requests without waiting."""

    async def wrapped(scope, receive, send):
        number = dict(scope.get("headers", ())).get(b"x-number")

        async def send_numbered(message):
            if message["type"] == "http.response.start" and number is not None:
                message["headers"] = [*message.get("headers", ()), (b"x-number", number)]
            await send(message)

        await app(scope, receive, send_numbered)

    return wrapped


def serve(app, parser, listener):
    config = uvicorn.Config(app, http=parser, lifespan="off", access_log=False, log_level="warning")
    uvicorn.Server(config).run(sockets=[listener])


def main():
    app = cached_app()
    replace_below(app, "")
    listeners = {parser: socket.create_server(("127.0.0.1", 0)) for parser in ("httptools", "h11")}
    for parser, listener in listeners.items():
        print(f"{parser} at 127.0.0.1:{listener.getsockname()[1]}", flush=True)
    threading.Thread(target=serve, args=(numbered(app), "h11", listeners["h11"]), daemon=True).start()
    serve(numbered(app), "httptools", listeners["httptools"])


if __name__ == "__main__":
    main()
