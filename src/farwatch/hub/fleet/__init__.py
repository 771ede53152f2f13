"""Clusters, their tokens, and the links to their agents."""

from farwatch.hub.fleet.changes import FleetChange, FleetChangeKind
from farwatch.hub.fleet.clusters import AgentToken, Cluster, Clusters, IssuedToken, Refusal, TokenState
from farwatch.hub.fleet.connection import Socket
from farwatch.hub.fleet.errors import (
    AgentAwayError,
    CallFailedError,
    ClusterExistsError,
    ClusterNameError,
    ClusterNotFoundError,
    FleetError,
    TokenNotFoundError,
)
from farwatch.hub.fleet.fleet import Fleet
from farwatch.hub.fleet.links import LinkCounters, LinkServer, LinkSettings
from farwatch.hub.fleet.presence import AgentView

__all__ = [
    "AgentAwayError",
    "AgentToken",
    "AgentView",
    "CallFailedError",
    "Cluster",
    "ClusterExistsError",
    "ClusterNameError",
    "ClusterNotFoundError",
    "Clusters",
    "Fleet",
    "FleetChange",
    "FleetChangeKind",
    "FleetError",
    "IssuedToken",
    "LinkCounters",
    "LinkServer",
    "LinkSettings",
    "Refusal",
    "Socket",
    "TokenNotFoundError",
    "TokenState",
]
