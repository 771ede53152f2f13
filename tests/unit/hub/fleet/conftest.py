from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence

import msgspec
import pytest

from farwatch.hub.fleet import Clusters, Fleet, FleetChange, LinkServer, LinkSettings
from farwatch.hub.inventory import ChangeLog, Inventory
from farwatch.hub.store.records import Records
from farwatch.hub.store.tables import ChangeRow, Table
from farwatch.kube.objects import ObjectMeta, Pod, PodStatus
from farwatch.link.agent import AgentSession
from farwatch.link.events import Acknowledged, AgentEvent, CallRequested, Closed, Welcomed
from farwatch.link.frames import PROTOCOL_VERSION, AgentInfo, Hello, Item

from ...clocks import Clock

QUIET_ROUNDS = 4


class Store:
    """A telemetry store whose writes become durable when the test says so."""

    full = False

    def __init__(self) -> None:
        self.rows: list[ChangeRow] = []
        self.forgotten: list[str] = []
        self.at_once = True
        self._waiting: list[asyncio.Future[None]] = []

    def insert(self, _table: Table, rows: Sequence[ChangeRow]) -> asyncio.Future[None]:
        self.rows += rows
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(future)
        if self.at_once:
            self.settle()
        return future

    def settle(self, fault: Exception | None = None) -> None:
        for future in self._waiting:
            if fault:
                future.set_exception(fault)
            else:
                future.set_result(None)
        self._waiting.clear()

    async def forget_objects(self, cluster: str) -> None:
        self.forgotten.append(cluster)


class Wire:
    """One end of a WebSocket in memory."""

    def __init__(self, incoming: asyncio.Queue[bytes | None], outgoing: asyncio.Queue[bytes | None]) -> None:
        self._incoming = incoming
        self._outgoing = outgoing
        self.closed = False
        self.stuck = False

    async def send_bytes(self, data: bytes) -> None:
        if self.closed:
            raise ConnectionResetError
        if self.stuck:
            await asyncio.Event().wait()
        self._outgoing.put_nowait(data)

    async def receive_bytes(self) -> bytes:
        data = await self._incoming.get()
        if data is None:
            self.closed = True
            raise ConnectionResetError
        return data

    async def close(self) -> None:
        if not self.closed:
            self.closed = True
            self._outgoing.put_nowait(None)
            self._incoming.put_nowait(None)


