"""The log in its records: one chain, whatever happens."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import OperationalError

from farwatch.hub.audit import Action, Actor, ActorKind, Audit, AuditNotKeptError, Result, Source
from farwatch.hub.audit.chain import FaultKind, Verdict
from farwatch.hub.audit.damper import ALL_BURST, EACH_BURST, MOST_KEYS
from farwatch.hub.audit.entries import HIDDEN, MAX_DETAILS_BYTES, AuditEntry, Event
from farwatch.hub.audit.log import verify_records
from farwatch.hub.audit.query import AuditQuery, find_page
from farwatch.hub.audit.tables import entries, intents
from farwatch.hub.store import Records

from .conftest import Clock

ADA = Actor(kind=ActorKind.USER, id="u1", name="ada")
SILENCE = Event(action=Action.SILENCE_CREATE, actor=ADA, status=201)


def refused(address: str = "192.0.2.7") -> Event:
    return Event(
        action=Action.SESSION_CREATE, result=Result.DENIED, status=401, source=Source(address=address)
    )


async def read(audit: Audit) -> list[AuditEntry]:
    return [entry async for batch in audit.batches() for entry in batch]


async def actions(audit: Audit) -> list[tuple[str, str]]:
    return [(entry.action, entry.result) for entry in await read(audit)]


@pytest.fixture
async def restarted(audit: Audit, records: Records, clock: Clock) -> AsyncIterator[Callable[[], Any]]:
    """Starts the log anew, as a hub does after it was killed."""
    started = []

    async def restart() -> Audit:
        another = Audit(records, clock)
        started.append(another)
        await another.start()
        return another

    yield restart
    for another in started:
        await another.stop()


def break_records(records: Records, monkeypatch: pytest.MonkeyPatch) -> None:
    @asynccontextmanager
    async def begin() -> AsyncIterator[None]:
        raise OperationalError("INSERT", {}, Exception("database or disk is full"))
        yield

    monkeypatch.setattr(records, "begin", begin)


class TestChain:
    async def test_begins_with_an_entry_that_no_other_log_has(self, audit: Audit) -> None:
        (first,) = await read(audit)
        assert (first.sequence, first.former, first.action) == (1, "0" * 64, Action.LOG_BEGIN)
        assert len(first.details["log"]) == 32
        assert audit.head.hash == first.hash

    async def test_does_not_begin_again(self, audit: Audit, restarted: Any) -> None:
        assert audit.head.sequence == 1
        again = await restarted()
        await again.record(Action.BACKUP_CREATE)
        assert await actions(again) == [(Action.LOG_BEGIN, "ok"), (Action.BACKUP_CREATE, "ok")]

    async def test_never_forks_however_many_write_at_once(self, audit: Audit) -> None:
        async def act(number: int) -> None:
            event = Event(action=Action.SILENCE_CREATE, details={"number": number})
            await audit.settle(event, await audit.intend(event))

        await asyncio.gather(*(act(number) for number in range(50)))
        verdict = await audit.verify()
        assert (verdict.ok, verdict.entries) == (True, 51)
        assert {entry.details["number"] for entry in (await read(audit))[1:]} == set(range(50))

    async def test_two_logs_on_one_database_go_on_with_one_chain(self, audit: Audit, restarted: Any) -> None:
        other = await restarted()
        for number in range(6):
            await (other if number % 2 else audit).record(Action.BACKUP_CREATE)
        assert (await other.verify()).ok


class TestIntents:
    async def test_what_is_done_has_one_entry_and_leaves_no_intent(
        self, audit: Audit, records: Records
    ) -> None:
        await audit.settle(SILENCE, await audit.intend(SILENCE))
        async with records.read() as connection:
            assert await connection.scalar(sa.select(sa.func.count()).select_from(intents)) == 0
        assert (await actions(audit))[1:] == [(Action.SILENCE_CREATE, "ok")]

    async def test_what_a_killed_hub_had_begun_is_told_at_the_next_start(
        self, audit: Audit, restarted: Any
    ) -> None:
        await audit.intend(SILENCE)
        again = await restarted()
        last = (await read(again))[-1]
        assert (last.action, last.result, last.actor) == (Action.SILENCE_CREATE, Result.UNKNOWN, ADA)
        assert last.details["note"] == "the hub ended before it knew how this ended"
        assert (await again.verify()).ok
        assert await actions(await restarted()) == await actions(again), "and only once"

    async def test_nothing_is_begun_that_cannot_be_written(
        self, audit: Audit, records: Records, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        break_records(records, monkeypatch)
        with pytest.raises(AuditNotKeptError, match="database or disk is full: free the disk"):
            await audit.intend(SILENCE)

    async def test_what_was_done_while_records_could_not_be_written_is_told_later_in_its_order(
        self, audit: Audit, records: Records, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        intent = await audit.intend(SILENCE)
        with monkeypatch.context() as broken:
            break_records(records, broken)
            with pytest.raises(AuditNotKeptError):
                await audit.settle(SILENCE, intent)
            with pytest.raises(AuditNotKeptError):
                await audit.record(Action.ALERTING_RELOAD)
        await audit.record(Action.BACKUP_CREATE)
        assert [action for action, _ in await actions(audit)][1:] == [
            Action.SILENCE_CREATE,
            Action.ALERTING_RELOAD,
            Action.BACKUP_CREATE,
        ]
        assert (await audit.verify()).ok

    async def test_what_could_not_be_written_is_not_lost_with_the_hub(
        self, audit: Audit, records: Records, restarted: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        intent = await audit.intend(SILENCE)
        with monkeypatch.context() as broken:
            break_records(records, broken)
            with pytest.raises(AuditNotKeptError):
                await audit.settle(SILENCE, intent)
        assert (Action.SILENCE_CREATE, "unknown") in await actions(await restarted())


class TestRefusals:
    async def test_have_entries_of_their_own_until_there_are_too_many(
        self, audit: Audit, clock: Clock
    ) -> None:
        for _ in range(1000):
            await audit.settle(refused())
        assert len(await read(audit)) == 1 + EACH_BURST
        clock.now += 60
        await audit.tell_unlisted()
        last = (await read(audit))[-1]
        assert (last.action, last.result) == (Action.SESSION_CREATE, Result.DENIED)
        assert last.source.address == "192.0.2.7"
        assert last.details["unlisted"] == 1000 - EACH_BURST
        await audit.tell_unlisted()
        assert len(await read(audit)) == 2 + EACH_BURST, "nothing is told twice"

    async def test_from_very_many_addresses_are_few_entries_as_well(self, audit: Audit) -> None:
        for number in range(3 * MOST_KEYS):
            await audit.settle(refused(f"2001:db8::{number:x}"))
        await audit.tell_unlisted()
        found = await read(audit)
        assert len(found) <= 1 + ALL_BURST + MOST_KEYS + 1
        listed = sum("unlisted" not in entry.details for entry in found[1:])
        assert listed + sum(entry.details.get("unlisted", 0) for entry in found) == 3 * MOST_KEYS

    async def test_of_one_do_not_hide_those_of_another(self, audit: Audit) -> None:
        for _ in range(100):
            await audit.settle(refused())
        await audit.settle(refused("192.0.2.8"))
        assert (await read(audit))[-1].source.address == "192.0.2.8"

    async def test_are_listed_again_after_a_while(self, audit: Audit, clock: Clock) -> None:
        for _ in range(100):
            await audit.settle(refused())
        clock.now += 60
        before = len(await read(audit))
        await audit.settle(refused())
        assert len(await read(audit)) == before + 1

    async def test_never_keep_what_was_done_from_being_told(self, audit: Audit) -> None:
        for _ in range(ALL_BURST + 50):
            await audit.settle(refused())
        for _ in range(3):
            await audit.settle(SILENCE)
        assert [action for action, _ in (await actions(audit))[-3:]] == [Action.SILENCE_CREATE] * 3

    async def test_that_are_only_counted_leave_no_intent(self, audit: Audit, records: Records) -> None:
        for _ in range(EACH_BURST + 5):
            event = refused()
            await audit.settle(event, await audit.intend(event))
        async with records.read() as connection:
            assert await connection.scalar(sa.select(sa.func.count()).select_from(intents)) == 0

    async def test_that_were_counted_are_told_when_the_hub_stops(
        self, records: Records, clock: Clock
    ) -> None:
        audit = Audit(records, clock)
        await audit.start()
        for _ in range(EACH_BURST + 5):
            await audit.settle(refused())
        await audit.stop()
        assert (await read(audit))[-1].details["unlisted"] == 5


class TestTampering:
    @pytest.mark.parametrize(
        ("statement", "sequence", "kind"),
        [
            (sa.update(entries).where(entries.c.sequence == 3).values(action="x"), 3, FaultKind.CHANGED),
            (sa.update(entries).where(entries.c.sequence == 3).values(body="{}"), 3, FaultKind.CHANGED),
            (sa.update(entries).where(entries.c.sequence == 3).values(hash="0" * 64), 3, FaultKind.CHANGED),
            (
                sa.update(entries)
                .where(entries.c.sequence == 3)
                .values(body=sa.func.replace(entries.c.body, "ada", "eve")),
                3,
                FaultKind.CHANGED,
            ),
            (sa.delete(entries).where(entries.c.sequence == 3), 3, FaultKind.MISSING),
            (sa.delete(entries).where(entries.c.sequence < 3), 1, FaultKind.MISSING),
            (sa.delete(entries).where(entries.c.sequence > 4), 5, FaultKind.MISSING),
            (sa.update(entries).where(entries.c.sequence == 3).values(sequence=30), 3, FaultKind.REORDERED),
            (sa.delete(entries), 1, FaultKind.MISSING),
        ],
    )
    async def test_is_found(
        self, audit: Audit, records: Records, statement: Any, sequence: int, kind: FaultKind
    ) -> None:
        for _ in range(5):
            await audit.settle(SILENCE)
        async with records.begin() as connection:
            await connection.execute(statement)
        found = (await audit.verify()).fault
        assert found
        assert (found.sequence, found.kind) == (sequence, kind)

    async def test_of_the_end_is_found_apart_from_the_hub_by_the_noted_head(
        self, audit: Audit, records: Records
    ) -> None:
        for _ in range(5):
            await audit.settle(SILENCE)
        head = audit.head.hash
        async with records.begin() as connection:
            await connection.execute(sa.delete(entries).where(entries.c.sequence == 6))
        assert (await verify_records(records)).ok
        found = await verify_records(records, head)
        assert isinstance(found, Verdict)
        assert not found.ok


class TestContents:
    async def test_hold_no_secret_and_nothing_long(self, audit: Audit) -> None:
        token = "fwt_" + "a" * 43
        await audit.record(
            Action.TOKEN_CREATE,
            actor=Actor(kind=ActorKind.USER, name="n" * 5000),
            password="hunter2",
            nested={"clientSecret": "x", "names": [token] * 1050},
            note=f"made {token}",
            odd=[float("nan"), 2**80, {1, 2}, b"bytes", "\0\ud800"],
        )
        last = (await read(audit))[-1]
        assert len(last.actor.name) == 500
        assert last.details["password"] == HIDDEN
        assert last.details["nested"]["clientSecret"] == HIDDEN
        assert last.details["nested"]["names"] == [HIDDEN] * 1000 + ["… 50 more"]
        assert last.details["note"] == f"made {HIDDEN}"
        assert (await audit.verify()).ok

    async def test_that_are_too_much_are_cut_and_say_so(self, audit: Audit) -> None:
        await audit.record(Action.ALERTING_CHANGE, **{f"n{number}": "x" * 400 for number in range(100)})
        last = (await read(audit))[-1]
        assert "bytes long" in last.details["cut"]
        assert len(str(last.details)) < MAX_DETAILS_BYTES


class TestQueries:
    @pytest.fixture
    async def filled(self, audit: Audit, clock: Clock) -> Audit:
        for number in range(5):
            clock.now += 10
            await audit.settle(
                Event(action=Action.SILENCE_CREATE, actor=ADA, details={"matchers": f'a="{number}%"'})
            )
        clock.now += 10
        await audit.record(Action.ALERTING_RELOAD, path="/etc/ALERTING.yml")
        return audit

    @pytest.mark.parametrize(
        ("query", "found"),
        [
            (AuditQuery(), [7, 6, 5, 4, 3, 2, 1]),
            (AuditQuery(actor="ada"), [6, 5, 4, 3, 2]),
            (AuditQuery(actor="u1", until=1_800_000_021), [3, 2]),
            (AuditQuery(action="alerting.reload"), [7]),
            (AuditQuery(action="s*"), [6, 5, 4, 3, 2]),
            (AuditQuery(action="_*"), []),
            (AuditQuery(text="alerting.YML"), [7]),
            (AuditQuery(text='a="3%"'), [5]),
            (AuditQuery(text="a=_3"), []),
            (AuditQuery(result="denied"), []),
            (AuditQuery(since=1_800_000_060), [7]),
        ],
    )
    async def test_give_what_fulfils_them_the_latest_first(
        self, filled: Audit, query: AuditQuery, found: list[int]
    ) -> None:
        assert [entry.sequence for entry in (await find_page(filled, query, 100)).items] == found

    async def test_pages_hold_everything_once(self, filled: Audit) -> None:
        cursor, found = "", []
        while True:
            page = await find_page(filled, AuditQuery(), 3, cursor)
            found += [entry.sequence for entry in page.items]
            cursor = page.cursor
            if not cursor:
                break
        assert found == [7, 6, 5, 4, 3, 2, 1]
