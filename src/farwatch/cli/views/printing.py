"""How views print."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

import msgspec

from farwatch.terminal import make_console

Moment = Annotated[datetime, msgspec.Meta(tz=True)]
"""A time with its zone: without one, ages could not be told."""


class Raw(msgspec.Struct, frozen=True):
    """A list as the hub sent it, to be printed as it is."""

    items: list[dict[str, Any]]


def age(since: datetime, now: datetime) -> str:
    """How long ago, in the largest two units that matter: ``4s``, ``12m``, ``3h05m``, ``2d04h``."""
    seconds = max(0, int((now - since).total_seconds()))
    minutes, hours, days = seconds // 60, seconds // 3600, seconds // 86400
    if days:
        return f"{days}d{hours % 24:02d}h"
    if hours:
        return f"{hours}h{minutes % 60:02d}m"
    return f"{minutes}m" if minutes else f"{seconds}s"


def counted(number: int, noun: str) -> str:
    """A number with its noun: ``1 route``, ``3 routes``."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def print_text(text: str) -> None:
    """Lines that are not wrapped, so that tokens and commands can be copied."""
    make_console().print(text, soft_wrap=True)


def print_json(value: object) -> None:
    """A value as indented JSON."""
    print(msgspec.json.format(msgspec.json.encode(value), indent=2).decode())  # noqa: T201 - a command's output
