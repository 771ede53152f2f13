"""Clusters, their tokens, and the links to their agents."""

from farwatch.hub.fleet.changes import FleetChange, FleetChangeKind
from farwatch.hub.fleet.clusters import (
    AgentToken,
    Cluster,
    ClusterExistsError,
    ClusterNameError,
    ClusterNotFoundError,
    Clusters,
    FleetError,
    IssuedToken,
    Refusal,
    TokenNotFoundError,
    TokenState,
)

__all__ = [
    "AgentToken",
    "Cluster",
    "ClusterExistsError",
    "ClusterNameError",
    "ClusterNotFoundError",
    "Clusters",
    "FleetChange",
    "FleetChangeKind",
    "FleetError",
    "IssuedToken",
    "Refusal",
    "TokenNotFoundError",
    "TokenState",
]
