"""The clusters of the fleet: who is in it, under which name and labels, and who may speak for them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from typing import Any

import msgspec
import sqlalchemy as sa
import structlog
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from farwatch.hub.alerting import AlertsNotKeptError
from farwatch.hub.fleet.admission import Admission, Refusal
from farwatch.hub.fleet.errors import ClusterExistsError, ClusterNotFoundError
from farwatch.hub.fleet.keys import OrganisationKeys
from farwatch.hub.fleet.labels import change_labels, check_labels
from farwatch.hub.fleet.records import (
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
from farwatch.hub.fleet.tokens import (
    AgentToken,
    IssuedToken,
    TokenState,
    end_tokens,
    issue_token,
    list_tokens,
    revoke_token,
    token_id,
)
from farwatch.hub.store.records import Records
from farwatch.link.frames import AgentInfo, CloseCode

__all__ = [
    "ROTATION_OVERLAP_SECONDS",
    "AgentToken",
    "Cluster",
    "Clusters",
    "IssuedToken",
    "Refusal",
    "Sighting",
    "TokenState",
    "token_id",
]

ROTATION_OVERLAP_SECONDS = 24 * 3600.0
"""How long the old token stays valid after a rotation, unless told otherwise."""

LabelSink = Callable[[str, Mapping[str, str] | None], Awaitable[None]]
"""What is told a cluster's name and the labels it has from now on; None: there is no cluster of this name any more."""

NameFollower = Callable[
    [str, str | None], AbstractAsyncContextManager[Callable[[AsyncConnection], Awaitable[None]]]
]
"""Follows a cluster from its name to a new one, or to its end, where there is none: entered before the transaction, it gives
what writes inside it, and is left when that is committed."""

_log = structlog.get_logger(__name__)


class Sighting(msgspec.Struct, frozen=True, kw_only=True):
    """An agent was there.

    Attributes:
        cluster: Its cluster's name.
        token_id: The token or organisation key it came in with.
        time: When it was last seen, seconds since the epoch.
        agent_version: The version it has.
        kubernetes_version: The version its API server has.
    """

    cluster: str
    token_id: str
    time: float
    agent_version: str
    kubernetes_version: str


