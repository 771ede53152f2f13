"""The live stream over HTTP, as server-sent events."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated

from litestar import Router, get
from litestar.datastructures import State
from litestar.exceptions import ClientException
from litestar.params import QueryParameter
from litestar.response import ServerSentEvent, ServerSentEventMessage

from farwatch.hub import problems
from farwatch.hub.auth.access import SELF
from farwatch.hub.live.streams import LiveEvent, Streams

KEEPALIVE_SECONDS = 15.0
TYPES = frozenset({"alert", "change", "cluster"})


@get(
    "/stream",
    opt=SELF,
    summary="Follow what happens",
    media_type="text/event-stream",
    response_description="Server-sent events of the types `alert`, `change`, `cluster` and `lost`, each with JSON.",
    responses=problems.described(),
    sync_to_thread=False,
)
def follow_stream(
    state: State,
    types: Annotated[str, QueryParameter(description="Some of alert,change,cluster; all when empty.")] = "",
    cluster: Annotated[str, QueryParameter(description="Only this cluster's; all when empty.")] = "",
) -> ServerSentEvent:
    """Alerts, changes of objects and changes of the fleet as they happen.

    Who reads too slowly loses the oldest events and gets one of type `lost` that says how many: read the current
    state again then. A comment every 15 seconds keeps the connection alive.
    """
    wanted = frozenset(word.strip() for word in types.split(",")) if types else TYPES
    if unknown := wanted - TYPES:
        raise ClientException(
            f"types: {', '.join(sorted(unknown))[:100]!r} is none of {', '.join(sorted(TYPES))}"
        )
    return ServerSentEvent(_follow(state.streams, wanted, cluster))


async def _follow(
    streams: Streams, types: frozenset[str], cluster: str
) -> AsyncIterator[ServerSentEventMessage]:
    with streams.listen() as listener:
        # The first byte tells the client that from here on nothing is missed.
        yield ServerSentEventMessage(comment="following", data=None)
        async for batch in listener.batches(KEEPALIVE_SECONDS):
            if not batch:
                yield ServerSentEventMessage(comment="still here", data=None)
            for event in batch:
                if event.type == "lost" or _is_wanted(event, types, cluster):
                    yield ServerSentEventMessage(event=event.type, data=event.data.decode())


def _is_wanted(event: LiveEvent, types: frozenset[str], cluster: str) -> bool:
    return event.type in types and cluster in {"", event.cluster}


router = Router("/", route_handlers=[follow_stream], tags=["live"])
