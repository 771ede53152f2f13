"""Answers that go on: watches and followed logs, over aiohttp."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable

import msgspec
from aiohttp import web

from farwatch.sim.collection import Entry, encode_event
from farwatch.sim.errors import StatusError
from farwatch.sim.logs import Line
from farwatch.sim.server.api import Api, WatchRequest
from farwatch.sim.server.podlogs import LogRequest
from farwatch.sim.server.tables import Form, encode_entry
from farwatch.sim.server.watching import Watch
from farwatch.sim.store import Store

_FROZEN_LOOK_SECONDS = 0.05
_SHORTEST_WATCH_SECONDS = 1800.0  # kube-apiserver --min-request-timeout


class WatchStream:
    """Sends one watch until the client, the timeout or the server ends it."""

    def __init__(self, api: Api, store: Store, asked: WatchRequest, bookmark_seconds: float) -> None:
        self._api = api
        self._store = store
        self._asked = asked
        self._bookmark_seconds = bookmark_seconds
        self._woken = asyncio.Event()
        self._ending = False
        self._cutting = False

    def end(self) -> None:
        """Let the stream end well."""
        self._ending = True
        self._woken.set()

    def cut(self) -> None:
        """Break off in the middle of a line."""
        self._cutting = True
        self._woken.set()

    async def send(self, request: web.BaseRequest) -> web.StreamResponse:
        """Serve the watch; the response when it has ended."""
        response = web.StreamResponse(
            headers={"Content-Type": "application/json", "Cache-Control": "no-cache"}
        )
        await response.prepare(request)
        try:
            watch = self._open()
        except StatusError as error:
            await response.write(encode_event("ERROR", msgspec.json.encode(error.status())))
            return response
        try:
            await self._pump(watch, response, request)
        except ConnectionError:
            pass  # the client went away, which is how most watches end
        finally:
            watch.close()
        return response

    def _open(self) -> Watch:
        asked, target = self._asked, self._asked.target
        namespace = target.namespace if target.resource.namespaced else ""
        render: Callable[[Entry], bytes] | None = None
        if asked.shape.form is not Form.WHOLE:

            def render(entry: Entry) -> bytes:
                return encode_entry(target.resource, entry, asked.shape, self._store.clock())

        return Watch(
            self._store, target.resource, namespace, asked.options, render=render, wake=self._woken.set
        )

    async def _pump(self, watch: Watch, response: web.StreamResponse, request: web.BaseRequest) -> None:
        loop = asyncio.get_running_loop()
        longest = self._asked.options.timeout or _SHORTEST_WATCH_SECONDS * (1 + random.random())  # noqa: S311
        end = loop.time() + longest
        bookmark_due = loop.time() + self._bookmark_seconds
        while not self._ending:
            if self._cutting:
                await self._send_half_a_line(response, request)
                return
            if self._api.faults.is_frozen(self._asked.target.resource.name):
                await asyncio.sleep(_FROZEN_LOOK_SECONDS)
                continue
            lines = watch.take()
            if lines:
                await response.write(b"".join(lines))
                continue
            now = loop.time()
            if now >= end or watch.overrun:
                return
            if now >= bookmark_due:
                watch.bookmark()
                bookmark_due = now + self._bookmark_seconds
                continue
            await self._sleep(min(end, bookmark_due) - now)

    async def _sleep(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._woken.wait()
        except TimeoutError:
            return
        self._woken.clear()

    async def _send_half_a_line(self, response: web.StreamResponse, request: web.BaseRequest) -> None:
        collection = self._store.collection(self._asked.target.resource.name)
        entry = next(collection.entries(), None)
        line = b'{"type":"MODIFIED","object":' + (entry.encoded if entry else b'{"kind":"Status"}')
        await response.write(line[: len(line) // 2])
        if request.transport:
            request.transport.close()


async def send_log(asked: LogRequest, request: web.BaseRequest) -> web.StreamResponse:
    """Send a container's log, and go on with what it writes when that is asked for."""
    body = asked.body()
    if not asked.follow or asked.run.ended:
        return web.Response(body=body, content_type="text/plain")
    queue: asyncio.Queue[Line | None] = asyncio.Queue()
    stop = asked.run.follow(queue.put_nowait)
    response = web.StreamResponse(headers={"Content-Type": "text/plain"})
    try:
        await response.prepare(request)
        await response.write(body)
        while (line := await queue.get()) is not None:
            await response.write(asked.encode(line))
    except ConnectionError:
        pass  # the client has seen enough
    finally:
        stop()
    return response
