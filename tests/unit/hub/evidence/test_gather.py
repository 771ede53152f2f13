from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
import structlog
from sqlalchemy.exc import OperationalError

from farwatch.hub.alerting import Alert, AlertEvent, Origin, Transition
from farwatch.hub.alerting.evidence import Digest
from farwatch.hub.evidence.evidence import ContainerLog, Evidence, Run
from farwatch.hub.evidence.gather import Gatherer, Limits
from farwatch.hub.evidence.investigation import Depth
from farwatch.hub.evidence.store import EvidenceStore
from farwatch.hub.store.records import Records


def evidence(alert: Alert, text: str = "panic\n") -> Evidence:
    log = ContainerLog(pod="web-1", container="app", run=Run.CURRENT, text=text, failed=True)
    now = datetime(2026, 11, 20, 21, 16, tzinfo=UTC)
    return Evidence(
        fingerprint=alert.fingerprint, starts_at=alert.starts_at, gathered_at=now, seconds=0.5, logs=(log,)
    )


PANIC = Digest(logs=("panic",))


class Investigator:
    """Gathers when it is told to."""

    def __init__(self) -> None:
        self.asked: list[tuple[Alert, Depth]] = []
        self.may_go_on = asyncio.Event()
        self.may_go_on.set()
        self.at_once = 0
        self.most_at_once = 0
        self.fault: Exception | None = None
        self.began = asyncio.Event()

    async def gather(self, alert: Alert, depth: Depth) -> Evidence:
        self.asked.append((alert, depth))
        self.began.set()
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            await self.may_go_on.wait()
            if self.fault:
                raise self.fault
            return evidence(alert)
        finally:
            self.at_once -= 1


@pytest.fixture
def investigator() -> Investigator:
    return Investigator()


class Now:
    def __init__(self) -> None:
        self.seconds = 1_795_000_000.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def now() -> Now:
    return Now()


@pytest.fixture
def store(records: Records) -> EvidenceStore:
    return EvidenceStore(records)


Make = Callable[..., Awaitable[Gatherer]]


@pytest.fixture
async def make(investigator: Investigator, store: EvidenceStore, now: Now) -> AsyncIterator[Make]:
    """Makes a gatherer that has started, with these limits."""
    made: list[Gatherer] = []

    async def make(active: tuple[Alert, ...] = (), **limits: Any) -> Gatherer:
        made.append(Gatherer(investigator, store, now, Limits(**limits)))
        await made[-1].start(active)
        return made[-1]

    yield make
    for gatherer in made:
        await gatherer.stop()


def fired(*alerts: Alert) -> list[AlertEvent]:
    return [
        AlertEvent(transition=Transition.FIRED, time=0.0, fingerprint=alert.fingerprint, alert=alert)
        for alert in alerts
    ]


def many(kube: Any, count: int, cluster: str = "prod") -> list[Alert]:
    return [
        kube.alert(cluster=cluster, namespace="shop", workload_kind="Deployment", workload=f"w{number}")
        for number in range(count)
    ]


