"""What the telemetry store asks of a ClickHouse engine, wherever that one runs, and the words both sides share."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

Parameter = str | int | float

# ClickHouse's src/Common/ErrorCodes.cpp: the faults that lie in the rows themselves and not in the moment.
DATA_FAULTS = frozenset({6, 20, 26, 27, 38, 41, 53, 69, 72, 117, 349})

_CODE = re.compile(r"Code: (\d+)\. DB::Exception: ")
_NAME = re.compile(r"\(([A-Z][A-Z0-9_]{1,80})\)")
_TAIL = re.compile(r"\s*\([A-Z][A-Z0-9_]+\)(?: \(version [^()]*(?:\([^()]*\))?\))?\s*$")
_LONGEST_MESSAGE = 500

# Query parameters are read in ClickHouse's escaped text form.
_ESCAPES = str.maketrans(
    {"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r", "\0": "\\0", "\b": "\\b", "\f": "\\f"}
)


class Engine(Protocol):
    """A ClickHouse engine, with the telemetry's database as its current one."""

    async def execute(self, statement: str, parameters: Mapping[str, Parameter] | None = None) -> None:
        """Run a statement that changes something, in order with the inserts.

        Raises:
            TelemetryError: It failed.
        """

    async def insert(self, table: str, columns: tuple[str, ...], rows: bytes, token: str) -> None:
        """Insert rows; once it returns they are safe from a kill of the engine's process.

        Args:
            table: Its name.
            columns: In the order of the values in each row.
            rows: JSON arrays, one a line.
            token: The same rows sent again with the same token are written once.

        Raises:
            RowsRejectedError: The rows are at fault: sending them again will not help.
            TelemetryError: The insert failed for now.
        """

    async def query(self, sql: str, parameters: Mapping[str, Parameter] | None, output: str) -> bytes:
        """Run a query that only reads, and give its result in an output format of ClickHouse's.

        When the caller is cancelled, the query is killed.

        Raises:
            QueryError: It failed; the message is the engine's.
        """

    async def backup(self, to: Path) -> None:
        """Write all tables into a directory (an absolute path), which must not be there; inserts and queries go on.

        When the caller is cancelled, it is given up; what was written stays.

        Raises:
            TelemetryError: It failed, or the engine keeps backups of its own.
        """

    async def close(self) -> None:
        """End whatever still runs, and let go of the engine; the caller has stopped giving it work."""


def escape(value: Parameter) -> str:
    """A query parameter's value as the engine reads it."""
    return value.translate(_ESCAPES) if isinstance(value, str) else repr(value)


def write_insert(table: str, columns: tuple[str, ...], token: str) -> str:
    """The statement that rows, JSON arrays one a line, follow on the next line."""
    return (
        f"INSERT INTO {table} ({', '.join(columns)}) "
        f"SETTINGS insert_deduplication_token = '{token}', deduplicate_blocks_in_dependent_materialized_views = 1 "
        "FORMAT JSONCompactEachRow"
    )


def find_codes(message: str) -> set[int]:
    """Every error code in an engine's message: a fault may hold the one that caused it."""
    return {int(code) for code in _CODE.findall(message)}


def explain(message: str) -> str:
    """An engine's message in one bounded line, with the name of its code behind."""
    line = _CODE.split(message)[-1].split("\n", 1)[0]
    name = _NAME.findall(message)
    return f"{_TAIL.sub('', line)[:_LONGEST_MESSAGE]} [{name[-1] if name else 'UNKNOWN'}]"
