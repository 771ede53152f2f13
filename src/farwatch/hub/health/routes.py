"""Health and metrics over HTTP."""

from __future__ import annotations

import msgspec
from litestar import Response, Router, get
from litestar.datastructures import State

from farwatch.hub.auth.guard import OPEN
from farwatch.hub.health.metrics import collect
from farwatch.hub.store import Telemetry
from farwatch.wire.exposition import CONTENT_TYPE, write_text


class Health(msgspec.Struct, frozen=True, omit_defaults=True):
    """Whether the hub is well, and what is wrong if not."""

    ok: bool
    problems: list[str] = []


@get("/healthz", opt=OPEN, summary="Is the hub alive?", tags=["health"], sync_to_thread=False)
def healthz() -> Health:
    """The hub's loop turns: it answers."""
    return Health(ok=True)


@get("/readyz", opt=OPEN, summary="Can the hub do its work?", tags=["health"], sync_to_thread=False)
def readyz(state: State) -> Response[Health]:
    """200 when everything works; 503 with the reasons when not."""
    telemetry: Telemetry = state.telemetry
    problems = []
    if telemetry.full:
        problems.append("the telemetry store takes no rows: the hub's log says why; is the disk full?")
    health = Health(ok=not problems, problems=problems)
    return Response(health, status_code=503 if problems else 200)


@get("/metrics", summary="The hub's own metrics", tags=["health"], sync_to_thread=False)
def metrics(state: State) -> Response[str]:
    """In Prometheus' text format."""
    return Response(write_text(collect(state)), media_type=CONTENT_TYPE)


router = Router("/", route_handlers=[healthz, readyz, metrics])
