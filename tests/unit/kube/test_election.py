from __future__ import annotations

import asyncio
import heapq
import itertools
import json
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from farwatch.kube.access import ClusterAccess
from farwatch.kube.client import KubeClient
from farwatch.kube.clock import Clock
from farwatch.kube.election import Candidate, ElectionTiming, LeaderElector
from farwatch.kube.objects import Lease, LeaseMeta, LeaseSpec

TIMING = ElectionTiming()
WALL = datetime(2026, 11, 20, 12, tzinfo=UTC)


def lease(version: int, spec: LeaseSpec) -> Lease:
    return Lease(
        metadata=LeaseMeta(name="leader", namespace="farwatch", uid="u", resource_version=str(version)),
        spec=spec,
    )


def held(version: int, holder: str, seconds: int | None = 12, transitions: int | None = 3) -> Lease:
    return lease(
        version,
        LeaseSpec(
            holder_identity=holder,
            lease_duration_seconds=seconds,
            acquire_time=WALL,
            renew_time=WALL,
            lease_transitions=transitions,
        ),
    )


@pytest.fixture
def candidate() -> Candidate:
    return Candidate("a", TIMING)


class TestCandidate:
    def test_a_lease_that_is_not_there_is_made(self, candidate: Candidate) -> None:
        candidate.see(None, 100)
        assert candidate.claim(100, WALL) == LeaseSpec(
            holder_identity="a",
            lease_duration_seconds=12,
            acquire_time=WALL,
            renew_time=WALL,
            lease_transitions=0,
        )

    def test_who_has_not_written_does_not_lead(self, candidate: Candidate) -> None:
        candidate.see(held(1, "a"), 100)
        assert not candidate.leads(100)

    def test_a_lease_of_another_is_left_until_it_has_not_changed_for_as_long_as_it_holds(
        self, candidate: Candidate
    ) -> None:
        candidate.see(held(1, "b"), 100)
        assert candidate.claim(111.9, WALL) is None
        candidate.see(held(2, "b"), 111)
        assert candidate.claim(122.9, WALL) is None
        candidate.see(held(2, "b"), 122)
        claimed = candidate.claim(123, WALL)
        assert claimed is not None
        assert (claimed.holder_identity, claimed.lease_transitions) == ("a", 4)

    def test_times_in_the_lease_are_for_people_and_decide_nothing(self, candidate: Candidate) -> None:
        old = lease(
            1,
            LeaseSpec(holder_identity="b", lease_duration_seconds=12, renew_time=WALL - timedelta(days=400)),
        )
        candidate.see(old, 100)
        assert candidate.claim(101, WALL) is None

    def test_a_lease_that_was_given_back_is_taken_at_once(self, candidate: Candidate) -> None:
        candidate.see(held(1, "", seconds=1), 100)
        assert candidate.claim(100, WALL) is not None

    def test_a_lease_without_a_duration_holds_as_long_as_ours(self, candidate: Candidate) -> None:
        candidate.see(held(1, "b", seconds=None, transitions=None), 100)
        assert candidate.free_in(101) == 11
        claimed = candidate.claim(112, WALL)
        assert claimed is not None
        assert claimed.lease_transitions == 1

    def test_the_leader_counts_from_when_it_began_to_write(self, candidate: Candidate) -> None:
        candidate.see(None, 100)
        candidate.wrote(held(1, "a"), 100, 103)
        assert candidate.leads(107.9)
        assert not candidate.leads(108)

    def test_a_renewal_keeps_when_it_began_and_how_often_it_changed_hands(self, candidate: Candidate) -> None:
        candidate.wrote(held(1, "a"), 100, 100)
        later = WALL + timedelta(seconds=2)
        renewal = candidate.claim(102, later)
        assert renewal is not None
        assert (renewal.acquire_time, renewal.renew_time, renewal.lease_transitions) == (WALL, later, 3)

    def test_who_sees_another_in_its_place_no_longer_leads(self, candidate: Candidate) -> None:
        candidate.wrote(held(1, "a"), 100, 100)
        candidate.see(held(2, "b"), 101)
        assert not candidate.leads(101)

    def test_only_the_holder_gives_back(self, candidate: Candidate) -> None:
        assert candidate.release(WALL) is None
        candidate.see(held(1, "b"), 100)
        assert candidate.release(WALL) is None
        candidate.wrote(held(2, "a"), 100, 100)
        assert candidate.release(WALL) == LeaseSpec(
            holder_identity="",
            lease_duration_seconds=1,
            acquire_time=WALL,
            renew_time=WALL,
            lease_transitions=3,
        )

    def test_times_that_make_no_sense_are_refused(self) -> None:
        with pytest.raises(ValueError, match="renew < deadline < lease"):
            ElectionTiming(deadline=12)


