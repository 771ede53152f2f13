"""Clusters and their agents' tokens over HTTP, and the link's own endpoint."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from functools import partial
from http import HTTPStatus
from typing import Annotated

import msgspec
from litestar import Router, WebSocket, delete, get, patch, post, websocket
from litestar.datastructures import State
from litestar.exceptions import WebSocketDisconnect
from litestar.params import FromPath, JSONBody

from farwatch.hub import problems
from farwatch.hub.alerting import Alerting
from farwatch.hub.audit import Action, Target, audit_details, audits
from farwatch.hub.auth.access import needs
from farwatch.hub.auth.guard import OPEN
from farwatch.hub.auth.policy import Permission
from farwatch.hub.auth.visibility import visibility
from farwatch.hub.fleet.clusters import ROTATION_OVERLAP_SECONDS, AgentToken, Cluster, TokenState
from farwatch.hub.fleet.fleet import Fleet
from farwatch.hub.fleet.labels import change_labels
from farwatch.hub.fleet.permissions import PermissionsView, show_permissions
from farwatch.hub.fleet.presence import AgentView, FollowerView
from farwatch.hub.fleet.refusals import RefusalView
from farwatch.hub.inventory import Inventory
from farwatch.hub.parameters import AnyRequest
from farwatch.link.frames import SUBPROTOCOL, WatchState

MAX_OVERLAP_SECONDS = 30 * 86_400


class AgentState(StrEnum):
    """How a cluster's agent stands."""

    NEVER_CONNECTED = "never_connected"
    CONNECTED = "connected"
    AWAY = "away"
    LOST = "lost"


