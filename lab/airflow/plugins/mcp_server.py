"""An MCP server like those of Airflow plugins: in the api-server. It turns each call of a tool into a request to
Airflow on localhost with the caller's token.
"""

from __future__ import annotations

import json
import urllib.request

from airflow.plugins_manager import AirflowPlugin
from fastapi import Body, FastAPI, Header, Request

server = FastAPI()


@server.get("/")
def stream():
    return "the stream of an MCP server"


@server.post("/")
def call(request: Request, authorization: str = Header(), message: dict = Body()):
    """Starts the DAG that the tool's arguments name."""
    _, port = request.scope["server"]
    dag = message["params"]["arguments"]["dag_id"]
    started = urllib.request.Request(
        f"http://localhost:{port}/api/v2/dags/{dag}/dagRuns",
        json.dumps({"logical_date": None}).encode(),
        {"authorization": authorization, "content-type": "application/json"},
    )
    # The lab's proxy replaces the capture of traffic in a pod, which does not apply to traffic within the pod.
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with direct.open(started) as answer:
        return {"jsonrpc": "2.0", "id": message["id"], "result": json.load(answer)}


class McpServer(AirflowPlugin):
    name = "mcp_server"
    fastapi_apps = [{"app": server, "name": name, "url_prefix": "/mcp/v1"}]
