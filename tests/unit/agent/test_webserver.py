from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from http import HTTPStatus

import aiohttp
import pytest

from farwatch.agent.errors import ConfigError
from farwatch.agent.values import Address
from farwatch.agent.webserver import Page, WebServer


@pytest.fixture
async def server() -> AsyncIterator[WebServer]:
    pages = {
        "/well": lambda: Page(HTTPStatus.OK, "well\n"),
        "/ill": lambda: Page(HTTPStatus.SERVICE_UNAVAILABLE, "ü\n"),
    }
    server = WebServer(Address("127.0.0.1:0"), "health_listen", pages)
    await server.start()
    yield server
    server.stop()


@pytest.mark.parametrize(
    ("method", "path", "status", "body"),
    [
        ("GET", "/well", 200, "well\n"),
        ("GET", "/well?verbose=1", 200, "well\n"),
        ("GET", "/ill", 503, "ü\n"),
        ("HEAD", "/well", 200, ""),
        ("GET", "/", 404, "served here: /well, /ill\n"),
        ("POST", "/well", 405, "only GET is served here\n"),
    ],
)
async def test_pages_are_served_by_path(
    server: WebServer, method: str, path: str, status: int, body: str
) -> None:
    url = f"http://127.0.0.1:{server.port}{path}"
    async with aiohttp.ClientSession() as session, session.request(method, url) as answer:
        assert (answer.status, await answer.text()) == (status, body)


@pytest.mark.parametrize(
    "request_bytes", [b"", b"GET", b"\x00\xff\r\n\r\n", b"GET /well\r\n" + b"x" * 20_000]
)
async def test_a_bad_request_harms_nobody(server: WebServer, request_bytes: bytes) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(request_bytes)
    writer.write_eof()
    assert b"200" not in await reader.read()
    writer.close()

    async with (
        aiohttp.ClientSession() as session,
        session.get(f"http://127.0.0.1:{server.port}/well") as answer,
    ):
        assert answer.status == 200


async def test_a_taken_port_is_said_in_one_line(server: WebServer) -> None:
    second = WebServer(Address(f"127.0.0.1:{server.port}"), "health_listen", {})
    with pytest.raises(
        ConfigError, match=rf"^health_listen: cannot listen on 127\.0\.0\.1:{server.port}: .*; choose"
    ):
        await second.start()