class WatchView(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """How the watch of one kind stands, since when, and in the API server's words why."""

    kind: str
    state: WatchState
    since: datetime
    message: str = ""


class ClusterView(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """A cluster, its agent, and how much is in it and wrong with it. Times are UTC.

    `agents` counts all that have a link, the one that leads and those that stand by; these are listed in `followers` when one
    cluster is asked for, as are those that were turned away since one was last let in (`refusals`, the latest first).
    """

    name: str
    created_at: datetime
    agent_state: AgentState
    nodes: int
    pods: int
    alerts: int
    uid: str | None = None
    last_seen_at: datetime | None = None
    agent_version: str = ""
    kubernetes_version: str = ""
    agent_address: str = ""
    agent_reason: str = ""
    labels: dict[str, str] = {}
    registered_by: str = ""
    api_server_reachable: bool | None = None
    api_server_message: str = ""
    watches: list[WatchView] = []
    permissions: PermissionsView | None = None
    agents: int = 0
    followers: list[FollowerView] = []
    refusals: list[RefusalView] = []


class ClusterList(msgspec.Struct, frozen=True):
    """Clusters by name."""

    items: list[ClusterView]


class NewCluster(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A cluster to be added: the name it has at the hub, and in the label `cluster`; the other labels of its alerts."""

    name: str
    labels: dict[str, str] = {}


class ClusterChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is to be different: another name; labels, of which null takes one away. What is not named stays."""

    name: str | None = None
    labels: dict[str, str | None] = {}


class NewToken(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel"):
    """How long the former tokens stay valid beside the new one."""

    overlap_seconds: Annotated[int, msgspec.Meta(ge=0, le=MAX_OVERLAP_SECONDS)] = int(
        ROTATION_OVERLAP_SECONDS
    )


class TokenIssued(msgspec.Struct, frozen=True):
    """A new agent token; the secret is shown this once. `name` is the cluster's."""

    name: str
    id: str
    token: str


class TokenList(msgspec.Struct, frozen=True):
    """A cluster's agent tokens, the newest first."""

    items: Sequence[AgentToken]


def view(
    cluster: Cluster, agent: AgentView | None, followers: int, kinds: Mapping[str, int], alerts: int
) -> ClusterView:
    """A cluster as the API shows it: its record, its agents now, and counts."""
    info = agent.agent if agent else None
    status = agent.status if agent else None
    return ClusterView(
        name=cluster.name,
        created_at=cluster.created_at,
        uid=cluster.uid,
        agent_state=agent_state(agent),
        last_seen_at=cluster.last_seen,
        agent_version=info.version if info else cluster.agent_version,
        kubernetes_version=(info.kubernetes_version if info else "") or cluster.kubernetes_version,
        agent_address=agent.peer if agent else "",
        agent_reason=agent.reason if agent else "",
        labels=cluster.labels,
        registered_by=cluster.registered_by or "",
        api_server_reachable=status.api_server_reachable if status else None,
        api_server_message=status.api_server_message if status else "",
        watches=[
            WatchView(kind=kind.kind, state=kind.state, since=kind.since, message=kind.message)
            for kind in (status.kinds if status else ())
        ],
        permissions=show_permissions(status.permissions) if status else None,
        nodes=kinds.get("Node", 0),
        pods=kinds.get("Pod", 0),
        alerts=alerts,
        agents=followers + bool(agent and agent.connected),
    )


def agent_state(agent: AgentView | None) -> AgentState:
    """How an agent stands, in one word."""
    if agent is None:
        return AgentState.NEVER_CONNECTED
    if agent.connected:
        return AgentState.CONNECTED
    return AgentState.LOST if agent.lost else AgentState.AWAY


def _fleet(state: State) -> Fleet:
    fleet: Fleet = state.fleet
    return fleet


def _views(request: AnyRequest, clusters: Iterable[Cluster]) -> list[ClusterView]:
    """Clusters, counting what who asks may see of them."""
    state = request.app.state
    alerting: Alerting = state.alerting
    inventory: Inventory = state.inventory
    seen, objects = visibility(request, Permission.ALERTS_READ), visibility(request, Permission.OBJECTS_READ)
    alerts = Counter(
        alert.labels.get("cluster", "") for alert in alerting.active() if seen.sees_labels(alert.labels)
    )
    return [
        view(
            cluster,
            _fleet(state).links.agent(cluster.name),
            _fleet(state).links.count_followers(cluster.name),
            inventory.kinds(
                cluster.name, None if objects.everything else partial(objects.sees, cluster.name)
            ),
            alerts[cluster.name],
        )
        for cluster in clusters
    ]


@get(
    "/clusters", opt=needs(Permission.CLUSTERS_READ), summary="List clusters", responses=problems.described()
)
async def list_clusters(request: AnyRequest, state: State) -> ClusterList:
    """Every cluster with the state of its agent."""
    seen = visibility(request, Permission.CLUSTERS_READ).sees_part
    clusters = [cluster for cluster in await _fleet(state).clusters.list() if seen(cluster.name)]
    return ClusterList(_views(request, clusters))


@post(
    "/clusters",
    opt=needs(Permission.CLUSTERS_MANAGE) | audits(Action.CLUSTER_CREATE),
    summary="Add a cluster",
    responses=problems.described(HTTPStatus.CONFLICT),
)
async def add_cluster(state: State, request: AnyRequest, data: JSONBody[NewCluster]) -> TokenIssued:
    """Add a cluster; its agent's token is only in this answer."""
    audit_details(request, target=Target(cluster=data.name, name=data.name), labels=data.labels)
    visibility(request, Permission.CLUSTERS_MANAGE).require_cluster(data.name, data.labels)
    issued = await _fleet(state).add(data.name, data.labels)
    return TokenIssued(issued.cluster, issued.id, issued.token)


@get(
    "/clusters/{name:str}",
    opt=needs(Permission.CLUSTERS_READ, cluster="name"),
    summary="Get a cluster",
    responses=problems.described(HTTPStatus.NOT_FOUND),
)
async def get_cluster(request: AnyRequest, state: State, name: FromPath[str]) -> ClusterView:
    """One cluster with the state of its agents."""
    found = _views(request, [await _fleet(state).clusters.get(name)])[0]
    links = _fleet(state).links
    return msgspec.structs.replace(found, followers=links.followers(name), refusals=links.refusals(name))


@patch(
    "/clusters/{name:str}",
    opt=needs(Permission.CLUSTERS_MANAGE, cluster="name")
    | audits(Action.CLUSTER_CHANGE, cluster="name", name="name"),
    summary="Change a cluster",
    responses=problems.described(HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT, HTTPStatus.SERVICE_UNAVAILABLE),
)
async def change_cluster(
    state: State, request: AnyRequest, name: FromPath[str], data: JSONBody[ClusterChange]
) -> ClusterView:
    """Label a cluster, or give it another name.

    Its alerts end as they were and begin anew as they are: with other labels at once, under another name when its agent
    has come back, which takes a moment.
    """
    audit_details(request, labels=data.labels, renamed=data.name)
    clusters = _fleet(state).clusters
    labels = change_labels((await clusters.get(name)).labels, data.labels)
    visibility(request, Permission.CLUSTERS_MANAGE).require_cluster(data.name or name, labels)
    cluster = await clusters.label(name, data.labels) if data.labels else await clusters.get(name)
    if data.name is not None and data.name != name:
        cluster = await _fleet(state).rename(name, data.name)
    return _views(request, [cluster])[0]


@delete(
    "/clusters/{name:str}",
    opt=needs(Permission.CLUSTERS_MANAGE, cluster="name")
    | audits(Action.CLUSTER_REMOVE, cluster="name", name="name"),
    summary="Remove a cluster",
    responses=problems.described(HTTPStatus.NOT_FOUND, HTTPStatus.SERVICE_UNAVAILABLE),
)
async def remove_cluster(state: State, name: FromPath[str]) -> None:
    """Remove a cluster with its tokens and current objects; its history stays until it ages out."""
    await _fleet(state).remove(name)


@get(
    "/clusters/{name:str}/tokens",
    opt=needs(Permission.CLUSTERS_MANAGE, cluster="name"),
    summary="List a cluster's tokens",
    responses=problems.described(HTTPStatus.NOT_FOUND),
)
async def list_agent_tokens(state: State, name: FromPath[str]) -> TokenList:
    """A cluster's agent tokens, the worthless ones as well, without their secrets."""
    return TokenList(await _fleet(state).clusters.tokens(name))


@post(
    "/clusters/{name:str}/tokens",
    opt=needs(Permission.CLUSTERS_MANAGE, cluster="name")
    | audits(Action.CLUSTER_TOKEN_ROTATE, cluster="name"),
    summary="Rotate a cluster's token",
    responses=problems.described(HTTPStatus.NOT_FOUND),
)
async def rotate_agent_token(
    state: State, request: AnyRequest, name: FromPath[str], data: JSONBody[NewToken]
) -> TokenIssued:
    """Make a new agent token; the former ones stay valid for the overlap."""
    issued = await _fleet(state).rotate(name, data.overlap_seconds)
    audit_details(request, target=Target(id=issued.id), overlapSeconds=data.overlap_seconds)
    return TokenIssued(issued.cluster, issued.id, issued.token)


@delete(
    "/clusters/{name:str}/tokens",
    opt=needs(Permission.CLUSTERS_MANAGE, cluster="name")
    | audits(Action.CLUSTER_TOKEN_REVOKE, cluster="name"),
    summary="Revoke all of a cluster's tokens",
    responses=problems.described(HTTPStatus.NOT_FOUND),
)
async def revoke_agent_tokens(state: State, request: AnyRequest, name: FromPath[str]) -> None:
    """Make every token worthless at once, and close the agent's link."""
    revoked: list[str] = []
    for token in await _fleet(state).clusters.tokens(name):
        if token.state is TokenState.VALID:
            await _fleet(state).revoke(name, token.id)
            revoked.append(token.id)
            audit_details(request, tokens=revoked)


@delete(
    "/clusters/{name:str}/tokens/{token_id:str}",
    opt=needs(Permission.CLUSTERS_MANAGE, cluster="name")
    | audits(Action.CLUSTER_TOKEN_REVOKE, cluster="name", id="token_id"),
    summary="Revoke a cluster's token",
    responses=problems.described(HTTPStatus.NOT_FOUND),
)
async def revoke_agent_token(state: State, name: FromPath[str], token_id: FromPath[str]) -> None:
    """Make one token worthless at once, and close the link that came with it."""
    await _fleet(state).revoke(name, token_id)


_PEER_GONE = (WebSocketDisconnect, RuntimeError, OSError)
"""What Litestar and the server under it raise for it: uvicorn's own error is an OSError."""


class _LitestarSocket:
    """A Litestar WebSocket in the form that the link server takes."""

    def __init__(self, socket: WebSocket[object, object, State]) -> None:
        self._socket = socket

    async def send_bytes(self, data: bytes) -> None:
        try:
            await self._socket.send_bytes(data)
        except _PEER_GONE as error:
            raise ConnectionError(str(error)) from error

    async def receive_bytes(self) -> bytes:
        try:
            message = await self._socket.receive_data(mode="binary")
        except _PEER_GONE as error:
            raise ConnectionError(str(error)) from error
        return message

    async def close(self) -> None:
        try:
            await self._socket.close()
        except _PEER_GONE as error:
            raise ConnectionError(str(error)) from error


@websocket("/link", opt=OPEN)
async def link(socket: WebSocket[object, object, State], state: State) -> None:
    """The agents' end of the hub. Their tokens are checked after the Hello, so that a refusal can say why."""
    _, _, token = socket.headers.get("authorization", "").partition(" ")
    await socket.accept(subprotocols=SUBPROTOCOL)
    peer = f"{socket.client.host}:{socket.client.port}" if socket.client else "unknown"
    await _fleet(state).links.serve(_LitestarSocket(socket), token.strip(), peer)


router = Router(
    "/",
    route_handlers=[
        list_clusters,
        add_cluster,
        get_cluster,
        change_cluster,
        remove_cluster,
        list_agent_tokens,
        rotate_agent_token,
        revoke_agent_tokens,
        revoke_agent_token,
    ],
    tags=["clusters"],
)
