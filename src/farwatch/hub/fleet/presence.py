"""Which agents are there, which are lost, and what they say of themselves; decided without I/O."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import msgspec

from farwatch.hub.fleet.changes import FleetChange, FleetChangeKind
from farwatch.hub.fleet.permissions import bound_permissions
from farwatch.hub.times import to_time
from farwatch.kube.kinds import KINDS
from farwatch.link.frames import AgentInfo, AgentStatus, CloseCode, KindStatus, WatchState

_LONGEST_MESSAGE = 500


class AgentView(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How a cluster's agent stands. Times are UTC.

    Attributes:
        cluster: The cluster's name.
        connected: Whether its link is open.
        lost: It has been away for longer than is normal.
        since: Since when it is connected or away.
        peer: The address it connected from, as the hub sees it.
        agent: How it introduced itself; None if it has not since the hub started.
        status: What it last said of itself; None likewise.
        reason: Why it went away.
    """

    cluster: str
    connected: bool
    lost: bool
    since: datetime
    peer: str = ""
    agent: AgentInfo | None = None
    status: AgentStatus | None = None
    reason: str = ""


class FollowerView(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, rename="camel"):
    """An agent with a link that does not lead: it stands by, or does its node's work.

    Attributes:
        instance: Its process.
        role: What it does.
        since: Since when it is connected, UTC.
        peer: The address it connected from.
        version: Its version.
        pod: Its pod's name.
        node: The node it runs on.
        api_server_reachable: Whether the API server answers it; None while it has not said.
        api_server_message: Why not.
    """

    instance: str
    role: str
    since: datetime
    peer: str
    version: str
    pod: str = ""
    node: str = ""
    api_server_reachable: bool | None = None
    api_server_message: str = ""


