"""Users: their names, and those whom somebody else vouches for."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from farwatch.hub.auth import users as module
from farwatch.hub.auth.errors import UserExistsError, UserNameError
from farwatch.hub.auth.users import MAX_NAME_LENGTH, Users, read_name
from farwatch.hub.store.records import Records

from ...clocks import Clock


@pytest.fixture
def users(records: Records, clock: Clock) -> Users:
    return Users(records, clock)


@given(st.text(max_size=80))
def test_any_text_is_a_name_in_lower_case_or_refused_in_one_line(text: str) -> None:
    try:
        name = read_name(text)
    except UserNameError as error:
        assert "\n" not in str(error)  # noqa: PT017 - either outcome will do
    else:
        assert name == read_name(name) == text.strip().lower()
        assert 0 < len(name) <= MAX_NAME_LENGTH
        assert name.isascii()


async def test_of_two_who_add_one_name_at_once_one_is_told(users: Users) -> None:
    outcomes = await asyncio.gather(users.create("ada"), users.create("ADA"), return_exceptions=True)
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["User", "UserExistsError"]


async def test_there_is_an_end_to_users(users: Users, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_USERS", 1)
    await users.create("ada")
    with pytest.raises(UserExistsError, match="delete some first"):
        await users.create("bob")


async def test_who_comes_through_a_provider_is_one_user_whatever_changes_but_the_subject(
    users: Users,
) -> None:
    first = await users.ensure_external("corp", "s-1", name="Ada.L@corp.example", display_name="Ada")
    again = await users.ensure_external(
        "corp", "s-1", name="renamed", display_name="Ada L.", email="a@b.example"
    )
    assert (first.id, first.name, first.password) == (again.id, "ada.l@corp.example", None)
    assert (again.display_name, again.email) == ("Ada L.", "a@b.example")
    later = Users(users._records, users._clock)
    await later.load()
    assert later.find_external("corp", "s-1") == again
    assert later.find_external("other", "s-1") is None


async def test_a_provider_gives_nobody_the_name_of_somebody_else(users: Users) -> None:
    admin = await users.create("admin")
    names = [(await users.ensure_external("corp", f"s-{number}", name="Admin")).name for number in range(3)]
    assert names[0] == "admin+corp"
    assert len({"admin", *names}) == 4
    assert users.find("admin") == admin


@pytest.mark.parametrize("name", ["", "   ", "Åsa Öberg", "x" * 300, "--", "日本", "a b\nc"])
async def test_any_name_of_a_provider_becomes_one_that_can_be_used(users: Users, name: str) -> None:
    made = await users.ensure_external("corp", "s", name=name)
    assert read_name(made.name) == made.name
