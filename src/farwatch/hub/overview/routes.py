"""The fleet at a glance over HTTP."""

from __future__ import annotations

from typing import Annotated

from litestar import Router, get
from litestar.datastructures import State
from litestar.params import QueryParameter

from farwatch.hub import problems
from farwatch.hub.auth.access import needs
from farwatch.hub.auth.policy import Permission
from farwatch.hub.overview.overview import FleetOverview, Overview
from farwatch.kube.selectors import Selector


@get(
    "/overview",
    opt=needs(Permission.CLUSTERS_READ),
    summary="Read the fleet at a glance",
    responses=problems.described(),
)
async def read_overview(
    state: State,
    labels: Annotated[
        str, QueryParameter(description="A label selector over clusters: env=prod,region in (eu,us).")
    ] = "",
) -> FleetOverview:
    """Every cluster's health, nodes, pods, alerts and agent; what changed lately; the worst trouble."""
    overview: Overview = state.overview
    return await overview.read(Selector.parse(labels))


router = Router("/", route_handlers=[read_overview], tags=["overview"])
