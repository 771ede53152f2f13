from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import msgspec
import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from farwatch.hub.alerting import Alert, Origin, Transition, tables
from farwatch.hub.alerting.alerts import RESOLVED_KEPT_SECONDS, SLACK_SECONDS, Alerts
from farwatch.hub.alerting.intake import Intake
from farwatch.hub.alerting.journal import Journal
from farwatch.hub.store.records import Records

from .conftest import START, FakeClock, Hub, Sink, alert, at, simple

RESOLVE_TIMEOUT = 300


def posted(pod: str, ends: float) -> Alert:
    return msgspec.structs.replace(alert(pod, 0, ends), origin=Origin.API)


async def ends(records: Records) -> dict[str, float]:
    """What is written down: the end of each alert, in seconds after the beginning."""
    async with records.read() as connection:
        rows = (await connection.execute(sa.select(tables.alerts))).mappings().all()
    alerts = [msgspec.json.decode(row["document"], type=Alert) for row in rows]
    return {one.labels["pod"]: one.ends_at.timestamp() - START for one in alerts if one.ends_at}


async def test_a_known_alert_is_written_over(hub: Hub, sink: Sink, records: Records) -> None:
    alerting = await hub.start(simple(sink.url))
    await alerting.put([posted("a", 100), posted("b", 100)])
    await alerting.put([posted("a", 1000)])
    assert await ends(records) == {"a": 1000, "b": 100}


async def test_an_alert_that_merely_goes_on_is_not_written_each_time(
    hub: Hub, sink: Sink, records: Records, clock: FakeClock
) -> None:
    alerting = await hub.start(simple(sink.url))
    for seconds in range(0, 600, 60):
        await clock.advance(60 if seconds else 0)
        await alerting.put([posted("a", seconds + 240)])
    assert await ends(records) == {"a": 600}
    (known,) = alerting.known()
    assert known.alert.ends_at == at(540 + 240)


@pytest.mark.parametrize("away", [10, 1000])
async def test_no_posted_alert_ends_before_its_sender_could_have_posted_it_again(
    hub: Hub, sink: Sink, clock: FakeClock, away: float
) -> None:
    alerting = await hub.start(simple(sink.url))
    await alerting.put([posted("a", 200), alert("own", ends=200)])
    await hub.kill()
    clock.time += away

    alerting = await hub.start(simple(sink.url))
    earliest = max(200 + SLACK_SECONDS, away + RESOLVE_TIMEOUT)
    await clock.advance(earliest - away - 1)
    assert [one.labels["pod"] for one in alerting.active()] == ["a"]
    await clock.advance(2)
    assert alerting.active() == []


async def test_after_a_restart_the_word_of_a_sender_counts_again(
    hub: Hub, sink: Sink, clock: FakeClock
) -> None:
    alerting = await hub.start(simple(sink.url))
    await alerting.put([posted("a", 200)])
    await hub.kill()
    alerting = await hub.start(simple(sink.url))
    await alerting.put([posted("a", 240)])
    assert alerting.active()[0].ends_at == at(240)
    await clock.advance(10)
    await alerting.put([posted("a", 5)])
    assert alerting.active() == []


async def test_what_ended_by_itself_stays_ended_after_a_kill(hub: Hub, sink: Sink, clock: FakeClock) -> None:
    alerting = await hub.start(simple(sink.url))
    await alerting.put([posted("a", 100)])
    await clock.advance(101)
    assert hub.events[-1].transition is Transition.RESOLVED
    await hub.kill()
    told = len(hub.events)

    alerting = await hub.start(simple(sink.url))
    await clock.advance(1)
    assert alerting.active() == []
    assert len(hub.events) == told


async def test_when_an_alert_was_last_put_is_known_after_a_restart(
    hub: Hub, sink: Sink, clock: FakeClock
) -> None:
    alerting = await hub.start(simple(sink.url))
    await alerting.put([alert("a")])
    await clock.advance(50)
    await alerting.put([alert("a", summary="worse")])
    await hub.kill()
    alerting = await hub.start(simple(sink.url))
    (known,) = alerting.known()
    assert (known.received_at, known.updated_at) == (START, START + 50)


class Gated:
    """Records that write when they are let to."""

    def __init__(self, records: Records) -> None:
        self._records = records
        self.opened = asyncio.Event()
        self.asked = asyncio.Event()
        self.opened.set()

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[AsyncConnection]:
        self.asked.set()
        await self.opened.wait()
        async with self._records.begin() as connection:
            yield connection


class Taken:
    """An intake whose writes can be held up."""

    def __init__(self, records: Records, clock: FakeClock) -> None:
        self.gate: Any = Gated(records)
        self.alerts = Alerts()
        self._clock = clock
        self._journal = Journal(self.gate)
        self._intake = Intake(
            alerts=self.alerts, journal=self._journal, clock=clock, insert=lambda _changes: None
        )

    async def put(self, *alerts: Alert) -> list[Transition]:
        return [event.transition for event in await self._intake.put(alerts)]

    async def put_while_time_passes(self, alert: Alert) -> list[Transition]:
        """Gives what happens, in its order, if time passes just when the alert is being written down."""
        self.gate.opened.clear()
        self.gate.asked.clear()
        putting = asyncio.create_task(self.put(alert))
        await self.gate.asked.wait()
        passing = asyncio.create_task(self._pass())
        for _ in range(5):
            await asyncio.sleep(0)
        self.gate.opened.set()
        done: list[Transition] = []
        for task in (passing, putting) if passing.done() else (putting, passing):
            done += await task
        return done

    async def _pass(self) -> list[Transition]:
        events, writes = await self._intake.advance(self._clock.now())
        await self._journal.write(*writes)
        return [event.transition for event in events]


@pytest.fixture
def taken(records: Records, clock: FakeClock) -> Taken:
    return Taken(records, clock)


async def test_an_alert_that_fires_anew_when_it_would_be_forgotten_is_on_disk(
    taken: Taken, records: Records, clock: FakeClock
) -> None:
    await taken.put(alert("a", 0, 1))
    clock.time += 1
    await taken.put(alert("a", 0, 1))
    clock.time += 1
    (known,) = taken.alerts
    taken.alerts.settle([known.alert.fingerprint])
    clock.time += RESOLVED_KEPT_SECONDS
    assert await taken.put_while_time_passes(alert("a", 2000, 9000)) == [Transition.FIRED]
    assert await ends(records) == {"a": 9000}


async def test_an_alert_that_is_put_off_just_as_it_ends_has_not_ended(
    taken: Taken, records: Records, clock: FakeClock
) -> None:
    await taken.put(posted("a", 100))
    clock.time += 101
    assert await taken.put_while_time_passes(posted("a", 1000)) == []
    async with records.read() as connection:
        assert list((await connection.execute(sa.select(tables.alerts.c.resolved))).scalars()) == [False]
