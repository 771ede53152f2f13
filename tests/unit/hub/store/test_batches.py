from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from farwatch.hub.store import batches as module
from farwatch.hub.store.batches import Batches, Insert
from farwatch.hub.store.errors import RowsRejectedError, TelemetryClosedError, TelemetryError
from farwatch.hub.store.tables import AlertEventRow, ChangeRow, Table


def change(number: int, document: str = "{}") -> ChangeRow:
    return ChangeRow(number, 1.0, "c", "Pod", "ns", f"pod-{number}", "uid", "created", False, "1", document)


def alert_event() -> AlertEventRow:
    return AlertEventRow(1.0, "f", "raised", "A", "c", "", 1.0, None, {}, {})


class Engine:
    """Takes inserts, or fails as told."""

    def __init__(self) -> None:
        self.faults: list[Exception] = []
        self.inserts: list[Insert] = []
        self.tries: list[Insert] = []
        self.open = asyncio.Event()
        self.open.set()

    async def send(self, insert: Insert) -> None:
        await self.open.wait()
        self.tries.append(insert)
        if self.faults:
            raise self.faults.pop(0)
        self.inserts.append(insert)

    @property
    def rows(self) -> list[int]:
        return [insert.rows.count(b"\n") for insert in self.inserts]


class Pauses:
    """Sleeps that take no time, and are written down."""

    def __init__(self) -> None:
        self.taken: list[float] = []

    async def sleep(self, seconds: float) -> None:
        self.taken.append(seconds)
        await asyncio.sleep(0)


@pytest.fixture
def engine() -> Engine:
    return Engine()


@pytest.fixture
def pauses() -> Pauses:
    return Pauses()


@pytest.fixture
async def batches(engine: Engine, pauses: Pauses) -> AsyncIterator[Batches]:
    made = Batches(engine.send, delay_seconds=3600, max_pending_bytes=10_000, sleep=pauses.sleep)
    yield made
    await made.close(timeout_seconds=0)


async def test_rows_that_come_together_are_one_insert(batches: Batches, engine: Engine) -> None:
    futures = [batches.add(Table.CHANGES, [change(number)]) for number in range(5)]
    await batches.flush()
    assert engine.rows == [5]
    assert all(future.done() for future in futures)


async def test_nothing_is_acknowledged_before_it_is_in(batches: Batches, engine: Engine) -> None:
    engine.open.clear()
    future = batches.add(Table.CHANGES, [change(1)])
    flushing = asyncio.create_task(batches.flush())
    await asyncio.sleep(0.01)
    assert not future.done()
    engine.open.set()
    await flushing
    assert future.done()


async def test_who_stops_waiting_for_a_flush_takes_nothing_from_those_who_wait(
    batches: Batches, engine: Engine
) -> None:
    engine.open.clear()
    future = batches.add(Table.CHANGES, [change(1)])
    flushing = asyncio.create_task(batches.flush())
    await asyncio.sleep(0.01)
    flushing.cancel()
    await asyncio.gather(flushing, return_exceptions=True)
    engine.open.set()
    await future
    assert engine.rows == [1]


async def test_a_flush_says_when_something_will_never_be_in(batches: Batches, engine: Engine) -> None:
    engine.faults = [RowsRejectedError("no such column")]
    batches.add(Table.CHANGES, [change(1)])
    with pytest.raises(RowsRejectedError):
        await batches.flush()


async def test_rows_are_sent_by_themselves_after_the_delay(engine: Engine, pauses: Pauses) -> None:
    batches = Batches(engine.send, delay_seconds=0.001, max_pending_bytes=10_000, sleep=pauses.sleep)
    await batches.add(Table.CHANGES, [change(1)])
    await batches.add(Table.CHANGES, [change(2)])
    assert engine.rows == [1, 1]
    await batches.close(timeout_seconds=0)