class Presence:
    """What is known of every agent's presence.

    An agent that leaves is lost when it has not come back within the grace, and at once when it fell silent on an open
    link. After a restart of the hub, every agent that was ever there has the longer restart grace to come back. Where
    others of the cluster's agents are there and tell that its API server does not answer, nobody can lead, and the
    agent is not lost: the API server is.

    Args:
        clock: Seconds since the epoch, for what is told.
        monotonic: Monotonic seconds, for what is decided.
        grace_seconds: How long an agent may be away.
        restart_grace_seconds: How long agents have to come back after the hub has started.
    """

    def __init__(
        self,
        clock: Callable[[], float],
        monotonic: Callable[[], float],
        grace_seconds: float,
        restart_grace_seconds: float,
    ) -> None:
        self._clock = clock
        self._monotonic = monotonic
        self._grace = grace_seconds
        self._restart_grace = restart_grace_seconds
        self._agents: dict[str, AgentView] = {}
        self._lost_at: dict[str, float] = {}
        self._followers: dict[str, dict[str, FollowerView]] = {}

    def view(self, cluster: str) -> AgentView | None:
        """How one agent stands; None if it never came."""
        return self._agents.get(cluster)

    def views(self) -> list[AgentView]:
        """How every agent stands, by cluster."""
        return [self._agents[cluster] for cluster in sorted(self._agents)]

    def expect(self, cluster: str, last_seen: datetime, reason: str = "the hub was restarted") -> None:
        """This cluster's agent was there before, and is to come back: the hub has started, or another reason."""
        self._agents[cluster] = AgentView(
            cluster=cluster, connected=False, lost=False, since=last_seen, reason=reason
        )
        self._lost_at[cluster] = self._monotonic() + self._restart_grace

    def connect(self, cluster: str, peer: str, agent: AgentInfo) -> list[FleetChange]:
        """The agent's link is open. It is found when it was lost, or comes for the first time since the start."""
        known = self._agents.get(cluster)
        self._lost_at.pop(cluster, None)
        self._agents[cluster] = AgentView(
            cluster=cluster,
            connected=True,
            lost=False,
            since=self._now(),
            peer=peer,
            agent=agent,
            status=known.status if known else None,
        )
        if known is None or known.lost or known.agent is None:
            return [self._change(cluster, FleetChangeKind.AGENT_FOUND, detail=f"from {peer}")]
        return []

    def disconnect(self, cluster: str, code: CloseCode | None, reason: str) -> list[FleetChange]:
        """The agent's link is closed."""
        view = self._agents[cluster]
        self._agents[cluster] = msgspec.structs.replace(
            view, connected=False, since=self._now(), reason=reason
        )
        # Where others stand by, one of them is about to lead.
        silent = code is CloseCode.HEARTBEAT_LOST and not self._followers.get(cluster)
        self._lost_at[cluster] = self._monotonic() + (0 if silent else self._grace)
        return self.advance() if silent else []

    def report(self, cluster: str, status: AgentStatus) -> list[FleetChange]:
        """The agent said how it stands; what is different from what it said before is a change."""
        view = self._agents[cluster]
        status = _bound(status)
        self._agents[cluster] = msgspec.structs.replace(view, status=status)
        return [
            *self._compare_api(cluster, view.status, status),
            *self._compare_watches(cluster, view.status, status),
        ]

    # --- those who do not lead ---------------------------------------------------------------------------------

    def followers(self, cluster: str) -> list[FollowerView]:
        """A cluster's agents that are there and do not lead, by pod."""
        return sorted(self._followers.get(cluster, {}).values(), key=lambda view: (view.pod, view.instance))

    def follow(self, cluster: str, peer: str, agent: AgentInfo) -> None:
        """The link of an agent that does not lead is open."""
        self._followers.setdefault(cluster, {})[agent.instance] = FollowerView(
            instance=agent.instance,
            role=agent.role,
            since=self._now(),
            peer=peer,
            version=agent.version,
            pod=agent.pod,
            node=agent.node,
        )

    def unfollow(self, cluster: str, instance: str) -> None:
        """It is closed."""
        self._followers.get(cluster, {}).pop(instance, None)

    def report_of_follower(self, cluster: str, instance: str, status: AgentStatus) -> list[FleetChange]:
        """One said how it stands: where nobody leads, it is the one to tell whether the API server answers."""
        view = self._followers[cluster][instance]
        status = _bound(status)
        self._followers[cluster][instance] = msgspec.structs.replace(
            view,
            api_server_reachable=status.api_server_reachable,
            api_server_message=status.api_server_message,
        )
        leader = self._agents.get(cluster)
        if leader is None or leader.connected or leader.status is None:
            return []
        told = msgspec.structs.replace(
            leader.status,
            api_server_reachable=status.api_server_reachable,
            api_server_since=status.api_server_since,
            api_server_message=status.api_server_message,
        )
        self._agents[cluster] = msgspec.structs.replace(leader, status=told)
        changes = self._compare_api(cluster, leader.status, told)
        if changes and told.api_server_reachable and cluster in self._lost_at:
            self._lost_at[cluster] = self._monotonic() + self._grace  # now somebody can be elected
        return changes

    def _waits_for_api(self, cluster: str) -> bool:
        return any(view.api_server_reachable is False for view in self._followers.get(cluster, {}).values())

    # --- time -------------------------------------------------------------------------------------------------

    def advance(self) -> list[FleetChange]:
        """Who is lost by now."""
        now = self._monotonic()
        due = [
            cluster
            for cluster, lost_at in self._lost_at.items()
            if lost_at <= now and not self._waits_for_api(cluster)
        ]
        return [self._lose(cluster) for cluster in due]

    def remove(self, cluster: str) -> list[FleetChange]:
        """The cluster left the fleet."""
        self._agents.pop(cluster, None)
        self._lost_at.pop(cluster, None)
        self._followers.pop(cluster, None)
        return [self._change(cluster, FleetChangeKind.CLUSTER_REMOVED)]

    def _lose(self, cluster: str) -> FleetChange:
        del self._lost_at[cluster]
        view = self._agents[cluster]
        self._agents[cluster] = msgspec.structs.replace(view, lost=True)
        return FleetChange(
            cluster=cluster,
            kind=FleetChangeKind.AGENT_LOST,
            time=view.since.timestamp(),
            detail=self._describe_loss(cluster, view.reason),
        )

    def _describe_loss(self, cluster: str, reason: str) -> str:
        count = len(self._followers.get(cluster, ()))
        if not count:
            return reason
        return f"none of its {count} agents that are there leads; their logs and the Lease tell why. The last one left: {reason}"

    def _compare_api(self, cluster: str, before: AgentStatus | None, now: AgentStatus) -> list[FleetChange]:
        if before is not None and before.api_server_reachable == now.api_server_reachable:
            return []
        kind = FleetChangeKind.API_UP if now.api_server_reachable else FleetChangeKind.API_DOWN
        return [self._change(cluster, kind, since=now.api_server_since, detail=now.api_server_message)]

    def _compare_watches(
        self, cluster: str, before: AgentStatus | None, now: AgentStatus
    ) -> list[FleetChange]:
        denied_before, denied = _denied(before), _denied(now)
        return [
            self._change(
                cluster,
                FleetChangeKind.WATCH_DENIED,
                since=denied[kind].since,
                subject=kind,
                detail=denied[kind].message,
            )
            for kind in sorted(denied.keys() - denied_before.keys())
        ] + [
            self._change(cluster, FleetChangeKind.WATCH_RESTORED, subject=kind)
            for kind in sorted(denied_before.keys() - denied.keys())
        ]

    def _change(
        self,
        cluster: str,
        kind: FleetChangeKind,
        *,
        since: datetime | None = None,
        subject: str = "",
        detail: str = "",
    ) -> FleetChange:
        now = self._clock()
        time = now if since is None else min(since.timestamp(), now)
        return FleetChange(cluster=cluster, kind=kind, time=time, subject=subject, detail=detail)

    def _now(self) -> datetime:
        return to_time(self._clock())


def _denied(status: AgentStatus | None) -> dict[str, KindStatus]:
    kinds = status.kinds if status else ()
    return {kind.kind: kind for kind in kinds if kind.state is WatchState.DENIED}


def _bound(status: AgentStatus) -> AgentStatus:
    """An agent's words, cut to what is kept of them; kinds that this hub does not know are left out."""
    replace = msgspec.structs.replace
    return replace(
        status,
        api_server_message=status.api_server_message[:_LONGEST_MESSAGE],
        permissions=bound_permissions(status.permissions),
        kinds=tuple(
            replace(kind, message=kind.message[:_LONGEST_MESSAGE])
            for kind in status.kinds
            if kind.kind in KINDS
        ),
    )
