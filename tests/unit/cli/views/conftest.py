from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from io import StringIO
from typing import Any

import pytest
from aiohttp import web
from rich.console import Console, RenderableType

Show = Callable[..., str]


@pytest.fixture(autouse=True)
def no_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the test runner's own terminal is like is of no account."""
    monkeypatch.delenv("COLUMNS", raising=False)


@pytest.fixture
def show() -> Show:
    """What a terminal of some width shows, without the blanks at the ends of lines."""

    def show(renderable: RenderableType, width: int = 120, *, colour: bool = False) -> str:
        console = Console(
            file=StringIO(), width=width, force_terminal=colour, color_system="standard" if colour else None
        )
        console.print(renderable)
        assert isinstance(console.file, StringIO)
        return "\n".join(line.rstrip() for line in console.file.getvalue().rstrip("\n").split("\n"))

    return show


class Hub:
    """A hub that answers as the test says, and notes what it was asked."""

    def __init__(self) -> None:
        self.url = ""
        self.asked: list[tuple[str, str]] = []
        self.answer: Any = {}
        self.answers: dict[str, Any] = {}  # by path, before the one for all
        self.bodies: list[Any] = []

    async def handle(self, request: web.Request) -> web.Response:
        self.asked.append((request.method, request.path_qs))
        body = await request.read()
        self.bodies.append(json.loads(body) if body else None)
        path = request.path.removeprefix("/api/v1")
        return web.json_response(self.answers.get(path, self.answer))


@pytest.fixture
async def hub() -> AsyncIterator[Hub]:
    made = Hub()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", made.handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    made.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield made
    await runner.cleanup()
