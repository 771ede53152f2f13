"""Pages of a table, the newest rows first."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple, Self

import msgspec

from farwatch.hub.alerting.errors import AlertingError

LATEST_SECONDS = 7_258_118_400.0
"""The year 2200: the store's times end in 2262."""

_CURSOR = re.compile(r"([0-9]{1,15})-([0-9a-f]{1,16})")

Bound = dict[str, str | int | float]


class CursorError(AlertingError):
    """A cursor that no page gave."""


class SpanError(AlertingError):
    """A span of time that is none."""


class Span(msgspec.Struct, frozen=True, kw_only=True):
    """From when on, included, until when, excluded; seconds since the epoch."""

    since: float
    until: float

    def bound(self) -> Bound:
        """As the parameters ``since`` and ``until``, in milliseconds.

        Raises:
            SpanError: It ends before it begins, or lies beyond all times.
        """
        if not 0 <= self.since < self.until <= LATEST_SECONDS:
            raise SpanError("`since` must be before `until`, and both between 1970 and 2200")
        return {"since": int(self.since * 1000), "until": int(self.until * 1000)}


class Cursor(NamedTuple):
    """A place in a table: the time and the key of a row."""

    milliseconds: int
    key: int

    @classmethod
    def read(cls, text: str) -> Self:
        """From its text.

        Raises:
            CursorError: No page gave it.
        """
        found = _CURSOR.fullmatch(text)
        if found is None:
            raise CursorError(f"cursor {text[:80]!r} is not one that a page gave: begin again without it")
        return cls(int(found[1]), int(found[2], 16))

    def __str__(self) -> str:
        return f"{self.milliseconds}-{self.key:x}"


class Listing(msgspec.Struct, frozen=True, kw_only=True):
    """How a table is listed.

    Attributes:
        table: Its name.
        columns: What to select, in the order of the row's fields.
        key: An expression that tells apart rows of the same time.
    """

    table: str
    columns: str
    key: str

    def select(
        self,
        span: Span,
        conditions: Mapping[str, tuple[str, str]],
        cursor: str,
        limit: int,
        within: tuple[str, Mapping[str, str]] = ("true", {}),
    ) -> tuple[str, Bound]:
        """The statement for a page, with one row more than the page has, and what is bound to it.

        Args:
            span: Of which time.
            conditions: By the name of a parameter: the condition that uses it, and its value. Empty values are left out.
            cursor: Of the page before; empty for the first.
            limit: How many rows the page has at most.
            within: A condition that every row fulfils, and what is bound in it.

        Raises:
            CursorError: No page gave this cursor.
            SpanError: It is none.
        """
        given = {name: pair for name, pair in conditions.items() if pair[1]}
        words = [_WITHIN, within[0], *(condition for condition, _ in given.values())]
        bound: Bound = {**span.bound(), **within[1], **{name: value for name, (_, value) in given.items()}}
        if cursor:
            place = Cursor.read(cursor)
            words += ["time <= fromUnixTimestamp64Milli({at:Int64})", _BEFORE]
            bound |= {"at": place.milliseconds, "key": place.key}
        # S608: words are constants of this package; every value is bound.
        statement = (
            f"SELECT toUnixTimestamp64Milli(time) AS ms, {self.key} AS row_key, {self.columns} FROM {self.table} "  # noqa: S608
            f"WHERE {' AND '.join(words)} ORDER BY time DESC, row_key DESC LIMIT {{limit:UInt32}}"
        )
        return statement, {**bound, "limit": limit + 1}


_WITHIN = "time >= fromUnixTimestamp64Milli({since:Int64}) AND time < fromUnixTimestamp64Milli({until:Int64})"
_BEFORE = "(ms, row_key) < ({at:Int64}, {key:UInt64})"


def equals(column: str) -> str:
    """The condition that a column has the value of the parameter of its name."""
    return f"{column} = {{{column}:String}}"
