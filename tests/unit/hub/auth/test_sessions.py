"""How long somebody stays signed in."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from farwatch.hub.auth import sessions as module
from farwatch.hub.auth.errors import SessionNotFoundError
from farwatch.hub.auth.sessions import Sessions, SessionSettings
from farwatch.hub.auth.users import Users
from farwatch.hub.store.directory import DataDirectory
from farwatch.hub.store.records import Records

from ...clocks import Clock

HOUR = 3600.0
SETTINGS = SessionSettings(idle_seconds=12 * HOUR, longest_seconds=7 * 24 * HOUR)


@pytest.fixture
async def user(records: Records, clock: Clock) -> str:
    return (await Users(records, clock).create("ada")).id


@pytest.fixture
async def sessions(records: Records, clock: Clock) -> Sessions:
    return Sessions(records, clock, SETTINGS)


async def restarted(sessions: Sessions) -> Sessions:
    """The sessions of the next run of the hub."""
    later = Sessions(sessions._records, sessions._clock, sessions.settings)
    await later.load()
    return later


async def stored(records: Records) -> int:
    async with records.read() as connection:
        return int(await connection.scalar(sa.select(sa.func.count()).select_from(module.sessions)) or 0)


async def test_a_session_lasts_as_long_as_it_is_used(sessions: Sessions, user: str, clock: Clock) -> None:
    session, secret = await sessions.open(user)
    for _ in range(10):
        clock.now += 11 * HOUR
        assert sessions.find(secret) is session
    clock.now += 12 * HOUR
    assert sessions.find(secret) is None
    assert sessions.of_user(user) == []


async def test_a_session_ends_after_a_week_whatever_is_asked(
    sessions: Sessions, user: str, clock: Clock
) -> None:
    session, secret = await sessions.open(user)
    while clock.now + HOUR < session.expires_at:
        clock.now += HOUR
        assert sessions.find(secret) is session
    clock.now = session.expires_at
    assert sessions.find(secret) is None


@pytest.mark.parametrize("guess", ["", "fws_", "fws_" + "A" * 43])
async def test_a_guess_opens_nothing(sessions: Sessions, user: str, guess: str) -> None:
    await sessions.open(user)
    assert sessions.find(guess) is None


async def test_when_it_was_seen_is_kept_now_and_then_and_not_with_each_request(
    sessions: Sessions, user: str, clock: Clock, records: Records
) -> None:
    _, secret = await sessions.open(user)
    clock.now += 6 * HOUR
    sessions.find(secret)
    (forgotten,) = (await restarted(sessions)).of_user(user)
    assert forgotten.seen_at == clock.now - 6 * HOUR
    await sessions.flush()
    (kept,) = (await restarted(sessions)).of_user(user)
    assert kept.seen_at == clock.now


async def test_secrets_are_not_stored(
    sessions: Sessions, user: str, records: Records, directory: DataDirectory
) -> None:
    session, secret = await sessions.open(user)
    await records.close()
    kept = b"".join(
        file.read_bytes() for file in directory.path.iterdir() if file.name.startswith("records.db")
    )
    assert session.digest.encode() in kept
    assert secret.encode() not in kept


async def test_an_ended_session_stays_ended(sessions: Sessions, user: str, records: Records) -> None:
    session, secret = await sessions.open(user)
    _, other = await sessions.open(user)
    with pytest.raises(SessionNotFoundError):
        await sessions.end("somebody else", session.id)
    await sessions.end(user, session.id)
    assert sessions.find(secret) is None
    later = await restarted(sessions)
    assert later.find(secret) is None
    assert later.find(other) is not None
    assert await stored(records) == 1


async def test_a_session_whose_end_cannot_be_kept_is_worthless_all_the_same_and_ended_later(
    sessions: Sessions, user: str, records: Records
) -> None:
    session, secret = await sessions.open(user)
    async with records.begin() as connection:
        await connection.execute(sa.text("ALTER TABLE sessions RENAME TO away"))
    with pytest.raises(DBAPIError):
        await sessions.end(user, session.id)
    assert sessions.find(secret) is None
    async with records.begin() as connection:
        await connection.execute(sa.text("ALTER TABLE away RENAME TO sessions"))
    await sessions.load()
    assert sessions.find(secret) is None
    await sessions.flush()
    assert await stored(records) == 0


async def test_what_has_expired_is_let_go(
    sessions: Sessions, user: str, clock: Clock, records: Records
) -> None:
    await sessions.open(user)
    clock.now += 12 * HOUR
    await sessions.flush()
    assert await stored(records) == 0
    assert not sessions._by_digest


async def test_who_signs_in_again_and_again_keeps_the_newest_sessions(
    sessions: Sessions, user: str, clock: Clock, records: Records, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_SESSIONS_OF_USER", 3)
    secrets = []
    for _ in range(5):
        clock.now += 1
        secrets.append((await sessions.open(user))[1])
    assert [sessions.find(secret) is not None for secret in secrets] == [False, False, True, True, True]
    assert await stored(records) == 3


async def test_all_but_one_can_be_ended(sessions: Sessions, user: str) -> None:
    kept, secret = await sessions.open(user)
    others = [(await sessions.open(user))[1] for _ in range(3)]
    assert await sessions.end_all(user, but=kept.id) == 3
    assert [sessions.find(each) for each in (secret, *others)] == [kept, None, None, None]
