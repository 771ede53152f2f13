"""How views print."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

import msgspec
from rich.console import Console
from rich.table import Table
from rich.text import Text

from farwatch.terminal import make_console, plain

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


NARROW = 110
"""Below this width, what a row tells is stacked into its last column."""


def is_narrow(console: Console) -> bool:
    """Whether a terminal has no room for a column for each thing."""
    return console.width < NARROW


def stacked(*lines: Text | str) -> Text:
    """Several lines in one cell, without those that are empty."""
    return Text("\n").join(line if isinstance(line, Text) else plain(line) for line in lines if str(line))


def make_table(headings: Sequence[str], last: str) -> Table:
    """A table without lines: short columns, and a last one that takes what is left and folds."""
    table = Table(box=None, header_style="bold", pad_edge=False)
    for heading in headings:
        table.add_column(heading, no_wrap=True)
    table.add_column(last, overflow="fold", ratio=1)
    return table


def counted(number: int, noun: str) -> str:
    """A number with its noun: ``1 route``, ``3 routes``."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def print_text(text: str) -> None:
    """Lines that are not wrapped, so that tokens and commands can be copied."""
    make_console().print(text, soft_wrap=True)


def print_json(value: object) -> None:
    """A value as indented JSON."""
    print(msgspec.json.format(msgspec.json.encode(value), indent=2).decode())  # noqa: T201 - a command's output
