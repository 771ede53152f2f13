"""What happens to a cluster as a whole, as detectors and live streams hear of it."""

from __future__ import annotations

from enum import StrEnum

import msgspec


class FleetChangeKind(StrEnum):
    """What happened."""

    AGENT_LOST = "agent_lost"
    AGENT_FOUND = "agent_found"
    AGENT_REFUSED = "agent_refused"
    API_DOWN = "api_down"
    API_UP = "api_up"
    WATCH_DENIED = "watch_denied"
    WATCH_RESTORED = "watch_restored"
    CLUSTER_SYNCED = "cluster_synced"
    CLUSTER_REMOVED = "cluster_removed"


class FleetChange(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that happened to a cluster, or to its agent.

    Attributes:
        cluster: The cluster's name at the hub.
        kind: What happened.
        time: When, seconds since the epoch.
        subject: What it happened to, where that is less than the cluster: the kind whose watch was denied. Of an agent
            that was refused, the code that says why; the cluster may be one that it only claims to be of.
        detail: Why, in words.
    """

    cluster: str
    kind: FleetChangeKind
    time: float
    subject: str = ""
    detail: str = ""
