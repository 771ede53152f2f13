from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from httpx import ASGITransport, AsyncClient

from farwatch.hub.app import Hub
from farwatch.hub.options import HubOptions
from farwatch.hub.standby import RETRY_SECONDS, StandbyApp
from farwatch.hub.store import Records, Succession

from .conftest import EXTERNAL_URL, PROBLEM


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


@pytest.mark.parametrize(
    ("by_then", "receiver"),
    [("route: {receiver: new}\nreceivers: [{name: new}]\n", "new"), ("route: {receiver: gone}\n", "old")],
)
async def test_it_takes_over_with_files_as_they_are_by_then_unless_they_have_a_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, by_then: str, receiver: str
) -> None:
    file = tmp_path / "alerting.yml"
    file.write_text("route: {receiver: old}\nreceivers: [{name: old}]\n")
    open_records = Records.open

    async def wait_and_open(where: Any, _: Succession) -> Records:
        file.write_text(by_then)
        return await open_records(where)

    monkeypatch.setattr(Records, "open", wait_and_open)
    options = HubOptions(data=tmp_path / "data", alerting=file)
    hub = await Hub.start(options, EXTERNAL_URL, Succession(stand_by=True))
    try:
        assert hub.configuration.current.config.route.receiver == receiver
    finally:
        await hub.stop()