# --- several candidates, whose clocks differ, whose requests are held up or lost, and who stand still now and then ---------


class World:
    """Candidates around one Lease, in a time of its own: whoever steps is the next in that time."""

    def __init__(self, chance: Callable[[float, float], float]) -> None:
        self.chance = chance
        self.lease: Lease | None = None
        self.now = 0.0
        self.versions = itertools.count(1)
        self.todo: list[tuple[float, int, Callable[[], None]]] = []
        self.order = itertools.count()
        self.leaders_seen: set[str] = set()

    def after(self, seconds: float, step: Callable[[], None]) -> None:
        heapq.heappush(self.todo, (self.now + seconds, next(self.order), step))

    def write(self, version: str, spec: LeaseSpec) -> Lease | None:
        """What the server does with a write that arrives: None is a conflict."""
        current = self.lease.metadata.resource_version if self.lease else ""
        if current != version:
            return None
        self.lease = lease(next(self.versions), spec)
        return self.lease


class Walker:
    """One candidate with its own clock, in a world where anything may take its time."""

    def __init__(self, world: World, name: str, offset: float, rate: float) -> None:
        self.world = world
        self.candidate = Candidate(name, TIMING)
        self.offset, self.rate = offset, rate
        self.still_until = 0.0
        world.after(world.chance(0, 5), self.look)

    @property
    def now(self) -> float:
        return self.offset + self.world.now * self.rate

    @property
    def leads(self) -> bool:
        return self.candidate.leads(self.now)

    def soon(self, shortest: float, longest: float, step: Callable[[], None]) -> None:
        """A step of this process's; it waits while the process stands still."""
        world = self.world

        def run() -> None:
            if world.now < self.still_until:
                world.after(self.still_until - world.now, run)
            else:
                step()

        world.after(world.chance(shortest, longest), run)

    def look(self) -> None:
        found: list[Lease | None] = []
        self.world.after(self.world.chance(0, 4), lambda: found.append(self.world.lease))
        self.soon(4, 5, lambda: self.take_answer(found[0]))
        if self.world.chance(0, 1) > 0.97:
            self.still_until = self.world.now + self.world.chance(0, 60)

    def take_answer(self, found: Lease | None) -> None:
        self.candidate.see(found, self.now)
        began_at = self.now
        spec = self.candidate.claim(began_at, WALL)
        if spec is not None:
            version = found.metadata.resource_version if found else ""
            written: list[Lease | None] = []
            # It arrives even when nobody waits for the answer any more.
            self.world.after(
                self.world.chance(0, 30), lambda: written.append(self.world.write(version, spec))
            )
            self.soon(0, 4, lambda: self.take_receipt(written, began_at))
        self.soon(0, 5, self.look)

    def take_receipt(self, written: list[Lease | None], began_at: float) -> None:
        if written and written[0] is not None:
            self.candidate.wrote(written[0], began_at, self.now)


@given(st.integers(0, 2**64), st.integers(2, 5))
def test_at_no_moment_do_two_lead(seed: int, count: int) -> None:
    random = Random(seed)  # noqa: S311 - a world to replay, no secret
    world = World(random.uniform)
    walkers = [
        Walker(world, name, offset=random.uniform(0, 1e6), rate=random.uniform(0.95, 1.05))
        for name in "abcde"[:count]
    ]
    while world.todo and world.now < 300:
        world.now, _, step = heapq.heappop(world.todo)
        step()
        leaders = [walker.candidate.identity for walker in walkers if walker.leads]
        assert len(leaders) <= 1
        world.leaders_seen.update(leaders)


