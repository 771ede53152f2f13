"""A web server of a few fixed pages, for health and metrics.

It answers GET and HEAD with a short text and closes the connection, which is all that a kubelet and a Prometheus need;
aiohttp's server would cost 2 MiB more in every cluster.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import NamedTuple

import structlog

from farwatch.agent.errors import ConfigError
from farwatch.agent.values import Address

_log = structlog.get_logger(__name__)
_HEAD_LIMIT_BYTES = 8192
_REQUEST_SECONDS = 5.0


class Page(NamedTuple):
    """An answer."""

    status: HTTPStatus
    body: str
    content_type: str = "text/plain; charset=utf-8"


class WebServer:
    """Serves pages by path. A page is made anew for each request.

    Raises ConfigError from ``start`` when the address cannot be had.
    """

    def __init__(self, address: Address, setting: str, pages: Mapping[str, Callable[[], Page]]) -> None:
        self._address = address
        self._setting = setting
        self._pages = pages
        self._server: asyncio.Server | None = None

    @property
    def port(self) -> int:
        """The port listened on, once started."""
        if self._server is None:
            raise RuntimeError("the web server has not been started")
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    async def start(self) -> None:
        """Begins to listen."""
        host, port = self._address.host, self._address.port
        try:
            self._server = await asyncio.start_server(self._answer, host, port, limit=_HEAD_LIMIT_BYTES)
        except OSError as error:
            raise ConfigError(
                f"{self._setting}: cannot listen on {self._address}: {error.strerror}; choose another address"
            ) from error
        _log.info("serving", setting=self._setting, paths=list(self._pages), port=self.port)

    def stop(self) -> None:
        """Stops listening. Whoever is asking just now is not waited for: stopping must not take as long as they do."""
        if self._server is not None:
            self._server.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(_REQUEST_SECONDS):
                head = await reader.readuntil(b"\r\n\r\n")
                writer.write(self._respond(head))
                await writer.drain()
        except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, TimeoutError, ConnectionError):
            pass  # whoever asks like this learns nothing and costs nothing
        finally:
            writer.close()

    def _respond(self, head: bytes) -> bytes:
        method, _, rest = head.partition(b"\r\n")[0].decode("latin-1").partition(" ")
        path = rest.partition(" ")[0].partition("?")[0]
        if method not in {"GET", "HEAD"}:
            page = Page(HTTPStatus.METHOD_NOT_ALLOWED, "only GET is served here\n")
        elif path in self._pages:
            page = self._pages[path]()
        else:
            page = Page(HTTPStatus.NOT_FOUND, f"served here: {', '.join(self._pages)}\n")
        body = page.body.encode()
        headers = (
            f"HTTP/1.1 {page.status.value} {page.status.phrase}\r\nContent-Type: {page.content_type}\r\n"
            f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        )
        return headers.encode("latin-1") + (b"" if method == "HEAD" else body)
