"""Users over HTTP: what who manages them does, and what it means for them."""

from __future__ import annotations

from typing import Any

import pytest
from httpx import AsyncClient, Response

NEW = "correct donkey battery"


async def sign_in(browser: AsyncClient, name: str, password: str) -> Response:
    return await browser.post("/api/v1/session", json={"username": name, "password": password})


async def add(world: Any, name: str = "ada") -> tuple[str, str]:
    """A user's id and temporary password."""
    answer = await world.ask("POST", "/users", {"name": name, "displayName": "Ada", "email": "a@b.example"})
    assert answer.status_code == 201, answer.text
    return answer.json()["user"]["id"], answer.json()["temporaryPassword"]


async def settle(browser: AsyncClient, name: str, temporary: str) -> None:
    """Sign in for the first time, and choose a password."""
    assert (await sign_in(browser, name, temporary)).status_code == 200
    change = {"currentPassword": temporary, "newPassword": NEW}
    assert (await browser.post("/api/v1/session/password", json=change)).status_code == 200


async def test_a_new_user_has_to_choose_a_password_before_anything_else(world: Any) -> None:
    _, temporary = await add(world)
    browser = await world.open_browser()
    view = (await sign_in(browser, "ADA ", temporary)).json()
    assert view["mustChangePassword"] is True
    first = browser.cookies["farwatch_session"]
    for method, path in (
        ("GET", "/api/v1/users"),
        ("POST", "/api/v1/tokens"),
        ("GET", "/api/v1/session/others"),
    ):
        refused = await browser.request(method, path, json={"name": "x"} if method == "POST" else None)
        assert refused.status_code == 403
        assert "choose your own first" in refused.json()["detail"]

    change = {"currentPassword": temporary, "newPassword": NEW}
    answer = await browser.post("/api/v1/session/password", json=change)

    assert answer.json()["mustChangePassword"] is False
    assert browser.cookies["farwatch_session"] != first
    assert (await browser.get("/api/v1/session/others")).status_code == 200
    assert (await sign_in(await world.open_browser(), "ada", temporary)).status_code == 401


async def test_a_password_is_not_changed_to_what_will_not_do(world: Any) -> None:
    _, temporary = await add(world)
    browser = await world.open_browser()
    await sign_in(browser, "ada", temporary)
    for current, new, status, said in (
        ("wrong", NEW, 403, "not yours"),
        (temporary, "short", 400, "shorter than 12"),
        (temporary, "password1234", 400, "most common"),
        (temporary, temporary, 400, "the one of now"),
    ):
        change = {"currentPassword": current, "newPassword": new}
        answer = await browser.post("/api/v1/session/password", json=change)
        assert answer.status_code == status
        assert said in answer.json()["detail"]
    assert (await sign_in(await world.open_browser(), "ada", temporary)).status_code == 200


async def test_a_changed_password_ends_all_other_sessions(world: Any) -> None:
    _, temporary = await add(world)
    here, there = await world.open_browser(), await world.open_browser()
    await sign_in(there, "ada", temporary)
    await settle(here, "ada", temporary)
    assert (await here.get("/api/v1/session")).status_code == 200
    assert (await there.get("/api/v1/session")).status_code == 401


async def test_people_see_and_end_their_own_sessions_and_nobody_elses(world: Any) -> None:
    _, temporary = await add(world)
    _, others = await add(world, "bob")
    here, there, bobs = await world.open_browser(), await world.open_browser(), await world.open_browser()
    await settle(here, "ada", temporary)
    await sign_in(there, "ada", NEW)
    await settle(bobs, "bob", others)
    listed = (await here.get("/api/v1/session/others")).json()["items"]
    assert sorted(session["current"] for session in listed) == [False, True]
    (bobs_session,) = (await bobs.get("/api/v1/session/others")).json()["items"]
    assert (await here.delete(f"/api/v1/session/others/{bobs_session['id']}")).status_code == 404

    assert (await here.delete("/api/v1/session/others")).status_code == 204

    assert (await there.get("/api/v1/session")).status_code == 401
    assert (await here.get("/api/v1/session")).status_code == 200
    assert (await bobs.get("/api/v1/session")).status_code == 200