async def until(check: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not check():  # noqa: ASYNC110 - what is waited for is a number, not an event
            await asyncio.sleep(0.001)


async def test_a_message_waits_for_what_is_being_gathered(
    kube: Any, make: Make, investigator: Investigator
) -> None:
    investigator.may_go_on.clear()
    gatherer = await make(wait_seconds=30)
    alert = kube.alert()
    gatherer.observe(fired(alert))
    message = asyncio.create_task(gatherer.digests([alert]))
    await until(lambda: bool(investigator.asked))
    assert not message.done()
    assert not gatherer.has(alert)
    assert gatherer.under_way == 1

    investigator.may_go_on.set()

    assert await message == {alert.fingerprint: PANIC}
    assert gatherer.has(alert)
    assert gatherer.under_way == 0
    assert (gatherer.counters.gathered, gatherer.counters.late) == (1, 0)
    assert len(investigator.asked) == 1


@pytest.mark.parametrize("wait_seconds", [0, 0.01])
async def test_what_is_not_there_in_time_is_said_to_be_missing_and_comes_later(
    kube: Any, make: Make, investigator: Investigator, wait_seconds: float
) -> None:
    investigator.may_go_on.clear()
    gatherer = await make(wait_seconds=wait_seconds)
    alert = kube.alert()
    gatherer.observe(fired(alert))

    found = await gatherer.digests([alert])

    assert found[alert.fingerprint].missing == ("all: it was still being gathered when this was sent",)
    assert gatherer.counters.late == 1
    investigator.may_go_on.set()
    assert await gatherer.find(alert.fingerprint) == evidence(alert)
    assert await gatherer.digests([alert]) == {alert.fingerprint: PANIC}


async def test_only_what_fires_and_was_raised_by_a_detector_about_an_object_has_evidence(
    kube: Any, make: Make, investigator: Investigator
) -> None:
    gatherer = await make()
    ended = msgspec.structs.replace(kube.alert(), ends_at=kube.alert().starts_at)
    foreign = Alert(
        labels={"alertname": "Watchdog", "cluster": "prod"}, annotations={}, starts_at=ended.starts_at
    )
    of_cluster = kube.alert("FarwatchAgentLost", cluster="prod")
    posted = msgspec.structs.replace(kube.alert(), origin=Origin.API)
    gatherer.observe(fired(foreign, of_cluster, posted))
    gatherer.observe(
        [AlertEvent(transition=Transition.RESOLVED, time=0.0, fingerprint=ended.fingerprint, alert=ended)]
    )
    assert await gatherer.digests([ended, foreign, of_cluster, posted]) == {}
    assert investigator.asked == []


async def test_an_alert_that_fires_anew_has_new_evidence(
    kube: Any, make: Make, investigator: Investigator
) -> None:
    gatherer = await make()
    first, second = kube.alert(), kube.alert(seconds=600)
    for alert in (first, first, second):
        gatherer.observe(fired(alert))
        await gatherer.digests([alert])
    await gatherer.digests([second])
    assert [alert.starts_at for alert, _ in investigator.asked][-1] == second.starts_at
    found = await gatherer.find(second.fingerprint)
    assert found
    assert found.starts_at == second.starts_at


async def test_a_storm_is_bounded(kube: Any, make: Make, investigator: Investigator, now: Now) -> None:
    gatherer = await make(logs_per_minute=2, per_minute=3)
    alerts = many(kube, 5)
    gatherer.observe(fired(*alerts))

    found = await gatherer.digests(alerts)

    depths = sorted(depth for _, depth in investigator.asked)
    assert depths == [Depth.WITHOUT_LOGS, Depth.ALL, Depth.ALL]
    assert [found[alert.fingerprint].missing for alert in alerts[3:]] == [
        ("all: too many alerts began at once",)
    ] * 2
    assert gatherer.counters.skipped == 3

    now.seconds += 61
    gatherer.observe(fired(kube.alert()))
    await gatherer.digests([kube.alert()])
    assert investigator.asked[-1][1] is Depth.ALL


async def test_so_many_are_gathered_at_a_time_in_all_and_in_each_cluster(
    kube: Any, make: Make, investigator: Investigator
) -> None:
    investigator.may_go_on.clear()
    gatherer = await make(at_once=5, at_once_per_cluster=2)
    gatherer.observe(fired(*many(kube, 10)))
    await until(lambda: investigator.at_once == 2)
    gatherer.observe(fired(*many(kube, 10, "b"), *many(kube, 10, "c")))
    await until(lambda: investigator.at_once == 5)
    for _ in range(20):
        await asyncio.sleep(0)
    investigator.may_go_on.set()
    await until(lambda: gatherer.under_way == 0)
    assert investigator.most_at_once == 5
    assert len(investigator.asked) == 30


async def test_one_cluster_that_hangs_keeps_no_other_waiting(
    kube: Any, make: Make, investigator: Investigator
) -> None:
    investigator.may_go_on.clear()
    gatherer = await make(at_once=3, at_once_per_cluster=2)
    gatherer.observe(fired(*many(kube, 10, "hangs")))
    gatherer.observe(fired(*many(kube, 1, "well")))
    await until(lambda: investigator.at_once == 3)
    assert {alert.labels["cluster"] for alert, _ in investigator.asked} == {"hangs", "well"}
    investigator.may_go_on.set()


async def test_gathering_that_fails_or_takes_too_long_is_told_and_counted(
    kube: Any, make: Make, investigator: Investigator
) -> None:
    investigator.fault = ZeroDivisionError("odd")
    gatherer = await make(budget_seconds=0.01)
    alert = kube.alert()
    gatherer.observe(fired(alert))
    with structlog.testing.capture_logs() as lines:
        found = await gatherer.digests([alert])
    assert found[alert.fingerprint].missing[0] == "changes: gathering failed; the hub's log says how"
    assert [line["log_level"] for line in lines] == ["error"]

    investigator.may_go_on.clear()
    late = kube.alert(cluster="prod", node="node-1")
    gatherer.observe(fired(late))
    found = await gatherer.digests([late])
    assert found[late.fingerprint].missing[-1] == "logs: gathering took too long"
    assert gatherer.counters.failed == 2
    assert gatherer.counters.missing["logs", "out_of_time"] == 1


async def test_after_a_restart_what_was_gathered_is_known_and_what_was_cut_off_is_made_up_for(
    kube: Any, make: Make, investigator: Investigator
) -> None:
    kept, cut_off = many(kube, 2)
    before = await make()
    before.observe(fired(kept))
    await before.digests([kept])
    await before.find(kept.fingerprint)
    await before.stop()
    investigator.asked.clear()

    after = await make((kept, cut_off))

    assert await after.digests([kept, cut_off]) == {kept.fingerprint: PANIC, cut_off.fingerprint: PANIC}
    assert [alert for alert, _ in investigator.asked] == [cut_off]


async def test_before_the_start_a_message_waits_for_it_and_begins_nothing(
    kube: Any, store: EvidenceStore, investigator: Investigator, now: Now
) -> None:
    gatherer = Gatherer(investigator, store, now, Limits(wait_seconds=0.01))
    assert await gatherer.digests([kube.alert()]) == {}
    assert investigator.asked == []

    patient = Gatherer(investigator, store, now, Limits(wait_seconds=30))
    message = asyncio.create_task(patient.digests([kube.alert()]))
    await asyncio.sleep(0)
    await patient.start([])
    assert await message == {kube.alert().fingerprint: PANIC}
    await patient.stop()


async def test_a_message_waits_no_longer_because_the_start_was_late(
    kube: Any, store: EvidenceStore, investigator: Investigator, now: Now, monkeypatch: pytest.MonkeyPatch
) -> None:
    wait_seconds, limit = 77.0, asyncio.timeout
    waits: list[asyncio.Timeout] = []

    def note_limit(seconds: float | None) -> asyncio.Timeout:
        if seconds != wait_seconds:
            return limit(seconds)
        waits.append(limit(None))  # it ends when the test says so
        return waits[-1]

    monkeypatch.setattr(asyncio, "timeout", note_limit)
    investigator.may_go_on.clear()
    gatherer = Gatherer(investigator, store, now, Limits(wait_seconds=wait_seconds))
    message = asyncio.create_task(gatherer.digests([kube.alert()]))
    await asyncio.sleep(0)
    await gatherer.start([])
    await investigator.began.wait()
    (wait,) = waits  # the same for the start and for what is gathered after it
    assert not message.done()
    wait.reschedule(0.0)
    assert (await message)[kube.alert().fingerprint].missing
    await gatherer.stop()


class BrokenStore(EvidenceStore):
    """Records that cannot be used."""

    async def keep(self, found: Evidence, digest: Digest) -> None:
        raise OperationalError("INSERT", [found, digest], Exception("disk full"))

    async def digests(self, alerts: Any) -> dict[str, Digest]:
        raise OperationalError("SELECT", [alerts], Exception("disk broken"))


async def test_records_that_cannot_be_used_keep_no_message_back(
    kube: Any, records: Records, investigator: Investigator, now: Now
) -> None:
    gatherer = Gatherer(investigator, BrokenStore(records), now)
    with structlog.testing.capture_logs() as lines:
        await gatherer.start([kube.alert()])
        assert await gatherer.digests([kube.alert()]) == {kube.alert().fingerprint: PANIC}
        await gatherer.stop()
    assert gatherer.counters.records_failed == 2
    assert [line["log_level"] for line in lines] == ["error", "error"]


async def test_a_fault_of_ours_keeps_no_message_back(
    kube: Any, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    gatherer = await make()
    monkeypatch.setattr(gatherer, "_begin", lambda _alert: 1 / 0)
    with structlog.testing.capture_logs() as lines:
        assert await gatherer.digests([kube.alert()]) == {}
    assert gatherer.counters.failed == 1
    assert lines[0]["log_level"] == "error"


async def test_evidence_that_cannot_be_told_is_counted(
    kube: Any, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("farwatch.hub.evidence.gather.digest", lambda _found: 1 / 0)
    gatherer = await make()
    with structlog.testing.capture_logs() as lines:
        assert await gatherer.digests([kube.alert()]) == {}
    assert gatherer.counters.failed == 1
    assert [line["event"] for line in lines] == ["evidence was gathered in vain"]


async def test_stopping_ends_what_is_under_way_and_writes_down_what_is_there(
    kube: Any, store: EvidenceStore, make: Make, investigator: Investigator
) -> None:
    gatherer = await make(wait_seconds=0)
    done, under_way = many(kube, 2)
    gatherer.observe(fired(done))
    await until(lambda: gatherer.counters.gathered == 1)
    investigator.may_go_on.clear()
    gatherer.observe(fired(under_way))
    await until(lambda: investigator.at_once == 1)

    await gatherer.stop()

    assert investigator.at_once == 0
    assert await store.find(done.fingerprint) == evidence(done)
    assert await store.find(under_way.fingerprint) is None


async def test_old_evidence_is_pruned_now_and_then(
    kube: Any, store: EvidenceStore, make: Make, now: Now
) -> None:
    old = msgspec.structs.replace(
        evidence(kube.alert(workload="old")),
        gathered_at=datetime.fromtimestamp(now(), UTC) - timedelta(days=15),
    )
    await store.keep(old, Digest())
    gatherer = await make()
    gatherer.observe(fired(kube.alert()))
    await gatherer.find(kube.alert().fingerprint)
    await gatherer.stop()
    assert await store.find(old.fingerprint) is None
