"""ClickHouse's HTTP interface over the embedded engine: a process that tests talk to in place of a ClickHouse server.

What is said about a statement (users, databases, parameters, settings, formats, compression, codes and statuses of
faults, query ids) follows ClickHouse's documentation and its src/Server/HTTPHandler.cpp; what a statement does is done
by the engine itself. It is no ClickHouse server all the same: limits of users, profiles, sessions and grants are not there.

``python clickhouse_server.py FOLDER PORT USER PASSWORD [CERTIFICATE]`` prints its port when it serves. A POST to
``/-/next/insert/FAULT`` (or ``select``, ``kill``) has the next one end otherwise than it should:

- ``die``: the process kills itself when it is done, and answers nobody;
- ``die-within``: it kills itself while the engine is at it;
- ``cut``: it is done, and the connection is closed without an answer;
- ``denied``: the user may not;
- ``slow``: it is done after ``/-/go``.

Nobody may make databases whose name begins with ``forbidden``.
"""

from __future__ import annotations

import asyncio
import gzip
import hmac
import os
import re
import signal
import ssl
import sys
import uuid
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from typing import Any

import zstandard
from aiohttp import web
from chdb.state.sqlitelike import connect

_THREADS = 24
_LONGEST_ADDRESS = 1024 * 1024
_LONGEST_PARAMETER = 128 * 1024
_LARGEST_BODY = 64 * 1024 * 1024

_RESERVED = frozenset(
    {
        "query", "database", "default_format", "compress", "decompress", "user", "password", "quota_key", "query_id",
        "stacktrace", "buffer_size", "wait_end_of_query", "session_id", "session_timeout", "session_check",
        "client_protocol_version", "close_session", "role",
    }
)  # fmt: skip
"""Parameters of the URL that are not settings."""

_BAD_REQUEST = {6, 25, 26, 27, 36, 38, 41, 43, 44, 53, 62, 69, 72, 117}
_NOT_FOUND = {46, 47, 50, 56, 60, 73, 81, 115}
_FORBIDDEN = {192, 193, 497, 516}
_CODE = re.compile(r"Code: (\d+)\. DB::Exception: ")
_FORBIDDEN_DATABASE = re.compile(r"CREATE DATABASE .*`forbidden")


class FaultError(Exception):
    """What a client is told."""

    def __init__(self, code: int, text: str, name: str) -> None:
        super().__init__(f"Code: {code}. DB::Exception: {text} ({name}) (version 26.9.2.1 (no server))")


