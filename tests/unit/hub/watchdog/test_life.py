from __future__ import annotations

from farwatch.hub.store.records import Records
from farwatch.hub.watchdog import LastRun, Life


async def test_the_first_run_finds_none_before_it(records: Records) -> None:
    assert await Life(records).begin(100) is None


async def test_a_run_that_was_killed_is_found_at_its_last_sign(records: Records) -> None:
    life = Life(records)
    await life.begin(100)
    await life.renew(105)
    await life.renew(110)
    assert await Life(records).begin(500) == LastRun(110, stopped=False)


async def test_a_run_that_was_stopped_is_found_as_such(records: Records) -> None:
    life = Life(records)
    await life.begin(100)
    await life.end(120)
    assert await Life(records).begin(500) == LastRun(120, stopped=True)


async def test_each_run_is_noted_as_alive_from_its_beginning(records: Records) -> None:
    await Life(records).begin(100)
    await Life(records).end(120)
    await Life(records).begin(500)
    assert await Life(records).begin(600) == LastRun(500, stopped=False)
