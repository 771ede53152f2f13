"""The tables of the telemetry store: their rows as structs, their schema as SQL."""

from __future__ import annotations

from enum import StrEnum

import msgspec


class Table(StrEnum):
    """The tables that rows are inserted into."""

    CHANGES = "changes"
    ALERT_EVENTS = "alert_events"
    NOTIFICATIONS = "notifications"
    SILENCE_EVENTS = "silence_events"


class ChangeRow(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One object created, updated or deleted: a row of ``changes``.

    Attributes:
        sequence: The hub's own count, increasing for ever: the order in which it learned of changes.
        time: When the agent saw it, seconds since the epoch.
        cluster: The cluster's name.
        kind: A name in ``farwatch.kube.kinds.KINDS``.
        namespace: Empty for cluster-scoped kinds.
        name: The object's name.
        uid: Tells an object from its successor of the same name.
        operation: ``created``, ``updated`` or ``deleted``.
        after_gap: Found by comparing after a gap.
        resource_version: The object's version.
        document: The trimmed object in JSON; when deleted, as it last was.
    """

    sequence: int
    time: float
    cluster: str
    kind: str
    namespace: str
    name: str
    uid: str
    operation: str
    after_gap: bool
    resource_version: str
    document: str


class AlertEventRow(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One transition of one alert: a row of ``alert_events``.

    Attributes:
        time: When it happened, seconds since the epoch.
        fingerprint: The alert's identity.
        transition: What happened to it: ``fired``, ``updated``, ``resolved``, ``acknowledged``, ``unacknowledged``.
        alertname: Its label ``alertname``.
        cluster: Its label ``cluster``, empty if it has none.
        namespace: Its label ``namespace``, empty if it has none.
        starts_at: Seconds since the epoch.
        ends_at: Seconds since the epoch; None while it fires.
        labels: All of its labels.
        annotations: What people read.
        author: Who acknowledged it, or took that back; empty otherwise.
        note: What they said.
    """

    time: float
    fingerprint: str
    transition: str
    alertname: str
    cluster: str
    namespace: str
    starts_at: float
    ends_at: float | None
    labels: dict[str, str]
    annotations: dict[str, str]
    author: str = ""
    note: str = ""


class NotificationRow(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """How telling one integration of one group ended: a row of ``notifications``.

    Attributes:
        time: When it ended, seconds since the epoch.
        receiver: The receiver's name.
        integration: The kind of the integration: ``webhook``, ``slack``.
        position: Its place among those of its kind.
        route: The id of the group's route.
        group_key: The group's name.
        reason: Why people were told.
        outcome: How it ended.
        attempts: How often it was tried.
        seconds: How long the last attempt took.
        firing: Fingerprints of the firing alerts of the message.
        resolved: Fingerprints of the resolved ones.
        alertnames: The names of its alerts, each once.
        clusters: The clusters of its alerts, each once.
        detail: What the service answered: the receipt, or what was wrong.
    """

    time: float
    receiver: str
    integration: str
    position: int
    route: str
    group_key: str
    reason: str
    outcome: str
    attempts: int
    seconds: float
    firing: tuple[str, ...]
    resolved: tuple[str, ...]
    alertnames: tuple[str, ...]
    clusters: tuple[str, ...]
    detail: str


class SilenceEventRow(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One thing that happened to one silence: a row of ``silence_events``.

    Attributes:
        time: When it happened, seconds since the epoch.
        change: What: ``created``, ``updated``, ``expired``.
        id: The silence's id.
        matchers: What an alert must fulfil to be hushed.
        starts_at: From when on it hushes, seconds since the epoch.
        ends_at: Until when.
        created_by: Who wanted it.
        comment: Why.
        author: Who did this: the name of an API token; empty where it was the passing of time, or nobody known.
    """

    time: float
    change: str
    id: str
    matchers: str
    starts_at: float
    ends_at: float
    created_by: str
    comment: str
    author: str = ""


Row = ChangeRow | AlertEventRow | NotificationRow | SilenceEventRow

COLUMNS: dict[Table, tuple[str, ...]] = {
    Table.CHANGES: ChangeRow.__struct_fields__,
    Table.ALERT_EVENTS: AlertEventRow.__struct_fields__,
    Table.NOTIFICATIONS: NotificationRow.__struct_fields__,
    Table.SILENCE_EVENTS: SilenceEventRow.__struct_fields__,
}
"""The columns of each table in the order of its row's fields."""

SNAPSHOTS = "snapshots"
"""The table of all objects as they were once a day; it is made from ``objects``, and kept as long as ``changes``."""

SELECT_CHANGE = (
    "sequence, toUnixTimestamp64Milli(time) / 1000, cluster, kind, namespace, name, uid, operation, after_gap, "
    "resource_version, document"
)
"""What to select so that each result row is a ``ChangeRow``."""

# Parts that a crash left broken are set aside and never keep the hub from starting. The deduplication window makes
# a retried insert count once. A TTL drops whole days: rewriting parts row by row is never worth it.
_COMMON = """non_replicated_deduplication_window = 1000, max_suspicious_broken_parts = 1000000,
    max_suspicious_broken_parts_bytes = 1000000000000"""
_DAILY = f"{_COMMON}, ttl_only_drop_parts = 1, materialize_ttl_recalculate_only = 1"

SCHEMA = (
    # The key serves "one object over time" in full and "a cluster's or namespace's window" by its beginning; days are
    # partitions, so that a window reads its days only.
    f"""
    CREATE TABLE IF NOT EXISTS changes (
        sequence UInt64 CODEC(Delta, ZSTD(1)),
        time DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
        cluster LowCardinality(String),
        kind LowCardinality(String),
        namespace LowCardinality(String),
        name String CODEC(ZSTD(1)),
        uid String CODEC(ZSTD(1)),
        operation LowCardinality(String),
        after_gap Bool,
        resource_version String CODEC(ZSTD(1)),
        document String CODEC(ZSTD(3)),
        INDEX by_time time TYPE minmax
    ) ENGINE = MergeTree
    PARTITION BY toDate(time)
    ORDER BY (cluster, namespace, kind, name, sequence)
    SETTINGS {_DAILY}
    """,
    # The newest document of each object outlives its changes: the inventory is rebuilt from here after a restart.
    # A merge of everything that is old enough removes what was deleted, the tombstone as well.
    f"""
    CREATE TABLE IF NOT EXISTS objects (
        sequence UInt64,
        time DateTime64(3, 'UTC'),
        cluster LowCardinality(String),
        kind LowCardinality(String),
        namespace LowCardinality(String),
        name String CODEC(ZSTD(1)),
        uid String CODEC(ZSTD(1)),
        resource_version String CODEC(ZSTD(1)),
        document String CODEC(ZSTD(3)),
        deleted UInt8
    ) ENGINE = ReplacingMergeTree(sequence, deleted)
    ORDER BY (cluster, kind, namespace, name)
    SETTINGS {_COMMON}, allow_experimental_replacing_merge_with_cleanup = 1,
        enable_replacing_merge_with_cleanup_for_min_age_to_force_merge = 1,
        min_age_to_force_merge_seconds = 3600, min_age_to_force_merge_on_partition_only = 1
    """,
    """
    CREATE MATERIALIZED VIEW IF NOT EXISTS objects_from_changes TO objects AS
    SELECT sequence, time, cluster, kind, namespace, name, uid, resource_version,
        if(operation = 'deleted', '', document) AS document, operation = 'deleted' AS deleted
    FROM changes
    """,
    # What has not changed for longer than changes are kept is known at any time from here; and who asks how things were
    # reads one of these and what changed since, not all that ever did.
    f"""
    CREATE TABLE IF NOT EXISTS snapshots (
        time DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
        since DateTime64(3, 'UTC'),
        sequence UInt64,
        cluster LowCardinality(String),
        kind LowCardinality(String),
        namespace LowCardinality(String),
        name String CODEC(ZSTD(1)),
        uid String CODEC(ZSTD(1)),
        document String CODEC(ZSTD(3))
    ) ENGINE = MergeTree
    PARTITION BY toDate(time)
    ORDER BY (kind, cluster, namespace, name)
    SETTINGS {_DAILY}
    """,
    f"""
    CREATE TABLE IF NOT EXISTS alert_events (
        time DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
        fingerprint String,
        transition LowCardinality(String),
        alertname LowCardinality(String),
        cluster LowCardinality(String),
        namespace LowCardinality(String),
        starts_at DateTime64(3, 'UTC'),
        ends_at Nullable(DateTime64(3, 'UTC')),
        labels Map(LowCardinality(String), String) CODEC(ZSTD(1)),
        annotations Map(LowCardinality(String), String) CODEC(ZSTD(3)),
        INDEX by_fingerprint fingerprint TYPE bloom_filter
    ) ENGINE = MergeTree
    PARTITION BY toDate(time)
    ORDER BY (cluster, alertname, fingerprint, time)
    SETTINGS {_DAILY}
    """,
    """
    ALTER TABLE alert_events
        ADD COLUMN IF NOT EXISTS author LowCardinality(String),
        ADD COLUMN IF NOT EXISTS note String CODEC(ZSTD(1))
    """,
    # Both are small, and asked for by time.
    f"""
    CREATE TABLE IF NOT EXISTS notifications (
        time DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
        receiver LowCardinality(String),
        integration LowCardinality(String),
        position UInt16,
        route LowCardinality(String),
        group_key String CODEC(ZSTD(1)),
        reason LowCardinality(String),
        outcome LowCardinality(String),
        attempts UInt16,
        seconds Float32,
        firing Array(String) CODEC(ZSTD(1)),
        resolved Array(String) CODEC(ZSTD(1)),
        alertnames Array(LowCardinality(String)),
        clusters Array(LowCardinality(String)),
        detail String CODEC(ZSTD(1))
    ) ENGINE = MergeTree
    PARTITION BY toDate(time)
    ORDER BY time
    SETTINGS {_DAILY}
    """,
    f"""
    CREATE TABLE IF NOT EXISTS silence_events (
        time DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
        change LowCardinality(String),
        id String,
        matchers String CODEC(ZSTD(1)),
        starts_at DateTime64(3, 'UTC'),
        ends_at DateTime64(3, 'UTC'),
        created_by String,
        comment String CODEC(ZSTD(1))
    ) ENGINE = MergeTree
    PARTITION BY toDate(time)
    ORDER BY time
    SETTINGS {_DAILY}
    """,
    "ALTER TABLE silence_events ADD COLUMN IF NOT EXISTS author LowCardinality(String)",
)
"""What a new store is made with, in this order; each statement does nothing where its table exists."""
