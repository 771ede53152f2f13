"""Time that only moves when told, a real receiver on a real socket, and a hub's alerting that can be killed."""

from __future__ import annotations

import asyncio
import contextlib
import json
import math
import socket
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from farwatch.hub.alerting import Alert, AlertEvent, Alerting, Config, open_http_session
from farwatch.hub.alerting.document import parse_document
from farwatch.hub.store.directory import DataDirectory
from farwatch.hub.store.records import Records

START = datetime(2026, 3, 1, 3, 0, tzinfo=UTC).timestamp()


def at(seconds: float) -> datetime:
    """So many seconds after the beginning of a test."""
    return datetime.fromtimestamp(START + seconds, UTC)


class FakeClock:
    """A clock that stands until told to advance."""

    def __init__(self) -> None:
        self.time = START
        self._waiting: dict[asyncio.Task[Any], tuple[float, asyncio.Future[None]]] = {}

    def now(self) -> float:
        return self.time

    async def wait(self, event: asyncio.Event, seconds: float | None) -> None:
        until = self.time + (math.inf if seconds is None else seconds)
        if event.is_set() or until <= self.time:
            await asyncio.sleep(0)
            return
        task = asyncio.current_task()
        assert task is not None
        wake = asyncio.get_running_loop().create_future()
        self._waiting[task] = (until, wake)
        ringer = asyncio.create_task(event.wait())
        ringer.add_done_callback(lambda _: wake.done() or wake.set_result(None))
        try:
            await wake
        finally:
            del self._waiting[task]
            ringer.cancel()

    async def advance(self, seconds: float) -> None:
        """Let time pass, moment by moment, each only when nothing more happens in the one before."""
        target = self.time + seconds
        while True:
            await self.settle()
            due = min((until for until, _ in self._waiting.values()), default=math.inf)
            if due > target:
                self.time = target
                return
            self.time = max(self.time, due)
            for until, wake in list(self._waiting.values()):
                if until <= self.time and not wake.done():
                    wake.set_result(None)

    async def settle(self) -> None:
        """Wait until alerting waits for nothing but time."""
        quiet = 0
        while quiet < 3:
            await asyncio.sleep(0)
            quiet = quiet + 1 if all(map(self._is_quiet, asyncio.all_tasks())) else 0
            if not quiet:
                await asyncio.sleep(0.001)

    def _is_quiet(self, task: asyncio.Task[Any]) -> bool:
        code = getattr(task.get_coro(), "cr_code", None)
        if code is None or "farwatch/hub/alerting" not in code.co_filename:
            return True
        if task in self._waiting:
            return not self._waiting[task][1].done()
        return type(getattr(task, "_fut_waiter", None)).__name__ == "_GatheringFuture"


class Sink:
    """A service that takes notifications, over HTTP on a real socket."""

    def __init__(self, clock: FakeClock) -> None:
        self._clock = clock
        self.requests: list[tuple[float, dict[str, Any]]] = []
        self.headers: list[dict[str, str]] = []
        self.targets: list[tuple[str, str]] = []  # method and path
        self.answers: deque[web.Response | None] = deque()  # None: never answer
        self.otherwise: web.Response | None = web.Response(text="ok")
        self.on_request: Callable[[], Awaitable[None]] | None = None
        self._news = asyncio.Condition()
        self._closing = asyncio.Event()
        app = web.Application()
        app.router.add_post("/{path:.*}", self._take)
        app.router.add_put("/{path:.*}", self._take)
        self.server = TestServer(app)

    @property
    def url(self) -> str:
        return str(self.server.make_url("/secret-path"))

    async def received(self, count: int) -> None:
        """Return once so many requests have come in."""
        async with self._news:
            await self._news.wait_for(lambda: len(self.requests) >= count)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Sink]:
        async with self.server:
            yield self
            self._closing.set()

    def told(self) -> list[tuple[float, str, list[str]]]:
        """What arrived: seconds since the beginning, status, and each alert as ``name`` or ``-name`` if resolved."""
        return [
            (
                round(time - START, 3),
                payload["status"],
                [
                    f"{'-' * (a['status'] == 'resolved')}{a['labels'].get('pod', '')}"
                    for a in payload["alerts"]
                ],
            )
            for time, payload in self.requests
        ]

    async def _take(self, request: web.Request) -> web.Response:
        answer = self.answers.popleft() if self.answers else self.otherwise
        body = await request.read()
        form = request.content_type == "application/x-www-form-urlencoded"
        payload = dict(parse_qsl(body.decode(), keep_blank_values=True)) if form else json.loads(body)
        self.requests.append((self._clock.now(), payload))
        self.headers.append(dict(request.headers))
        self.targets.append((request.method, request.path_qs))
        async with self._news:
            self._news.notify_all()
        if self.on_request:
            await self.on_request()
        if answer is None:
            await self._closing.wait()
            return web.Response(status=500)
        return web.Response(status=answer.status, body=answer.body, headers=answer.headers)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
