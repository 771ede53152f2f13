"""An open watch, read as it comes; and how networks fail."""

from __future__ import annotations

import asyncio
import os
from typing import Self

import aiohttp

from farwatch.kube.decoding import WatchDecoder, WatchEvent
from farwatch.kube.errors import ApiUnreachable, StreamIdle

IDLE_SECONDS = 150.0
"""How long a watch may stand still: bookmarks come about each minute, so two were missed."""

NETWORK_ERRORS = (
    aiohttp.ClientConnectionError,
    aiohttp.ClientPayloadError,
    aiohttp.ClientResponseError,
    TimeoutError,
    OSError,
)
"""What asking or reading raises when the network, or whoever sits in it, fails."""


class WatchStream:
    """An open watch: iterate for the events of each read, in order.

    Ends when the server ends it. Raises :class:`ApiUnreachable` when it breaks, and its
    :class:`StreamIdle` when it stands still for longer than ``idle_seconds``, which may be set anew at any time.

    Attributes:
        idle_seconds: How long it may stand still.
        last_read_bytes: The size of the last read, before decoding.
        ended_in_line: Whether it ended within a line, whose event is lost.
    """

    def __init__(
        self, response: aiohttp.ClientResponse, decoder: WatchDecoder, idle_seconds: float, what: str
    ) -> None:
        self._response = response
        self._decoder = decoder
        self._what = what
        self.idle_seconds = idle_seconds
        self.last_read_bytes = 0

    @property
    def ended_in_line(self) -> bool:  # noqa: D102 - described with the class
        return self._decoder.pending_bytes > 0

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> list[WatchEvent]:
        chunk = await self._read()
        if not chunk:
            raise StopAsyncIteration
        self.last_read_bytes = len(chunk)
        return self._decoder.feed(chunk)

    async def _read(self) -> bytes:
        try:
            async with asyncio.timeout(self.idle_seconds):
                return await self._response.content.readany()
        except TimeoutError as error:
            raise StreamIdle(f"{self._what}: nothing came for {self.idle_seconds:g} s") from error
        except NETWORK_ERRORS as error:
            raise ApiUnreachable(
                f"{self._what}: the stream broke: {describe_network_error(error)}"
            ) from error

    def pause(self) -> None:
        """Leave what comes next with the operating system, so that it does not wake us, until :meth:`resume`."""
        transport = self._transport()
        if transport is not None:
            transport.pause_reading()

    def resume(self) -> None:
        """Read on after :meth:`pause`."""
        transport = self._transport()
        if transport is not None:
            transport.resume_reading()

    def _transport(self) -> asyncio.Transport | None:
        connection = self._response.connection
        return connection.transport if connection is not None else None


def describe_network_error(error: Exception) -> str:
    """An error of the network in one line; asyncio's own often have no words at all, or too many."""
    if isinstance(error, aiohttp.ClientConnectorError):
        error = error.os_error
    if isinstance(error, TimeoutError):
        return "timed out"
    if isinstance(error, ConnectionError) and error.errno:
        return os.strerror(error.errno).lower()
    return " ".join(str(error).split()) or type(error).__name__