async def test_tables_have_batches_of_their_own(batches: Batches, engine: Engine) -> None:
    batches.add(Table.CHANGES, [change(1)])
    batches.add(Table.ALERT_EVENTS, [alert_event()])
    batches.add(Table.CHANGES, [change(2)])
    await batches.flush()
    assert [(insert.table, insert.rows.count(b"\n")) for insert in engine.inserts] == [
        (Table.CHANGES, 2),
        (Table.ALERT_EVENTS, 1),
    ]


async def test_a_full_batch_goes_without_waiting(
    batches: Batches, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_BATCH_ROWS", 2)
    first = batches.add(Table.CHANGES, [change(1), change(2)])
    second = batches.add(Table.CHANGES, [change(3)])
    await asyncio.gather(first, second)
    assert engine.rows == [2, 1]


async def test_a_failed_insert_is_repeated_with_the_same_token_and_growing_pauses(
    batches: Batches, engine: Engine, pauses: Pauses
) -> None:
    engine.faults = [TelemetryError("the disk is full")] * 8
    future = batches.add(Table.CHANGES, [change(1)])
    await batches.flush()
    assert future.done()
    assert engine.rows == [1]
    assert len({insert.token for insert in engine.tries}) == 1
    assert pauses.taken == [0.5, 1, 2, 4, 8, 16, 30, 30]
    assert batches.counters.retries == 8
    assert batches.last_error == "the disk is full"


async def test_an_unforeseen_fault_is_retried_like_any_other(batches: Batches, engine: Engine) -> None:
    engine.faults = [ZeroDivisionError("unforeseen")]
    batches.add(Table.CHANGES, [change(1)])
    await batches.flush()
    assert engine.rows == [1]
    assert batches.counters.retries == 1


async def test_each_insert_has_a_token_of_its_own(batches: Batches, engine: Engine) -> None:
    for number in range(3):
        batches.add(Table.CHANGES, [change(number)])
        await batches.flush()
    assert len({insert.token for insert in engine.inserts}) == 3


async def test_rows_that_can_never_be_taken_fail_alone_and_are_counted(
    batches: Batches, engine: Engine
) -> None:
    engine.faults = [RowsRejectedError("no number")]
    bad = batches.add(Table.CHANGES, [change(1)])
    good = batches.add(Table.ALERT_EVENTS, [alert_event()])
    with pytest.raises(RowsRejectedError):
        await batches.flush()
    await good
    with pytest.raises(RowsRejectedError):
        await bad
    assert batches.counters.rows_rejected == 1
    assert batches.counters.rows_inserted == 1


async def test_beyond_the_bound_rows_are_refused_counted_and_taken_again_when_there_is_room(
    batches: Batches, engine: Engine
) -> None:
    engine.open.clear()
    kept = batches.add(Table.CHANGES, [change(1, "x" * 10_000)])
    assert batches.full
    refused = batches.add(Table.CHANGES, [change(2), change(3)])
    with pytest.raises(TelemetryError, match="too much waits"):
        await refused
    assert batches.counters.rows_refused_full == 2
    room = asyncio.create_task(batches.wait_for_room())
    await asyncio.sleep(0)
    assert not room.done()
    engine.open.set()
    await batches.flush()
    await room
    await kept
    batches.add(Table.CHANGES, [change(4)])
    await batches.flush()
    assert engine.rows == [1, 1]
    assert batches.pending_bytes == 0


async def test_closing_sends_what_waits(engine: Engine, pauses: Pauses) -> None:
    batches = Batches(engine.send, delay_seconds=3600, max_pending_bytes=10_000, sleep=pauses.sleep)
    future = batches.add(Table.CHANGES, [change(1)])
    await batches.close(timeout_seconds=10)
    await future
    with pytest.raises(TelemetryClosedError):
        await batches.add(Table.CHANGES, [change(2)])


async def test_closing_gives_up_what_the_engine_does_not_take(engine: Engine, pauses: Pauses) -> None:
    batches = Batches(engine.send, delay_seconds=3600, max_pending_bytes=10_000, sleep=pauses.sleep)
    engine.open.clear()
    future = batches.add(Table.CHANGES, [change(1)])
    await batches.close(timeout_seconds=0.01)
    with pytest.raises(TelemetryClosedError):
        await future
