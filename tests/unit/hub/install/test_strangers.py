"""Who asks for wrong links, and for how long they should stop."""

from __future__ import annotations

from farwatch.hub.install.strangers import (
    FORGIVEN_EVERY_SECONDS,
    MOST_ADDRESSES,
    WRONG_ALLOWED,
    Strangers,
)

from .conftest import Clock


def test_a_few_mistakes_are_allowed_and_then_it_takes_time(clock: Clock) -> None:
    strangers = Strangers(clock)
    assert {strangers.note("a") for _ in range(WRONG_ALLOWED)} == {0.0}
    assert strangers.note("a") == FORGIVEN_EVERY_SECONDS
    assert strangers.note("b") == 0
    clock.now += 2 * FORGIVEN_EVERY_SECONDS
    assert strangers.note("a") == 0


def test_who_goes_on_waits_no_longer_for_it_in_the_end(clock: Clock) -> None:
    strangers = Strangers(clock)
    for _ in range(10_000):
        strangers.note("a")
    clock.now += (WRONG_ALLOWED + 1) * FORGIVEN_EVERY_SECONDS
    assert {strangers.note("a") for _ in range(WRONG_ALLOWED)} == {0.0}


def test_no_more_addresses_are_remembered_than_there_is_room_for(clock: Clock) -> None:
    strangers = Strangers(clock)
    for number in range(3 * MOST_ADDRESSES):
        strangers.note(str(number))
    assert len(strangers._debts) == MOST_ADDRESSES
