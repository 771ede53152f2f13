"""Settings and agents over HTTP."""

from __future__ import annotations

from http import HTTPStatus

import msgspec
from litestar import Router, get
from litestar.datastructures import State
from litestar.exceptions import HTTPException
from litestar.params import FromPath

from farwatch import __version__
from farwatch.calls.methods import Method
from farwatch.calls.status import StatusAnswer, StatusParams
from farwatch.hub import problems
from farwatch.hub.auth.access import needs
from farwatch.hub.auth.policy import Permission
from farwatch.hub.auth.visibility import visibility
from farwatch.hub.fleet import Fleet
from farwatch.hub.fleet.errors import AgentAwayError, CallFailedError
from farwatch.hub.parameters import AnyRequest
from farwatch.hub.settings.agents import ClusterAgents, show_agents
from farwatch.hub.settings.settings import SettingsReader, SettingsView
from farwatch.hub.watchdog import IngestLag

ASK_SECONDS = 5.0


class ChangesInHand(msgspec.Struct, frozen=True, kw_only=True):
    """What the hub did with changes since its start.

    `written` were handed to the store; `coalesced` were replaced by a later change of the same object while the store took
    nothing; `held` wait for that now.
    """

    written: int
    coalesced: int
    held: int


class AgentList(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The agents of every cluster, by name, and the hub's own version."""

    items: list[ClusterAgents]
    hub_version: str
    changes: ChangesInHand


class AgentProcess(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What an agent says of its process: `objects` by kind, `versions` of what it is made of, and how often it linked."""

    objects: dict[str, int]
    versions: dict[str, str]
    resident_bytes: int
    link_connections: int


@get("/settings", opt=needs(Permission.SETTINGS_READ), summary="Get settings", responses=problems.described())
async def get_settings(state: State) -> SettingsView:
    """How the hub is set up, for how long it keeps what, and how much that takes."""
    reader: SettingsReader = state.settings
    return await reader.read()


@get("/agents", opt=needs(Permission.CLUSTERS_READ), summary="List agents", responses=problems.described())
async def list_agents(request: AnyRequest, state: State) -> AgentList:
    """How the agents of each cluster stand, what they are, and what they may do against what they need."""
    fleet: Fleet = state.fleet
    lag: IngestLag = state.ingest_lag
    lags = lag.lags()
    seen = visibility(request, Permission.CLUSTERS_READ).sees_part
    clusters = [cluster for cluster in await fleet.clusters.list() if seen(cluster.name)]
    log = state.change_log
    return AgentList(
        items=[
            show_agents(
                cluster,
                fleet.links.agent(cluster.name),
                fleet.links.followers(cluster.name),
                lag_seconds=round(lags.get(cluster.name, 0.0), 3),
                hub_version=__version__,
            )
            for cluster in clusters
        ],
        hub_version=__version__,
        changes=ChangesInHand(written=log.counters.written, coalesced=log.counters.coalesced, held=log.held),
    )


@get(
    "/agents/{cluster:str}/process",
    opt=needs(Permission.CLUSTERS_READ, cluster="cluster"),
    summary="Ask an agent how it is",
    responses=problems.described(HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT, HTTPStatus.SERVICE_UNAVAILABLE),
)
async def get_agent_process(state: State, cluster: FromPath[str]) -> AgentProcess:
    """Ask the agent that leads a cluster now: how many objects it keeps, its memory, its versions."""
    fleet: Fleet = state.fleet
    await fleet.clusters.get(cluster)
    try:
        answer = await fleet.links.call(
            cluster, Method.AGENT_STATUS, StatusParams(), timeout_seconds=ASK_SECONDS
        )
    except AgentAwayError as error:
        raise HTTPException(str(error), status_code=HTTPStatus.CONFLICT) from error
    except CallFailedError as error:
        raise HTTPException(str(error), status_code=HTTPStatus.SERVICE_UNAVAILABLE) from error
    try:
        told = msgspec.msgpack.decode(answer, type=StatusAnswer)
    except msgspec.DecodeError as error:
        raise HTTPException(
            f"the agent of {cluster!r} answered in a way that this hub does not know: update the older of the two",
            status_code=HTTPStatus.SERVICE_UNAVAILABLE,
        ) from error
    return AgentProcess(
        objects=told.objects,
        versions=told.versions,
        resident_bytes=told.resident_bytes,
        link_connections=told.link_connections,
    )


router = Router("/", route_handlers=[get_settings, list_agents, get_agent_process], tags=["settings"])
