"""Both ends over a network that does its worst: whatever happens, the hub's view becomes the agent's."""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from farwatch.link.agent import AgentSession
from farwatch.link.events import (
    Acknowledged,
    AgentEvent,
    CallCancelled,
    CallFailed,
    CallReplied,
    CallRequested,
    ChangesReceived,
    Closed,
    HelloReceived,
    HubEvent,
    SessionState,
    SnapshotBegan,
    SnapshotEnded,
    SnapshotItemsReceived,
    StateEvent,
    StatusReceived,
    Welcomed,
)
from farwatch.link.frames import Hello, Item
from farwatch.link.hub import HubSession
from farwatch.link.outbox import OutboxLimits, _size

LIMITS = OutboxLimits(page_bytes=150, hold_bytes=450, spill_objects=3)
KINDS = ("Node", "Pod", "Event")
NAMES = tuple("abcdefghij")
CHANGES = st.tuples(
    st.sampled_from(NAMES),
    st.sampled_from(["put", "put large", "delete", "replace", "replace unseen"]),
)
FAULTS = ("lose", "double", "swap", "flip", "truncate")
CREDITS = st.sampled_from([0, 1, 300, 100_000])


class Inventory:
    """The hub's view, compared as the real one compares: by uid and resource version."""

    def __init__(self) -> None:
        self.objects: dict[str, dict[tuple[str, str], Item]] = {}
        self.seen: dict[str, set[tuple[str, str]]] = {}
        self.newest: dict[tuple[str, str, str], int] = {}
        self.ended: set[str] = set()
        self.log: list[tuple[str, str, str, str]] = []

    def link_began(self) -> None:
        """Unfinished snapshots of the link before are void."""
        self.seen.clear()

    def take(self, event: StateEvent) -> None:
        kind = event.kind
        known = self.objects.setdefault(kind, {})
        match event:
            case SnapshotBegan():
                self.seen[kind] = set()
            case SnapshotItemsReceived():
                for item in event.items:
                    self.seen[kind].add((item.namespace, item.name))
                    self._upsert(kind, item)
            case SnapshotEnded():
                seen = self.seen.pop(kind)
                for key in [key for key in known if key not in seen]:
                    self._end(kind, key)
            case ChangesReceived():
                assert kind not in self.seen, "changes while a snapshot is under way"
                for item in event.items:
                    if item.document is not None:
                        self._upsert(kind, item)
                    elif (item.namespace, item.name) in known:
                        self._end(kind, (item.namespace, item.name))

    def _upsert(self, kind: str, item: Item) -> None:
        key = (item.namespace, item.name)
        version = int(item.resource_version)
        assert version >= self.newest.get((kind, *key), 0), "an object went back in time"
        self.newest[kind, *key] = version
        assert item.uid not in self.ended, "an object came back from the dead"
        known = self.objects[kind].get(key)
        if known is not None and known.uid == item.uid and known.resource_version == item.resource_version:
            assert known.document == item.document
            return
        if known is not None and known.uid != item.uid:
            self._end(kind, key)
            known = None
        self.log.append((kind, item.name, item.uid, "created" if known is None else "updated"))
        self.objects[kind][key] = item

    def _end(self, kind: str, key: tuple[str, str]) -> None:
        item = self.objects[kind].pop(key)
        self.ended.add(item.uid)
        self.log.append((kind, item.name, item.uid, "deleted"))


class Grammar:
    """What one session may tell the application, in which order."""

    def __init__(self) -> None:
        self.greeted = False
        self.closed = False
        self.number = 0
        self.snapshots: set[str] = set()
        self.live: set[str] = set()

    def check(self, event: HubEvent) -> None:
        assert not self.closed, "an event after Closed"
        match event:
            case HelloReceived():
                assert not self.greeted
                self.greeted = True
            case Closed():
                self.closed = True
            case SnapshotBegan() | SnapshotItemsReceived() | SnapshotEnded() | ChangesReceived():
                assert self.greeted
                assert event.number > self.number, "numbers of state events do not grow"
                assert event.size > 0
                self.number = event.number
                self._check_kind(event)
            case StatusReceived() | CallReplied() | CallFailed():
                assert self.greeted

    def _check_kind(self, event: StateEvent) -> None:
        match event:
            case SnapshotBegan():
                self.live.discard(event.kind)
                self.snapshots.add(event.kind)
            case SnapshotItemsReceived():
                assert event.kind in self.snapshots
            case SnapshotEnded():
                self.snapshots.remove(event.kind)
                self.live.add(event.kind)
            case ChangesReceived():
                assert event.kind in self.live


