"""Shows which credentials Airflow 3 reads from a request's headers.

It runs Airflow's own dependencies, of the Execution API and of users' APIs, on the headers that each
of uvicorn's parsers returns. It does not verify signatures, because a worker may hold the key. Older
releases of FastAPI and PyJWT that Airflow supports read more or less, so it tries their rules too.

It takes a file with a list of requests, each a list of pairs of a header's name and its value in
hex, and writes a list with the credentials of each request.
"""

import asyncio
import base64
import itertools
import json
import sys
from types import SimpleNamespace

import fastapi.security.http
import fastapi.security.oauth2
import h11
import httptools
import jwt
from fastapi import HTTPException
from fastapi.security import HTTPBearer, OAuth2PasswordBearer
from jwt.api_jws import PyJWS
from starlette.requests import Request

from airflow.api_fastapi.execution_api import security

BEARER = HTTPBearer(auto_error=False)
OAUTH2 = OAuth2PasswordBearer(tokenUrl="/auth/token", auto_error=False)
EXECUTION = security.JWTBearer()

# A trace for each refused token would fill the disk.
security.log = SimpleNamespace(warning=lambda *_, **__: None)


def by_h11(raw):
    connection = h11.Connection(h11.SERVER)
    connection.receive_data(raw)
    try:
        return [(name, value) for name, value in connection.next_event().headers]
    except h11.RemoteProtocolError:
        return None


def by_httptools(raw):
    class Headers(list):
        def on_header(self, name, value):
            self.append((name.lower(), value))

    headers = Headers()
    try:
        httptools.HttpRequestParser(headers).feed_data(raw)
    except httptools.HttpParserError:
        return None
    return list(headers)


class Validator:
    async def avalidated_claims(self, token, _required):
        return jwt.decode(token, options={"verify_signature": False})


class Services:
    async def aget(self, _service):
        return Validator()


# FastAPI before 0.128.1 strips nothing.
def cut(value):
    scheme, _, parameter = (value or "").partition(" ")
    return scheme, parameter


def cut_and_stripped(value):
    scheme, parameter = cut(value)
    return scheme, parameter.strip()


# PyJWT before 2.14.0 drops characters that are not base64.
def lenient(segment, _name):
    return base64.urlsafe_b64decode(segment + b"=" * (-len(segment) % 4))


VARIANTS = list(itertools.product((cut, cut_and_stripped), (PyJWS._decode_base64url_segment, lenient)))


async def read(headers):
    raw = b"".join(name.encode() + b": " + bytes.fromhex(value) + b"\r\n" for name, value in headers)
    raw = b"GET / HTTP/1.1\r\nhost: airflow\r\n" + raw + b"\r\n"
    tasks, user = set(), False
    for parsed in filter(None, (by_h11(raw), by_httptools(raw))):
        for scheme, segment in VARIANTS:
            fastapi.security.http.get_authorization_scheme_param = scheme
            fastapi.security.oauth2.get_authorization_scheme_param = scheme
            PyJWS._decode_base64url_segment = staticmethod(segment)
            request = Request({"type": "http", "headers": parsed})
            bearer, oauth2 = await BEARER(request), await OAUTH2(request)
            user = user or bool(bearer or oauth2 or request.cookies.get("_token"))
            try:
                token = await EXECUTION(request, Services())
                tasks.add(str(token.id))
            except (HTTPException, ValueError):
                pass
    return {"tasks": sorted(tasks), "user": user}


async def main(questions, answers):
    with open(questions, encoding="utf-8") as file:
        requests = json.load(file)
    with open(answers, "w", encoding="utf-8") as file:
        json.dump([await read(headers) for headers in requests], file)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
