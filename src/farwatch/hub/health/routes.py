"""Health and metrics over HTTP."""

from __future__ import annotations

import msgspec
from litestar import Response, Router, get
from litestar.datastructures import State
from litestar.openapi.datastructures import ResponseSpec

from farwatch.hub import problems
from farwatch.hub.auth.access import needs
from farwatch.hub.auth.guard import OPEN
from farwatch.hub.auth.policy import Permission
from farwatch.hub.health.faults import find_faults
from farwatch.hub.health.metrics import collect
from farwatch.wire.exposition import CONTENT_TYPE, write_text


class Health(msgspec.Struct, frozen=True, omit_defaults=True):
    """Whether the hub is well, and what is wrong if not."""

    ok: bool
    problems: list[str] = []


@get("/healthz", opt=OPEN, security=[{}], summary="Is the hub alive?", sync_to_thread=False)
def healthz() -> Health:
    """The hub's loop turns: it answers."""
    return Health(ok=True)


@get(
    "/readyz",
    opt=OPEN,
    security=[{}],
    summary="Can the hub do its work?",
    responses={
        503: ResponseSpec(Health, generate_examples=False, description="It cannot; `problems` says why.")
    },
    sync_to_thread=False,
)
def readyz(state: State) -> Response[Health]:
    """200 when everything works; 503 with the reasons when not."""
    faults = find_faults(state.telemetry, state.detection, state.alerting)
    return Response(Health(ok=not faults, problems=faults), status_code=503 if faults else 200)


@get(
    "/activez",
    opt=OPEN,
    security=[{}],
    summary="Does this hub work, or stand by for another one?",
    responses={
        503: ResponseSpec(Health, generate_examples=False, description="It stands by; `problems` says why.")
    },
    sync_to_thread=False,
)
def activez() -> Health:
    """200 from the hub that works, well or not: what leads people and agents to one of several hubs asks for this."""
    return Health(ok=True)


@get(
    "/metrics",
    opt=needs(Permission.METRICS_READ),
    summary="The hub's own metrics",
    media_type=CONTENT_TYPE,
    responses=problems.described(),
    sync_to_thread=False,
)
def metrics(state: State) -> Response[str]:
    """In Prometheus' text format."""
    # As a header: to a media type the framework would add a second charset, which Prometheus refuses.
    return Response(write_text(collect(state)), headers={"content-type": CONTENT_TYPE})


router = Router("/", route_handlers=[healthz, readyz, activez, metrics], tags=["health"])
