"""Lists of the hub, as tables or as they are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Generic, TypeVar

import msgspec
from rich.table import Table

from farwatch.cli.views.printing import Raw, print_json, print_text
from farwatch.client import HubClient
from farwatch.terminal import make_console

T = TypeVar("T")


class Listed(msgspec.Struct, Generic[T], frozen=True):
    """A whole list of the hub's."""

    items: list[T]


async def print_list(
    client: HubClient,
    path: str,
    kind: type[Listed[T]],
    draw: Callable[[Sequence[T], datetime], Table],
    none: str,
    *,
    as_json: bool,
) -> None:
    """Print a list of the hub's.

    Args:
        client: Asks the hub.
        path: Where the list is, below ``/api/v1``.
        kind: What is shown of it.
        draw: Makes a table of what is in it, with ages at a time.
        none: What is said when nothing is.
        as_json: Print it as the hub sent it instead.

    Raises:
        ClientError: The hub cannot be asked.
    """
    if as_json:
        print_json((await client.get(path, Raw)).items)
        return
    items = (await client.get(path, kind)).items
    if items:
        make_console().print(draw(items, datetime.now(UTC)))
    else:
        print_text(none)
