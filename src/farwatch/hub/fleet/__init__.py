"""Clusters, their tokens, and the links to their agents."""

from farwatch.hub.fleet.bootstrap import add_first_cluster, check_first_cluster
from farwatch.hub.fleet.changes import FleetChange, FleetChangeKind
from farwatch.hub.fleet.clusters import AgentToken, Cluster, Clusters, IssuedToken, Refusal, TokenState
from farwatch.hub.fleet.connection import Socket
from farwatch.hub.fleet.connections import LinkCounters
from farwatch.hub.fleet.errors import (
    AgentAwayError,
    CallFailedError,
    ClusterExistsError,
    ClusterLabelError,
    ClusterNameError,
    ClusterNotFoundError,
    FleetError,
    KeyNotFoundError,
    KeyPatternError,
    TokenNotFoundError,
)
from farwatch.hub.fleet.fleet import Fleet
from farwatch.hub.fleet.keys import IssuedKey, OrganisationKey
from farwatch.hub.fleet.links import LinkServer
from farwatch.hub.fleet.presence import AgentView
from farwatch.hub.fleet.records import get_cluster
from farwatch.hub.fleet.settings import LinkSettings
from farwatch.hub.fleet.tokens import NewToken, issue_token, keep_token, make_token

__all__ = [
    "AgentAwayError",
    "AgentToken",
    "AgentView",
    "CallFailedError",
    "Cluster",
    "ClusterExistsError",
    "ClusterLabelError",
    "ClusterNameError",
    "ClusterNotFoundError",
    "Clusters",
    "Fleet",
    "FleetChange",
    "FleetChangeKind",
    "FleetError",
    "IssuedKey",
    "IssuedToken",
    "KeyNotFoundError",
    "KeyPatternError",
    "LinkCounters",
    "LinkServer",
    "LinkSettings",
    "NewToken",
    "OrganisationKey",
    "Refusal",
    "Socket",
    "TokenNotFoundError",
    "TokenState",
    "add_first_cluster",
    "check_first_cluster",
    "get_cluster",
    "issue_token",
    "keep_token",
    "make_token",
]
