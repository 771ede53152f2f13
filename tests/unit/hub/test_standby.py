from __future__ import annotations

from typing import Any

import pytest
from httpx import ASGITransport, AsyncClient

from farwatch.hub.standby import RETRY_SECONDS, StandbyApp

from .conftest import PROBLEM


@pytest.fixture
def app() -> StandbyApp:
    standby = StandbyApp()
    standby.wait_for("another hub holds the database")
    return standby


@pytest.fixture
def client(app: StandbyApp) -> AsyncClient:
    return AsyncClient(transport=ASGITransport(app), base_url="http://hub.test")


async def test_it_is_alive_but_neither_ready_nor_active(client: AsyncClient) -> None:
    assert (await client.get("/healthz")).json() == {"ok": True}
    for path in ("/readyz", "/activez"):
        answer = await client.get(path)
        assert answer.status_code == 503
        assert answer.json() == {"ok": False, "problems": ["standing by: another hub holds the database"]}


@pytest.mark.parametrize("path", ["/", "/api/v1/clusters", "/metrics", "/healthz/x", "/install/token"])
@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS"])
async def test_everything_else_is_a_problem_with_a_time_to_come_again(
    client: AsyncClient, method: str, path: str
) -> None:
    answer = await client.request(method, path)
    assert (answer.status_code, answer.headers["content-type"]) == (503, PROBLEM)
    assert answer.headers["retry-after"] == str(RETRY_SECONDS)
    assert answer.json()["detail"] == "this hub is standing by: another hub holds the database"


async def test_it_says_at_first_that_it_starts(app: StandbyApp) -> None:
    transport = ASGITransport(StandbyApp())
    async with AsyncClient(transport=transport, base_url="http://hub.test") as client:
        assert (await client.get("/readyz")).json()["problems"] == ["starting"]


async def test_a_link_is_not_accepted(app: StandbyApp) -> None:
    sent: list[Any] = []

    async def receive() -> Any:
        raise AssertionError("nothing is to be read")

    async def send(message: Any) -> None:
        sent.append(message)

    await app({"type": "websocket", "path": "/link"}, receive, send)
    assert [each["type"] for each in sent] == [
        "websocket.http.response.start",
        "websocket.http.response.body",
    ]
    assert sent[0]["status"] == 503
