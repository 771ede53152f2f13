"""The clusters of the fleet, and the tokens their agents prove themselves with."""

from __future__ import annotations

import re
import secrets as random_source
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from farwatch.hub.auth import secrets
from farwatch.hub.fleet.errors import (
    ClusterExistsError,
    ClusterNameError,
    ClusterNotFoundError,
    TokenNotFoundError,
)
from farwatch.hub.store.records import Records, metadata
from farwatch.link.frames import CloseCode

MAX_NAME_LENGTH = 63
ROTATION_OVERLAP_SECONDS = 24 * 3600.0
"""How long the old token stays valid after a rotation, unless told otherwise."""

_NAME = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")
_TOKEN = re.compile(r"fwa_([0-9a-f]{12})_[A-Za-z0-9_-]{43}")
_ID_BYTES = 6

clusters = sa.Table(
    "clusters",
    metadata,
    sa.Column("name", sa.String(MAX_NAME_LENGTH), primary_key=True),
    sa.Column("uid", sa.String(64)),
    sa.Column("created_at", sa.Float, nullable=False),
    sa.Column("last_seen", sa.Float),
    sa.Column("agent_version", sa.String(64), nullable=False, server_default=""),
    sa.Column("kubernetes_version", sa.String(64), nullable=False, server_default=""),
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


class Cluster(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A cluster of the fleet. Times are UTC.

    Attributes:
        name: Its name at the hub, and the value of the label ``cluster``.
        created_at: When it was added.
        uid: UID of its namespace ``kube-system``; None until its agent first came.
        last_seen: When its agent was last seen, to about a minute; None if never.
        agent_version: The version its agent last had.
        kubernetes_version: The version its API server last had.
    """

    name: str
    created_at: datetime
    uid: str | None = None
    last_seen: datetime | None = None
    agent_version: str = ""
    kubernetes_version: str = ""


class TokenState(StrEnum):
    """Whether a token opens the door."""

    VALID = "valid"
    EXPIRED = "expired"
    REVOKED = "revoked"


class AgentToken(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, rename="camel"):
    """What may be shown of a token. Times are UTC.

    Attributes:
        id: The public part of the token, ``fwa_<id>_...``.
        cluster: The cluster it belongs to.
        state: Whether it is valid now.
        created_at: When it was made.
        expires_at: From when on it is worthless, after a rotation; None if not rotated out.
        revoked_at: When it was revoked.
        last_used_at: When an agent last presented it, to about a minute.
    """

    id: str
    cluster: str
    state: TokenState
    created_at: datetime
    expires_at: datetime | None = None
    revoked_at: datetime | None = None
    last_used_at: datetime | None = None


class IssuedToken(msgspec.Struct, frozen=True, kw_only=True):
    """A new token, with its secret, which is nowhere else: show it once."""

    id: str
    cluster: str
    token: str


class Sighting(msgspec.Struct, frozen=True, kw_only=True):
    """An agent was there.

    Attributes:
        cluster: Its cluster's name.
        token_id: The token it came in with.
        time: When it was last seen, seconds since the epoch.
        agent_version: The version it has.
        kubernetes_version: The version its API server has.
    """

    cluster: str
    token_id: str
    time: float
    agent_version: str
    kubernetes_version: str


class Refusal(msgspec.Struct, frozen=True, kw_only=True):
    """Why an agent may not come in: a code for machines, a reason with the way out for people."""

    code: CloseCode
    reason: str


class Clusters:
    """The clusters and tokens in the records.

    A cluster is bound to the first UID that one of its tokens is used from, and stays bound when its tokens change.
    """

    def __init__(self, records: Records, clock: Callable[[], float]) -> None:
        self._records = records
        self._clock = clock

    # --- clusters ---------------------------------------------------------------------------------------------

    async def add(self, name: str) -> IssuedToken:
        """Add a cluster with its first token.

        Raises:
            ClusterNameError: The name does not fit the rule.
            ClusterExistsError: It is taken.
        """
        _check_name(name)
        async with self._records.begin() as connection:
            if await _find_cluster(connection, name):
                raise ClusterExistsError(
                    f"cluster {name!r} exists already: rotate its token to get a new one, or choose another name"
                )
            await connection.execute(sa.insert(clusters).values(name=name, created_at=self._clock()))
            return await self._issue(connection, name)

    async def list(self) -> list[Cluster]:
        """Every cluster, by name."""
        async with self._records.read() as connection:
            rows = await connection.execute(sa.select(clusters).order_by(clusters.c.name))
            return [_to_cluster(row) for row in rows.mappings()]

    async def get(self, name: str) -> Cluster:
        """One cluster.

        Raises:
            ClusterNotFoundError: There is none of this name.
        """
        async with self._records.read() as connection:
            return await _get_cluster(connection, name)

    async def remove(self, name: str) -> None:
        """Remove a cluster and its tokens.

        Raises:
            ClusterNotFoundError: There is none of this name.
        """
        async with self._records.begin() as connection:
            await _get_cluster(connection, name)
            await connection.execute(sa.delete(clusters).where(clusters.c.name == name))

    async def record_sightings(self, sightings: Sequence[Sighting]) -> None:
        """Keep what was last known of agents, so that it survives a restart. Removed clusters are passed over."""
        if not sightings:
            return
        seen = sa.update(clusters).where(clusters.c.name == sa.bindparam("of"))
        used = sa.update(tokens).where(tokens.c.id == sa.bindparam("of"))
        async with self._records.begin() as connection:
            await connection.execute(
                seen,
                [
                    {
                        "of": sighting.cluster,
                        "last_seen": sighting.time,
                        "agent_version": sighting.agent_version[:64],
                        "kubernetes_version": sighting.kubernetes_version[:64],
                    }
                    for sighting in sightings
                ],
            )
            await connection.execute(
                used, [{"of": sighting.token_id, "last_used_at": sighting.time} for sighting in sightings]
            )

    # --- tokens -----------------------------------------------------------------------------------------------

    async def tokens(self, name: str) -> Sequence[AgentToken]:
        """A cluster's tokens, newest first, the worthless ones as well.

        Raises:
            ClusterNotFoundError: There is no such cluster.
        """
        now = self._clock()
        async with self._records.read() as connection:
            await _get_cluster(connection, name)
            rows = await connection.execute(
                sa.select(tokens)
                .where(tokens.c.cluster == name)
                .order_by(tokens.c.created_at.desc(), tokens.c.id)
            )
            return [_to_token(row, now) for row in rows.mappings()]

    async def rotate(self, name: str, overlap_seconds: float = ROTATION_OVERLAP_SECONDS) -> IssuedToken:
        """Make a new token; those valid now stay valid for the overlap, so that the agent can be changed in peace.

        Raises:
            ClusterNotFoundError: There is no such cluster.
        """
        expires_at = self._clock() + overlap_seconds
        async with self._records.begin() as connection:
            await _get_cluster(connection, name)
            still_longer = sa.or_(tokens.c.expires_at.is_(None), tokens.c.expires_at > expires_at)
            await connection.execute(
                sa.update(tokens)
                .where(tokens.c.cluster == name, tokens.c.revoked_at.is_(None), still_longer)
                .values(expires_at=expires_at)
            )
            return await self._issue(connection, name)

    async def revoke(self, name: str, token_id: str) -> None:
        """Make a token worthless at once. Revoking it again changes nothing.

        Raises:
            TokenNotFoundError: The cluster has no such token.
        """
        async with self._records.begin() as connection:
            mine = sa.and_(tokens.c.cluster == name, tokens.c.id == token_id)
            if not (await connection.execute(sa.select(tokens.c.id).where(mine))).first():
                raise TokenNotFoundError(
                    f"cluster {name!r} has no token {token_id!r}: list its tokens to see them"
                )
            await connection.execute(
                sa.update(tokens).where(mine, tokens.c.revoked_at.is_(None)).values(revoked_at=self._clock())
            )

    async def authenticate(self, token: str, cluster_uid: str) -> Cluster | Refusal:
        """Whose token this is, if it is good; the first use binds the cluster to ``cluster_uid``."""
        cluster = await self._find_token(token)
        if isinstance(cluster, Refusal):
            return cluster
        if cluster.uid == cluster_uid:
            return cluster
        if not cluster_uid:
            return Refusal(
                code=CloseCode.FOREIGN_CLUSTER, reason="the agent did not say which cluster it is in"
            )
        if cluster.uid is None:
            cluster = await self._bind(cluster.name, cluster_uid)
        if cluster.uid != cluster_uid:
            return Refusal(
                code=CloseCode.FOREIGN_CLUSTER,
                reason=f"token {token_id(token)} belongs to cluster {cluster.name!r}, which is another cluster "
                f"(kube-system UID {cluster.uid}, here {cluster_uid}): add this cluster under a name of its own, "
                f"or, if it was rebuilt, remove {cluster.name!r} and add it again",
            )
        return cluster

    async def worthless_tokens(self) -> frozenset[str]:
        """The ids of all tokens that are revoked or have ended: links that were opened with them must close."""
        ended = sa.or_(tokens.c.revoked_at.is_not(None), tokens.c.expires_at <= self._clock())
        async with self._records.read() as connection:
            return frozenset((await connection.execute(sa.select(tokens.c.id).where(ended))).scalars())

    async def _find_token(self, token: str) -> Cluster | Refusal:
        unknown = Refusal(
            code=CloseCode.BAD_TOKEN,
            reason="the hub does not know this token: make one with 'farwatch cluster add', or rotate the cluster's token",
        )
        if not token_id(token):
            return unknown
        query = sa.select(tokens, clusters).join_from(tokens, clusters).where(tokens.c.id == token_id(token))
        async with self._records.read() as connection:
            row = (
                (await connection.execute(query.set_label_style(sa.LABEL_STYLE_TABLENAME_PLUS_COL)))
                .mappings()
                .first()
            )
        if row is None or not secrets.matches(token, row["cluster_tokens_digest"]):
            return unknown
        cluster = _to_cluster({column.name: row[f"clusters_{column.name}"] for column in clusters.c})
        if row["cluster_tokens_revoked_at"] is not None:
            return _refuse_worthless(
                token_id(token), cluster.name, "was revoked", row["cluster_tokens_revoked_at"]
            )
        expires_at = row["cluster_tokens_expires_at"]
        if expires_at is not None and expires_at <= self._clock():
            return _refuse_worthless(token_id(token), cluster.name, "was rotated out and ended", expires_at)
        return cluster

    async def _bind(self, name: str, uid: str) -> Cluster:
        """Bind if nobody was faster; whoever it was bound to is in the answer."""
        async with self._records.begin() as connection:
            unbound = sa.and_(clusters.c.name == name, clusters.c.uid.is_(None))
            # Seen as well: a hub that is killed before the next sighting is kept must expect this agent at its start.
            bound = {"uid": uid, "last_seen": self._clock()}
            await connection.execute(sa.update(clusters).where(unbound).values(bound))
            return await _get_cluster(connection, name)

    async def _issue(self, connection: AsyncConnection, name: str) -> IssuedToken:
        identity = random_source.token_hex(_ID_BYTES)
        token = secrets.mint(f"fwa_{identity}")
        await connection.execute(
            sa.insert(tokens).values(
                id=identity, cluster=name, digest=secrets.digest(token), created_at=self._clock()
            )
        )
        return IssuedToken(id=identity, cluster=name, token=token)


def token_id(token: str) -> str:
    """The public part of a token; empty if it does not look like one of ours."""
    match = _TOKEN.fullmatch(token)
    return match[1] if match else ""


def _check_name(name: str) -> None:
    if len(name) > MAX_NAME_LENGTH or not _NAME.fullmatch(name):
        raise ClusterNameError(
            f"{name[:80]!r} cannot be a cluster's name: use at most {MAX_NAME_LENGTH} lower case letters, digits and "
            "'-', beginning and ending with a letter or digit"
        )


def _refuse_worthless(identity: str, cluster: str, fate: str, at: float) -> Refusal:
    return Refusal(
        code=CloseCode.REVOKED_TOKEN,
        reason=f"token {identity} of cluster {cluster!r} {fate} at {_to_time(at):%Y-%m-%d %H:%M:%S} UTC: "
        "rotate the cluster's token and give the agent the new one",
    )


async def _find_cluster(connection: AsyncConnection, name: str) -> Cluster | None:
    row = (await connection.execute(sa.select(clusters).where(clusters.c.name == name))).mappings().first()
    return None if row is None else _to_cluster(row)


async def _get_cluster(connection: AsyncConnection, name: str) -> Cluster:
    found = await _find_cluster(connection, name)
    if found is None:
        raise ClusterNotFoundError(
            f"no cluster is named {name[:80]!r}: 'farwatch cluster list' names them all"
        )
    return found


def _to_cluster(row: Mapping[Any, Any]) -> Cluster:
    return Cluster(
        name=row["name"],
        created_at=_to_time(row["created_at"]),
        uid=row["uid"],
        last_seen=_to_time_or_none(row["last_seen"]),
        agent_version=row["agent_version"],
        kubernetes_version=row["kubernetes_version"],
    )


def _to_token(row: Mapping[Any, Any], now: float) -> AgentToken:
    return AgentToken(
        id=row["id"],
        cluster=row["cluster"],
        state=_token_state(row, now),
        created_at=_to_time(row["created_at"]),
        expires_at=_to_time_or_none(row["expires_at"]),
        revoked_at=_to_time_or_none(row["revoked_at"]),
        last_used_at=_to_time_or_none(row["last_used_at"]),
    )


def _token_state(row: Mapping[Any, Any], now: float) -> TokenState:
    if row["revoked_at"] is not None:
        return TokenState.REVOKED
    if row["expires_at"] is not None and row["expires_at"] <= now:
        return TokenState.EXPIRED
    return TokenState.VALID


def _to_time(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _to_time_or_none(seconds: float | None) -> datetime | None:
    return None if seconds is None else _to_time(seconds)
