"""The agent's peers, scripted: a hub that speaks through the real HubSession, and an API server of a few objects."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from structlog.testing import capture_logs

from farwatch.agent.config import AgentConfig, load
from farwatch.agent.main import serve
from farwatch.agent.state import AgentState
from farwatch.kube.access import ClusterAccess
from farwatch.kube.clock import Clock
from farwatch.kube.kinds import KINDS_BY_PLURAL
from farwatch.link.events import (
    CallFailed,
    CallReplied,
    ChangesReceived,
    Closed,
    HelloReceived,
    HubEvent,
    SnapshotBegan,
    SnapshotEnded,
    SnapshotItemsReceived,
    StatusReceived,
)
from farwatch.link.frames import AgentStatus, CloseCode, Hello, Item
from farwatch.link.hub import HubSession

CLUSTER_UID = "5f0f6f2e-0000-4000-8000-000000000001"


async def eventually(condition: Callable[[], object], seconds: float = 20.0) -> None:
    """Waits until something is so; fails when it takes unreasonably long."""
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 - the peers are other people's, they set no events
            await asyncio.sleep(0.005)


class FakeClock:
    """Time that passes when told to."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def monotonic(self) -> float:
        return self.seconds

    def now(self) -> datetime:
        return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=self.seconds)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def state(clock: FakeClock) -> AgentState:
    """The state of an agent that watches nodes (none) and pods (two)."""
    state = AgentState(("Node", "Pod"), clock.monotonic, clock.now)
    state.stores = {"Node": (), "Pod": ("a", "b")}
    return state


# --- the hub --------------------------------------------------------------------------------------------------


class ScriptedHub:
    """A hub of one cluster: keeps a view like the inventory's, and what it was told in order.

    Attributes:
        tokens: Those it accepts; any other is refused as bad.
        refusal: When set, every Hello is refused so: code, reason, retry time.
        acknowledges: Whether it makes things durable.
        view: By kind, resource versions by (namespace, name).
        changes: (kind, item) of every change, in order.
    """

    def __init__(self) -> None:
        self.tokens = {"t0ken"}
        self.refusal: tuple[CloseCode, str, float | None] | None = None
        self.acknowledges = True
        self.hellos: list[Hello] = []
        self.offered_tokens: list[str] = []
        self.view: dict[str, dict[tuple[str, str], str]] = {}
        self.changes: list[tuple[str, Item]] = []
        self.statuses: list[AgentStatus] = []
        self.answers: list[CallReplied | CallFailed] = []
        self.closes: list[Closed] = []
        self.session: HubSession | None = None
        self.socket: web.WebSocketResponse | None = None
        self._runner: web.AppRunner | None = None
        self.port = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def linked(self) -> bool:
        return self.socket is not None and not self.socket.closed

    async def start(self, **options: Any) -> None:
        app = web.Application()
        app.router.add_get("/link", self._serve)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self.port, **options)
        await site.start()
        server: Any = site._server
        self.port = server.sockets[0].getsockname()[1]

    async def vanish(self) -> None:
        """Breaks off without a word, and answers nobody."""
        if (
            self.socket is not None
            and self.socket._req is not None
            and self.socket._req.transport is not None
        ):
            self.socket._req.transport.abort()
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def flush(self) -> None:
        assert self.session is not None
        assert self.socket is not None
        for data in self.session.frames():
            await self.socket.send_bytes(data)

    async def call(self, method: str, params: object = None, timeout_seconds: float = 5.0) -> int:
        assert self.session is not None
        call = self.session.call(method, params or {}, timeout_seconds)
        await self.flush()
        return call

    async def cancel(self, call: int) -> None:
        assert self.session is not None
        self.session.cancel(call)
        await self.flush()

    async def _serve(self, request: web.Request) -> web.WebSocketResponse:
        self.offered_tokens.append(request.headers.get("Authorization", "").removeprefix("Bearer "))
        self.socket = socket = web.WebSocketResponse(protocols=("farwatch.v1",), compress=False)
        await socket.prepare(request)
        self.session = session = HubSession(time.monotonic)
        try:
            async for message in socket:
                for event in session.receive(message.data):
                    self._take(session, event)
                for data in session.frames():
                    await socket.send_bytes(data)
                if session.state == "closed":
                    break
        except ConnectionError:
            pass  # we have vanished
        return socket

    def _take(self, session: HubSession, event: HubEvent) -> None:  # noqa: C901 - one case for each event
        match event:
            case HelloReceived(hello=hello):
                self.hellos.append(hello)
                self._answer(session)
            case SnapshotBegan(kind=kind):
                self.view[kind] = {}
            case SnapshotItemsReceived(kind=kind, items=items):
                self.view[kind].update({(item.namespace, item.name): item.resource_version for item in items})
            case ChangesReceived(kind=kind, items=items):
                for item in items:
                    self._apply(kind, item)
            case SnapshotEnded():
                pass
            case StatusReceived(status=status):
                self.statuses.append(status)
            case CallReplied() | CallFailed():
                self.answers.append(event)
            case Closed():
                self.closes.append(event)
        number = getattr(event, "number", None)
        if number is not None and self.acknowledges:
            session.ack(number)
            session.grant(event.size)  # type: ignore[union-attr]

    def _answer(self, session: HubSession) -> None:
        if self.refusal is not None:
            session.refuse(*self.refusal)
        elif self.offered_tokens[-1] not in self.tokens:
            session.refuse(
                CloseCode.BAD_TOKEN, "this token is not known; make one with `farwatch cluster add`"
            )
        else:
            session.welcome("prod")

    def _apply(self, kind: str, item: Item) -> None:
        self.changes.append((kind, item))
        key = (item.namespace, item.name)
        if item.document is None:
            self.view[kind].pop(key, None)
        else:
            self.view[kind][key] = item.resource_version


