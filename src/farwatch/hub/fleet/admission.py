"""Who may come in: whose token or organisation key an agent shows, and whether it is in the cluster that it says."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec
import sqlalchemy as sa
from msgspec.structs import replace
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from farwatch.hub.auth import secrets
from farwatch.hub.fleet.errors import ClusterNameError
from farwatch.hub.fleet.keys import OrganisationKey, to_key
from farwatch.hub.fleet.records import (
    MAX_NAME_LENGTH,
    Cluster,
    check_name,
    clusters,
    find_cluster,
    get_cluster,
    organisation_keys,
    to_cluster,
    tokens,
    write_labels,
)
from farwatch.hub.fleet.tokens import is_key, token_id
from farwatch.hub.store.records import Records
from farwatch.hub.times import to_time
from farwatch.link.frames import AgentInfo, CloseCode

UNKNOWN_CLUSTER_RETRY_SECONDS = 5.0
"""How soon an agent may ask again that does not know yet which cluster it is in: its API server is about to tell."""


class Refusal(msgspec.Struct, frozen=True, kw_only=True):
    """Why an agent may not come in: a code for machines, a reason with the way out for people.

    Attributes:
        code: Why.
        reason: Why, and what to do.
        retry_seconds: When it may ask again; None: when nothing changes by itself.
        cluster: The cluster whose token it showed; empty when it showed none that the hub knows.
    """

    code: CloseCode
    reason: str
    retry_seconds: float | None = None
    cluster: str = ""


class Admission:
    """Looks at what agents show. The first use of a token binds its cluster to the agent's, by ``kube-system``'s UID."""

    def __init__(self, records: Records, clock: Callable[[], float]) -> None:
        self._records = records
        self._clock = clock

    async def admit(self, token: str, agent: AgentInfo) -> Cluster | Refusal:
        """The cluster that an agent may speak for, by what it shows and says of itself."""
        if is_key(token):
            return await self._admit_by_key(token, agent)
        cluster = await self._find_by_token(token)
        if isinstance(cluster, Refusal):
            return cluster
        found = await self._bind(cluster, agent.cluster_uid, f"token {token_id(token)} belongs to")
        return replace(found, cluster=cluster.name) if isinstance(found, Refusal) else found

    # --- tokens -----------------------------------------------------------------------------------------------

    async def _find_by_token(self, token: str) -> Cluster | Refusal:
        if not token_id(token):
            return _unknown_token()
        query = sa.select(tokens, clusters).join_from(tokens, clusters).where(tokens.c.id == token_id(token))
        async with self._records.read() as connection:
            row = (
                (await connection.execute(query.set_label_style(sa.LABEL_STYLE_TABLENAME_PLUS_COL)))
                .mappings()
                .first()
            )
        if row is None or not secrets.matches(token, row["cluster_tokens_digest"]):
            return _unknown_token()
        cluster = to_cluster({column.name: row[f"clusters_{column.name}"] for column in clusters.c})
        worthless = self._check_token(cluster, row)
        return replace(worthless, cluster=cluster.name) if worthless else cluster

    def _check_token(self, cluster: Cluster, row: Mapping[Any, Any]) -> Refusal | None:
        whose = f"token {row['cluster_tokens_id']} of cluster {cluster.name!r}"
        way_out = "rotate the cluster's token and give the agent the new one"
        if row["cluster_tokens_revoked_at"] is not None:
            return _refuse_worthless(f"{whose} was revoked", row["cluster_tokens_revoked_at"], way_out)
        expires_at = row["cluster_tokens_expires_at"]
        if expires_at is not None and expires_at <= self._clock():
            return _refuse_worthless(f"{whose} was rotated out and ended", expires_at, way_out)
        return None

    async def _bind(self, cluster: Cluster, uid: str, whose: str) -> Cluster | Refusal:
        """The cluster, if it is this one or nobody's yet."""
        if not uid:
            return cluster if cluster.uid is not None else _refuse_nameless(cluster.name)
        if cluster.uid is None:
            async with self._records.begin() as connection:
                cluster = await _bind_unbound(connection, cluster.name, uid, self._clock())
        if cluster.uid != uid:
            return Refusal(
                code=CloseCode.FOREIGN_CLUSTER,
                reason=f"{whose} cluster {cluster.name!r}, which is another cluster "
                f"(kube-system UID {cluster.uid}, here {uid}): add this cluster under a name of its own, "
                f"or, if it was rebuilt, remove {cluster.name!r} and add it again",
            )
        return cluster

    # --- organisation keys ------------------------------------------------------------------------------------

    async def _admit_by_key(self, token: str, agent: AgentInfo) -> Cluster | Refusal:
        key = await self._find_key(token)
        if isinstance(key, Refusal):
            return key
        cluster = await self._find_for_key(key, agent) or await self._register(key, agent)
        if isinstance(cluster, Refusal):
            return cluster
        if not (key.fits(cluster.name) or cluster.registered_by == key.id):
            return _refuse_name(key, cluster.name, called=agent.cluster_name)
        return await self._bind(cluster, agent.cluster_uid, "the agent's clusterName is that of")

    async def _find_key(self, token: str) -> OrganisationKey | Refusal:
        query = sa.select(organisation_keys).where(organisation_keys.c.id == token_id(token))
        async with self._records.read() as connection:
            row = (await connection.execute(query)).mappings().first()
        if row is None or not secrets.matches(token, row["digest"]):
            return Refusal(
                code=CloseCode.BAD_TOKEN,
                reason="the hub does not know this organisation key: make one with 'farwatch cluster keys create'",
            )
        if row["revoked_at"] is not None:
            way_out = "make another and give it to the agents"
            return _refuse_worthless(f"organisation key {row['id']} was revoked", row["revoked_at"], way_out)
        return to_key(row)

    async def _find_for_key(self, key: OrganisationKey, agent: AgentInfo) -> Cluster | None:
        """The cluster that an agent with a key is in: by its UID, which outlives a renaming, or by its name."""
        async with self._records.read() as connection:
            named = await find_cluster(connection, agent.cluster_name)
            if named is not None and named.uid == agent.cluster_uid:
                return named
            if agent.cluster_uid:
                same = sa.select(clusters).where(clusters.c.uid == agent.cluster_uid)
                rows = (await connection.execute(same.order_by(clusters.c.created_at))).mappings().all()
                known = [to_cluster(row) for row in rows]
                # Of several that people added for one cluster, the one that the key may speak for.
                known.sort(
                    key=lambda cluster: not (key.fits(cluster.name) or cluster.registered_by == key.id)
                )
                if known:
                    return known[0]
            return named

    async def _register(self, key: OrganisationKey, agent: AgentInfo) -> Cluster | Refusal:
        name = agent.cluster_name
        try:
            check_name(name)
        except ClusterNameError as error:
            reason = f"an organisation key registers a cluster by its name, and {error}: set clusterName"
            return Refusal(code=CloseCode.BAD_TOKEN, reason=reason)
        if not key.fits(name):
            return _refuse_name(key, name)
        if not agent.cluster_uid:
            return _refuse_nameless(name)
        row = {
            "name": name,
            "created_at": self._clock(),
            "labels": write_labels(key.labels),
            "registered_by": key.id,
        }
        try:
            async with self._records.begin() as connection:
                if await find_cluster(connection, name) is None:
                    await connection.execute(sa.insert(clusters).values(row))
                return await get_cluster(connection, name)
        except IntegrityError:  # another agent was faster: it may be this cluster's, or not
            async with self._records.read() as connection:
                return await get_cluster(connection, name)


