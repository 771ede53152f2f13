"""People who sign in to a real hub: what keeps them in, and what puts them out."""

from __future__ import annotations

import http.client
import json
import re
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import urlsplit

import pytest

pytestmark = [pytest.mark.integration, pytest.mark.xdist_group("sessions")]

PASSWORD = "purple monkey dishwasher"
NEW = "correct donkey battery"
OWN = {"Sec-Fetch-Site": "same-origin"}


class Browser:
    """Keeps the session's cookie, and says that its pages are the hub's."""

    def __init__(self, hub: Any) -> None:
        self.hub = hub
        self.cookie = ""

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any, str]:
        """Status, decoded body and the Set-Cookie of the answer."""
        parts = urlsplit(self.hub.url)
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=30)
        told = {"Content-Type": "application/json", **(headers or OWN)}
        if self.cookie:
            told["Cookie"] = f"farwatch_session={self.cookie}"
        connection.request(method, f"/api/v1{path}", None if body is None else json.dumps(body), told)
        answer = connection.getresponse()
        text, cookie = answer.read().decode(), answer.headers.get("Set-Cookie") or ""
        connection.close()
        found = SimpleCookie(cookie).get("farwatch_session")
        if found is not None:
            self.cookie = found.value
        return answer.status, json.loads(text) if text else None, cookie

    def sign_in(self, name: str, password: str) -> tuple[int, Any, str]:
        return self.ask("POST", "/session", {"username": name, "password": password})


@pytest.fixture
def hub(stage: Any) -> Any:
    stage.hub_environment = {**stage.hub_environment, "FARWATCH_ADMIN_PASSWORD": PASSWORD}
    return stage.hub()


def test_a_session_outlives_the_hub_and_ends_when_its_user_is_disabled(stage: Any, hub: Any) -> None:
    admin, ada = Browser(hub), Browser(hub)
    status, view, cookie = admin.sign_in("admin", PASSWORD)
    assert (status, view["user"]["name"]) == (200, "admin")
    flags = {part.strip().lower() for part in cookie.split(";")[1:]}
    assert {"httponly", "samesite=lax", "path=/"} <= flags
    assert "secure" not in flags  # the hub of this test is reached by http
    status, made, _ = admin.ask("POST", "/users", {"name": "ada"})
    assert status == 201
    assert ada.sign_in("ada", made["temporaryPassword"])[1]["mustChangePassword"] is True
    change = {"currentPassword": made["temporaryPassword"], "newPassword": NEW}
    assert ada.ask("POST", "/session/password", change)[0] == 200

    assert hub.terminate() == 0
    again = stage.restart(hub)
    admin.hub = ada.hub = again

    assert ada.ask("GET", "/session")[0] == 200
    assert admin.ask("GET", "/users")[0] == 200
    assert ada.ask("GET", "/users")[0] == 403
    assert admin.ask("PATCH", f"/users/{made['user']['id']}", {"disabled": True})[0] == 200
    assert ada.ask("GET", "/session")[0] == 401
    assert ada.sign_in("ada", NEW)[0] == 403
    for secret in (PASSWORD, NEW, made["temporaryPassword"], admin.cookie, ada.cookie):
        assert secret not in hub.log + hub.output + again.log + again.output


def test_a_page_of_another_origin_does_nothing_with_the_cookie(hub: Any) -> None:
    browser = Browser(hub)
    browser.sign_in("admin", PASSWORD)
    for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "http://evil.example"}, {"Accept": "*/*"}):
        status, problem, _ = browser.ask("POST", "/users", {"name": "eve"}, **headers)
        assert (status, "counts only for pages of this hub" in problem["detail"]) == (403, True)
    status, listed, _ = browser.ask("GET", "/users")
    assert (status, [user["name"] for user in listed["items"]]) == (200, ["admin"])
    assert browser.ask("POST", "/users", {"name": "ada"}, Origin=hub.url)[0] == 201


def test_who_guesses_has_to_wait_and_forged_addresses_do_not_help(hub: Any) -> None:
    answers = [
        Browser(hub).ask(
            "POST",
            "/session",
            {"username": "admin", "password": f"guess {number}"},
            **{"X-Forwarded-For": f"192.0.2.{number}"},
        )
        for number in range(12)
    ]
    statuses = [status for status, _, _ in answers]
    assert statuses[:5] == [401] * 5
    assert 429 in statuses[5:]


def test_a_trusted_proxy_says_where_people_are(stage: Any) -> None:
    stage.hub_environment = {**stage.hub_environment, "FARWATCH_ADMIN_PASSWORD": PASSWORD}
    hub = stage.hub("--trusted-proxies", "127.0.0.0/8", "--external-url", "https://hub.example")
    browser = Browser(hub)
    signing_in = {"username": "admin", "password": PASSWORD}
    # Whoever is in front of the proxy may claim anything: what the proxy itself has added is last.
    forwarded = {"X-Forwarded-For": "203.0.113.9, 192.0.2.7", "X-Forwarded-Proto": "https"}
    status, _, cookie = browser.ask("POST", "/session", signing_in, **forwarded)
    assert status == 200
    assert "secure" in {part.strip().lower() for part in cookie.split(";")}
    (session,) = browser.ask("GET", "/session/others")[1]["items"]
    assert session["address"] == "192.0.2.7"
    assert browser.ask("POST", "/users", {"name": "ada"}, Origin="https://hub.example")[0] == 201


def test_the_admin_is_reset_beside_a_running_hub(stage: Any, hub: Any, eventually: Any) -> None:
    browser = Browser(hub)
    browser.sign_in("admin", PASSWORD)

    done = stage.run("admin", "reset", "--data", stage.folder / "hub-data")
    assert done.wait() == 0, done.log

    assert "takes it in within 5 seconds" in done.output
    found = re.search(r"^Password of the user admin, shown this once: (\S+)$", done.output, re.MULTILINE)
    assert found
    eventually(lambda: browser.ask("GET", "/session")[0] == 401, "the former session has ended")
    assert browser.sign_in("admin", PASSWORD)[0] == 401
    assert browser.sign_in("admin", found[1])[0] == 200
    entries = hub.get("/audit", action="admin.reset")["items"]
    assert [entry["action"] for entry in entries] == ["admin.reset"]
    listed = stage.run("admin", "list", "--data", stage.folder / "hub-data")
    assert listed.wait() == 0
    assert listed.output.startswith("admin\tenabled\tpassword\t")
