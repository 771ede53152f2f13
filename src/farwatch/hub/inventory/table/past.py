"""Tables as they were at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import NamedTuple

from farwatch.hub.inventory.past import Past, PastObject, PastQuery
from farwatch.hub.inventory.table.rows import Entries, Entry, make_entry

KEPT_SECONDS = 60.0
"""For so long a table is kept: who pages through it, or sorts it, asks for the same one again and again."""

MOST_KEPT = 2

_Key = tuple[tuple[str, ...], float, frozenset[str], str | None]


class _Kept(NamedTuple):
    until: float
    entries: Entries


class PastTables:
    """Makes the rows that tables had, and keeps the last few tables.

    Args:
        past: The objects as they were.
        monotonic: Monotonic seconds.
    """

    def __init__(self, past: Past, monotonic: Callable[[], float]) -> None:
        self._past = past
        self._monotonic = monotonic
        self._kept: dict[_Key, _Kept] = {}

    async def entries(self, query: PastQuery) -> Entries:
        """The rows, by cluster, then by namespace and name.

        Raises:
            PastError: The time is to come, or there are too many.
            TelemetryError: The store cannot answer.
        """
        now = self._monotonic()
        key = (query.kinds, query.time, frozenset(query.clusters), query.namespace)
        kept = self._kept.get(key)
        if kept is None or kept.until < now:
            found = await self._past.objects(query)
            # Thousands of documents to decode: others go on meanwhile.
            kept = _Kept(now + KEPT_SECONDS, await asyncio.to_thread(_make, found))
            self._keep(key, kept)
        return kept.entries

    def _keep(self, key: _Key, kept: _Kept) -> None:
        self._kept.pop(key, None)
        while len(self._kept) >= MOST_KEPT:
            del self._kept[next(iter(self._kept))]
        self._kept[key] = kept


def _make(found: Sequence[PastObject]) -> Entries:
    entries: dict[str, list[Entry]] = {}
    for one in sorted(found, key=lambda one: (one.cluster, one.namespace, one.name)):
        decoded = one.decode()
        if decoded is not None:
            entries.setdefault(one.cluster, []).append(make_entry(one.cluster, one.kind, decoded))
    return entries
