"""A source of objects, a clock that stands still, and the frames that every test begins with."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from farwatch.link import codec
from farwatch.link.agent import DEFAULT_LIMITS, AgentSession
from farwatch.link.frames import AgentFrame, AgentInfo, Hello, HubFrame, Item, Welcome
from farwatch.link.hub import HubSession
from farwatch.link.outbox import OutboxLimits

from ..clocks import Clock


class MemorySource:
    """The agent's objects, read lazily as the real store is."""

    def __init__(self) -> None:
        self.objects: dict[str, dict[tuple[str, str], Item]] = {}
        self.version = 0
        self.reads = 0

    def kinds(self) -> Iterator[str]:
        return iter(list(self.objects))

    def items(self, kind: str) -> Iterator[Item]:
        for key in list(self.objects[kind]):
            item = self.objects[kind].get(key)
            if item is not None:
                self.reads += 1
                yield item

    def item(self, kind: str, namespace: str, name: str) -> Item | None:
        return self.objects[kind].get((namespace, name))

    def put(self, kind: str, name: str, *, uid: str = "", size: int = 40) -> Item:
        """Creates or updates an object; with another ``uid`` it is a successor."""
        known = self.objects[kind].get(("shop", name))
        self.version += 1
        uid = uid or (known.uid if known else f"uid-{self.version}")
        item = Item("shop", name, uid, str(self.version), f"{self.version:0{size}}".encode(), self.version)
        self.objects[kind]["shop", name] = item
        return item

    def delete(self, kind: str, name: str) -> Item:
        known = self.objects[kind].pop(("shop", name))
        self.version += 1
        return Item("shop", name, known.uid, str(self.version), None, self.version)


HELLO = Hello(
    protocol_min=1,
    protocol_max=1,
    agent=AgentInfo(
        version="0.1.0", instance="i-1", role="cluster", cluster_name="prod", cluster_uid="cluster-uid"
    ),
    capabilities=("calls", "novelty"),
)


class Peer:
    """The other side of a session, played by hand: numbers frames and reads what was sent."""

    def __init__(self, session: AgentSession | HubSession) -> None:
        self.session = session
        self.number = 0
        self._decoder = codec.Decoder[object](HubFrame if isinstance(session, HubSession) else AgentFrame)

    def say(self, frame: object) -> list[object]:
        """Sends a frame; gives the events it led to."""
        self.number += 1
        return list(self.session.receive(codec.encode(self.number, frame)))

    def hear(self, most: int = 10_000) -> list[object]:
        """What the session has to send now, ``most`` frames of it."""
        frames = self.session.frames()
        return [self._decoder.decode(data).frame for _, data in zip(range(most), frames, strict=False)]


@pytest.fixture
def clock() -> Clock:
    return Clock(1000.0)


@pytest.fixture
def source() -> MemorySource:
    return MemorySource()


@pytest.fixture
def new_source() -> type[MemorySource]:
    return MemorySource


@pytest.fixture
def new_clock() -> type[Clock]:
    return Clock


@pytest.fixture
def hello() -> Hello:
    return HELLO


@pytest.fixture
def new_peer() -> type[Peer]:
    return Peer


@pytest.fixture
def hub(clock: Clock) -> HubSession:
    """A hub's session that waits for Hello."""
    return HubSession(clock, heartbeat_seconds=10, capabilities=("calls", "telemetry"))


@pytest.fixture
def open_hub(hub: HubSession) -> tuple[HubSession, Peer]:
    """A hub's session that has welcomed its agent, and the agent."""
    agent = Peer(hub)
    agent.say(HELLO)
    hub.welcome("prod", credit_bytes=1_000_000)
    agent.hear()
    return hub, agent


@pytest.fixture
def connect(source: MemorySource, clock: Clock) -> Callable[..., tuple[AgentSession, Peer]]:
    """An agent's session that was welcomed, and the hub."""

    def connect(
        credit_bytes: int = 1_000_000, limits: OutboxLimits = DEFAULT_LIMITS
    ) -> tuple[AgentSession, Peer]:
        agent = AgentSession(HELLO, source, clock, limits=limits)
        hub = Peer(agent)
        agent.open()
        assert hub.hear() == [HELLO]
        hub.say(Welcome(protocol=1, cluster="prod", heartbeat_seconds=10, credit_bytes=credit_bytes))
        return agent, hub

    return connect
