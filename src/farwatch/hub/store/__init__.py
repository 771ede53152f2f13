"""Where the hub keeps things: records (SQLite or PostgreSQL) and telemetry (chDB or ClickHouse)."""

from farwatch.hub.store.directory import DataDirectory
from farwatch.hub.store.errors import QueryError, StoreError, TelemetryError
from farwatch.hub.store.lock import Succession
from farwatch.hub.store.records import Records, metadata
from farwatch.hub.store.tables import AlertEventRow, ChangeRow, NotificationRow, SilenceEventRow, Table
from farwatch.hub.store.telemetry import Telemetry, TelemetrySettings

__all__ = [
    "AlertEventRow",
    "ChangeRow",
    "DataDirectory",
    "NotificationRow",
    "QueryError",
    "Records",
    "SilenceEventRow",
    "StoreError",
    "Succession",
    "Table",
    "Telemetry",
    "TelemetryError",
    "TelemetrySettings",
    "metadata",
]