@pytest.fixture
async def hub() -> AsyncIterator[ScriptedHub]:
    hub = ScriptedHub()
    await hub.start()
    yield hub
    await hub.vanish()


# --- the API server -------------------------------------------------------------------------------------------


_LEASES = "/apis/coordination.k8s.io/v1/namespaces/{namespace}/leases"


class ScriptedApiServer:
    """An API server that holds bare objects, lists and watches them, and denies what it is told to.

    Attributes:
        denied: Plurals that may not be listed or watched.
        identity_denied: Whether kube-system may not be read.
        lease: The Lease by which agents elect; None while nobody has made it.
        logs: What containers wrote, by namespace and pod; ``logs_read`` names those that were asked for.
    """

    def __init__(self) -> None:
        self.denied: set[str] = set()
        self.identity_denied = False
        self.logs: dict[tuple[str, str], bytes] = {}
        self.logs_read: list[str] = []
        self.lease_denied = False
        self.lease: dict[str, Any] | None = None
        self._objects: dict[str, dict[tuple[str, str], dict[str, Any]]] = {}
        self._watchers: dict[str, list[asyncio.Queue[bytes]]] = {}
        self._history: dict[str, list[tuple[int, bytes]]] = {}
        self._version = 100
        self._runner: web.AppRunner | None = None
        self._port = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    def put(self, plural: str, name: str, namespace: str = "", **fields: Any) -> str:
        """Creates or replaces an object; returns its resource version."""
        objects = self._objects.setdefault(plural, {})
        is_new = (namespace, name) not in objects
        self._version += 1
        version = str(self._version)
        metadata = {"name": name, "namespace": namespace, "uid": f"uid-{name}", "resourceVersion": version}
        objects[namespace, name] = found = {"metadata": metadata, **fields}
        self._tell(plural, "ADDED" if is_new else "MODIFIED", found)
        return version

    def delete(self, plural: str, name: str, namespace: str = "") -> None:
        self._version += 1
        gone = self._objects[plural].pop((namespace, name))
        gone["metadata"]["resourceVersion"] = str(self._version)
        self._tell(plural, "DELETED", gone)

    def _tell(self, plural: str, event: str, found: dict[str, Any]) -> None:
        line = json.dumps({"type": event, "object": found}).encode() + b"\n"
        self._history.setdefault(plural, []).append((self._version, line))
        for queue in self._watchers.get(plural, ()):
            queue.put_nowait(line)

    async def start(self) -> None:
        app = web.Application()
        app.router.add_get(
            "/version", self._answer(lambda _: {"gitVersion": "v1.36.0", "major": "1", "minor": "36"})
        )
        app.router.add_get("/api/v1/namespaces/kube-system", self._identify)
        app.router.add_get("/api/v1/namespaces/{namespace}/pods/{pod}/log", self._log)
        app.router.add_post(_LEASES, self._write_lease)
        app.router.add_put(f"{_LEASES}/{{name}}", self._write_lease)
        app.router.add_get(f"{_LEASES}/{{name}}", self._read_lease)
        app.router.add_get("/{path:.*}", self._collection)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self._port)
        await site.start()
        server: Any = site._server
        self._port = server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        if self._runner is not None:
            for queues in self._watchers.values():
                for queue in queues:
                    queue.put_nowait(b"")
            await self._runner.cleanup()
            self._runner = None

    def _answer(self, make: Callable[[web.Request], Any]) -> Callable[[web.Request], Awaitable[web.Response]]:
        async def answer(request: web.Request) -> web.Response:
            return web.json_response(make(request))

        return answer

    async def _identify(self, _request: web.Request) -> web.Response:
        if self.identity_denied:
            return _status(403, "Forbidden", 'namespaces "kube-system" is forbidden')
        return web.json_response({"metadata": {"name": "kube-system", "uid": CLUSTER_UID}})

    async def _log(self, request: web.Request) -> web.Response:
        self.logs_read.append(request.path_qs)
        where = (request.match_info["namespace"], request.match_info["pod"])
        if where not in self.logs:
            return _status(404, "NotFound", f'pods "{where[1]}" not found')
        return web.Response(body=self.logs[where])

    async def _read_lease(self, _request: web.Request) -> web.Response:
        if self.lease_denied:
            return _status(403, "Forbidden", "leases.coordination.k8s.io is forbidden")
        return web.json_response(self.lease) if self.lease else _status(404, "NotFound", "no lease")

    async def _write_lease(self, request: web.Request) -> web.Response:
        lease = await request.json()
        known = self.lease["metadata"]["resourceVersion"] if self.lease else None
        if lease["metadata"].get("resourceVersion") != known:
            return _status(409, "Conflict", "somebody was faster")
        self._version += 1
        lease["metadata"] |= {"uid": "lease", "resourceVersion": str(self._version)}
        self.lease = lease
        return web.json_response(lease)

    async def _collection(self, request: web.Request) -> web.StreamResponse:
        plural = request.path.rpartition("/")[2]
        if plural not in KINDS_BY_PLURAL:
            return _status(404, "NotFound", "the server could not find the requested resource")
        if plural in self.denied:
            return _status(
                403, "Forbidden", f'{plural} is forbidden: User "agent" cannot list resource "{plural}"'
            )
        if request.query.get("sendInitialEvents"):
            return _status(422, "Invalid", "sendInitialEvents is forbidden for watch")
        if request.query.get("watch"):
            return await self._watch(plural, request)
        items = list(self._objects.get(plural, {}).values())
        return web.json_response({"metadata": {"resourceVersion": str(self._version)}, "items": items})

    async def _watch(self, plural: str, request: web.Request) -> web.StreamResponse:
        queue: asyncio.Queue[bytes] = asyncio.Queue()
        for version, line in self._history.get(plural, ()):
            if version > int(request.query["resourceVersion"]):
                queue.put_nowait(line)
        self._watchers.setdefault(plural, []).append(queue)
        response = web.StreamResponse()
        await response.prepare(request)
        try:
            while line := await queue.get():
                await response.write(line)
        finally:
            self._watchers[plural].remove(queue)
        return response