def test_in_a_world_without_delays_there_is_a_leader_nearly_always() -> None:
    """Else the test above would hold for candidates that never lead."""
    world = World(lambda shortest, _longest: shortest + 0.01)
    walkers = [Walker(world, name, offset=0, rate=1) for name in "ab"]
    led = 0
    while world.now < 300:
        world.now, _, step = heapq.heappop(world.todo)
        step()
        led += any(walker.leads for walker in walkers)
    assert led > 50


# --- against a server -------------------------------------------------------------------------------------------


class LeaseServer:
    """Keeps one Lease, as an API server does: a write from an old version is a conflict."""

    PATH = "/apis/coordination.k8s.io/v1/namespaces/farwatch/leases"

    def __init__(self) -> None:
        self.stored: dict[str, Any] | None = None
        self.refusal: tuple[int, str] | None = None
        self.stalls = False
        self.asked = 0
        app = web.Application()
        app.router.add_get(f"{self.PATH}/leader", self._serve)
        app.router.add_post(self.PATH, self._serve)
        app.router.add_put(f"{self.PATH}/leader", self._serve)
        self.server = TestServer(app)
        self.version = 0
        self._unstalled = asyncio.Event()

    @property
    def holder(self) -> str:
        return self.stored["spec"]["holderIdentity"] if self.stored else ""

    def resume(self) -> None:
        self.stalls = False
        self._unstalled.set()

    async def _serve(self, request: web.Request) -> web.Response:
        self.asked += 1
        if self.stalls:
            await self._unstalled.wait()
        if self.refusal is not None:
            return self._status(*self.refusal)
        if request.method == "GET":
            return web.json_response(self.stored) if self.stored else self._status(404, "NotFound")
        body = await request.json()
        known = self.stored["metadata"]["resourceVersion"] if self.stored else None
        if body["metadata"].get("resourceVersion") != known:
            return self._status(409, "Conflict")
        self.version += 1
        body["metadata"] |= {"resourceVersion": str(self.version), "uid": "u"}
        self.stored = body
        return web.json_response(body)

    def _status(self, code: int, reason: str) -> web.Response:
        body = {"kind": "Status", "code": code, "reason": reason, "message": f"leases: {reason}"}
        return web.Response(status=code, body=json.dumps(body), content_type="application/json")