async def _bind_unbound(connection: AsyncConnection, name: str, uid: str, now: float) -> Cluster:
    """Bind if nobody was faster; whoever it was bound to is in the answer."""
    unbound = sa.and_(clusters.c.name == name, clusters.c.uid.is_(None))
    # Seen as well: a hub that is killed before the next sighting is kept must expect this agent at its start.
    await connection.execute(sa.update(clusters).where(unbound).values({"uid": uid, "last_seen": now}))
    return await get_cluster(connection, name)


def _unknown_token() -> Refusal:
    return Refusal(
        code=CloseCode.BAD_TOKEN,
        reason="the hub does not know this token: make one with 'farwatch cluster add', or rotate the cluster's token",
    )


def _refuse_nameless(name: str) -> Refusal:
    return Refusal(
        code=CloseCode.FOREIGN_CLUSTER,
        reason=f"the agent did not say which cluster it is in, and no agent of {name!r} ever has: "
        "it will once its API server tells it the UID of kube-system",
        retry_seconds=UNKNOWN_CLUSTER_RETRY_SECONDS,
    )


def _refuse_name(key: OrganisationKey, name: str, called: str = "") -> Refusal:
    reason = f"organisation key {key.id} is for clusters named {key.cluster_names!r}, not {name!r}"
    if called in {"", name}:
        way_out = "set another clusterName, or use another key"
    else:
        way_out = (
            f"by its UID that is what the hub knows this cluster as, not {called[:MAX_NAME_LENGTH]!r}: "
            f"rename or remove {name!r} at the hub, or use another key"
        )
    return Refusal(code=CloseCode.BAD_TOKEN, reason=f"{reason}: {way_out}")


def _refuse_worthless(fate: str, at: float, way_out: str) -> Refusal:
    return Refusal(
        code=CloseCode.REVOKED_TOKEN, reason=f"{fate} at {to_time(at):%Y-%m-%d %H:%M:%S} UTC: {way_out}"
    )
