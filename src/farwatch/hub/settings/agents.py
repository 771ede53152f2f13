"""Every agent of the fleet: what it is, how its link stands, and what it may do against what it needs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec

from farwatch.hub.fleet import AgentView, Cluster
from farwatch.hub.fleet.permissions import PermissionsView, show_permissions
from farwatch.hub.fleet.presence import FollowerView
from farwatch.hub.fleet.routes import AgentState, WatchView, agent_state
from farwatch.link.frames import WatchState

_AS_IT_SHOULD_BE = frozenset({WatchState.SYNCED, WatchState.ABSENT})


class ClusterAgents(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """A cluster's agents. Times are UTC.

    Attributes:
        cluster: The cluster's name.
        state: How the agent that leads stands.
        since: Since when it is connected, or away.
        reason: Why it went away.
        version: Its version, or the one it was last seen with.
        outdated: Whether that is another one than the hub's.
        kubernetes_version: Of its API server.
        address: Where it connected from.
        instance: Its process.
        pod: Its pod's name.
        node: The node it runs on.
        started_at: When its process started.
        last_seen_at: When it was last seen.
        lag_seconds: How far the hub is behind what it sees.
        api_server_reachable: Whether its API server answers it; None: it has not said.
        api_server_message: Why not.
        watches: The kinds that it was asked to watch and does not, with the reasons.
        watched_kinds: How many kinds it watches.
        namespaces: The namespaces it watches; empty: all.
        permissions: What it may do, held against what it needs; None: it has not said.
        followers: The agents with a link that do not lead: they stand by, or do their nodes' work.
    """

    cluster: str
    state: AgentState
    version: str
    outdated: bool
    since: datetime | None = None
    reason: str = ""
    kubernetes_version: str = ""
    address: str = ""
    instance: str = ""
    pod: str = ""
    node: str = ""
    started_at: datetime | None = None
    last_seen_at: datetime | None = None
    lag_seconds: float = 0.0
    api_server_reachable: bool | None = None
    api_server_message: str = ""
    watches: list[WatchView] = []
    watched_kinds: int = 0
    namespaces: tuple[str, ...] = ()
    permissions: PermissionsView | None = None
    followers: Sequence[FollowerView] = ()


def show_agents(
    cluster: Cluster,
    agent: AgentView | None,
    followers: Sequence[FollowerView],
    *,
    lag_seconds: float,
    hub_version: str,
) -> ClusterAgents:
    """A cluster's agents as the API shows them."""
    info = agent.agent if agent else None
    status = agent.status if agent else None
    version = info.version if info else cluster.agent_version
    kinds = status.kinds if status else ()
    return ClusterAgents(
        cluster=cluster.name,
        state=agent_state(agent),
        since=agent.since if agent else None,
        reason=agent.reason if agent else "",
        version=version,
        outdated=bool(version) and version != hub_version,
        kubernetes_version=(info.kubernetes_version if info else "") or cluster.kubernetes_version,
        address=agent.peer if agent else "",
        instance=info.instance if info else "",
        pod=info.pod if info else "",
        node=info.node if info else "",
        started_at=info.started_at if info else None,
        last_seen_at=cluster.last_seen,
        lag_seconds=lag_seconds,
        api_server_reachable=status.api_server_reachable if status else None,
        api_server_message=status.api_server_message if status else "",
        watches=[
            WatchView(kind=kind.kind, state=kind.state, since=kind.since, message=kind.message)
            for kind in kinds
            if kind.state not in _AS_IT_SHOULD_BE
        ],
        watched_kinds=sum(kind.state is WatchState.SYNCED for kind in kinds),
        namespaces=info.namespaces if info else (),
        permissions=show_permissions(status.permissions) if status else None,
        followers=followers,
    )
