"""Things named by the beginnings of their ids."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Generic, TypeVar

import msgspec

from farwatch.client import ClientError, HubClient

SHORT = 8
"""How much of an id is shown where there is little room."""

_FINGERPRINT = re.compile(r"[0-9a-f]{1,16}")
_FULL_FINGERPRINT = 16


T = TypeVar("T")


class Page(msgspec.Struct, Generic[T], frozen=True):
    """A page of a list."""

    items: list[T]
    cursor: str = ""


async def fetch_all(
    client: HubClient, path: str, kind: type[T], *, limit: int | None = None, **query: str
) -> list[T]:
    """All items of a list, page by page, or so many of them."""
    items: list[T] = []
    cursor = ""
    while True:
        asked = {name: value for name, value in {**query, "cursor": cursor}.items() if value}
        page = await client.get(path, Page[kind], **asked)  # type: ignore[valid-type]
        items += page.items
        cursor = page.cursor
        if not cursor or (limit is not None and len(items) >= limit):
            return items[:limit]


class Named(msgspec.Struct, frozen=True):
    """An alert or a silence, by its id."""

    id: str = ""
    fingerprint: str = ""


async def find_alert(client: HubClient, beginning: str) -> str:
    """The fingerprint of the alert that it begins.

    Raises:
        ClientError: No alert has it, or several have.
    """
    text = beginning.strip().lower()
    if not _FINGERPRINT.fullmatch(text):
        raise ClientError(
            f"{beginning[:50]!r} is not the beginning of a fingerprint: 'farwatch alerts' shows them"
        )
    if len(text) == _FULL_FINGERPRINT:
        return text
    alerts = await fetch_all(client, "/alerts", Named, status="all")
    return _only(text, (alert.fingerprint for alert in alerts), "alert", "farwatch alerts")


async def find_silence(client: HubClient, beginning: str) -> str:
    """The id of the silence that it begins. Raises as ``find_alert`` does."""
    silences = await fetch_all(client, "/silences", Named)
    return _only(
        beginning.strip().lower(),
        (silence.id for silence in silences),
        "silence",
        "farwatch silences list --expired",
    )


def _only(beginning: str, ids: Iterable[str], noun: str, command: str) -> str:
    found = sorted(key for key in ids if key.startswith(beginning))
    match found:
        case [only]:
            return only
        case []:
            raise ClientError(f"there is no {noun} {beginning[:50]!r}: {command!r} lists them")
    raise ClientError(
        f"{len(found)} of them begin with {beginning!r}, such as {found[0]} and {found[1]}: say more of it"
    )
