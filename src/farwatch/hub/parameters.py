"""What handlers of several parts of the API are given."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from litestar import Request
from litestar.datastructures import State
from litestar.params import QueryParameter

AnyRequest = Request[Any, Any, State]
"""A request, whoever asks."""

Since = Annotated[
    datetime | None, QueryParameter(description="From when on, included; without a zone, in UTC.")
]
Until = Annotated[
    datetime | None, QueryParameter(description="Up to when, excluded; without a zone, in UTC.")
]


def split_names(text: str) -> list[str]:
    """What a parameter gives comma-separated, ``a, b``: each once, in its order."""
    return list(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))
