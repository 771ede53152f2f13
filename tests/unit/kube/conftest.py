"""A small API server that says what it is told to say, and the fakes around it."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from farwatch.kube.access import ClusterAccess
from farwatch.kube.client import KubeClient
from farwatch.kube.clock import Clock
from farwatch.kube.comparison import ObservedChange
from farwatch.kube.kinds import KINDS
from farwatch.kube.reflector import Reflector, Timing
from farwatch.kube.sink import WatchState
from farwatch.kube.store import PackedStore

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Say:
    """What an API server says, in its own words."""

    HANG = object()
    """In a stream: nothing more comes, and it does not end either."""

    CUT = object()
    """In a stream: the connection breaks."""

    @staticmethod
    def pod(
        name: str, version: str = "1", *, uid: str = "", namespace: str = "shop", **status: Any
    ) -> dict[str, Any]:
        return {
            "metadata": {
                "name": name,
                "namespace": namespace,
                "uid": uid or f"uid-of-{name}",
                "resourceVersion": version,
            },
            "status": {"phase": "Running", **status},
        }

    @staticmethod
    def event(kind: str, found: Any) -> bytes:
        return json.dumps({"type": kind, "object": found}).encode() + b"\n"

    @staticmethod
    def bookmark(version: str, *, ends_initial: bool = False) -> bytes:
        annotations = {"annotations": {"k8s.io/initial-events-end": "true"}} if ends_initial else {}
        return Say.event("BOOKMARK", {"kind": "Pod", "metadata": {"resourceVersion": version, **annotations}})

    @staticmethod
    def status(code: int, reason: str, message: str, **details: Any) -> dict[str, Any]:
        return {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {},
            "status": "Failure",
            "message": message,
            "reason": reason,
            "details": details,
            "code": code,
        }

    @staticmethod
    def page(*items: Any, version: str = "10", more: str = "") -> Answer:
        """A page of a list; ``more`` is the token of the next."""
        metadata = {"resourceVersion": version} | ({"continue": more} if more else {})
        return Say.reply({"kind": "PodList", "apiVersion": "v1", "metadata": metadata, "items": list(items)})

    @staticmethod
    def reply(body: Any, code: int = 200, headers: dict[str, str] | None = None) -> Answer:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()

        async def answer(request: web.Request) -> web.StreamResponse:
            return web.Response(body=content, status=code, headers=headers, content_type="application/json")

        return answer

    @staticmethod
    def refusal(code: int, reason: str, message: str, **headers: str) -> Answer:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return Say.reply(Say.status(code, reason, message), code, named)

    @staticmethod
    def forbidden() -> Answer:
        message = 'pods is forbidden: User "nobody" cannot list resource "pods" in API group "" at the cluster scope'
        return Say.refusal(403, "Forbidden", message)

    @staticmethod
    def expired() -> bytes:
        """The event that ends a watch from a version too old."""
        return Say.event("ERROR", Say.status(410, "Expired", "too old resource version: 10 (999)"))

    @staticmethod
    def zipped(body: Any) -> Answer:
        return Say.reply(gzip.compress(json.dumps(body).encode()), headers={"Content-Encoding": "gzip"})

    @staticmethod
    def stream(*chunks: Any) -> Answer:
        """A watch that sends these chunks and ends."""

        async def answer(request: web.Request) -> web.StreamResponse:
            response = web.StreamResponse()
            await response.prepare(request)
            for chunk in chunks:
                if chunk is Say.HANG:
                    await asyncio.Event().wait()
                elif chunk is Say.CUT:
                    assert request.transport is not None
                    request.transport.close()
                    return response
                else:
                    await response.write(chunk)
            return response

        return answer

    @staticmethod
    def streamed_list(*items: Any, version: str = "10", then: tuple[Any, ...] = (HANG,)) -> Answer:
        """A watch that begins with a list, and goes on with ``then``."""
        listed = [Say.event("ADDED", item) for item in items]
        return Say.stream(*listed, Say.bookmark(version, ends_initial=True), *then)


@pytest.fixture
def say() -> type[Say]:
    return Say


@dataclass
class Script:
    """What the server answers: to each request of a sort the next answer of that sort, the last one again and again."""

    lists: list[Answer] = field(default_factory=list)
    watches: list[Answer] = field(default_factory=list)
    others: dict[str, list[Answer]] = field(default_factory=dict)
    requests: list[web.Request] = field(default_factory=list)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        await request.read()
        self.requests.append(request)
        answers = self._sort(request)
        if not answers:
            return await Say.refusal(404, "NotFound", "the server could not find the requested resource")(
                request
            )
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        return await answer(request)

    def _sort(self, request: web.Request) -> list[Answer]:
        key = f"{request.method} {request.path}"
        if key in self.others:
            return self.others[key]
        return self.watches if "watch" in request.query else self.lists

    @property
    def watch_versions(self) -> list[str | None]:
        """The resource version each watch asked for."""
        return [sent.query.get("resourceVersion") for sent in self.requests if "watch" in sent.query]


@pytest.fixture
def script() -> Script:
    return Script()


@pytest.fixture
async def server(script: Script) -> AsyncIterator[TestServer]:
    application = web.Application()
    application.router.add_route("*", "/{path:.*}", script.handle)
    running = TestServer(application)
    await running.start_server(shutdown_timeout=0.05)
    yield running
    await running.close()


@pytest.fixture
async def client(server: TestServer) -> AsyncIterator[KubeClient]:
    access = ClusterAccess(server=str(server.make_url("")).rstrip("/"))
    async with KubeClient(access) as opened:
        yield opened


class FakeTime:
    """Time that passes by sleeping, which is noted and over at once, and by ``step`` with each look at the clock."""

    def __init__(self) -> None:
        self.step = 2.0
        self.now = 1_000.0
        self.wall = 1_800_000_000.0
        self.slept: list[float] = []
        self.chance = 0.5

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds
        self.wall += seconds
        await asyncio.sleep(0)

    def monotonic(self) -> float:
        self.now += self.step
        return self.now

    @property
    def clock(self) -> Clock:
        return Clock(
            time=lambda: self.wall,
            monotonic=self.monotonic,
            sleep=self.sleep,
            random=lambda: self.chance,
        )


@pytest.fixture
def fake_time() -> FakeTime:
    return FakeTime()


class RecordingSink:
    """Notes what it is told, and lets a test wait for it."""

    def __init__(self) -> None:
        self.syncs: list[str] = []
        self.kinds: set[str] = set()
        self.changes: list[ObservedChange] = []
        self.statuses: list[tuple[str, WatchState, str]] = []
        self._news = asyncio.Event()

    def synced(self, kind: str) -> None:
        self.syncs.append(kind)
        self._news.set()

    def changed(self, kind: str, change: ObservedChange) -> None:
        self.kinds.add(kind)
        self.changes.append(change)
        self._news.set()

    def status(self, kind: str, state: WatchState, message: str) -> None:
        self.statuses.append((kind, state, message))
        self._news.set()

    @property
    def told(self) -> list[tuple[str, str, bool]]:
        """Each change as (what, name, after a gap)."""
        return [
            ("gone" if change.document is None else "is", change.name, change.after_gap)
            for change in self.changes
        ]

    @property
    def states(self) -> list[WatchState]:
        return [state for _, state, _ in self.statuses]

    async def until(self, holds: Callable[[], bool]) -> None:
        """Wait until something holds that what is told brings about."""
        async with asyncio.timeout(20):
            while not holds():
                self._news.clear()
                try:
                    # Some conditions are on the server's side, of which the sink hears nothing.
                    await asyncio.wait_for(self._news.wait(), 0.01)
                except TimeoutError:
                    continue


@pytest.fixture
def sink() -> RecordingSink:
    return RecordingSink()


class Follower:
    """A reflector of pods at work, in fake time, told to a recording sink."""

    def __init__(self, client: KubeClient, sink: RecordingSink, fake_time: FakeTime) -> None:
        self.store = PackedStore()
        self._client = client
        self.sink = sink
        self._fake_time = fake_time
        self._task: asyncio.Task[None] | None = None
        self.reflector: Reflector | None = None

    def start(
        self, *, kind: str = "Pod", streaming: bool = False, namespace: str = "", **timing: Any
    ) -> Reflector:
        self.reflector = Reflector(
            self._client,
            KINDS[kind],
            self.store,
            self.sink,
            namespace=namespace,
            timing=Timing(**timing),
            streaming=streaming,
            clock=self._fake_time.clock,
        )
        self._task = asyncio.create_task(self.reflector.run())
        return self.reflector

    @property
    def names(self) -> set[str]:
        return {stored.name for stored in self.store}

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task


@pytest.fixture
async def follower(client: KubeClient, sink: RecordingSink, fake_time: FakeTime) -> AsyncIterator[Follower]:
    made = Follower(client, sink, fake_time)
    yield made
    await made.stop()
