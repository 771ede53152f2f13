from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer, unused_port
from structlog.testing import capture_logs

from farwatch.hub.watchdog import Heartbeat, HeartbeatSettings


class Outside:
    """Somebody outside who waits for signs of life."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.status = 200
        self.news = asyncio.Condition()
        app = web.Application()
        app.router.add_get("/{path:.*}", self._take)
        self.server = TestServer(app)

    async def _take(self, request: web.Request) -> web.Response:
        async with self.news:
            self.asked.append(request.path_qs)
            self.news.notify_all()
        return web.Response(status=self.status)


@pytest.fixture
async def outside() -> AsyncIterator[Outside]:
    outside = Outside()
    async with outside.server:
        yield outside


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


def build(http: aiohttp.ClientSession, url: str, faults: list[str] | None = None) -> Heartbeat:
    return Heartbeat(HeartbeatSettings(url=url), http, lambda: faults or [])


async def test_a_healthy_hub_gives_a_sign(outside: Outside, http: aiohttp.ClientSession) -> None:
    heartbeat = build(http, str(outside.server.make_url("/ping/secret?a=b")))
    await heartbeat.beat()
    assert outside.asked == ["/ping/secret?a=b"]
    assert (heartbeat.sent, heartbeat.failed, heartbeat.withheld) == (1, 0, 0)


async def test_one_that_is_not_gives_none(outside: Outside, http: aiohttp.ClientSession) -> None:
    faults = ["the disk is full"]
    heartbeat = Heartbeat(HeartbeatSettings(url=str(outside.server.make_url("/"))), http, lambda: faults)
    await heartbeat.beat()
    faults.clear()
    await heartbeat.beat()
    assert len(outside.asked) == 1
    assert (heartbeat.sent, heartbeat.withheld) == (1, 1)


async def test_a_hub_whose_health_cannot_be_told_gives_none_until_it_can(
    outside: Outside, http: aiohttp.ClientSession
) -> None:
    health: list[list[str] | None] = [None, []]

    def find_faults() -> list[str]:
        if (faults := health.pop(0)) is None:
            raise KeyError("part")
        return faults

    heartbeat = Heartbeat(HeartbeatSettings(url=str(outside.server.make_url("/"))), http, find_faults)
    await heartbeat.beat()
    await heartbeat.beat()
    assert (heartbeat.sent, heartbeat.withheld) == (1, 1)


async def test_a_sign_that_is_not_taken_is_counted_and_shows_no_secret(
    outside: Outside, http: aiohttp.ClientSession
) -> None:
    outside.status = 404
    heartbeat = build(http, str(outside.server.make_url("/secret-path")))
    unreachable = build(http, f"http://127.0.0.1:{unused_port()}/secret-path")
    with capture_logs() as lines:
        await heartbeat.beat()
        await unreachable.beat()
    assert (heartbeat.failed, unreachable.failed) == (1, 1)
    assert [line["event"] for line in lines] == ["heartbeat not delivered"] * 2
    assert "secret-path" not in str(lines)


async def test_signs_go_out_at_regular_times_until_it_is_stopped(
    outside: Outside, http: aiohttp.ClientSession
) -> None:
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)
        await asyncio.sleep(0)

    settings = HeartbeatSettings(url=str(outside.server.make_url("/")), interval_seconds=42)
    heartbeat = Heartbeat(settings, http, list, sleep)
    heartbeat.start()
    async with outside.news:
        await outside.news.wait_for(lambda: len(outside.asked) >= 3)
    await heartbeat.stop()
    assert set(slept) == {42}


async def test_without_an_address_nothing_is_sent(http: aiohttp.ClientSession) -> None:
    heartbeat = build(http, "")
    heartbeat.start()
    await heartbeat.stop()
    assert heartbeat.sent == heartbeat.failed == 0
