from __future__ import annotations

import random
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pytest

from farwatch.hub.inventory import ChangeLog, Inventory, ObjectChange, Past, PastError, PastQuery
from farwatch.hub.store import DataDirectory, Telemetry, TelemetrySettings

from ...clocks import Clock

START = 1_795_000_000.0
DAY = 86_400.0


class World(NamedTuple):
    """A store, and what an inventory writes into it."""

    clock: Clock
    telemetry: Telemetry
    inventory: Inventory
    log: ChangeLog
    past: Past

    async def tell(self, cluster: str, *items: Any) -> list[ObjectChange]:
        """Things happen now; they are durable when this returns."""
        changes = self.inventory.apply(cluster, "Pod", items)
        if not changes:
            return changes
        written = self.log.append(changes)
        await self.telemetry.flush()
        await written
        return changes

    async def pods(self, time: float, *clusters: str, **rest: str) -> dict[str, str]:
        """The phases of the pods as they were, by name."""
        query = PastQuery(
            kinds=("Pod",), time=time, clusters=dict.fromkeys(clusters or ("prod",), START - DAY), **rest
        )
        found = await self.past.objects(query)
        assert len({(one.cluster, one.namespace, one.name) for one in found}) == len(found)
        return {one.name: one.decode().status.phase for one in found}  # type: ignore[union-attr]


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    clock = Clock(START)
    directory = DataDirectory.claim(tmp_path)
    settings = TelemetrySettings(batch_seconds=0.005, retention_days=dict.fromkeys(["changes"], 20_000))  # type: ignore[arg-type]
    telemetry = await Telemetry.open(directory, settings)
    yield World(clock, telemetry, Inventory(clock), ChangeLog(telemetry, clock), Past(telemetry, clock))
    await telemetry.close()
    directory.release()


@pytest.fixture
def seen(world: World, item: Any, gone: Any) -> Any:
    """An item as an agent sends it now."""

    def make(name: str, version: int = 0, **rest: Any) -> Any:
        if not version:
            return msgspec.structs.replace(gone(name), observed_at=world.clock.now)
        return item(name, version, observed_at=world.clock.now, **rest)

    return make


async def test_objects_are_as_they_were_and_not_as_they_are(world: World, seen: Any) -> None:
    await world.tell("prod", seen("web", 1), seen("db", 1))
    world.clock.now += 60
    await world.tell("prod", seen("web", 2, phase="Failed"), seen("new", 1))
    world.clock.now += 60
    await world.tell("prod", seen("db"))
    assert await world.pods(START - 1) == {}
    assert await world.pods(START) == {"web": "Running", "db": "Running"}
    assert await world.pods(START + 60) == {"web": "Failed", "db": "Running", "new": "Running"}
    assert await world.pods(START + 120) == {"web": "Failed", "new": "Running"}


async def test_what_did_not_change_for_longer_than_the_log_reaches_back_is_still_known(
    world: World, seen: Any
) -> None:
    await world.tell("prod", seen("old", 1))
    await world.past.snapshot()
    await world.telemetry._engine.execute("TRUNCATE TABLE changes")  # its time is over
    world.clock.now += 10 * DAY
    await world.past.snapshot()
    world.clock.now += DAY
    await world.tell("prod", seen("old", 2, phase="Failed"))
    assert await world.pods(START + 10 * DAY + 60) == {"old": "Running"}
    assert await world.pods(START + 11 * DAY) == {"old": "Failed"}


async def test_it_is_said_since_when_everything_is_known(world: World, seen: Any) -> None:
    clusters = {"prod": START - DAY}
    assert await world.past.known_since(clusters) is None
    await world.tell("prod", seen("old", 1))
    assert await world.past.known_since(clusters) == datetime.fromtimestamp(START, UTC)
    world.clock.now += DAY
    await world.past.snapshot()
    assert await world.past.known_since(clusters) == datetime.fromtimestamp(START, UTC)
    await world.telemetry._engine.execute("TRUNCATE TABLE changes")  # its time is over
    assert await world.past.known_since(clusters) == datetime.fromtimestamp(START + DAY, UTC)
    assert await world.past.known_since({"other": START}) is None


async def test_the_past_of_another_cluster_that_had_the_name_is_not_shown(world: World, seen: Any) -> None:
    await world.tell("prod", seen("old", 1))
    await world.past.snapshot()
    world.inventory.remove("prod")
    world.clock.now += 100
    await world.tell("prod", seen("new", 1))
    query = PastQuery(kinds=("Pod",), time=START + 200, clusters={"prod": START + 50})
    world.clock.now += 200
    assert [one.name for one in await world.past.objects(query)] == ["new"]


async def test_one_namespace_or_object_is_read_alone(world: World, seen: Any) -> None:
    await world.tell("prod", seen("web", 1), seen("db", 1, namespace="data"))
    await world.tell("dev", seen("web-dev", 1))
    assert await world.pods(START, namespace="data") == {"db": "Running"}
    assert await world.pods(START, namespace="shop", name="web") == {"web": "Running"}
    assert await world.pods(START, "prod", "dev") == {"web": "Running", "db": "Running", "web-dev": "Running"}


async def test_a_time_to_come_is_refused(world: World) -> None:
    with pytest.raises(PastError, match="the time is to come"):
        await world.pods(START + 3600)


async def test_a_snapshot_is_taken_only_when_the_last_one_is_old(world: World, seen: Any) -> None:
    await world.tell("prod", seen("web", 1))
    assert await world.past.snapshot(if_older_seconds=DAY)
    world.clock.now += DAY - 1
    assert not await world.past.snapshot(if_older_seconds=DAY)
    world.clock.now += 1
    assert await world.past.snapshot(if_older_seconds=DAY)


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_at_any_time_things_are_as_they_were_however_many_snapshots_lie_between(
    world: World, seen: Any, seed: int
) -> None:
    chance = random.Random(seed)  # noqa: S311 - a test that can be repeated
    known: dict[str, str] = {}
    history: list[tuple[float, dict[str, str]]] = []
    for version in range(1, 60):
        world.clock.now += chance.randint(1, 3600)
        name = f"pod-{chance.randint(1, 5)}"
        if chance.random() < 0.3:
            known.pop(name, None)
            await world.tell("prod", seen(name))
        else:
            known[name] = f"P{version}"
            await world.tell("prod", seen(name, version, phase=f"P{version}"))
        history.append((world.clock.now, dict(known)))
        if chance.random() < 0.1:
            await world.past.snapshot()
    for time, expected in chance.sample(history, 15):
        assert await world.pods(time) == expected
        assert await world.pods(time + 0.5) == expected