class Ahead:
    """A clock that runs ahead of nobody: sleeping passes its time at once, and lets others have a turn."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    async def sleep(self, seconds: float) -> None:
        self.seconds += seconds
        await asyncio.sleep(0.001)

    @property
    def clock(self) -> Clock:
        return Clock(
            time=lambda: self.seconds, monotonic=lambda: self.seconds, sleep=self.sleep, random=lambda: 0.5
        )


@pytest.fixture
async def server() -> AsyncIterator[LeaseServer]:
    server = LeaseServer()
    async with server.server:
        yield server
        server.resume()


@pytest.fixture
async def client(server: LeaseServer) -> AsyncIterator[KubeClient]:
    async with KubeClient(ClusterAccess(str(server.server.make_url("")))) as client:
        yield client


class Runner:
    """An elector that takes part until it is told to stop."""

    def __init__(self, client: KubeClient, identity: str, clock: Clock) -> None:
        self.elector = LeaderElector(client, "farwatch", "leader", identity, clock=clock)
        self.task = asyncio.create_task(self.elector.run())

    async def knows(self, condition: Callable[[], object]) -> None:
        while not condition():  # noqa: ASYNC110 - the elector sets no event for each of its looks
            await asyncio.sleep(0)

    async def stop(self) -> None:
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)


@pytest.fixture
async def take_part(client: KubeClient) -> AsyncIterator[Callable[..., Runner]]:
    runners: list[Runner] = []

    def start(identity: str, clock: Clock | None = None) -> Runner:
        runners.append(Runner(client, identity, clock or Ahead().clock))
        return runners[-1]

    yield start
    for runner in runners:
        await runner.stop()


async def test_of_two_one_leads_and_the_other_follows_when_it_gives_back(
    server: LeaseServer, take_part: Callable[..., Runner]
) -> None:
    time = Ahead().clock
    first = take_part("a", time)
    await first.elector.wait_for(leading=True)
    second = take_part("b", time)
    await second.knows(lambda: second.elector.holder == "a")
    assert not second.elector.leading
    await first.stop()
    await first.elector.release()
    assert not first.elector.leading
    assert server.stored is not None
    assert server.stored["spec"]["leaseDurationSeconds"] == 1
    await second.elector.wait_for(leading=True)
    assert server.holder == "b"
    assert server.stored["spec"]["leaseTransitions"] == 1


async def test_the_lease_reads_as_people_know_it(
    server: LeaseServer, take_part: Callable[..., Runner]
) -> None:
    await take_part("agent-0_4f").elector.wait_for(leading=True)
    assert server.stored is not None
    assert server.stored["spec"] == {
        "holderIdentity": "agent-0_4f",
        "leaseDurationSeconds": 12,
        "acquireTime": "1970-01-01T00:16:40.000000Z",
        "renewTime": server.stored["spec"]["renewTime"],
        "leaseTransitions": 0,
    }


async def test_who_cannot_renew_stops_leading_in_time(
    server: LeaseServer, take_part: Callable[..., Runner]
) -> None:
    ahead = Ahead()
    runner = take_part("a", ahead.clock)
    await runner.elector.wait_for(leading=True)
    began = ahead.seconds
    server.refusal = (503, "ServiceUnavailable")
    with capture_logs() as lines:
        await runner.elector.wait_for(leading=False)
    assert ahead.seconds - began <= TIMING.deadline
    assert "503" in runner.elector.problem
    assert [line["event"] for line in lines] == [
        "the lease cannot be read or written for now",
        "no longer leads",
    ]
    server.refusal = None
    await runner.elector.wait_for(leading=True)


async def test_a_server_that_stalls_ends_it_too(
    server: LeaseServer, take_part: Callable[..., Runner], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("farwatch.kube.election.ANSWER_SECONDS", 0.05)
    runner = take_part("a")
    await runner.elector.wait_for(leading=True)
    server.stalls = True
    await runner.elector.wait_for(leading=False)
    assert "did not answer in time" in runner.elector.problem


async def test_a_process_that_stood_still_knows_before_anybody_tells_it(
    take_part: Callable[..., Runner],
) -> None:
    ahead = Ahead()
    runner = take_part("a", ahead.clock)
    await runner.elector.wait_for(leading=True)
    ahead.seconds += TIMING.deadline
    assert not runner.elector.leading


async def test_who_may_not_use_leases_is_told_what_to_grant(
    server: LeaseServer, take_part: Callable[..., Runner]
) -> None:
    server.refusal = (403, "Forbidden")
    runner = take_part("a")
    await runner.knows(lambda: runner.elector.problem)
    assert "grant get, create and update on leases of coordination.k8s.io" in runner.elector.problem
    assert "farwatch/leader" in runner.elector.problem


async def test_giving_back_what_cannot_be_reached_is_no_fault(
    server: LeaseServer, take_part: Callable[..., Runner]
) -> None:
    runner = take_part("a")
    await runner.elector.wait_for(leading=True)
    await runner.stop()
    server.refusal = (500, "InternalError")
    with capture_logs() as lines:
        await runner.elector.release()
    assert [line["event"] for line in lines] == ["could not give the lease back; it ends by itself"]
    assert server.holder == "a"


async def test_nothing_is_given_back_that_another_has_taken(
    server: LeaseServer, take_part: Callable[..., Runner]
) -> None:
    runner = take_part("a")
    await runner.elector.wait_for(leading=True)
    await runner.stop()
    assert server.stored is not None
    server.stored["spec"]["holderIdentity"] = "b"
    await runner.elector.release()
    assert server.holder == "b"
    assert not runner.elector.leading
