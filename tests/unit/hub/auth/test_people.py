"""Who is let in when a hub starts."""

from __future__ import annotations

import pytest
from argon2 import PasswordHasher

from farwatch.hub.auth.errors import AdminPasswordError, AuthError
from farwatch.hub.auth.grants import Grants
from farwatch.hub.auth.login import Client
from farwatch.hub.auth.passwords import Passwords
from farwatch.hub.auth.people import People
from farwatch.hub.auth.principal import Grant, Role
from farwatch.hub.auth.teams import Teams
from farwatch.hub.store.records import Records

NOW = 1_800_000_000.0
HERE = Client("192.0.2.1", "a browser")
FIRST, SECOND, OWN = "purple monkey dishwasher", "correct donkey battery", "a password of my own"


async def start(records: Records, password: str | None = None) -> tuple[People, str | None]:
    """People of the next run of a hub, and the password that it shows."""
    grants = Grants(
        records, Teams(records, lambda: NOW), lambda: [each.id for each in people.users.list()], lambda: NOW
    )
    people = People(
        records,
        grants,
        lambda: NOW,
        passwords=Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)),
    )
    await people.load()
    return people, (await people.let_in(None, password)).password


async def may_sign_in(people: People, password: str) -> bool:
    try:
        await people.login.sign_in("admin", password, HERE)
    except AuthError:
        return False
    return True


async def test_the_first_start_makes_an_admin_who_may_do_everything_and_later_ones_none(
    records: Records,
) -> None:
    people, shown = await start(records)
    assert shown is not None
    assert await may_sign_in(people, shown)
    (admin,) = people.users.list()
    assert people.grants.of_user(admin.id) == (Grant(Role.ADMIN),)
    later, shown_again = await start(records)
    assert shown_again is None
    assert await may_sign_in(later, shown)


async def test_a_password_from_the_environment_is_taken_once_and_again_when_it_changes(
    records: Records,
) -> None:
    people, shown = await start(records, FIRST)
    assert shown is None
    admin, _, secret = await people.login.sign_in("admin", FIRST, HERE)
    await people.login.change_password(admin, FIRST, OWN, HERE)

    people, _ = await start(records, FIRST)
    assert await may_sign_in(people, OWN)
    assert not await may_sign_in(people, FIRST)

    people, _ = await start(records, SECOND)
    assert await may_sign_in(people, SECOND)
    assert not await may_sign_in(people, OWN)
    assert people.of_session(secret) is None


async def test_an_admin_who_was_deleted_comes_back_with_the_environments_password_alone(
    records: Records,
) -> None:
    people, _ = await start(records)
    await people.users.create("ada")
    admin = people.users.find("admin")
    assert admin is not None
    await people.remove(admin)
    people, shown = await start(records)
    assert (shown, people.users.find("admin")) == (None, None)
    people, _ = await start(records, FIRST)
    assert await may_sign_in(people, FIRST)


@pytest.mark.parametrize("password", ["short", "administrator", "123456789012"])
async def test_a_bad_password_from_the_environment_keeps_the_hub_from_starting(
    records: Records, password: str
) -> None:
    with pytest.raises(AdminPasswordError, match="FARWATCH_ADMIN_PASSWORD: the password"):
        await start(records, password)


async def test_a_hash_with_former_parameters_is_made_anew_at_the_next_login(records: Records) -> None:
    people, _ = await start(records, FIRST)
    admin = people.users.find("admin")
    assert admin is not None
    former = PasswordHasher(time_cost=2, memory_cost=8, parallelism=1).hash(FIRST)
    await people.users.change(admin.id, password=former)
    assert await may_sign_in(people, FIRST)
    after = people.users.find("admin")
    assert after is not None
    assert after.password is not None
    assert "t=1" in after.password
    assert await may_sign_in(people, FIRST)


async def test_attempts_are_counted_by_how_they_ended(records: Records) -> None:
    people, _ = await start(records, FIRST)
    for password in (FIRST, *["a wrong one"] * 7):
        await may_sign_in(people, password)
    assert people.login.attempts == {"ok": 1, "wrong": 5, "limited": 2, "disabled": 0, "busy": 0}
    assert people.sessions.count == 1