class Clusters:
    """The clusters, their tokens and the organisation keys in the records.

    A cluster is bound to the first UID that one of its tokens is used from, and stays bound when its tokens change.

    Attributes:
        keys: The organisation keys.
    """

    def __init__(self, records: Records, clock: Callable[[], float]) -> None:
        self.keys = OrganisationKeys(records, clock)
        self._admission = Admission(records, clock)
        self._records = records
        self._clock = clock
        self._told: set[str] = set()
        self._label_sinks: list[LabelSink] = []
        self._name_followers: list[NameFollower] = []

    def subscribe_labels(self, sink: LabelSink) -> None:
        """Have a callable told of every cluster's labels: as they are, when they change, and when it is no more."""
        self._label_sinks.append(sink)

    def follow_names(self, follower: NameFollower) -> None:
        """Have what names clusters follow them, in one transaction with each renaming and removal."""
        self._name_followers.append(follower)

    async def tell_labels(self) -> None:
        """Tell of every cluster; once, at the start."""
        for cluster in await self.list():
            await self._tell_labels(cluster.name, cluster.labels)

    # --- clusters ---------------------------------------------------------------------------------------------

    async def add(self, name: str, labels: Mapping[str, str] | None = None) -> IssuedToken:
        """Add a cluster with its first token.

        Raises:
            ClusterNameError: The name does not fit the rule.
            ClusterLabelError: A cluster cannot have such labels.
            ClusterExistsError: The name is taken.
        """
        check_name(name)
        checked = check_labels(labels or {})
        row = {"name": name, "created_at": self._clock(), "labels": write_labels(checked)}
        async with self._records.begin() as connection:
            await _insert(
                connection,
                row,
                f"cluster {name!r} exists already: rotate its token to get a new one, or choose another name",
            )
            issued = await issue_token(connection, name, self._clock())
        await self._try_to_tell_labels(name, checked)
        return issued

    async def list(self) -> list[Cluster]:
        """Every cluster, by name."""
        async with self._records.read() as connection:
            rows = await connection.execute(sa.select(clusters).order_by(clusters.c.name))
            return [to_cluster(row) for row in rows.mappings()]

    async def get(self, name: str) -> Cluster:
        """One cluster.

        Raises:
            ClusterNotFoundError: There is none of this name.
        """
        async with self._records.read() as connection:
            return await get_cluster(connection, name)

    async def label(self, name: str, changes: Mapping[str, str | None]) -> Cluster:
        """Change a cluster's labels: a value sets one, None takes one away, what is not named stays.

        Raises:
            ClusterNotFoundError: There is none of this name.
            ClusterLabelError: A cluster cannot have such labels.
            AlertsNotKeptError: They hold, but its alerts could not be written down with them: change them again.
        """
        async with self._records.begin() as connection:
            labels = change_labels((await get_cluster(connection, name)).labels, changes)
            this = clusters.c.name == name
            await connection.execute(sa.update(clusters).where(this).values(labels=write_labels(labels)))
            cluster = await get_cluster(connection, name)
        # Also when nothing is different: an alert that could not be written down the last time is tried again.
        await self._tell_labels(name, labels)
        return cluster

    async def rename(self, old: str, new: str) -> Cluster:
        """Give a cluster another name; its tokens, labels and binding stay, and what is granted for it follows.

        Raises:
            ClusterNotFoundError: There is none of the old name.
            ClusterNameError: The new name does not fit the rule.
            ClusterExistsError: It is taken.
        """
        check_name(new)
        async with self._followed(old, new) as connection:
            await get_cluster(connection, old)
            this = clusters.c.name == old
            row = dict((await connection.execute(sa.select(clusters).where(this))).mappings().one())
            taken = f"cluster {new!r} exists already: choose another name"
            await _insert(connection, row | {"name": new}, taken)
            await connection.execute(sa.update(tokens).where(tokens.c.cluster == old).values(cluster=new))
            await connection.execute(sa.delete(clusters).where(this))
            renamed = await get_cluster(connection, new)
        await self._tell_labels(old, None)
        await self._try_to_tell_labels(new, renamed.labels)
        return renamed

    async def remove(self, name: str) -> None:
        """Remove a cluster and its tokens; what is granted for it alone ends.

        Raises:
            ClusterNotFoundError: There is none of this name.
        """
        async with self._followed(name, None) as connection:
            await get_cluster(connection, name)
            await connection.execute(sa.delete(clusters).where(clusters.c.name == name))
        await self._tell_labels(name, None)

    async def record_sightings(self, sightings: Sequence[Sighting]) -> None:
        """Keep what was last known of agents, so that it survives a restart. Removed clusters are passed over."""
        if not sightings:
            return
        seen = sa.update(clusters).where(clusters.c.name == sa.bindparam("of"))
        used = [{"of": sighting.token_id, "last_used_at": sighting.time} for sighting in sightings]
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
            for table in (tokens, organisation_keys):
                await connection.execute(sa.update(table).where(table.c.id == sa.bindparam("of")), used)

    # --- tokens -----------------------------------------------------------------------------------------------

    async def tokens(self, name: str) -> Sequence[AgentToken]:
        """A cluster's tokens, newest first, the worthless ones as well.

        Raises:
            ClusterNotFoundError: There is no such cluster.
        """
        async with self._records.read() as connection:
            await get_cluster(connection, name)
            return await list_tokens(connection, name, self._clock())

    async def rotate(self, name: str, overlap_seconds: float = ROTATION_OVERLAP_SECONDS) -> IssuedToken:
        """Make a new token; those valid now stay valid for the overlap, so that the agent can be changed in peace.

        Raises:
            ClusterNotFoundError: There is no such cluster.
        """
        now = self._clock()
        async with self._records.begin() as connection:
            await get_cluster(connection, name)
            await end_tokens(connection, name, now + overlap_seconds)
            return await issue_token(connection, name, now)

    async def revoke(self, name: str, token_id: str) -> None:
        """Make a token worthless at once. Revoking it again changes nothing.

        Raises:
            TokenNotFoundError: The cluster has no such token.
        """
        async with self._records.begin() as connection:
            await revoke_token(connection, name, token_id, self._clock())

    async def worthless_tokens(self) -> frozenset[str]:
        """The ids of all tokens and keys that are revoked or have ended: links that were opened with them must close."""
        ended = sa.or_(tokens.c.revoked_at.is_not(None), tokens.c.expires_at <= self._clock())
        revoked = organisation_keys.c.revoked_at.is_not(None)
        either = sa.union_all(
            sa.select(tokens.c.id).where(ended), sa.select(organisation_keys.c.id).where(revoked)
        )
        async with self._records.read() as connection:
            return frozenset((await connection.execute(either)).scalars())

    # --- who comes in -----------------------------------------------------------------------------------------

    async def authenticate(self, token: str, agent: AgentInfo) -> Cluster | Refusal:
        """The cluster that an agent speaks for, by its token or organisation key.

        The first use of a token binds its cluster to the agent's; an organisation key registers a cluster of the agent's
        name, if there is none. An agent that does not know which cluster it is in is let in where its cluster is bound
        already: its API server is down then, and it is the one to say so.
        """
        try:
            found = await self._admission.admit(token, agent)
        except ClusterNotFoundError as error:  # removed in between
            return Refusal(code=CloseCode.BAD_TOKEN, reason=str(error))
        if isinstance(found, Cluster) and found.name not in self._told:
            await self._try_to_tell_labels(
                found.name, found.labels
            )  # an organisation key has just brought it
        return found

    @asynccontextmanager
    async def _followed(self, old: str, new: str | None) -> AsyncIterator[AsyncConnection]:
        """A transaction in which a cluster's name changes or goes, and all that names it follows."""
        async with AsyncExitStack() as exits:
            followers = [await exits.enter_async_context(follow(old, new)) for follow in self._name_followers]
            async with self._records.begin() as connection:
                yield connection
                for write in followers:
                    await write(connection)

    async def _try_to_tell_labels(self, name: str, labels: Mapping[str, str]) -> None:
        """Tell of a cluster that is new: what is known of it by then are alerts that others posted, if anything."""
        try:
            await self._tell_labels(name, labels)
        except AlertsNotKeptError as error:
            _log.error("labels_not_put_onto_alerts", cluster=name, detail=str(error))

    async def _tell_labels(self, name: str, labels: Mapping[str, str] | None) -> None:
        for sink in self._label_sinks:
            await sink(name, labels)
        if labels is None:
            self._told.discard(name)
        else:
            self._told.add(name)


async def _insert(connection: AsyncConnection, row: Mapping[str, Any], taken: str) -> None:
    """Insert a cluster whose name is free, also where several hubs write.

    Raises:
        ClusterExistsError: It is not, in the words of ``taken``.
    """
    if await find_cluster(connection, row["name"]):
        raise ClusterExistsError(taken)
    try:
        await connection.execute(sa.insert(clusters).values(row))
    except IntegrityError:
        raise ClusterExistsError(taken) from None
