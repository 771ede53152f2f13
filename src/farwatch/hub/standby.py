"""What a hub says while another one works: that it is alive, and that whoever asks must go elsewhere."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from http import HTTPStatus
from typing import Any

import msgspec

from farwatch.hub.health.routes import Health
from farwatch.hub.problems import MEDIA_TYPE, Problem

RETRY_SECONDS = 2
"""When to ask again: a take-over lasts no longer, where the hub before was stopped."""

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


class StandbyApp:
    """An ASGI application that serves nothing but its state.

    Attributes:
        state: What keeps the hub from working, one line.
    """

    def __init__(self) -> None:
        self.state = "starting"

    def wait_for(self, obstacle: str) -> None:
        """Say that it stands by, and why."""
        self.state = f"standing by: {obstacle}"

    async def __call__(self, scope: Scope, _receive: Receive, send: Send) -> None:
        """Answer a request, or an attempt to open a WebSocket."""
        if scope["type"] not in {"http", "websocket"}:
            return
        status, media_type, body = self.answer(scope["path"] if scope["type"] == "http" else "")
        headers = [(b"content-type", media_type.encode()), (b"content-length", str(len(body)).encode())]
        if status != HTTPStatus.OK:
            headers.append((b"retry-after", str(RETRY_SECONDS).encode()))
        # A WebSocket is answered as if it were a request: it is not accepted, and the other side sees why.
        kind = "http" if scope["type"] == "http" else "websocket.http"
        await send({"type": f"{kind}.response.start", "status": int(status), "headers": headers})
        await send({"type": f"{kind}.response.body", "body": body})

    def answer(self, path: str) -> tuple[HTTPStatus, str, bytes]:
        """Status, media type and body of the answer to any request for a path."""
        unavailable = HTTPStatus.SERVICE_UNAVAILABLE
        match path:
            case "/healthz":
                return HTTPStatus.OK, "application/json", msgspec.json.encode(Health(ok=True))
            case "/readyz" | "/activez":
                health = Health(ok=False, problems=[self.state])
                return unavailable, "application/json", msgspec.json.encode(health)
        problem = Problem(status=unavailable, title=unavailable.phrase, detail=f"this hub is {self.state}")
        return unavailable, MEDIA_TYPE, msgspec.json.encode(problem)
