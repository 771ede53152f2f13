"""People and their routes over real records, without the rest of a hub; hashes of passwords cost next to nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any

import pytest
from argon2 import PasswordHasher
from httpx import ASGITransport, AsyncClient, Response
from litestar import Litestar, Router
from litestar.datastructures import State

from farwatch.hub import problems
from farwatch.hub.audit import Audit
from farwatch.hub.audit.middleware import AuditMiddleware, note_intent
from farwatch.hub.auth import People, routes
from farwatch.hub.auth.grants import Grants, Holder, HolderKind
from farwatch.hub.auth.guard import require_principal
from farwatch.hub.auth.passwords import Passwords
from farwatch.hub.auth.principal import Grant
from farwatch.hub.auth.teams import Teams
from farwatch.hub.auth.visibility import ClusterDirectory
from farwatch.hub.store.records import Records

from ....clocks import Clock

TOKEN = "the-token-of-the-test"
PASSWORD = "purple monkey dishwasher"
URL = "https://hub.example"

CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


class World:
    """People behind their routes, and the browsers that ask.

    Attributes:
        people: Everybody.
        grants: What users hold; the admin holds everything.
        clock: The time.
        client: What asks with the admin token.
    """

    def __init__(self, people: People, grants: Grants, clock: Clock, app: Litestar) -> None:
        self.people = people
        self.grants = grants
        self.clock = clock
        self.app = app
        self._exits = AsyncExitStack()

    async def open_browser(self, **headers: str) -> AsyncClient:
        """A browser that keeps cookies, and says that its pages are the hub's unless told otherwise."""
        headers = headers or {"Sec-Fetch-Site": "same-origin"}
        transport = ASGITransport(self.app)
        return await self._exits.enter_async_context(
            AsyncClient(transport=transport, base_url=URL, headers=headers)
        )

    async def ask(self, method: str, path: str, body: Any = None, token: str = TOKEN) -> Response:
        """A request with a token, the admin's unless it is another one."""
        async with AsyncClient(transport=ASGITransport(self.app), base_url=URL) as client:
            return await client.request(
                method, f"/api/v1{path}", json=body, headers={"Authorization": f"Bearer {token}"}
            )

    async def fault(self, method: str, path: str, body: Any = None) -> tuple[int, str]:
        """Status and detail of a request that must be answered with a problem."""
        answer = await self.ask(method, path, body)
        assert answer.headers["content-type"] == problems.MEDIA_TYPE, answer.text
        return answer.status_code, answer.json()["detail"]

    async def add(self, name: str = "ada", password: str = PASSWORD, *grants: Grant) -> str:
        """Somebody who has chosen their password; their id."""
        hashed = await self.people.passwords.hash(password)
        user = await self.people.users.create(name, password=hashed, email=f"{name}@b.example")
        for grant in grants:
            await self.grants.add(self.holder(user.id), grant, by="the test")
        return user.id

    @staticmethod
    def holder(user_id: str) -> Holder:
        """A user, as grants know them."""
        return Holder(HolderKind.USER, user_id)

    async def sign_in(self, name: str = "admin", password: str = PASSWORD) -> AsyncClient:
        """A browser in which somebody has signed in."""
        browser = await self.open_browser()
        answer = await browser.post("/api/v1/session", json={"username": name, "password": password})
        assert answer.status_code == 200, answer.text
        return browser

    async def close(self) -> None:
        await self._exits.aclose()


Build = Callable[[], Awaitable[World]]


def build_app(people: People, audit: Audit, grants: Grants) -> Litestar:
    """The routes about people, with the guards of the whole API."""
    return Litestar(
        [Router("/api/v1", route_handlers=[routes.router])],
        guards=[require_principal, note_intent],
        middleware=[AuditMiddleware],
        exception_handlers=problems.handlers({}),
        state=State(
            {
                "people": people,
                "audit": audit,
                "external_url": URL,
                "grants": grants,
                "cluster_directory": ClusterDirectory({"prod": {}}),
            }
        ),
        openapi_config=None,
        logging_config=None,
    )


@pytest.fixture
async def world(records: Records, clock: Clock) -> AsyncIterator[World]:
    grants = Grants(records, Teams(records, clock), lambda: (user.id for user in people.users.list()), clock)
    people = People(records, grants, clock, passwords=Passwords(CHEAP))
    audit = Audit(records, clock)
    await people.load()
    await people.let_in(TOKEN, PASSWORD)
    await audit.start()
    made = World(people, grants, clock, build_app(people, audit, grants))
    yield made
    await made.close()
    await audit.stop()
    await people.stop()
