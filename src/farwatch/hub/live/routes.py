"""The live stream over HTTP, as server-sent events."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Annotated

import msgspec
from litestar import Router, get
from litestar.datastructures import State
from litestar.exceptions import ClientException, NotAuthorizedException, PermissionDeniedException
from litestar.params import HeaderParameter, QueryParameter
from litestar.response import ServerSentEvent, ServerSentEventMessage

from farwatch.hub import problems
from farwatch.hub.alerting.extent import reaches
from farwatch.hub.alerting.matchers import Matchers
from farwatch.hub.auth.access import SELF
from farwatch.hub.auth.policy import Permission
from farwatch.hub.auth.visibility import Visibility, visibility
from farwatch.hub.inventory.parameters import find_kind
from farwatch.hub.live.streams import EventId, EventIdError, LiveEvent, Streams, Wants
from farwatch.hub.parameters import AnyRequest, split_names

KEEPALIVE_SECONDS = 15.0

PERMISSIONS = {
    "acknowledgement": Permission.ALERTS_READ,
    "alert": Permission.ALERTS_READ,
    "change": Permission.OBJECTS_READ,
    "cluster": Permission.CLUSTERS_READ,
    "configuration": Permission.ALERTING_READ,
    "notification": Permission.ALERTS_READ,
    "silence": Permission.SILENCES_READ,
}
"""The types of events, and what it takes to see those of each."""

MOST_NAMES = 100
"""How many names one parameter lists."""


class _Silence(msgspec.Struct, frozen=True):
    """What is read of a silence's event."""

    matchers: str


@get(
    "/stream",
    opt=SELF,
    summary="Follow what happens",
    media_type="text/event-stream",
    response_description=(
        "Server-sent events, each with an id and JSON, of the types `alert`, `acknowledgement`, `change`, `cluster`, "
        "`configuration`, `notification`, `silence`, and `lost`."
    ),
    responses=problems.described(),
    sync_to_thread=False,
)
def follow_stream(
    request: AnyRequest,
    state: State,
    *,
    types: Annotated[
        str, QueryParameter(description="Only events of these types, comma-separated; all when empty.")
    ] = "",
    cluster: Annotated[
        str, QueryParameter(description="Only what is of these clusters, comma-separated; all when empty.")
    ] = "",
    namespace: Annotated[
        str,
        QueryParameter(
            description="Of changes, only those in these namespaces, comma-separated; all when empty."
        ),
    ] = "",
    kinds: Annotated[
        str,
        QueryParameter(description="Of changes, only those of these kinds, comma-separated; all when empty."),
    ] = "",
    last_event_id: Annotated[
        str, QueryParameter(name="lastEventId", description="The id of the last event that was had.")
    ] = "",
    last_event_id_header: Annotated[
        str,
        HeaderParameter(name="Last-Event-ID", description="The same, as browsers send it; it goes first."),
    ] = "",
) -> ServerSentEvent:
    """Changes of objects with their row in the table, alerts and what is done about them, and changes of the fleet.

    Who comes back with the id of the last event is given those that were missed. Who was away for too long, comes back to
    another life of the hub, or reads too slowly gets an event of type `lost` that says why: read the current state again
    then. A comment with an id every 15 seconds keeps the connection alive. The stream ends where its reader's session or
    token does.
    """
    after = _read_id(last_event_id_header or last_event_id)
    sight = _Sight(request)
    wants = _choose(
        types=_read_types(types),
        clusters=_split("cluster", cluster),
        namespaces=_split("namespace", namespace),
        kinds=frozenset(find_kind(kind).name for kind in _split("kinds", kinds)),
        sees=sight.sees,
    )
    return ServerSentEvent(_follow(state.streams, sight, wants, after))


async def _follow(
    streams: Streams, sight: _Sight, wants: Wants, after: EventId | None
) -> AsyncIterator[ServerSentEventMessage]:
    with streams.listen(wants, after) as listener:
        # The first byte tells the client that from here on nothing is missed.
        yield ServerSentEventMessage(
            comment="following", id=None if after else str(streams.id_of(listener.position)), data=None
        )
        async for batch in listener.batches(KEEPALIVE_SECONDS):
            if not await sight.look_again():
                return
            if not batch:
                here = str(streams.id_of(listener.position))
                yield ServerSentEventMessage(comment="still here", id=here, data=None)
            for event in filter(sight.sees, batch):
                number = event.sequence or listener.position
                yield ServerSentEventMessage(
                    event=event.type, id=str(streams.id_of(number)), data=event.data.decode()
                )


def _choose(
    *,
    types: frozenset[str],
    clusters: frozenset[str],
    namespaces: frozenset[str],
    kinds: frozenset[str],
    sees: Callable[[LiveEvent], bool],
) -> Wants:
    def wants(event: LiveEvent) -> bool:
        if event.type not in types or (clusters and event.cluster not in clusters):
            return False
        if event.type == "change" and (
            (kinds and event.kind not in kinds) or (namespaces and event.namespace not in namespaces)
        ):
            return False
        return sees(event)

    return wants


class _Sight:
    """Which events who asks may see, for as long as they listen."""

    def __init__(self, request: AnyRequest) -> None:
        self._request = request
        self._extents = self._look()

    def sees(self, event: LiveEvent) -> bool:
        """Whether an event may be given to them."""
        return event.type not in self._extents or _shows(self._extents[event.type], event)

    async def look_again(self) -> bool:
        """Take in what was granted or taken back since; whether they may still listen at all."""
        try:
            await self._request.route_handler.authorize_connection(self._request)
        except (NotAuthorizedException, PermissionDeniedException):
            return False
        self._extents = self._look()
        return True

    def _look(self) -> dict[str, Visibility]:
        return {name: visibility(self._request, permission) for name, permission in PERMISSIONS.items()}


def _shows(extent: Visibility, event: LiveEvent) -> bool:
    if extent.everything:
        return True
    match event.type:
        case "cluster":
            return extent.sees_part(event.cluster)
        case "change":
            return extent.sees_object(event.cluster, event.kind, event.namespace, event.name)
        case "silence":
            matchers = Matchers.parse(msgspec.json.decode(event.data, type=_Silence).matchers)
            return reaches(matchers, extent.areas())
    return extent.sees(event.cluster, event.namespace)


def _read_id(text: str) -> EventId | None:
    try:
        return EventId.read(text) if text else None
    except EventIdError as error:
        raise ClientException(f"lastEventId: {error}") from error


def _read_types(text: str) -> frozenset[str]:
    wanted = _split("types", text)
    if unknown := sorted(wanted - PERMISSIONS.keys()):
        raise ClientException(
            f"types: {', '.join(unknown)[:100]!r} is none of {', '.join(sorted(PERMISSIONS))}"
        )
    return wanted or frozenset(PERMISSIONS)


def _split(parameter: str, text: str) -> frozenset[str]:
    names = frozenset(split_names(text))
    if len(names) > MOST_NAMES:
        raise ClientException(
            f"{parameter}: {len(names)} names are more than the {MOST_NAMES} that one stream has"
        )
    return names


router = Router("/", route_handlers=[follow_stream], tags=["live"])
