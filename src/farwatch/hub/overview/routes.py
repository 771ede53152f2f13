"""The fleet at a glance over HTTP."""

from __future__ import annotations

from typing import Annotated

import msgspec
from litestar import Router, get
from litestar.datastructures import State
from litestar.exceptions import ClientException
from litestar.params import QueryParameter

from farwatch.hub import problems
from farwatch.hub.alerting import Alerting
from farwatch.hub.auth.access import needs
from farwatch.hub.auth.policy import Permission
from farwatch.hub.overview.objects import routes as object_routes
from farwatch.hub.overview.overview import FleetOverview, Overview
from farwatch.hub.overview.search import LONGEST_QUERY, MOST_HITS, Ground, Hit, HitType, find_hits
from farwatch.hub.overview.sight import see
from farwatch.hub.parameters import AnyRequest, split_names
from farwatch.kube.selectors import Selector


class SearchResult(msgspec.Struct, frozen=True):
    """What was found, the best first."""

    items: list[Hit]


@get(
    "/overview",
    opt=needs(Permission.CLUSTERS_READ),
    summary="Read the fleet at a glance",
    responses=problems.described(),
)
async def read_overview(
    request: AnyRequest,
    state: State,
    labels: Annotated[
        str, QueryParameter(description="A label selector over clusters: env=prod,region in (eu,us).")
    ] = "",
) -> FleetOverview:
    """Every cluster's health, nodes, pods, alerts and agent; what changed lately; the worst trouble."""
    overview: Overview = state.overview
    return await overview.read(Selector.parse(labels), see(request))


@get(
    "/search",
    opt=needs(Permission.OBJECTS_READ),
    summary="Search the fleet",
    responses=problems.described(),
)
async def search_fleet(
    request: AnyRequest,
    state: State,
    q: Annotated[
        str,
        QueryParameter(max_length=LONGEST_QUERY, description="Words, in any case; each must be found."),
    ] = "",
    types: Annotated[
        str,
        QueryParameter(
            description="Only these, comma-separated: cluster,workload,node,namespace,alert,pod; all when empty."
        ),
    ] = "",
    limit: Annotated[int, QueryParameter(ge=1, le=MOST_HITS, description="How many at most.")] = 20,
) -> SearchResult:
    """Clusters, workloads, nodes, namespaces, firing alerts and pods by name, the best fit first.

    A whole name comes before its beginning, that before the beginning of a part of it, and that before anywhere in it;
    then what has all the words in namespace, cluster or labels, and last, names with the letters in this order.
    """
    alerting: Alerting = state.alerting
    sight = see(request)
    clusters = [
        cluster.name for cluster in await state.fleet.clusters.list() if sight.shows_cluster(cluster.name)
    ]
    alerts = [alert for alert in alerting.active() if sight.shows_alert(alert.labels)]
    ground = Ground(clusters, state.rows, alerts, sight.objects)
    return SearchResult(find_hits(q, ground, limit, _read_types(types)))


def _read_types(text: str) -> frozenset[HitType]:
    names = split_names(text)
    if unknown := sorted(set(names) - set(HitType)):
        raise ClientException(f"types: {unknown[0][:100]!r} is none of {', '.join(HitType)}")
    return frozenset(map(HitType, names)) or frozenset(HitType)


router = Router("/", route_handlers=[read_overview, search_fleet, *object_routes.handlers], tags=["overview"])
