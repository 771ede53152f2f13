from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest

from farwatch.hub.inventory import ChangeLog, ChangeQuery, Inventory, ObjectChange, Operation
from farwatch.hub.inventory import log as log_module
from farwatch.hub.store.directory import DataDirectory
from farwatch.hub.store.errors import RowsRejectedError, TelemetryClosedError
from farwatch.hub.store.tables import ChangeRow, Table
from farwatch.hub.store.telemetry import Telemetry, TelemetrySettings

from ...clocks import Clock

C, U, D = Operation.CREATED, Operation.UPDATED, Operation.DELETED


class Store:
    """A telemetry store that takes rows, or is full, as told."""

    def __init__(self) -> None:
        self.rows: list[ChangeRow] = []
        self.futures: list[asyncio.Future[None]] = []
        self.room = asyncio.Event()
        self.room.set()

    @property
    def full(self) -> bool:
        return not self.room.is_set()

    async def wait_for_room(self) -> None:
        await self.room.wait()

    def insert(self, table: Table, rows: Sequence[ChangeRow]) -> asyncio.Future[None]:
        assert table is Table.CHANGES
        self.rows += rows
        self.futures.append(asyncio.get_running_loop().create_future())
        return self.futures[-1]

    def settle(self) -> None:
        for future in self.futures:
            if not future.done():
                future.set_result(None)

    async def forget_objects(self, cluster: str) -> None:
        assert cluster not in {row.cluster for row in self.rows}

    @property
    def written(self) -> list[tuple[str, str, str]]:
        return [(row.operation, row.name, row.resource_version) for row in self.rows]


@pytest.fixture
def clock() -> Clock:
    return Clock(1_795_000_000.0)


@pytest.fixture
def store() -> Store:
    return Store()


@pytest.fixture
async def log(store: Store, clock: Clock) -> AsyncIterator[ChangeLog]:
    made = ChangeLog(store, clock)
    yield made
    await made.close()


@pytest.fixture
async def kept(tmp_path: Path, clock: Clock) -> AsyncIterator[ChangeLog]:
    """A log on the real engine."""
    directory = DataDirectory.claim(tmp_path)
    telemetry = await Telemetry.open(directory, TelemetrySettings(batch_seconds=0.005))
    yield ChangeLog(telemetry, clock)
    await telemetry.close()
    directory.release()


# --- writing --------------------------------------------------------------------------------------------------


async def test_a_change_is_durable_when_the_store_says_so(
    log: ChangeLog, store: Store, inventory: Any, item: Any
) -> None:
    durable = log.append(inventory.apply("prod", "Pod", [item("web")]))
    assert store.written == [("created", "web", "1")]
    assert not durable.done()
    store.settle()
    await durable


async def test_the_order_in_which_changes_came_holds_even_when_the_clock_goes_back(
    log: ChangeLog, store: Store, clock: Clock, inventory: Any, item: Any
) -> None:
    for number, now in enumerate([clock.now, clock.now, clock.now - 3600, clock.now + 1]):
        clock.now = now
        log.append(inventory.apply("prod", "Pod", [item(f"pod-{number}")]))
    sequences = [row.sequence for row in store.rows]
    assert sequences == sorted(set(sequences))


async def test_a_deletion_keeps_the_object_as_it_last_was(
    log: ChangeLog, store: Store, inventory: Any, item: Any, gone: Any
) -> None:
    log.append(inventory.apply("prod", "Pod", [item("web", phase="Failed")]))
    log.append(inventory.apply("prod", "Pod", [gone("web")]))
    assert store.rows[1].document == store.rows[0].document != ""


async def test_while_the_store_is_full_the_latest_of_each_object_waits(
    log: ChangeLog, store: Store, inventory: Inventory, item: Any
) -> None:
    store.room.clear()
    futures = [
        log.append(inventory.apply("prod", "Pod", [item("web", version, phase=f"P{version}"), item("db")]))
        for version in range(1, 6)
    ]
    assert (log.held, store.rows) == (2, [])
    store.room.set()
    await asyncio.sleep(0.01)
    assert sorted(store.written) == [("created", "db", "1"), ("created", "web", "5")]
    assert log.counters.coalesced == 4
    assert not any(future.done() for future in futures)
    store.settle()
    await asyncio.gather(*futures)
    log.append(inventory.apply("prod", "Pod", [item("web", 6, phase="P6")]))
    assert store.written[-1] == ("updated", "web", "6")