async def test_who_is_disabled_is_out_at_once_and_in_again_when_enabled(world: Any) -> None:
    user, temporary = await add(world)
    browser = await world.open_browser()
    await settle(browser, "ada", temporary)
    token = (await browser.post("/api/v1/tokens", json={"name": "mine"})).json()["token"]
    assert (await world.ask("GET", "/tokens", token=token)).status_code == 200

    assert (await world.ask("PATCH", f"/users/{user}", {"disabled": True})).json()["disabled"] is True

    assert (await browser.get("/api/v1/session")).status_code == 401
    assert (await world.ask("GET", "/tokens", token=token)).status_code == 401
    refused = await sign_in(browser, "ada", NEW)
    assert (refused.status_code, "disabled" in refused.json()["detail"]) == (403, True)
    assert (await sign_in(browser, "ada", "wrong")).status_code == 401

    await world.ask("PATCH", f"/users/{user}", {"disabled": False})
    assert (await sign_in(browser, "ada", NEW)).status_code == 200
    assert (await world.ask("GET", "/tokens", token=token)).status_code == 200


async def test_a_reset_password_ends_sessions_and_is_to_be_changed(world: Any) -> None:
    user, temporary = await add(world)
    browser = await world.open_browser()
    await settle(browser, "ada", temporary)
    reset = (await world.ask("POST", f"/users/{user}/password")).json()["temporaryPassword"]
    assert (await browser.get("/api/v1/session")).status_code == 401
    assert (await sign_in(browser, "ada", NEW)).status_code == 401
    assert (await sign_in(browser, "ada", reset)).json()["mustChangePassword"] is True


async def test_a_deleted_user_is_gone_with_sessions_and_tokens(world: Any) -> None:
    user, temporary = await add(world)
    browser = await world.open_browser()
    await settle(browser, "ada", temporary)
    made = (await browser.post("/api/v1/tokens", json={"name": "mine"})).json()
    assert (await world.ask("DELETE", f"/users/{user}")).status_code == 204
    assert (await browser.get("/api/v1/session")).status_code == 401
    assert (await world.ask("GET", "/tokens", token=made["token"])).status_code == 401
    assert (await world.ask("GET", f"/users/{user}")).status_code == 404
    (token,) = [
        each for each in (await world.ask("GET", "/tokens")).json()["items"] if each["id"] == made["id"]
    ]
    assert token["state"] == "revoked"
    again, _ = await add(world)
    assert again != user


async def test_nobody_locks_themselves_out(world: Any) -> None:
    admin = world.people.users.find("admin")
    await world.people.login.set_password(admin, NEW, temporary=False)
    browser = await world.open_browser()
    await sign_in(browser, "admin", NEW)
    assert (await browser.delete(f"/api/v1/users/{admin.id}")).status_code == 409
    assert (await browser.patch(f"/api/v1/users/{admin.id}", json={"disabled": True})).status_code == 409
    assert (await browser.get("/api/v1/session")).status_code == 200


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"name": "Ada Lovelace"}, "user name"),
        ({"name": "-ada"}, "user name"),
        ({"name": "x" * 65}, "user name"),
        ({"name": "ada", "email": "nobody"}, "email"),
        ({"name": "ada", "email": "a\x00@b"}, "email"),
        ({"name": "ada", "displayName": "a\nb"}, "displayName"),
        ({"name": "ada", "password": "short"}, "shorter than 12"),
        ({"name": "ada", "role": "admin"}, "role"),
    ],
)
async def test_a_user_that_cannot_be_is_refused_with_the_reason(world: Any, body: Any, said: str) -> None:
    status, detail = await world.fault("POST", "/users", body)
    assert status == 400
    assert said in detail


async def test_a_name_is_given_once_in_whatever_case(world: Any) -> None:
    await add(world, "ada")
    status, detail = await world.fault("POST", "/users", {"name": "ADA"})
    assert status == 409
    assert "choose another name" in detail


async def test_who_guesses_too_often_is_told_when_to_try_again(world: Any) -> None:
    await add(world)
    browser = await world.open_browser()
    answers = [await sign_in(browser, "ada", f"guess {number}") for number in range(7)]
    assert [answer.status_code for answer in answers[:5]] == [401] * 5
    assert answers[-1].status_code == 429
    assert int(answers[-1].headers["retry-after"]) >= 1
    nobodys = [await sign_in(browser, "nobody", f"guess {number}") for number in range(7)]
    assert [answer.status_code for answer in nobodys[:5]] == [401] * 5
    assert nobodys[-1].status_code == 429


async def test_people_change_what_is_known_of_themselves(world: Any) -> None:
    _, temporary = await add(world)
    browser = await world.open_browser()
    await settle(browser, "ada", temporary)
    answer = await browser.patch("/api/v1/session", json={"displayName": "Ada L."})
    assert (answer.json()["user"]["displayName"], answer.json()["user"]["email"]) == ("Ada L.", "a@b.example")
    assert (await browser.patch("/api/v1/session", json={"disabled": False})).status_code == 400