class Network(RuleBasedStateMachine):
    """An agent whose objects change at any time, a hub that works when it likes, and messages in between."""

    def __init__(self, hello: Hello, source: Any, clock: Any) -> None:
        super().__init__()
        self.hello, self.source, self.clock = hello, source, clock
        self.inventory = Inventory()
        self.agent: AgentSession | None = None
        self.hub: HubSession | None = None
        self.up: deque[bytes] = deque()
        self.down: deque[bytes] = deque()
        self.work: deque[StateEvent] = deque()
        self.grammar = Grammar()
        self.worked_off = 0
        self.open_calls: set[int] = set()
        self.asked: set[int] = set()
        self.quiet: dict[str, dict[tuple[str, str], Item]] = {}
        self.credit = 1

    # --- the cluster ------------------------------------------------------------------------------------------

    @initialize(
        kinds=st.lists(st.sampled_from(KINDS), min_size=1, unique=True),
        names=st.lists(st.sampled_from(NAMES)),
        credit=CREDITS,
        rounds=st.integers(0, 4),
    )
    def begin(self, kinds: list[str], names: list[str], credit: int, rounds: int) -> None:
        for kind in kinds:
            self.source.objects[kind] = {}
            for name in names:
                self.source.put(kind, name)
        self.connect(credit)
        self.all_flows(rounds, 1, 1)

    @rule(kind=st.sampled_from(KINDS), changes=st.lists(CHANGES, min_size=1, max_size=8))
    def objects_change(self, kind: str, changes: list[tuple[str, str]]) -> None:
        if kind not in self.source.objects:
            kind = next(iter(self.source.objects), kind)
            self.kind_syncs(kind)
        for name, what in changes:
            self._change(kind, name, what)

    def _change(self, kind: str, name: str, what: str) -> None:
        there = ("shop", name) in self.source.objects[kind]
        match what:
            case "put":
                self._tell(kind, self.source.put(kind, name))
            case "put large":
                self._tell(kind, self.source.put(kind, name, size=1500))
            case "delete" if there:
                self._tell(kind, self.source.delete(kind, name))
            case "replace" if there:
                self._tell(kind, self.source.delete(kind, name))
                self._tell(kind, self.source.put(kind, name))
            case "replace unseen" if there:
                # A watch that had a gap tells only of the successor.
                self.source.delete(kind, name)
                self._tell(kind, self.source.put(kind, name))

    def _tell(self, kind: str, item: Item) -> None:
        if self.agent:
            self.agent.changed(kind, item)

    @rule(kind=st.sampled_from(KINDS))
    def kind_syncs(self, kind: str) -> None:
        self.source.objects.setdefault(kind, {})
        if self.agent:
            self.agent.kind_synced(kind)

    # --- the connection ---------------------------------------------------------------------------------------

    @rule(credit=CREDITS)
    def connect(self, credit: int) -> None:
        """A new connection; what was on its way on the old one is lost."""
        self.credit = credit
        self.agent = AgentSession(self.hello, self.source, self.clock, limits=LIMITS)
        self.hub = HubSession(self.clock, heartbeat_seconds=10)
        self.up.clear()
        self.down.clear()
        self.grammar = Grammar()
        self.worked_off = 0
        self.open_calls.clear()
        self.asked.clear()
        while self.work:
            self.inventory.take(self.work.popleft())
        self.inventory.link_began()
        self.agent.open()

    @rule()
    def disconnect(self) -> None:
        self.agent = self.hub = None

    @rule()
    def hub_crashes(self) -> None:
        """What was not yet durable is lost with the process."""
        self.work.clear()
        self.disconnect()

    @rule(rounds=st.integers(1, 4), count=st.integers(1, 3), work=st.integers(0, 3))
    def all_flows(self, rounds: int, count: int, work: int) -> None:
        if self.agent is None:
            self.connect(300)
        for _ in range(rounds):
            self.agent_sends(count)
            self.up_arrives(count)
            self.hub_works(work)
            self.hub_sends()
            self.down_arrives(3)

    @rule(count=st.integers(1, 4))
    def agent_sends(self, count: int) -> None:
        if self.agent:
            self.up.extend(data for _, data in zip(range(count), self.agent.frames(), strict=False))

    @rule()
    def hub_sends(self) -> None:
        if self.hub:
            self.down.extend(self.hub.frames())

    @rule(count=st.integers(1, 4))
    def up_arrives(self, count: int) -> None:
        for _ in range(count):
            if self.hub and self.up:
                self._hub_events(self.hub.receive(self.up.popleft()))

    @rule(count=st.integers(1, 4))
    def down_arrives(self, count: int) -> None:
        for _ in range(count):
            if self.agent and self.down:
                self._agent_events(self.agent.receive(self.down.popleft()))

    @rule(
        up=st.booleans(),
        fault=st.sampled_from(FAULTS),
        position=st.integers(0, 100),
        bit=st.integers(0, 8 * 2000),
    )
    def network_fails(self, up: bool, fault: str, position: int, bit: int) -> None:
        self.agent_sends(3)
        self.hub_sends()
        messages = self.up if up else self.down
        if not messages:
            return
        position %= len(messages)
        data = messages[position] or b"?"
        bit %= len(data) * 8
        match fault:
            case "lose":
                del messages[position]
            case "double":
                messages.insert(position, data)
            case "swap":
                messages[position], messages[-1] = messages[-1], data
            case "flip":
                flipped = bytearray(data)
                flipped[bit // 8] ^= 1 << bit % 8
                messages[position] = bytes(flipped)
            case _:
                messages[position] = data[: bit // 8]

    @rule(seconds=st.sampled_from([1.0, 9.0, 15.0]))
    def time_passes(self, seconds: float) -> None:
        self.clock.now += seconds
        if self.hub:
            self._hub_events(self.hub.tick())
        if self.agent:
            self._agent_events(self.agent.tick())

    # --- the hub ----------------------------------------------------------------------------------------------

    @rule(count=st.integers(1, 3))
    def hub_works(self, count: int) -> None:
        for _ in range(min(count, len(self.work))):
            event = self.work.popleft()
            self.inventory.take(event)
            if self.hub:
                self.worked_off = event.number
                self.hub.ack(event.number)
                self.hub.grant(event.size)

    @precondition(lambda self: self.hub is not None and self.hub.state is SessionState.OPEN)
    @rule(timeout=st.sampled_from([5.0, 60.0]))
    def hub_calls(self, timeout: float) -> None:
        assert self.hub
        self.open_calls.add(self.hub.call("agent.status", {"deep": True}, timeout))

    @precondition(lambda self: self.hub is not None and self.open_calls)
    @rule(draw=st.data())
    def hub_cancels(self, draw: st.DataObject) -> None:
        assert self.hub
        call = draw.draw(st.sampled_from(sorted(self.open_calls)))
        self.hub.cancel(call)
        self.open_calls.discard(call)

    @precondition(lambda self: self.agent is not None and self.asked)
    @rule(draw=st.data(), how=st.sampled_from(["reply", "part", "fail"]))
    def agent_answers(self, draw: st.DataObject, how: str) -> None:
        assert self.agent
        call = draw.draw(st.sampled_from(sorted(self.asked)))
        if how == "fail":
            wanted = self.agent.fail(call, "not_allowed", "no")
        else:
            wanted = self.agent.reply(call, {"fine": True}, final=how == "reply")
        assert wanted
        if how != "part":
            self.asked.discard(call)

    def _hub_events(self, events: list[HubEvent]) -> None:
        for event in events:
            self.grammar.check(event)
            match event:
                case HelloReceived():
                    assert self.hub
                    self.hub.welcome("prod", self.credit)
                case SnapshotBegan() | SnapshotItemsReceived() | SnapshotEnded() | ChangesReceived():
                    self.work.append(event)
                case CallReplied():
                    assert event.id in self.open_calls
                    if event.final:
                        self.open_calls.remove(event.id)
                case CallFailed():
                    self.open_calls.remove(event.id)
                case StatusReceived():
                    pass
                case Closed():
                    self.agent = self.hub = None

    def _agent_events(self, events: list[AgentEvent]) -> None:
        for event in events:
            match event:
                case Welcomed():
                    pass
                case Acknowledged(number=number):
                    assert number <= self.worked_off
                case CallRequested(id=call):
                    self.asked.add(call)
                case CallCancelled(id=call):
                    self.asked.remove(call)
                case Closed():
                    self.agent = self.hub = None

    # --- what must hold ---------------------------------------------------------------------------------------

    @invariant()
    def memory_is_bounded(self) -> None:
        if self.agent:
            outbox = self.agent._outbox
            queues = outbox._queues.values()
            assert outbox.held_bytes == sum(_size(item) for queue in queues for item in queue.held)
            assert outbox.held_bytes <= LIMITS.hold_bytes
            assert outbox.spilled_objects == sum(len(queue.spilled) for queue in queues)
            assert outbox.spilled_objects <= LIMITS.spill_objects

    @rule()
    def all_is_quiet(self) -> None:
        """After a while without faults or changes the two agree, and every difference was told."""
        for _ in range(200):
            if self.agent is None:
                self.connect(1)
            self.agent_sends(1000)
            self.up_arrives(1000)
            self.hub_works(1000)
            if self.hub:
                self.hub.grant(1)
            self.hub_sends()
            self.down_arrives(1000)
            if self._settled():
                break
            self.time_passes(5.0)
        assert self._settled(), "the two never came to rest"
        self._check_agreement()

    def _settled(self) -> bool:
        return bool(self.agent and self.agent.settled and not (self.work or self.up or self.down))

    def _check_agreement(self) -> None:
        told = {(kind, name): (uid, what) for kind, name, uid, what in self.inventory.log}
        # Of a kind that is not watched now, the hub still knows what it knew, and may hear of it later.
        self.inventory.log = [entry for entry in self.inventory.log if entry[0] not in self.source.objects]
        for kind, objects in self.source.objects.items():
            assert _identities(self.inventory.objects[kind]) == _identities(objects)
            before, after = self.quiet.get(kind, {}), dict(objects)
            for key in before.keys() - after.keys():
                assert told[kind, key[1]] == (told[kind, key[1]][0], "deleted")
            for key, item in after.items():
                known = before.get(key)
                if known is None or known.uid != item.uid:
                    assert told[kind, key[1]][0] == item.uid
                elif known.resource_version != item.resource_version:
                    assert told[kind, key[1]] == (item.uid, "updated")
            self.quiet[kind] = after

    def teardown(self) -> None:
        self.all_is_quiet()


def _identities(objects: dict[tuple[str, str], Item]) -> dict[tuple[str, str], tuple[str, str, bytes | None]]:
    """The objects without the time of observation, in which a snapshot and a change may differ."""
    return {key: (item.uid, item.resource_version, item.document) for key, item in objects.items()}


def walk(world: Network, rng: random.Random, steps: int) -> None:
    """A long random life: less shrinkable than a state machine, and far further from the start."""
    world.begin(list(KINDS), rng.sample(NAMES, 8), rng.choice([0, 1, 300, 100_000]), rng.randrange(5))
    for _ in range(steps):
        [step] = rng.choices(list(WALK), list(WALK.values()))
        step(world, rng)
        world.memory_is_bounded()
    world.all_is_quiet()


WHATS = ("put", "put", "put", "put large", "delete", "replace", "replace unseen")
WALK: dict[Callable[[Network, random.Random], None], int] = {
    lambda world, rng: world.objects_change(
        rng.choice(KINDS), [(rng.choice(NAMES), rng.choice(WHATS)) for _ in range(rng.choice([1, 1, 2, 6]))]
    ): 40,
    lambda world, rng: world.all_flows(1, 1, rng.randrange(2)): 60,
    lambda world, rng: world.agent_sends(rng.randint(1, 3)): 10,
    lambda world, _: world.hub_sends(): 10,
    lambda world, rng: world.up_arrives(rng.randint(1, 3)): 10,
    lambda world, rng: world.down_arrives(rng.randint(1, 3)): 10,
    lambda world, rng: world.hub_works(rng.randint(1, 3)): 10,
    lambda world, rng: world.network_fails(
        rng.random() < 0.5, rng.choice(FAULTS), rng.randrange(100), rng.randrange(16_000)
    ): 2,
    lambda world, rng: world.connect(rng.choice([0, 1, 300, 100_000])): 1,
    lambda world, _: world.hub_crashes(): 1,
    lambda world, rng: world.kind_syncs(rng.choice(KINDS)): 1,
    lambda world, rng: world.time_passes(rng.choice([1.0, 9.0, 15.0])): 3,
    lambda world, _: world.all_is_quiet(): 1,
}


@pytest.mark.parametrize("seed", range(20))
def test_the_hub_converges_in_a_long_random_life(
    seed: int, hello: Hello, new_source: Any, new_clock: Any
) -> None:
    chance = random.Random(seed)  # noqa: S311 - repeatable, not secret
    walk(Network(hello, new_source(), new_clock()), chance, steps=2000)


def test_the_hub_converges_through_every_fault(hello: Hello, new_source: Any, new_clock: Any) -> None:
    run_state_machine_as_test(
        lambda: Network(hello, new_source(), new_clock()),
        settings=settings(
            max_examples=60, stateful_step_count=80, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
