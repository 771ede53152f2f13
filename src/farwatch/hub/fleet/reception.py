"""Who is let in: an agent says who it is and shows its token, and is welcome or refused."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

import structlog

from farwatch.hub.fleet.changes import FleetChange, FleetChangeKind
from farwatch.hub.fleet.clusters import Cluster, Clusters, Refusal
from farwatch.hub.fleet.connection import Connection
from farwatch.hub.fleet.connections import Connections
from farwatch.hub.fleet.introductions import LONGEST_WORD, check_introduction
from farwatch.hub.fleet.refusals import Refusals, RefusalView
from farwatch.link.events import Closed, SessionState
from farwatch.link.frames import AgentInfo, CloseCode, LinkRole

log = structlog.get_logger(__name__)


class Reception:
    """Lets agents in or turns them away, and remembers whom it turned away.

    Args:
        clusters: Who may come in.
        connections: Where there may be no room.
        retry_seconds: How long a refused agent is asked to wait.
        clock: Seconds since the epoch.
        tell: Takes the changes of the fleet that refusals are.

    Attributes:
        refused: Agents that were turned away since the start, by reason.
    """

    def __init__(
        self,
        clusters: Clusters,
        connections: Connections,
        retry_seconds: float,
        clock: Callable[[], float],
        tell: Callable[[Sequence[FleetChange]], None],
    ) -> None:
        self.refused: Counter[str] = Counter()
        self._clusters = clusters
        self._connections = connections
        self._retry_seconds = retry_seconds
        self._clock = clock
        self._tell = tell
        self._refusals = Refusals(clock)
        self._revocations = 0

    def look_again(self) -> None:
        """Something was revoked, removed or renamed: who is being looked up meanwhile is looked up anew."""
        self._revocations += 1

    def refusals(self, cluster: str) -> list[RefusalView]:
        """Agents that came for a cluster and were turned away, since one was last let in; the latest first."""
        return self._refusals.of(cluster)

    def forget(self, cluster: str) -> None:
        """An agent of the cluster was let in, or the cluster is no more: who was turned away before does not matter."""
        self._refusals.forget(cluster)

    async def admit(self, connection: Connection, token: str, agent: AgentInfo) -> Cluster | None:
        """The cluster for which an agent is let in, with room made for it; None: it was refused, or has left."""
        found = check_introduction(agent) or await self._authenticate(token, agent)
        if connection.session.state is not SessionState.OPENING:
            return None  # It left, or waited for too long, while its token was looked up.
        if isinstance(found, Refusal):
            self._refuse(connection, agent, found)
            return None
        connection.instance = "" if agent.role == LinkRole.CLUSTER else agent.instance
        if not self._connections.make_room(found.name, connection):
            crowd = Refusal(
                code=CloseCode.OVERLOADED,
                reason=f"cluster {found.name!r} has {self._connections.max_followers} agents already: do several clusters share a token?",
            )
            self._refuse(connection, agent, crowd)
            return None
        return found

    def note(self, connection: Connection, cluster: str, refusal: Refusal | Closed, agent: AgentInfo) -> None:
        """Remember that an agent was turned away, and tell of it unless that is known."""
        if not self._refusals.note(cluster, refusal.code, refusal.reason, connection.peer, agent):
            return
        change = FleetChange(
            cluster=cluster,
            kind=FleetChangeKind.AGENT_REFUSED,
            time=self._clock(),
            subject=refusal.code,
            detail=refusal.reason,
        )
        self._tell([change])

    async def _authenticate(self, token: str, agent: AgentInfo) -> Cluster | Refusal:
        """Asks again when something was revoked meanwhile: links that are not open yet were not closed by it."""
        while True:
            revocations = self._revocations
            found = await self._clusters.authenticate(token, agent)
            if revocations == self._revocations:
                return found

    def _refuse(self, connection: Connection, agent: AgentInfo, refusal: Refusal) -> None:
        self.refused[refusal.code] += 1
        log.warning(
            "agent refused",
            code=refusal.code,
            reason=refusal.reason,
            peer=connection.peer,
            calls_itself=agent.cluster_name[:LONGEST_WORD],
        )
        self.note(connection, refusal.cluster or agent.cluster_name, refusal, agent)
        retry_seconds = refusal.retry_seconds or self._retry_seconds
        connection.session.refuse(refusal.code, refusal.reason, retry_seconds)
        connection.ended = Closed(code=refusal.code, reason=refusal.reason)
        connection.send()
