from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from httpx import ASGITransport, AsyncClient
from litestar import Litestar
from litestar.exceptions import NotAuthorizedException

from farwatch.hub import app as app_module
from farwatch.hub.app import Hub, create_app
from farwatch.hub.auth.access import authorize, is_open
from farwatch.hub.auth.principal import Grant, Principal, PrincipalKind
from farwatch.hub.auth.visibility import authorize_cluster


class People:
    """A running hub's API, asked by whoever holds some grants."""

    def __init__(self, hub: Hub, client: AsyncClient, holders: dict[str, Principal]) -> None:
        self.hub = hub
        self.client = client
        self._holders = holders

    def holder(self, name: str, *grants: Grant, permissions: frozenset[str] | None = None) -> Holder:
        """Somebody of this name who holds these grants."""
        self._holders[name] = Principal(
            PrincipalKind.USER, f"id-of-{name}", name, grants, permissions=permissions
        )
        return Holder(self, name)


class Holder:
    """Somebody who asks."""

    def __init__(self, people: People, name: str) -> None:
        self._people = people
        self.name = name

    async def ask(self, method: str, path: str, body: object = None, **query: Any) -> Any:
        """The answer to a request below the hub's address."""
        return await self._people.client.request(
            method, path, json=body, params=query or None, headers={"X-Test-Principal": self.name}
        )

    async def get(self, path: str, **query: Any) -> Any:
        """The decoded answer to a GET below /api/v1, which must succeed."""
        answer = await self.ask("GET", f"/api/v1{path}", **query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def refusal(self, method: str, path: str, body: object = None, **query: Any) -> dict[str, Any]:
        """The missing grant of a request below /api/v1 that must be refused."""
        answer = await self.ask(method, f"/api/v1{path}", body, **query)
        assert answer.status_code == 403, answer.text
        missing: dict[str, Any] = answer.json()["missing"]
        return missing


def admit_holder(connection: Any, handler: Any) -> None:
    """In the place of the hub's guard: who asks is named by a header in place of a session or a token."""
    if is_open(handler):
        return
    principal = connection.app.state.holders.get(connection.headers.get("x-test-principal", ""))
    if principal is None:
        raise NotAuthorizedException("nobody")
    connection.state["principal"] = principal
    connection.state["author"] = principal.name
    authorize(principal, handler)
    authorize_cluster(connection, handler)


@pytest.fixture(scope="session")
def _apps_of_holders() -> list[Litestar]:
    """The application of the process's tests, once there is one."""
    return []


@pytest.fixture
async def people(
    running: Hub, _apps_of_holders: list[Litestar], monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[People]:
    """Those who hold what a test gives them; the decision is the hub's own."""
    if not _apps_of_holders:
        monkeypatch.setattr(app_module, "require_principal", admit_holder)
        _apps_of_holders.append(create_app(running))
    (app,) = _apps_of_holders
    app.state = app_module._state(running)
    app.state.holders = holders = {}
    async with AsyncClient(transport=ASGITransport(app), base_url="http://hub.test") as client:
        yield People(running, client, holders)
