import asyncio

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from farwatch.hub.auth.tokens import (
    ENVIRONMENT_TOKEN,
    AdminTokenError,
    ApiTokenNotFoundError,
    ApiTokens,
    LastApiTokenError,
)
from farwatch.hub.store.directory import DataDirectory
from farwatch.hub.store.records import Records

NOW = 1_800_000_000.0


@pytest.fixture
async def tokens(records: Records) -> ApiTokens:
    made = ApiTokens(records, lambda: NOW)
    await made.load()
    return made


async def test_the_first_start_makes_one_token_and_later_starts_none(
    records: Records, tokens: ApiTokens
) -> None:
    secret = await tokens.ensure_admin(None)
    assert secret is not None
    assert tokens.authenticate(secret) is not None

    later = ApiTokens(records, lambda: NOW)
    await later.load()
    assert await later.ensure_admin(None) is None
    assert later.authenticate(secret) is not None


async def test_a_token_from_the_environment_is_taken_and_replaces_the_one_before(
    records: Records, tokens: ApiTokens
) -> None:
    assert await tokens.ensure_admin("a-first-secret-of-mine") is None
    await tokens.ensure_admin("a-second-secret-of-mine")
    assert tokens.authenticate("a-first-secret-of-mine") is None
    found = tokens.authenticate("a-second-secret-of-mine")
    assert found is not None
    assert found.name == ENVIRONMENT_TOKEN

    later = ApiTokens(records, lambda: NOW)
    await later.load()
    assert later.authenticate("a-first-secret-of-mine") is None
    await later.ensure_admin("a-first-secret-of-mine")
    assert later.authenticate("a-first-secret-of-mine") is not None


async def test_a_short_token_from_the_environment_is_refused(tokens: ApiTokens) -> None:
    with pytest.raises(AdminTokenError, match="FARWATCH_ADMIN_TOKEN is shorter than 16"):
        await tokens.ensure_admin("short")
    assert await tokens.list() == []


async def test_secrets_are_not_stored(records: Records, tokens: ApiTokens, directory: DataDirectory) -> None:
    secret = await tokens.ensure_admin(None)
    assert secret is not None
    await records.close()
    stored = b"".join(
        file.read_bytes() for file in directory.path.iterdir() if file.name.startswith("records.db")
    )
    assert b"first-start" in stored
    assert secret.encode() not in stored


async def test_a_revoked_token_is_worthless_at_once_and_after_a_restart(
    records: Records, tokens: ApiTokens
) -> None:
    first, first_secret = await tokens.create("first")
    _, second_secret = await tokens.create("second")
    await tokens.revoke(first.id)
    assert tokens.authenticate(first_secret) is None
    assert tokens.authenticate(second_secret) is not None

    later = ApiTokens(records, lambda: NOW)
    await later.load()
    assert later.authenticate(first_secret) is None
    assert [token.revoked_at is not None for token in await later.list()].count(True) == 1


async def test_the_last_token_cannot_be_revoked(tokens: ApiTokens) -> None:
    only, _ = await tokens.create("only")
    with pytest.raises(LastApiTokenError, match="create another one first"):
        await tokens.revoke(only.id)


async def test_an_unknown_token_cannot_be_revoked(tokens: ApiTokens) -> None:
    with pytest.raises(ApiTokenNotFoundError, match="'nope'"):
        await tokens.revoke("nope")


@pytest.mark.parametrize("guess", ["", "fwt_", "fwt_" + "A" * 43])
async def test_a_guess_opens_nothing(tokens: ApiTokens, guess: str) -> None:
    await tokens.ensure_admin(None)
    assert tokens.authenticate(guess) is None


async def test_two_who_revoke_the_last_two_tokens_at_once_lock_nobody_out(tokens: ApiTokens) -> None:
    first, _ = await tokens.create("first")
    second, secret = await tokens.create("second")
    outcomes = await asyncio.gather(tokens.revoke(first.id), tokens.revoke(second.id), return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [type(None), LastApiTokenError]
    assert tokens.authenticate(secret) is not None


async def test_of_two_who_revoke_one_token_at_once_the_second_finds_it_gone(tokens: ApiTokens) -> None:
    token, _ = await tokens.create("leaving")
    await tokens.create("staying")
    outcomes = await asyncio.gather(tokens.revoke(token.id), tokens.revoke(token.id), return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [type(None), ApiTokenNotFoundError]


async def test_a_token_whose_revocation_cannot_be_kept_stays_valid(
    records: Records, tokens: ApiTokens
) -> None:
    token, secret = await tokens.create("leaving")
    await tokens.create("staying")
    async with records.begin() as connection:
        await connection.execute(sa.text("ALTER TABLE api_tokens RENAME TO away"))
    with pytest.raises(DBAPIError):
        await tokens.revoke(token.id)
    assert tokens.authenticate(secret) is not None
