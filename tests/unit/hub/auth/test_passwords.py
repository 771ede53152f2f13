"""Which passwords will do, and how they are kept."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from argon2 import PasswordHasher
from hypothesis import given
from hypothesis import strategies as st

from farwatch.hub.auth import passwords as module
from farwatch.hub.auth import secrets
from farwatch.hub.auth.errors import PasswordError, PasswordsBusyError
from farwatch.hub.auth.passwords import Passwords, check_password

CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


@pytest.fixture
async def passwords() -> AsyncIterator[Passwords]:
    made = Passwords(CHEAP)
    yield made
    made.close()


@pytest.mark.parametrize(
    ("password", "fault"),
    [
        ("", "shorter than 12"),
        ("elevenchars", "shorter than 12"),
        ("x" * 1025, "longer than 1024 bytes"),
        ("aaaaaaaaaaaaaaaa", "fewer than 5 different"),
        ("123456789012", "a run of characters"),
        ("abcdefghijklmnop", "a run of characters"),
        ("Password1234", "most common"),
        ("P@ssw0rd!2026", "most common"),
        ("qwertyuiop123", "most common"),
        ("correcthorsebatterystaple", "most common"),
        ("ada.lovelace", "the user's name"),
        ("AdaLovelace1815", "the user's name"),
        ("tabs\tare lost here", "control characters"),
    ],
)
def test_a_password_that_is_easily_guessed_is_refused(password: str, fault: str) -> None:
    with pytest.raises(PasswordError, match=fault):
        check_password(password, "ada.lovelace")


@pytest.mark.parametrize(
    "password",
    ["purple monkey dishwasher", "xkQ9v-2mTz8-pL4", "пароль из пяти слов", "🦊🐻🐼🐨🐯🦁🐮🐷🐸🐵🐔🐧"],
)
def test_a_long_one_of_any_characters_will_do(password: str) -> None:
    check_password(password, "ada")


def test_passwords_that_the_hub_makes_will_do_and_differ() -> None:
    made = {secrets.mint_password() for _ in range(50)}
    assert len(made) == 50
    for password in made:
        check_password(password, "admin")


@given(st.text(max_size=200), st.text(max_size=50))
def test_any_text_is_judged_or_refused_in_one_line(password: str, name: str) -> None:
    said = ""
    try:
        check_password(password, name)
    except PasswordError as error:
        said = str(error)
    assert "\n" not in said


async def test_only_the_password_that_was_hashed_is_right(passwords: Passwords) -> None:
    kept = await passwords.hash("purple monkey dishwasher")
    assert "purple" not in kept
    assert kept.startswith("$argon2id$")
    assert await passwords.verify(kept, "purple monkey dishwasher")
    assert not await passwords.verify(kept, "purple monkey dishwashe")


async def test_it_makes_no_difference_how_a_character_was_typed(passwords: Passwords) -> None:
    kept = await passwords.hash("caf\u00e9 caf\u00e9 caf\u00e9")
    assert await passwords.verify(kept, "cafe\u0301 cafe\u0301 cafe\u0301")


async def test_nobodys_password_is_hashed_as_well_and_never_right(passwords: Passwords) -> None:
    assert not await passwords.verify(None, "whatever it is")
    assert not await passwords.verify(None, passwords._nobodys or "")
    assert not await passwords.verify("not a hash", "whatever it is")


async def test_a_hash_with_other_parameters_is_outdated(passwords: Passwords) -> None:
    kept = await passwords.hash("purple monkey dishwasher")
    assert not passwords.is_outdated(kept)
    assert Passwords().is_outdated(kept)
    assert passwords.is_outdated("not a hash")


async def test_the_parameters_are_owasps() -> None:
    assert "$m=19456,t=2,p=1$" in await Passwords().hash("purple monkey dishwasher")


async def test_who_comes_when_too_many_wait_is_told_so(
    passwords: Passwords, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_WAITING", 3)
    outcomes = await asyncio.gather(*(passwords.hash("x") for _ in range(5)), return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [str, str, str, PasswordsBusyError, PasswordsBusyError]
    await passwords.hash("again")
