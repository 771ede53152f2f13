from __future__ import annotations

import pytest
import sqlalchemy as sa

from farwatch.hub.alerting.acknowledgements import (
    MAX_NOTE_LENGTH,
    AcknowledgementChange,
    AcknowledgementEvent,
    Acknowledgements,
    AlertNotFiringError,
    NotAcknowledgedError,
    NoteError,
    table,
)
from farwatch.hub.alerting.alerts import Alert, Alerts, KnownAlert
from farwatch.hub.store.records import Records

from .conftest import START, FakeClock, alert

WEB = alert("web")
KEY = WEB.fingerprint


class World:
    """Alerts, and the acknowledgements of them, as a hub has them."""

    def __init__(self, records: Records, clock: FakeClock) -> None:
        self.clock = clock
        self.records = records
        self.alerts = Alerts()
        self.told: list[AcknowledgementEvent] = []
        self.acknowledgements = self.reopened()

    def get(self, fingerprint: str) -> KnownAlert | None:
        return self.alerts.get(fingerprint)

    def reopened(self) -> Acknowledgements:
        made = Acknowledgements(self.records, self.get, self.clock.now)
        made.subscribe(self.told.extend)
        return made

    def put(self, found: Alert) -> None:
        changes = self.alerts.changes([found], self.clock.now())
        self.acknowledgements.observe(self.alerts.apply(changes, self.clock.now()))

    async def restart(self) -> Acknowledgements:
        await self.acknowledgements.close()
        self.acknowledgements = self.reopened()
        await self.acknowledgements.load()
        self.acknowledgements.settle()
        return self.acknowledgements

    async def written(self) -> list[str]:
        await self.acknowledgements.close()
        async with self.records.read() as connection:
            return list(await connection.scalars(sa.select(table.c.fingerprint)))


@pytest.fixture
def world(records: Records, clock: FakeClock) -> World:
    return World(records, clock)


async def test_an_alert_is_taken_on_with_who_when_and_why(world: World) -> None:
    world.put(WEB)
    made = await world.acknowledgements.acknowledge(KEY, author="admin", note="on it")
    assert world.acknowledgements.get(KEY) == made
    assert (made.author, made.note, made.time) == ("admin", "on it", START)
    assert world.acknowledgements.acknowledged(KEY)
    assert not world.acknowledgements.acknowledged(alert("db").fingerprint)


async def test_it_survives_a_restart(world: World) -> None:
    world.put(WEB)
    made = await world.acknowledgements.acknowledge(KEY, author="admin", note="on it")
    assert (await world.restart()).get(KEY) == made


async def test_it_ends_with_the_alert(world: World) -> None:
    world.put(WEB)
    await world.acknowledgements.acknowledge(KEY, author="admin")
    world.clock.time += 60
    world.put(alert("web", ends=30))
    assert not world.acknowledgements.acknowledged(KEY)
    assert await world.written() == []


async def test_an_update_of_the_alert_leaves_it(world: World) -> None:
    world.put(WEB)
    await world.acknowledgements.acknowledge(KEY, author="admin")
    world.put(alert("web", summary="worse"))
    assert world.acknowledgements.acknowledged(KEY)


@pytest.mark.parametrize("fires_anew", [True, False])
async def test_what_a_kill_left_of_an_ended_firing_does_not_come_back(world: World, fires_anew: bool) -> None:
    world.put(WEB)
    await world.acknowledgements.acknowledge(KEY, author="admin")
    world.alerts = Alerts()
    world.clock.time += 60
    if fires_anew:
        changes = world.alerts.changes([alert("web", 50)], world.clock.now())
        world.alerts.apply(changes, world.clock.now())
    assert not (await world.restart()).acknowledged(KEY)
    assert await world.written() == []


async def test_a_second_one_takes_the_place_of_the_first(world: World) -> None:
    world.put(WEB)
    await world.acknowledgements.acknowledge(KEY, author="admin")
    await world.acknowledgements.acknowledge(KEY, author="robot", note="mine")
    found = world.acknowledgements.get(KEY)
    assert found is not None
    assert (found.author, found.note) == ("robot", "mine")
    assert await world.written() == [KEY]


async def test_it_can_be_taken_back_once(world: World) -> None:
    world.put(WEB)
    await world.acknowledgements.acknowledge(KEY, author="admin")
    await world.acknowledgements.withdraw(KEY, author="robot")
    assert not world.acknowledgements.acknowledged(KEY)
    assert await world.written() == []
    with pytest.raises(NotAcknowledgedError):
        await world.acknowledgements.withdraw(KEY, author="robot")


async def test_what_people_do_is_told_to_subscribers_and_the_end_of_an_alert_is_not(world: World) -> None:
    world.put(WEB)
    await world.acknowledgements.acknowledge(KEY, author="admin", note="on it")
    await world.acknowledgements.withdraw(KEY, author="robot")
    await world.acknowledgements.acknowledge(KEY, author="admin")
    world.clock.time += 60
    world.put(alert("web", ends=30))
    assert [(event.change, event.author, event.note) for event in world.told] == [
        (AcknowledgementChange.ACKNOWLEDGED, "admin", "on it"),
        (AcknowledgementChange.UNACKNOWLEDGED, "robot", ""),
        (AcknowledgementChange.ACKNOWLEDGED, "admin", ""),
    ]
    assert world.told[0].alert == WEB


async def test_an_alert_that_does_not_fire_cannot_be_taken_on(world: World) -> None:
    with pytest.raises(AlertNotFiringError, match="there is nothing to take on"):
        await world.acknowledgements.acknowledge(KEY, author="admin")
    world.put(WEB)
    world.clock.time += 60
    world.put(alert("web", ends=30))
    with pytest.raises(AlertNotFiringError):
        await world.acknowledgements.acknowledge(KEY, author="admin")


@pytest.mark.parametrize("again", [False, True])
async def test_an_alert_that_ends_meanwhile_is_not_taken_on(world: World, again: bool) -> None:
    world.put(WEB)
    write = world.acknowledgements._journal.write

    async def slowly(*writes: object) -> None:
        await write(*writes)  # type: ignore[arg-type]
        world.clock.time += 60
        world.put(alert("web", ends=30))
        if again:
            world.put(alert("web", 60))

    world.acknowledgements._journal.write = slowly  # type: ignore[method-assign]
    with pytest.raises(AlertNotFiringError):
        await world.acknowledgements.acknowledge(KEY, author="admin")
    world.acknowledgements._journal.write = write  # type: ignore[method-assign]
    assert await world.written() == []
    assert world.told == []


async def test_a_note_has_a_bound(world: World) -> None:
    world.put(WEB)
    with pytest.raises(NoteError, match="10000 are the most"):
        await world.acknowledgements.acknowledge(KEY, author="admin", note="x" * (MAX_NOTE_LENGTH + 1))
    with pytest.raises(NoteError, match="NUL"):
        await world.acknowledgements.acknowledge(KEY, author="admin", note="a\0b")
