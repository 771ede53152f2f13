"""Signing in over HTTP."""

from __future__ import annotations

from typing import Any

import pytest
from httpx import AsyncClient, Response

PASSWORD = "purple monkey dishwasher"
TOKEN = "the-token-of-the-test"
URL = "https://hub.example"


@pytest.fixture
async def browser(world: Any) -> AsyncClient:
    opened: AsyncClient = await world.open_browser()
    return opened


async def sign_in(browser: AsyncClient, password: str = PASSWORD, name: str = "admin") -> Response:
    return await browser.post("/api/v1/session", json={"username": name, "password": password})


async def test_who_signs_in_is_known_by_a_cookie_that_no_script_reads(browser: AsyncClient) -> None:
    answer = await sign_in(browser)

    assert answer.status_code == 200
    view = answer.json()
    assert (view["user"]["name"], view["user"]["provider"]) == ("admin", "local")
    assert view["grants"] == [{"role": "admin", "scope": {}}]
    assert {"permission": "users.manage", "scope": {}} in view["permissions"]
    assert view["mustChangePassword"] is False
    cookie = answer.headers["set-cookie"].lower()
    assert cookie.startswith("farwatch_session=fws_")
    assert {"httponly", "samesite=lax", "secure", "path=/"} <= {part.strip() for part in cookie.split(";")}
    assert (await browser.get("/api/v1/session")).json()["user"] == view["user"]
    assert (await browser.get("/api/v1/users")).status_code == 200


async def test_nobody_is_signed_in_without_a_session_or_with_a_token(browser: AsyncClient) -> None:
    assert (await browser.get("/api/v1/session")).status_code == 401
    told = {"Authorization": f"Bearer {TOKEN}"}
    assert (await browser.get("/api/v1/session", headers=told)).status_code == 401


@pytest.mark.parametrize(("name", "password"), [("admin", "wrong"), ("nobody", PASSWORD), ("'; --", "x")])
async def test_a_wrong_name_and_a_wrong_password_are_answered_alike(
    browser: AsyncClient, name: str, password: str
) -> None:
    answer = await sign_in(browser, password, name)
    assert answer.status_code == 401
    assert answer.json()["detail"] == "user name and password do not go together"
    assert "set-cookie" not in answer.headers


async def test_who_signs_out_is_not_let_in_by_the_cookie_any_more(browser: AsyncClient) -> None:
    await sign_in(browser)
    secret = browser.cookies["farwatch_session"]
    assert (await browser.delete("/api/v1/session")).status_code == 204
    assert not browser.cookies
    told = {"Cookie": f"farwatch_session={secret}"}
    answer = await browser.get("/api/v1/users", headers=told)
    assert answer.status_code == 401
    assert "sign in again" in answer.json()["detail"]


async def test_signing_in_again_ends_the_session_before(browser: AsyncClient, world: Any) -> None:
    await sign_in(browser)
    first = browser.cookies["farwatch_session"]
    await sign_in(browser)
    assert browser.cookies["farwatch_session"] != first
    assert world.people.sessions.find(first) is None


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "https://hub.example.evil.example"},
        {},
    ],
)
async def test_a_cookie_does_not_count_for_what_other_origins_send(
    browser: AsyncClient, headers: dict[str, str]
) -> None:
    await sign_in(browser)
    del browser.headers["Sec-Fetch-Site"]
    answer = await browser.post("/api/v1/users", json={"name": "ada"}, headers=headers)
    assert answer.status_code == 403
    assert "counts only for pages of this hub" in answer.json()["detail"]


@pytest.mark.parametrize(
    "headers", [{"Origin": URL}, {"Sec-Fetch-Site": "none"}, {"Origin": "https://hub.example:443"}]
)
async def test_a_cookie_counts_for_what_the_hubs_pages_send(
    browser: AsyncClient, headers: dict[str, str]
) -> None:
    await sign_in(browser)
    del browser.headers["Sec-Fetch-Site"]
    answer = await browser.post("/api/v1/users", json={"name": "ada"}, headers=headers)
    assert answer.status_code == 201


async def test_nobody_can_be_signed_in_by_a_page_of_another_origin(browser: AsyncClient) -> None:
    answer = await browser.post(
        "/api/v1/session",
        json={"username": "admin", "password": PASSWORD},
        headers={"Sec-Fetch-Site": "cross-site"},
    )
    assert answer.status_code == 403


async def test_a_token_needs_no_word_of_where_it_is_from(browser: AsyncClient) -> None:
    told = {"Authorization": f"Bearer {TOKEN}", "Sec-Fetch-Site": "cross-site"}
    assert (await browser.post("/api/v1/users", json={"name": "ada"}, headers=told)).status_code == 201


async def test_how_to_sign_in_is_told_to_everybody(browser: AsyncClient) -> None:
    told = (await browser.get("/api/v1/session/options")).json()
    assert (told["password"], told["providers"]) == (True, [])