@pytest.mark.parametrize(
    ("before", "during", "expected"),
    [
        ([], ["set", "delete"], []),
        ([], ["set", "delete", "set"], [C]),
        (["set"], ["set", "delete"], [D]),
        (["set"], ["delete", "new"], [C]),
        (["set"], ["delete", "new", "delete"], [D]),
        (["set"], ["new"], [C]),
        (["set"], ["new", "set"], [U]),
    ],
)
async def test_what_is_held_amounts_to_what_happened(
    *,
    log: ChangeLog,
    store: Store,
    inventory: Inventory,
    item: Any,
    gone: Any,
    before: list[str],
    during: list[str],
    expected: list[Operation],
) -> None:
    version, uid = 0, 1

    def act(action: str) -> Sequence[ObjectChange]:
        nonlocal version, uid
        version += 1
        uid += action == "new"
        if action == "delete":
            return inventory.apply("prod", "Pod", [gone("web")])
        return inventory.apply("prod", "Pod", [item("web", version, uid=f"u{uid}", phase=f"P{version}")])

    for action in before:
        log.append(act(action))
    store.settle()
    written = len(store.rows)
    store.room.clear()
    for action in during:
        log.append(act(action))
    store.room.set()
    await asyncio.sleep(0.01)
    assert [row.operation for row in store.rows[written:]] == expected


async def test_a_write_that_fails_says_so_to_whoever_waits(
    log: ChangeLog, store: Store, inventory: Any, item: Any
) -> None:
    durable = log.append(inventory.apply("prod", "Pod", [item("web")]))
    store.futures[0].set_exception(TelemetryClosedError("closing"))
    with pytest.raises(TelemetryClosedError):
        await durable


async def test_rows_that_are_rejected_do_not_keep_the_rest_of_what_is_held(
    log: ChangeLog, store: Store, inventory: Any, item: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_module, "_RELEASE_AT_ONCE", 1)
    store.room.clear()
    durable = log.append(inventory.apply("prod", "Pod", [item("bad"), item("web")]))
    store.room.set()
    await asyncio.sleep(0.01)
    store.futures[0].set_exception(RowsRejectedError("too odd"))
    await asyncio.sleep(0.01)
    store.settle()
    with pytest.raises(RowsRejectedError):
        await durable
    assert [row.name for row in store.rows] == ["bad", "web"]
    assert log.held == 0


async def test_what_is_held_waits_on_when_somebody_else_takes_the_room(
    log: ChangeLog, store: Store, inventory: Any, item: Any
) -> None:
    store.room.clear()
    log.append(inventory.apply("prod", "Pod", [item("web")]))
    await asyncio.sleep(0)
    store.room.set()
    store.room.clear()
    await asyncio.sleep(0.01)
    assert (log.held, store.rows) == (1, [])


async def test_nothing_is_held_of_a_cluster_that_was_removed(
    log: ChangeLog, store: Store, inventory: Any, item: Any
) -> None:
    store.room.clear()
    log.append(inventory.apply("gone", "Pod", [item("web")]))
    log.append(inventory.apply("prod", "Pod", [item("web")]))
    await log.forget("gone")
    store.room.set()
    await asyncio.sleep(0.01)
    assert [row.cluster for row in store.rows] == ["prod"]


# --- history --------------------------------------------------------------------------------------------------


async def write(log: ChangeLog, *batches: Sequence[ObjectChange]) -> None:
    await asyncio.gather(*(log.append(batch) for batch in batches))


async def test_the_history_of_an_object_names_the_fields_that_changed(
    kept: ChangeLog, inventory: Inventory, item: Any, gone: Any, pod: Any
) -> None:
    await write(
        kept,
        inventory.apply("prod", "Pod", [item("web"), item("other")]),
        inventory.apply("prod", "Pod", [item("web", 2, phase="Failed")]),
        inventory.apply("prod", "Pod", [gone("web")]),
    )
    query = ChangeQuery(cluster="prod", kind="Pod", namespace="shop", name="web")
    deleted, updated, created = await kept.changes(query)
    assert [change.operation for change in (created, updated, deleted)] == [C, U, D]
    assert [(field.path, field.before, field.after) for field in updated.fields] == [
        ("status.conditions[Ready].status", "True", "False"),
        ("status.phase", "Running", "Failed"),
    ]
    assert created.fields == deleted.fields == []
    assert msgspec.json.decode(created.document, type=type(pod("web"))) == pod("web")