class ClickHouse:
    """The engine and who may use it."""

    def __init__(self, folder: str, user: str, password: str) -> None:
        self._folder = folder
        self._identity = (user, password)
        self._threads = ThreadPoolExecutor(_THREADS)
        # The engine lives as long as one connection does.
        self._first = connect(folder)
        self._running: set[str] = set()
        self._next: dict[str, str] = {}
        self.go = asyncio.Event()
        self.requests: list[dict[str, str]] = []

    async def serve(self, request: web.Request) -> web.StreamResponse:
        query_id = request.query.get("query_id") or str(uuid.uuid4())
        headers = {
            "X-ClickHouse-Server-Display-Name": "test",
            "X-ClickHouse-Query-Id": query_id,
            "X-ClickHouse-Timezone": "UTC",
            "X-ClickHouse-Summary": "{}",
        }
        try:
            status, answer = HTTPStatus.OK, await self._run(request, query_id)
        except (FaultError, RuntimeError) as error:
            code = int((_CODE.search(str(error)) or ["", "1002"])[1])
            headers["X-ClickHouse-Exception-Code"] = str(code)
            status, answer = _status(code), f"{error}\n".encode()
        if request.query.get("enable_http_compression") == "1" and "gzip" in request.headers.get(
            "Accept-Encoding", ""
        ):
            headers["Content-Encoding"] = "gzip"
            answer = gzip.compress(answer, 1)
        return web.Response(status=status, body=answer, headers=headers)

    async def misbehave(self, request: web.Request) -> web.Response:
        self._next[request.match_info["statement"].upper()] = request.match_info["fault"]
        return web.Response()

    async def release(self, _: web.Request) -> web.Response:
        self.go.set()
        return web.Response()

    async def tell(self, _: web.Request) -> web.Response:
        return web.json_response(self.requests)

    async def _run(self, request: web.Request, query_id: str) -> bytes:
        if request.method == "POST" and request.content_length is None:
            raise FaultError(
                381, "There is no Content-Length header for POST request", "HTTP_LENGTH_REQUIRED"
            )
        user = request.headers.get("X-ClickHouse-User", "default")
        given = (user, request.headers.get("X-ClickHouse-Key", ""))
        if not hmac.compare_digest(repr(given).encode(), repr(self._identity).encode()):
            raise FaultError(
                516,
                f"{user}: Authentication failed: password is incorrect, or there is no user with such name.",
                "AUTHENTICATION_FAILED",
            )
        for name, value in request.query.items():
            if len(value.encode()) > _LONGEST_PARAMETER:
                raise FaultError(36, f"Too long value of field {name}", "BAD_ARGUMENTS")
        body = _unpack(await request.read(), request.headers.get("Content-Encoding", ""))
        statement = "\n".join(filter(None, (request.query.get("query", ""), body.decode())))
        self.requests.append({**request.query, "query": statement.partition("\n")[0]})
        if _FORBIDDEN_DATABASE.match(statement):
            raise _deny(user)
        if query_id in self._running:
            raise FaultError(
                216,
                f"Query with id = {query_id} is already running.",
                "QUERY_WITH_SAME_ID_IS_ALREADY_RUNNING",
            )
        self._running.add(query_id)
        try:
            return await self._execute(request, query_id, statement)
        finally:
            self._running.discard(query_id)

    async def _execute(self, request: web.Request, query_id: str, statement: str) -> bytes:
        fault = self._next.pop(statement.partition(" ")[0], "")
        if fault == "denied":
            raise _deny(request.headers.get("X-ClickHouse-User", ""))
        if fault == "slow":
            await self.go.wait()
        working = asyncio.get_running_loop().run_in_executor(
            self._threads, self._ask, dict(request.query), request.method, query_id, statement
        )
        if fault == "die-within":
            await asyncio.sleep(0)
            os.kill(os.getpid(), signal.SIGKILL)
        answer = await working
        if fault == "die":
            os.kill(os.getpid(), signal.SIGKILL)
        if fault == "cut" and request.transport:
            request.transport.abort()
        return answer

    def _ask(self, query: dict[str, str], method: str, query_id: str, statement: str) -> bytes:
        # A session of its own for each statement, as without a session_id.
        connection = connect(self._folder)
        try:
            if query.get("database"):
                connection.query(f"USE `{query['database']}`", "Null")
            settings = {
                name: value
                for name, value in query.items()
                if name not in _RESERVED and not name.startswith("param_")
            }
            if method == "GET":
                settings.setdefault("readonly", "2")
            # The last, because nothing can be set after it.
            for name in sorted(settings, key=lambda name: name == "readonly"):
                connection.query(f"SET {name} = '{settings[name]}'", "Null")
            parameters = {
                name.removeprefix("param_"): value
                for name, value in query.items()
                if name.startswith("param_")
            }
            # The embedded engine's queries have no ids: a comment stands for it.
            if statement.startswith("KILL QUERY"):
                statement = re.sub(r"\bquery_id\b", r"extract(query, '^/\\\\* (\\\\S+)')", statement)
            statement = f"/* {query_id} */ {statement}"
            result: Any = connection.query(
                statement, query.get("default_format") or "TabSeparated", parameters
            )
            return bytes(result.bytes())
        finally:
            connection.close()


def _deny(user: str) -> FaultError:
    return FaultError(497, f"{user}: Not enough privileges. To execute this query, ...", "ACCESS_DENIED")


def _unpack(body: bytes, how: str) -> bytes:
    if how == "zstd":
        return zstandard.decompress(body, max_output_size=_LARGEST_BODY)
    return gzip.decompress(body) if how == "gzip" else body


def _status(code: int) -> HTTPStatus:
    if code in _FORBIDDEN:
        return HTTPStatus.FORBIDDEN
    if code in _BAD_REQUEST:
        return HTTPStatus.BAD_REQUEST
    if code in _NOT_FOUND:
        return HTTPStatus.NOT_FOUND
    return HTTPStatus.REQUEST_TIMEOUT if code == 159 else HTTPStatus.INTERNAL_SERVER_ERROR


async def _main(folder: str, port: int, user: str, password: str, certificate: str = "") -> None:
    clickhouse = ClickHouse(folder, user, password)
    app = web.Application(client_max_size=_LARGEST_BODY)
    app.router.add_get("/ping", lambda _: web.Response(text="Ok.\n"))
    app.router.add_post("/-/next/{statement}/{fault}", clickhouse.misbehave)
    app.router.add_post("/-/go", clickhouse.release)
    app.router.add_get("/-/requests", clickhouse.tell)
    app.router.add_route("*", "/", clickhouse.serve)
    runner = web.AppRunner(
        app, access_log=None, max_line_size=_LONGEST_ADDRESS, keepalive_timeout=10.0, auto_decompress=False
    )
    await runner.setup()
    tls = None
    if certificate:
        tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        tls.load_cert_chain(certificate)
    site = web.TCPSite(runner, "127.0.0.1", port, ssl_context=tls)
    await site.start()
    print(runner.addresses[0][1], flush=True)  # noqa: T201 - read by whoever started it
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_main(sys.argv[1], int(sys.argv[2]), *sys.argv[3:]))
