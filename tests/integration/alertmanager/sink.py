"""Who is told: one HTTP server for all sides, which keeps what it hears with the time.

The path of a webhook says who it is, ``/SIDE/SCENARIO/RECEIVER/WAY``, and its query how it answers.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode

from aiohttp import web

from .scenario import OK, Way


@dataclass(frozen=True)
class Heard:
    """One request: who was told, when (seconds since the epoch), and what."""

    who: str
    time: float
    body: Any


class Sink:
    """Keeps every message, by side and scenario."""

    def __init__(self) -> None:
        self.url = ""
        self.heard: dict[tuple[str, str], list[Heard]] = {}
        self._count: Counter[str] = Counter()
        self._closing = asyncio.Event()

    @asynccontextmanager
    async def serve(self) -> AsyncIterator[Sink]:
        app = web.Application()
        app.router.add_post("/{side}/{scenario}/{who:.+}", self._take)
        runner = web.AppRunner(app, shutdown_timeout=1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        self.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        try:
            yield self
        finally:
            self._closing.set()
            await runner.cleanup()

    def address(self, side: str, scenario: str, who: str, way: Way, unit: float) -> str:
        """Where a way of a scenario's receiver sends to."""
        place = f"{self.url}/{quote(side)}/{quote(scenario)}/{quote(who)}"
        if way.answers == OK and not way.hang:
            return place  # services add to their address
        query = urlencode({"answers": ",".join(map(str, way.answers)), "hang": way.hang * unit})
        return f"{place}?{query}"

    async def _take(self, request: web.Request) -> web.Response:
        where = request.match_info
        body = _read(await request.read())
        messages = self.heard.setdefault((where["side"], where["scenario"]), [])
        messages.append(Heard(where["who"], time.time(), body))
        answers = [int(status) for status in request.query.get("answers", "200").split(",")]
        number = self._count[request.path]
        self._count[request.path] += 1
        if hang := float(request.query.get("hang", 0)):
            await _wait(self._closing, hang)
        # What Telegram says; Alertmanager crashes on less.
        said = {"ok": True, "result": {"message_id": 1, "date": 1, "chat": {"id": 1, "type": "group"}}}
        return web.json_response(said, status=answers[min(number, len(answers) - 1)])


def _read(body: bytes) -> Any:
    """JSON if it is, else the fields of a form."""
    try:
        return json.loads(body)
    except ValueError:
        return dict(parse_qsl(body.decode(), keep_blank_values=True))


async def _wait(event: asyncio.Event, seconds: float) -> None:
    try:
        await asyncio.wait_for(event.wait(), seconds)
    except TimeoutError:
        return