async def test_a_successor_is_not_compared_with_the_object_before_it(
    kept: ChangeLog, inventory: Inventory, item: Any
) -> None:
    await write(
        kept,
        inventory.apply("prod", "Pod", [item("web", 1, uid="u1", phase="Failed")]),
        inventory.apply("prod", "Pod", [item("web", 2, uid="u2")]),
        inventory.apply("prod", "Pod", [item("web", 3, uid="u2", phase="Succeeded")]),
    )
    changes = await kept.changes(ChangeQuery(cluster="prod", name="web", limit=1))
    assert [field.before for field in changes[0].fields] == ["True", "Running"]


async def test_changes_of_a_window_come_newest_first_and_page_by_page(
    kept: ChangeLog, inventory: Inventory, item: Any, clock: Clock
) -> None:
    start = clock.now
    for number in range(5):
        await write(
            kept,
            inventory.apply("prod", "Pod", [item(f"pod-{number}", observed_at=start - 100 + number * 10)]),
        )
        await write(kept, inventory.apply("other", "Pod", [item(f"pod-{number}")]))
    query = ChangeQuery(cluster="prod", since=start - 90, until=start - 60, limit=2)
    first = await kept.changes(query)
    rest = await kept.changes(msgspec.structs.replace(query, before_sequence=first[-1].sequence))
    assert [change.name for change in (*first, *rest)] == ["pod-3", "pod-2", "pod-1"]


async def test_changes_are_chosen_by_kind_and_namespace(
    kept: ChangeLog, inventory: Inventory, item: Any
) -> None:
    await write(kept, inventory.apply("prod", "Pod", [item("a"), item("b", namespace="it's")]))
    assert [change.name for change in await kept.changes(ChangeQuery(cluster="prod", namespace="it's"))] == [
        "b"
    ]
    assert await kept.changes(ChangeQuery(cluster="prod", kind="Node")) == []
    assert await kept.changes(ChangeQuery(cluster="none")) == []


async def test_after_a_restart_the_objects_are_there_and_a_snapshot_finds_what_is_new(
    kept: ChangeLog, inventory: Inventory, item: Any, gone: Any
) -> None:
    await write(
        kept,
        inventory.apply("prod", "Pod", [item("same"), item("went"), item("deleted")]),
        inventory.apply("prod", "Pod", [gone("deleted")]),
    )
    restarted = Inventory(lambda: 1_795_000_000.0)
    loaded = restarted.load(await kept.load())
    assert sorted(change.object.metadata.name for change in loaded) == ["same", "went"]
    restarted.begin_snapshot("prod", "Pod")
    changes = restarted.snapshot_items("prod", "Pod", [item("same"), item("new")])
    changes += restarted.end_snapshot("prod", "Pod")
    assert [(change.operation, change.object.metadata.name) for change in changes] == [
        (C, "new"),
        (D, "went"),
    ]


async def test_a_removed_cluster_is_not_there_after_a_restart(
    kept: ChangeLog, inventory: Inventory, item: Any
) -> None:
    await write(kept, inventory.apply("a", "Pod", [item("web")]), inventory.apply("b", "Pod", [item("web")]))
    await kept.forget("a")
    assert [row.cluster for row in await kept.load()] == ["b"]
    assert len(await kept.changes(ChangeQuery(cluster="a"))) == 1


async def test_after_a_restart_with_an_earlier_clock_what_is_written_is_still_the_newest(
    kept: ChangeLog, inventory: Inventory, item: Any, clock: Clock
) -> None:
    await write(kept, inventory.apply("prod", "Pod", [item("web", 1, phase="Old")]))
    again = ChangeLog(kept._telemetry, lambda: clock.now - 3600)
    await again.load()
    await write(again, inventory.apply("prod", "Pod", [item("web", 2, phase="New")]))
    assert "New" in (await again.load())[0].document
