"""The fleet in the records: its tables, and what is read of a cluster's row."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from farwatch.hub.fleet.errors import ClusterNameError, ClusterNotFoundError
from farwatch.hub.store.records import metadata
from farwatch.hub.times import to_time, to_time_or_none

MAX_NAME_LENGTH = 63

_NAME = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")

clusters = sa.Table(
    "clusters",
    metadata,
    sa.Column("name", sa.String(MAX_NAME_LENGTH), primary_key=True),
    sa.Column("uid", sa.String(64)),
    sa.Column("created_at", sa.Float, nullable=False),
    sa.Column("last_seen", sa.Float),
    sa.Column("agent_version", sa.String(64), nullable=False, server_default=""),
    sa.Column("kubernetes_version", sa.String(64), nullable=False, server_default=""),
    sa.Column("labels", sa.Text, nullable=False, server_default="{}"),
    sa.Column("registered_by", sa.String(16)),
)

tokens = sa.Table(
    "cluster_tokens",
    metadata,
    sa.Column("id", sa.String(16), primary_key=True),
    sa.Column("cluster", sa.ForeignKey("clusters.name", ondelete="CASCADE"), nullable=False, index=True),
    sa.Column("digest", sa.String(64), nullable=False),
    sa.Column("created_at", sa.Float, nullable=False),
    sa.Column("expires_at", sa.Float),
    sa.Column("revoked_at", sa.Float),
    sa.Column("last_used_at", sa.Float),
)

organisation_keys = sa.Table(
    "organisation_keys",
    metadata,
    sa.Column("id", sa.String(16), primary_key=True),
    sa.Column("name", sa.String(100), nullable=False),
    sa.Column("digest", sa.String(64), nullable=False),
    sa.Column("cluster_names", sa.String(MAX_NAME_LENGTH), nullable=False),
    sa.Column("labels", sa.Text, nullable=False),
    sa.Column("created_at", sa.Float, nullable=False),
    sa.Column("revoked_at", sa.Float),
    sa.Column("last_used_at", sa.Float),
)


class Cluster(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A cluster of the fleet. Times are UTC.

    Attributes:
        name: Its name at the hub, and the value of the label ``cluster``.
        created_at: When it was added.
        uid: UID of its namespace ``kube-system``; None until its agent first came.
        last_seen: When its agent was last seen, to about a minute; None if never.
        agent_version: The version its agent last had.
        kubernetes_version: The version its API server last had.
        labels: What its alerts carry beside ``cluster``.
        registered_by: The id of the organisation key that added it; None if people did.
    """

    name: str
    created_at: datetime
    uid: str | None = None
    last_seen: datetime | None = None
    agent_version: str = ""
    kubernetes_version: str = ""
    labels: dict[str, str] = {}
    registered_by: str | None = None


def check_name(name: str) -> None:
    """See that a cluster can have this name.

    Raises:
        ClusterNameError: It cannot.
    """
    if len(name) > MAX_NAME_LENGTH or not _NAME.fullmatch(name):
        raise ClusterNameError(
            f"{name[:80]!r} cannot be a cluster's name: use at most {MAX_NAME_LENGTH} lower case letters, digits and "
            "'-', beginning and ending with a letter or digit"
        )


async def find_cluster(connection: AsyncConnection, name: str) -> Cluster | None:
    """The cluster of this name, if there is one."""
    row = (await connection.execute(sa.select(clusters).where(clusters.c.name == name))).mappings().first()
    return None if row is None else to_cluster(row)


async def get_cluster(connection: AsyncConnection, name: str) -> Cluster:
    """The cluster of this name.

    Raises:
        ClusterNotFoundError: There is none.
    """
    found = await find_cluster(connection, name)
    if found is None:
        raise ClusterNotFoundError(
            f"no cluster is named {name[:80]!r}: 'farwatch cluster list' names them all"
        )
    return found


def to_cluster(row: Mapping[Any, Any]) -> Cluster:
    """What a row says."""
    return Cluster(
        name=row["name"],
        created_at=to_time(row["created_at"]),
        uid=row["uid"],
        last_seen=to_time_or_none(row["last_seen"]),
        agent_version=row["agent_version"],
        kubernetes_version=row["kubernetes_version"],
        labels=msgspec.json.decode(row["labels"], type=dict[str, str]),
        registered_by=row["registered_by"],
    )


def write_labels(labels: Mapping[str, str]) -> str:
    """Labels as a column keeps them."""
    return msgspec.json.encode(labels).decode()