def _status(code: int, reason: str, message: str) -> web.Response:
    return web.json_response(
        {"kind": "Status", "code": code, "reason": reason, "message": message}, status=code
    )


@pytest.fixture
async def api_server() -> AsyncIterator[ScriptedApiServer]:
    server = ScriptedApiServer()
    await server.start()
    yield server
    await server.stop()


# --- the agent ------------------------------------------------------------------------------------------------


class RunningAgent:
    """A whole agent in this process, whose waits are noted and cut short."""

    def __init__(self, config: AgentConfig, api_url: str) -> None:
        self._stop = asyncio.Event()
        self.logs: list[dict[str, Any]] = []
        self.waits: list[float] = []
        self.task = asyncio.create_task(self._run(config, api_url))

    async def _run(self, config: AgentConfig, api_url: str) -> None:
        with capture_logs() as self.logs:
            await serve(config, ClusterAccess(server=api_url), self._stop, Clock(sleep=self._nap))

    async def _nap(self, seconds: float) -> None:
        self.waits.append(seconds)
        await asyncio.sleep(min(seconds, 0.02))

    async def stop(self) -> None:
        self._stop.set()
        await self.task

    async def read(self, path: str, setting: str = "health_listen") -> tuple[int, str]:
        """Status and text of a page."""
        await eventually(lambda: any(line.get("setting") == setting for line in self.logs))
        port = next(line["port"] for line in self.logs if line.get("setting") == setting)
        async with aiohttp.ClientSession() as http, http.get(f"http://127.0.0.1:{port}{path}") as answer:
            return answer.status, await answer.text()

    async def eventually_ready(self) -> None:
        async with asyncio.timeout(20):
            while (await self.read("/readyz"))[0] != 200:  # noqa: ASYNC110 - a page is asked for, like a kubelet does
                await asyncio.sleep(0.02)


@pytest.fixture
async def run_agent(
    hub: ScriptedHub, api_server: ScriptedApiServer
) -> AsyncIterator[Callable[..., RunningAgent]]:
    """Starts an agent; keywords are settings, the environment is only what is given."""
    agents: list[RunningAgent] = []

    def run(environment: dict[str, str] | None = None, **settings: Any) -> RunningAgent:
        given = {"hub": hub.url, "token": "t0ken", "health_listen": "127.0.0.1:0"} | settings
        agent = RunningAgent(load(given, environment or {}), api_server.url)
        agents.append(agent)
        return agent

    yield run
    for agent in agents:
        await agent.stop()


@pytest.fixture(name="eventually")
def _eventually() -> Callable[..., Awaitable[None]]:
    return eventually
