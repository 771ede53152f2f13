"""Answers that are errors, and those that are long."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence

import msgspec
from litestar import Response
from litestar.response import Stream

BATCH = 500
"""So many things are looked at before others get a turn."""

_encode = msgspec.json.Encoder().encode


def fail(status: int, reason: str, headers: Mapping[str, str] | None = None) -> Response[bytes]:
    """A JSON string."""
    return Response(
        msgspec.json.encode(reason),
        status_code=status,
        media_type="application/json",
        headers=dict(headers or {}),
    )


def stream(batches: Iterable[Sequence[object]]) -> Stream:
    """A JSON list of what the batches hold; each is made when it is sent, and others get a turn in between."""
    return Stream(_write(batches), media_type="application/json")


async def _write(batches: Iterable[Sequence[object]]) -> AsyncIterator[bytes]:
    opening = b"["
    for batch in batches:
        if batch:
            yield opening + _encode(batch)[1:-1]
            opening = b","
        await asyncio.sleep(0)
    yield b"]" if opening == b"," else b"[]"
