"""Answers that are errors."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
from litestar import Response


def fail(status: int, reason: str, headers: Mapping[str, str] | None = None) -> Response[bytes]:
    """A JSON string."""
    return Response(
        msgspec.json.encode(reason),
        status_code=status,
        media_type="application/json",
        headers=dict(headers or {}),
    )