class Agent:
    """A real agent session on a wire to the hub, driven by hand."""

    def __init__(self, links: LinkServer, clock: Clock) -> None:
        self._links = links
        self._clock = clock
        self.objects: dict[str, dict[str, Pod]] = {}
        self.events: list[AgentEvent] = []

    # --- the source of its objects

    def kinds(self) -> Iterable[str]:
        return list(self.objects)

    def items(self, kind: str) -> Iterator[Item]:
        for name in list(self.objects[kind]):
            found = self.item(kind, "shop", name)
            if found:
                yield found

    def item(self, kind: str, _namespace: str, name: str) -> Item | None:
        pod = self.objects[kind].get(name)
        if pod is None:
            return None
        meta = pod.metadata
        document = msgspec.msgpack.encode(pod)
        return Item("shop", name, meta.uid, meta.resource_version, document, self._clock.now)

    # --- what a test does with it

    async def connect(
        self,
        token: str,
        *,
        uid: str = "uid-1",
        role: str = "cluster",
        version: str = "1.0",
        protocol: int = PROTOCOL_VERSION,
        instance: str = "i",
    ) -> None:
        """Dial and say hello, and let the hub answer."""
        await self.dial(token)
        info = AgentInfo(
            version=version,
            instance=instance,
            role=role,
            cluster_name="mine",
            cluster_uid=uid,
            kubernetes_version="v1.36.0",
        )
        hello = Hello(protocol_min=protocol, protocol_max=protocol, agent=info)
        self.session = AgentSession(hello, self, self._clock)
        self.session.open()
        # The hub looks the token up in a thread of its own.
        while not self.events:
            await self._exchange()
        await self.settle()

    async def dial(self, token: str) -> None:
        """Connect, and say nothing yet."""
        to_hub: asyncio.Queue[bytes | None] = asyncio.Queue()
        to_agent: asyncio.Queue[bytes | None] = asyncio.Queue()
        self.hub_end = Wire(to_hub, to_agent)
        self._wire = Wire(to_agent, to_hub)
        self.serving = asyncio.create_task(self._links.serve(self.hub_end, token, "10.0.0.1:4711"))
        await asyncio.sleep(0.001)

    async def settle(self) -> None:
        """Pass messages both ways until nobody has anything to say."""
        quiet = 0
        while quiet < QUIET_ROUNDS:
            quiet = 0 if await self._exchange() else quiet + 1

    async def _exchange(self) -> bool:
        sent = False
        for message in self.session.frames():
            sent = True
            if not self._wire.closed:
                await self._wire.send_bytes(message)
        await asyncio.sleep(0.0005)
        received = not self._wire._incoming.empty()
        while not self._wire._incoming.empty():
            data = self._wire._incoming.get_nowait()
            if data is None:
                self._wire.closed = True
            else:
                self.events += self.session.receive(data)
        return sent or received

    async def send(self, data: bytes) -> None:
        """Say something that a session would not."""
        await self._wire.send_bytes(data)
        await self.settle()

    async def set(self, name: str, version: int, phase: str = "Running", kind: str = "Pod") -> None:
        """An object appears or changes."""
        meta = ObjectMeta(name=name, namespace="shop", uid=f"uid-{name}", resource_version=str(version))
        self.objects.setdefault(kind, {})[name] = Pod(metadata=meta, status=PodStatus(phase=phase))
        changed = self.item(kind, "shop", name)
        assert changed
        self.session.changed(kind, changed)
        await self.settle()

    async def drop(self) -> None:
        """The connection breaks without a word."""
        await self._wire.close()
        await self.serving

    @property
    def welcomed(self) -> bool:
        return any(isinstance(event, Welcomed) for event in self.events)

    @property
    def closed(self) -> Closed | None:
        return next((event for event in self.events if isinstance(event, Closed)), None)

    @property
    def acknowledged(self) -> list[int]:
        return [event.number for event in self.events if isinstance(event, Acknowledged)]

    @property
    def requests(self) -> list[CallRequested]:
        return [event for event in self.events if isinstance(event, CallRequested)]


class Hub:
    """Everything behind the link, with time and durability in the test's hands."""

    def __init__(self, records: Records, clock: Clock, settings: LinkSettings) -> None:
        self.clock = clock
        self.store = Store()
        self.clusters = Clusters(records, clock)
        self.inventory = Inventory(clock)
        self.log = ChangeLog(self.store, clock)
        self.links = LinkServer(
            self.clusters, self.inventory, self.log, settings, clock=clock, monotonic=clock
        )
        self.fleet = Fleet(self.clusters, self.links, self.inventory, self.log)
        self.changes: list[FleetChange] = []
        self.links.subscribe(self.changes.extend)
        self.agents: list[Agent] = []

    def agent(self) -> Agent:
        self.agents.append(Agent(self.links, self.clock))
        return self.agents[-1]

    async def connected(self, name: str = "prod", token: str = "", **says: str) -> Agent:
        """An agent of this cluster that was let in; the cluster is added when no token is given."""
        agent = self.agent()
        agent.objects = {"Pod": {}} if "role" not in says else {}
        await agent.connect(token or (await self.fleet.add(name)).token, **says)
        assert agent.welcomed
        return agent

    async def silent(self) -> Agent:
        """A peer that connected and says nothing."""
        agent = self.agent()
        await agent.dial("")
        return agent

    def pass_time(self, seconds: float) -> None:
        self.clock.now += seconds
        self.links.tick()

    def kinds_of_changes(self) -> list[str]:
        return [change.kind.value for change in self.changes]

    async def close(self) -> None:
        for agent in self.agents:
            if hasattr(agent, "serving"):
                await agent.drop()


@pytest.fixture
def clock() -> Clock:
    return Clock(1_795_000_000.0)


@pytest.fixture
def clusters(records: Records, clock: Clock) -> Clusters:
    return Clusters(records, clock)


@pytest.fixture
async def hub(records: Records, clock: Clock) -> AsyncIterator[Hub]:
    made = Hub(records, clock, LinkSettings())
    yield made
    await made.close()


@pytest.fixture
def agent_of(clock: Clock) -> Callable[[LinkServer], Agent]:
    """An agent that will dial links of the test's own."""
    return lambda links: Agent(links, clock)
