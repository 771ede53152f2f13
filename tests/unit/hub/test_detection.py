"""The loop between detectors and alerting, with both played by the test."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from farwatch.hub import detection
from farwatch.hub.alerting import Alert, AlertsNotKeptError
from farwatch.hub.detection import Detection
from farwatch.hub.fleet import FleetChange, FleetChangeKind

ALERT = Alert(labels={"alertname": "Broken"}, annotations={}, starts_at=datetime.fromtimestamp(0, UTC))


class Engine:
    """Decides what the test says, and remembers what it was asked."""

    def __init__(self) -> None:
        self.decided: list[Sequence[Alert]] = []
        self.faults = 0
        self.due: float | None = None
        self.observed: list[Any] = []
        self.synced: list[str] = []
        self.advanced: list[float] = []
        self.woken = asyncio.Event()

    def observe(self, changes: Any) -> None:
        self.observed.append(changes)

    def observe_fleet(self, change: Any) -> None:
        self.observed.append(change)

    def cluster_synced(self, cluster: str) -> None:
        self.synced.append(cluster)

    def advance(self, now: float) -> Sequence[Alert]:
        self.advanced.append(now)
        self.woken.set()
        if self.faults:
            self.faults -= 1
            raise ZeroDivisionError
        return self.decided.pop(0) if self.decided else []

    def next_due(self) -> float | None:
        return self.due


class Alerting:
    """Takes alerts in, or cannot for as often as the test says."""

    def __init__(self) -> None:
        self.faults = 0
        self.fault: Exception = AlertsNotKeptError("the disk is full")
        self.attempts = 0
        self.kept: list[Alert] = []
        self.news = asyncio.Event()

    async def put(self, alerts: Sequence[Alert]) -> None:
        self.attempts += 1
        if self.faults:
            self.faults -= 1
            raise self.fault
        self.kept += alerts
        self.news.set()


class Bench:
    """The loop, with its time in the test's hands: every sleep and every wait is noted, and those that the test has
    not let pass last for ever."""

    def __init__(self) -> None:
        self.engine = Engine()
        self.alerting = Alerting()
        self.now = 1000.0
        self.waits: list[float] = []
        self.detection = Detection(self.engine, self.alerting, lambda: self.now)  # type: ignore[arg-type]

    async def turn(self) -> None:
        """Let the loop run until it waits for something."""
        for _ in range(20):
            await asyncio.sleep(0)


@pytest.fixture
async def bench(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Bench]:
    made = Bench()
    real = asyncio.timeout

    def note(seconds: float) -> asyncio.Timeout:
        made.waits.append(seconds)
        return real(None)

    monkeypatch.setattr(detection.asyncio, "timeout", note)
    yield made
    await made.detection.stop()


def wake(bench: Bench) -> None:
    bench.detection.observe_changes([])


async def test_what_is_decided_is_put(bench: Bench) -> None:
    bench.engine.decided = [[ALERT]]
    bench.detection.start()
    await bench.turn()
    assert bench.alerting.kept == [ALERT]
    assert bench.engine.advanced == [1000.0]


async def test_while_nothing_is_due_and_nothing_happens_it_sleeps(bench: Bench) -> None:
    bench.detection.start()
    await bench.turn()
    assert len(bench.engine.advanced) == 1
    assert bench.waits == [30.0]


async def test_it_sleeps_until_the_next_thing_is_due_but_never_for_long(bench: Bench) -> None:
    bench.engine.due = 1004.0
    bench.detection.start()
    await bench.turn()
    bench.engine.due = 5000.0
    wake(bench)
    await bench.turn()
    assert bench.waits == [4.0, 30.0]


async def test_what_is_overdue_for_ever_does_not_keep_it_spinning(bench: Bench) -> None:
    bench.engine.due = 0.0
    bench.detection.start()
    await bench.turn()
    assert bench.waits == [detection.SHORTEST_SLEEP_SECONDS]


async def test_a_clock_that_is_set_back_does_not_make_it_oversleep(bench: Bench) -> None:
    bench.engine.due = 1004.0
    bench.detection.start()
    await bench.turn()
    bench.now = 10.0
    wake(bench)
    await bench.turn()
    assert bench.waits == [4.0, 30.0]
    assert bench.engine.advanced == [1000.0, 10.0]


async def test_news_wakes_it_at_once(bench: Bench) -> None:
    bench.detection.start()
    await bench.turn()
    bench.engine.decided = [[ALERT]]
    bench.detection.observe_changes(["a change"])  # type: ignore[list-item]
    await bench.turn()
    assert bench.engine.observed == [["a change"]]
    assert bench.alerting.kept == [ALERT]


async def test_news_of_the_fleet_wakes_it_as_well(bench: Bench) -> None:
    bench.detection.start()
    await bench.turn()
    lost = FleetChange(cluster="prod", kind=FleetChangeKind.AGENT_LOST, time=999.0)
    synced = FleetChange(cluster="prod", kind=FleetChangeKind.CLUSTER_SYNCED, time=999.0)
    bench.detection.observe_fleet([lost, synced])
    await bench.turn()
    assert bench.engine.observed == [lost]
    assert bench.engine.synced == ["prod"]
    assert len(bench.engine.advanced) == 2


async def test_news_that_comes_while_alerts_are_put_is_not_missed(bench: Bench) -> None:
    bench.engine.decided = [[ALERT]]
    held = asyncio.Event()

    async def put_slowly(_alerts: Sequence[Alert]) -> None:
        await held.wait()

    bench.alerting.put = put_slowly  # type: ignore[method-assign]
    bench.detection.start()
    await bench.turn()
    wake(bench)
    held.set()
    await bench.turn()
    assert len(bench.engine.advanced) == 2


async def test_alerts_that_could_not_be_kept_are_put_again_and_nothing_new_is_decided_meanwhile(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses: list[float] = []
    real = asyncio.sleep

    async def pause(seconds: float) -> None:
        pauses.append(seconds)
        assert len(bench.engine.advanced) == 1
        await real(0)

    bench.engine.decided = [[ALERT]]
    bench.alerting.faults = 3
    monkeypatch.setattr(detection.asyncio, "sleep", pause)
    bench.detection.start()
    async with asyncio.timeout(30):
        await bench.alerting.news.wait()
    assert bench.alerting.attempts == 4
    assert bench.alerting.kept == [ALERT]
    assert pauses == [detection.RETRY_SECONDS] * 3


async def test_a_fault_in_deciding_is_counted_and_does_not_end_it(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(detection, "RETRY_SECONDS", 0)
    bench.engine.faults = 2
    bench.engine.decided = [[ALERT]]
    bench.detection.start()
    async with asyncio.timeout(30):
        await bench.alerting.news.wait()
    assert bench.detection.failures == 2
    assert bench.alerting.kept == [ALERT]
    assert bench.detection.running


async def test_a_fault_in_handing_alerts_on_is_counted_and_they_are_put_again(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(detection, "RETRY_SECONDS", 0)
    bench.alerting.faults = 2
    bench.alerting.fault = ZeroDivisionError()
    bench.engine.decided = [[ALERT]]
    bench.detection.start()
    async with asyncio.timeout(30):
        await bench.alerting.news.wait()
    assert bench.detection.failures == 2
    assert bench.alerting.kept == [ALERT]


async def test_it_runs_from_start_to_stop(bench: Bench) -> None:
    assert not bench.detection.running
    await bench.detection.stop()
    bench.detection.start()
    assert bench.detection.running
    await bench.detection.stop()
    assert not bench.detection.running