async def sink(clock: FakeClock) -> AsyncIterator[Sink]:
    async with Sink(clock).running() as sink:
        yield sink


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with open_http_session() as session:
        yield session


@pytest.fixture
async def records(tmp_path: Path) -> AsyncIterator[Records]:
    records = await Records.open(DataDirectory.claim(tmp_path / "data"))
    yield records
    await records.close()


def configuration(text: str) -> Config:
    config, problems = parse_document(text, "alertmanager.yml", Config)
    assert config is not None, problems
    return config


def simple(url: str, *, route: str = "group_by: [alertname], group_wait: 30s", webhook: str = "") -> Config:
    """A webhook to one address."""
    return configuration(
        f"route: {{receiver: team, {route}}}\nreceivers: [{{name: team, webhook_configs: [{{url: '{url}', {webhook}}}]}}]"
    )


def alert(pod: str, starts: float = 0, ends: float | None = None, summary: str = "", **labels: str) -> Alert:
    return Alert(
        labels={"alertname": "KubePodCrashLooping", "pod": pod, **labels},
        annotations={"summary": summary or f"{pod} crashes"},
        starts_at=at(starts),
        ends_at=None if ends is None else at(ends),
    )


class Hub:
    """Alerting as a hub runs it: it can be stopped, or killed, and started again over the same records."""

    def __init__(self, records: Records, http: aiohttp.ClientSession, clock: FakeClock) -> None:
        self._records = records
        self._http = http
        self._clock = clock
        self.events: list[AlertEvent] = []
        self.alerting: Alerting | None = None

    async def start(self, config: Config) -> Alerting:
        assert self.alerting is None
        alerting = Alerting(
            records=self._records,
            config=config,
            http=self._http,
            clock=self._clock,
            random=lambda: 0.5,
            external_url="https://farwatch.example",
        )
        self.alerting = alerting
        alerting.subscribe(self.events.extend)
        await alerting.start()
        return alerting

    async def kill(self) -> None:
        """As ``kill -9`` does: nothing is finished, nothing more is written."""
        assert self.alerting is not None
        tasks = [*self.alerting._tasks]
        if (committing := self.alerting._journal._committing) is not None:
            tasks.append(committing)
        for task in tasks:
            task.cancel()
        with contextlib.suppress(BaseException):
            await asyncio.gather(*tasks, return_exceptions=True)
        self.alerting = None

    async def stop(self) -> None:
        assert self.alerting is not None
        await self.alerting.stop()
        self.alerting = None


@pytest.fixture
async def hub(records: Records, http: aiohttp.ClientSession, clock: FakeClock) -> AsyncIterator[Hub]:
    hub = Hub(records, http, clock)
    yield hub
    if hub.alerting is not None:
        await hub.kill()


@pytest.fixture
def make_sink(clock: FakeClock) -> Callable[[], contextlib.AbstractAsyncContextManager[Sink]]:
    return lambda: Sink(clock).running()


@pytest.fixture
def unused_tcp_port() -> int:
    """A port that was free a moment ago, and that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture
async def aiohttp_redirect(sink: Sink) -> AsyncIterator[Callable[[int], str]]:
    """The address of a server that redirects to the sink with a given status."""

    async def redirect(request: web.Request) -> web.Response:
        return web.Response(status=int(request.match_info["code"]), headers={"Location": sink.url})

    async def page(_: web.Request) -> web.Response:
        return web.Response(text="a page for people")

    app = web.Application()
    app.router.add_post("/secret-path/{code}", redirect)
    sink.server.app.router.add_get("/{path:.*}", page)
    async with TestServer(app) as server:
        yield lambda code: str(server.make_url(f"/secret-path/{code}"))
