"""The hub ends, in every way and at every moment, and goes on where it was."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest
import sqlalchemy as sa
from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncConnection

from farwatch.hub.alerting import Alert, tables
from farwatch.hub.store.records import Records

from .conftest import START, FakeClock, Hub, Sink, alert, simple

HOUR = 3600.0


async def test_group_wait_goes_on_where_it_was(hub: Hub, clock: FakeClock, sink: Sink) -> None:
    config = simple(sink.url)
    alerting = await hub.start(config)
    await alerting.put([alert("a")])
    await clock.advance(20)
    await hub.kill()
    await hub.start(config)
    await clock.advance(9)
    assert sink.told() == []
    await clock.advance(1)
    assert sink.told() == [(30, "firing", ["a"])]


async def test_group_interval_goes_on_where_it_was(hub: Hub, clock: FakeClock, sink: Sink) -> None:
    config = simple(sink.url)
    alerting = await hub.start(config)
    await alerting.put([alert("a")])
    await clock.advance(100)
    await alerting.put([alert("b", starts=100)])
    await clock.advance(100)
    await hub.kill()
    await hub.start(config)
    await clock.advance(HOUR)
    assert sink.told() == [(30, "firing", ["a"]), (330, "firing", ["a", "b"])]


async def test_what_fell_due_while_the_hub_was_down_is_told_at_once(
    hub: Hub, clock: FakeClock, sink: Sink
) -> None:
    config = simple(sink.url)
    alerting = await hub.start(config)
    await alerting.put([alert("a")])
    await clock.settle()
    await hub.kill()
    await clock.advance(1000)
    await hub.start(config)
    await clock.settle()
    assert sink.told() == [(1000, "firing", ["a"])]


async def test_what_was_told_is_not_repeated_before_its_time(hub: Hub, clock: FakeClock, sink: Sink) -> None:
    config = simple(sink.url)
    alerting = await hub.start(config)
    await alerting.put([alert("a")])
    await clock.advance(60)
    for _ in range(5):
        await hub.kill()
        await clock.advance(600)
        await hub.start(config)
        await clock.settle()
    assert len(sink.told()) == 1
    await clock.advance(4 * HOUR)
    assert len(sink.told()) == 2


async def test_a_resolution_already_told_is_not_told_with_later_news(
    hub: Hub, clock: FakeClock, sink: Sink
) -> None:
    config = simple(sink.url)
    alerting = await hub.start(config)
    await alerting.put([alert("a"), alert("b")])
    await clock.advance(60)
    await alerting.put([alert("a", ends=60)])
    await clock.advance(300)
    await alerting.put([alert("c", starts=360)])
    await clock.advance(300)
    await hub.kill()
    await hub.start(config)
    await clock.advance(HOUR)
    assert [told for _, _, told in sink.told()] == [["a", "b"], ["-a", "b"], ["b", "c"]]


async def test_an_alert_that_fired_anew_is_not_taken_as_resolved(
    hub: Hub, clock: FakeClock, sink: Sink
) -> None:
    config = simple(sink.url)
    alerting = await hub.start(config)
    await alerting.put([alert("a")])
    await clock.advance(60)
    await alerting.put([alert("a", ends=60)])
    await clock.advance(300)
    await alerting.put([alert("a", starts=360)])
    await clock.settle()
    await hub.kill()
    alerting = await hub.start(config)
    assert [a.labels["pod"] for a in alerting.active()] == ["a"]
    await clock.advance(30)
    assert sink.told()[2:] == [(390, "firing", ["a"])]


async def test_a_stop_lets_what_is_being_sent_come_to_its_end(hub: Hub, clock: FakeClock, sink: Sink) -> None:
    config = simple(sink.url, route="group_wait: 0s")
    alerting = await hub.start(config)
    await alerting.put([alert("a")])
    await hub.stop()
    await hub.start(config)
    await clock.advance(HOUR)
    assert len(sink.told()) == 1


async def test_what_a_stop_cuts_off_is_told_after_the_next_start(
    hub: Hub, clock: FakeClock, sink: Sink
) -> None:
    config = simple(sink.url)
    sink.otherwise = web.Response(status=503)
    alerting = await hub.start(config)
    await alerting.put([alert("a")])
    await clock.advance(31)
    await hub.stop()
    sink.otherwise = web.Response()
    sink.requests.clear()
    await hub.start(config)
    await clock.settle()
    assert sink.told() == [(31, "firing", ["a"])]


async def test_groups_that_a_new_configuration_makes_anew_leave_no_timers(
    hub: Hub, clock: FakeClock, sink: Sink, records: Records
) -> None:
    alerting = await hub.start(simple(sink.url))
    await alerting.put([alert("a")])
    await clock.advance(60)
    await hub.kill()
    await hub.start(simple(sink.url, route="group_by: [pod]"))
    await clock.advance(HOUR)
    assert [payload["groupKey"] for _, payload in sink.requests] == [
        '{}:{alertname="KubePodCrashLooping"}',
        '{}:{pod="a"}',
    ]
    async with records.read() as connection:
        assert (await connection.execute(sa.select(tables.alert_groups.c.group_key))).scalars().all() == [
            '{}:{pod="a"}'
        ]


class Fuse:
    """Freezes the process at its n-th step: whoever comes by after that waits for ever, as in a killed process."""

    def __init__(self, burns_at: int) -> None:
        self._left = burns_at
        self.burnt = asyncio.Event()

    async def step(self) -> None:
        self._left -= 1
        if self._left == 0:
            self.burnt.set()
        if self.burnt.is_set():
            await asyncio.Event().wait()


class FusedRecords:
    """Records through which the process can be frozen: before, within and after each transaction."""

    def __init__(self, records: Records) -> None:
        self._records = records
        self.fuse = Fuse(-1)

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[AsyncConnection]:
        await self.fuse.step()
        async with self._records.begin() as connection:
            yield connection
            await self.fuse.step()
        await self.fuse.step()

    def read(self) -> Any:
        return self._records.read()

    async def ensure_held(self) -> None:
        await self._records.ensure_held()


TIMELINE: list[tuple[float, list[Alert]]] = [
    (0, [alert("a")]),
    (10, [alert("b", starts=10)]),
    (60, [alert("a", ends=60)]),
    (100, [alert("c", starts=100), alert("b", starts=10, summary="b crashes on")]),
    (400, [alert("a", starts=400)]),
    (700, [alert("a", starts=400, ends=700), alert("b", ends=690), alert("c", ends=700)]),
    (2000, []),
]


class Play:
    """Plays the timeline into alerting that is killed at one step, and started again after some time."""

    def __init__(self, hub: Hub, clock: FakeClock, sink: Sink, records: FusedRecords, down: float) -> None:
        self._hub = hub
        self._clock = clock
        self._sink = sink
        self._records = records
        self._down = down
        # group_interval 50 s beside repeat_interval 170 s: the timeline holds repeats, too.
        self._config = simple(sink.url, route="group_wait: 30s, group_interval: 50s, repeat_interval: 170s")

    async def run(self, burns_at: int) -> tuple[list[tuple[float, str, list[str]]], bool]:
        """Everything told, and whether the fuse burnt."""
        fuse = self._records.fuse = Fuse(burns_at)
        self._sink.on_request = fuse.step
        self._sink.requests.clear()
        self._clock.time = START
        await self._hub.start(self._config)
        for time, alerts in TIMELINE:
            await self._until(fuse, self._clock.advance(START + time - self._clock.time))
            await self._until(fuse, self._put(alerts))
            if self._hub.alerting is None:
                await self._restart()
                await self._clock.advance(max(START + time - self._clock.time, 0))
                await self._put(alerts)  # who was not told that they were taken puts them again
        await self._clock.settle()
        await self._hub.kill()
        return self._sink.told(), fuse.burnt.is_set()

    async def _put(self, alerts: list[Alert]) -> None:
        assert self._hub.alerting is not None
        await self._hub.alerting.put(alerts)

    async def _until(self, fuse: Fuse, work: Any) -> None:
        """Do something, unless the fuse burns over it: then it is left undone, and the hub is dead."""
        if self._hub.alerting is None:
            work.close()
            return
        if fuse.burnt.is_set():
            await work
            return
        task, burnt = asyncio.create_task(work), asyncio.create_task(fuse.burnt.wait())
        await asyncio.wait({task, burnt}, return_when=asyncio.FIRST_COMPLETED)
        burnt.cancel()
        if fuse.burnt.is_set():
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            await self._hub.kill()
        else:
            await task

    async def _restart(self) -> None:
        self._records.fuse = Fuse(-1)
        self._sink.on_request = None
        self._clock.time += self._down
        await self._hub.start(self._config)


@pytest.fixture
def fused(records: Records) -> FusedRecords:
    return FusedRecords(records)


@pytest.fixture
def fused_hub(fused: FusedRecords, http: aiohttp.ClientSession, clock: FakeClock) -> Hub:
    return Hub(fused, http, clock)  # type: ignore[arg-type]


async def _forget_all(records: Records) -> None:
    async with records.begin() as connection:
        for table in (tables.alerts, tables.alert_groups, tables.notification_log):
            await connection.execute(sa.delete(table))


async def _play_all(
    play: Play, records: Records
) -> AsyncIterator[tuple[int, list[tuple[float, str, list[str]]]]]:
    """What is told with a kill at the first step, the second, and so on to the end of the timeline."""
    for burns_at in range(1, 1_000):
        await _forget_all(records)
        told, burnt = await play.run(burns_at)
        if not burnt:
            return
        yield burns_at, told
    raise AssertionError("the timeline has no end")


async def _expected(play: Play) -> list[tuple[float, str, list[str]]]:
    told, _ = await play.run(burns_at=-1)
    assert [entry for entry in told if entry[0] < 700] == [
        (30, "firing", ["a", "b"]),
        (80, "firing", ["-a", "b"]),
        (130, "firing", ["b", "c"]),
        (330, "firing", ["b", "c"]),
        (430, "firing", ["a", "b", "c"]),
        (630, "firing", ["a", "b", "c"]),
    ]
    return told


async def test_killed_anywhere_and_started_at_once_it_tells_the_same_at_the_same_time(
    fused_hub: Hub, fused: FusedRecords, records: Records, clock: FakeClock, sink: Sink
) -> None:
    play = Play(fused_hub, clock, sink, fused, down=0)
    expected = await _expected(play)
    kills = 0
    async for burns_at, told in _play_all(play, records):
        again = [entry for entry, before in zip(told[1:], told, strict=False) if entry == before]
        once = [entry for entry, before in zip(told, [None, *told], strict=False) if entry != before]
        assert once == expected, f"killed at step {burns_at}"
        # Told twice at the most if the kill came between the telling and the note of it.
        assert len(again) <= 1, f"killed at step {burns_at}"
        kills += 1
    assert kills > 40


async def test_killed_anywhere_and_down_for_a_while_it_forgets_nothing(
    fused_hub: Hub, fused: FusedRecords, records: Records, clock: FakeClock, sink: Sink
) -> None:
    play = Play(fused_hub, clock, sink, fused, down=75)
    await _expected(play)
    async for burns_at, told in _play_all(play, records):
        assert {pod for _, _, pods in told for pod in pods} >= {"a", "b", "c"}, f"killed at step {burns_at}"
        last = {pod.lstrip("-"): pod for _, _, pods in told for pod in pods}
        assert set(last.values()) == {"-a", "-b", "-c"}, f"killed at step {burns_at}"
        changes = [
            pods
            for (_, _, pods), before in zip(told, [None, *(p for _, _, p in told)], strict=False)
            if pods != before
        ]
        assert len(told) - len(changes) <= 4, f"repeats beyond their time, killed at step {burns_at}"
