"""What can go wrong in a store."""

from __future__ import annotations


class StoreError(Exception):
    """The base of every error of the stores. Its message is one line: the thing, the fault, the way out."""


class DirectoryUnusableError(StoreError):
    """The data directory cannot be made, written to or locked."""


class DirectoryTakenError(StoreError):
    """Another hub runs on the same data directory."""


class RecordsError(StoreError):
    """The records database cannot be opened or brought up to date."""


class RecordsTooNewError(RecordsError):
    """The records database was written by a newer Farwatch than this one."""


class RecordsTakenError(RecordsError):
    """Another hub works on the same database."""


class TelemetryError(StoreError):
    """The telemetry store cannot be opened, written to or asked."""


class TelemetryClosedError(TelemetryError):
    """The telemetry store is closing and takes no more work."""


class RowsRejectedError(TelemetryError):
    """The engine will never take these rows, however often they are sent again."""


class QueryError(TelemetryError):
    """A query failed; the message is the engine's own."""
