"""What Alertmanager serves beside its API: whether it is well, and the order to read its file again."""

from __future__ import annotations

from litestar import HttpMethod, MediaType, Response, Router, route
from litestar.datastructures import State

from farwatch.hub.alerting.configuration import Configuration
from farwatch.hub.alerting.errors import AlertingError
from farwatch.hub.alerting.routes.state import alerting, author
from farwatch.hub.audit import Action, audit_details, audits
from farwatch.hub.auth.access import OPEN, needs
from farwatch.hub.auth.policy import Permission
from farwatch.hub.parameters import AnyRequest

_READ = [HttpMethod.GET, HttpMethod.HEAD]
_WRITE = [HttpMethod.POST, HttpMethod.PUT]


@route("/-/healthy", http_method=_READ, opt=OPEN, media_type=MediaType.TEXT, sync_to_thread=False)
def healthy() -> str:
    """The hub answers."""
    return "OK"


@route("/-/ready", http_method=_READ, opt=OPEN, media_type=MediaType.TEXT, sync_to_thread=False)
def ready(state: State) -> Response[str]:
    """200 when alerts are taken and told of."""
    if alerting(state).running:
        return Response("OK", media_type=MediaType.TEXT)
    return Response(
        "alerting has stopped: the hub's log says why", status_code=503, media_type=MediaType.TEXT
    )


@route(
    "/-/reload",
    opt=needs(Permission.ALERTING_CONFIGURE) | audits(Action.ALERTING_RELOAD),
    http_method=_WRITE,
    media_type=MediaType.TEXT,
)
async def reload(state: State, request: AnyRequest) -> Response[str]:
    """Read the configuration again; 500 with the reasons when it cannot be used, and the one before stays."""
    configuration: Configuration = state.configuration
    try:
        await configuration.reload(author=author(request))
    except AlertingError as error:
        audit_details(request, reason=str(error))
        return Response(f"failed to reload config: {error}", status_code=500, media_type=MediaType.TEXT)
    audit_details(request, digest=configuration.digest)
    return Response("", status_code=200, media_type=MediaType.TEXT)


router = Router("/", route_handlers=[healthy, ready, reload], include_in_schema=False)
