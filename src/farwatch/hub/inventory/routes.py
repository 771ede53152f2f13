"""Objects and their history over HTTP."""

from __future__ import annotations

from datetime import UTC, datetime
from http import HTTPStatus
from typing import Annotated, Any

import msgspec
from litestar import Router, get
from litestar.datastructures import State
from litestar.exceptions import ClientException, NotFoundException
from litestar.params import FromPath, QueryParameter

from farwatch.hub import problems
from farwatch.hub.auth.access import needs
from farwatch.hub.auth.policy import Permission
from farwatch.hub.auth.visibility import visibility
from farwatch.hub.inventory.activity import ActivityQuery, read_activity
from farwatch.hub.inventory.changes import Operation
from farwatch.hub.inventory.diff import FieldChange
from farwatch.hub.inventory.inventory import Inventory
from farwatch.hub.inventory.log import ChangeLog, ChangeQuery, LoggedChange
from farwatch.hub.inventory.pages import Query
from farwatch.hub.inventory.parameters import (
    MAX_SEQUENCE,
    At,
    KindInPath,
    NamespaceOf,
    added_at,
    find_kind,
    sight,
    to_seconds,
)
from farwatch.hub.inventory.past import Past, PastQuery
from farwatch.hub.inventory.table import routes as table_routes
from farwatch.hub.parameters import AnyRequest, Since, Until
from farwatch.hub.times import to_time, to_time_or_none
from farwatch.kube.selectors import Selector

MAX_PAGE = 1000

PageSize = Annotated[int, QueryParameter(ge=1, le=MAX_PAGE, description="How many at most.")]
InNamespace = Annotated[
    str | None, QueryParameter(description="Only this namespace's; empty: only what lives in none.")
]


class ObjectView(msgspec.Struct, frozen=True, kw_only=True):
    """A trimmed object, in the Kubernetes API's shape, and the cluster it is in."""

    cluster: str
    kind: str
    object: dict[str, Any]


class ObjectList(msgspec.Struct, frozen=True, kw_only=True):
    """A page of objects by cluster, namespace and name.

    `continue` asks for the next page and is empty on the last one; `remaining` is how many come after this page.
    """

    items: list[ObjectView]
    continue_token: str = msgspec.field(name="continue")
    remaining: int


class ChangeView(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """One change: what happened to which object, and what an update changed. Times are UTC."""

    sequence: int
    time: datetime
    cluster: str
    kind: str
    namespace: str
    name: str
    uid: str
    operation: Operation
    after_gap: bool = False
    fields: list[FieldChange] = []
    object: dict[str, Any] | None = None


class ChangeList(msgspec.Struct, frozen=True):
    """Changes, the newest first. The last one's `sequence` as `before` asks for the next page."""

    items: list[ChangeView]


def _inventory(state: State) -> Inventory:
    inventory: Inventory = state.inventory
    return inventory


@get(
    "/objects/{kind:str}",
    opt=needs(Permission.OBJECTS_READ),
    summary="List objects",
    responses=problems.described(),
    sync_to_thread=False,
)
def list_objects(
    state: State,
    request: AnyRequest,
    kind: KindInPath,
    *,
    cluster: Annotated[str | None, QueryParameter(description="Only this cluster's.")] = None,
    namespace: InNamespace = None,
    labels: Annotated[
        str, QueryParameter(description="A label selector: app=web,tier!=db,env in (a,b).")
    ] = "",
    name: Annotated[str, QueryParameter(description="What names must contain.")] = "",
    limit: PageSize = 100,
    continue_token: Annotated[
        str, QueryParameter(name="continue", description="The `continue` of the page before.")
    ] = "",
) -> ObjectList:
    """Current objects of one kind across the fleet."""
    found = find_kind(kind)
    query = Query(
        kind=found.name,
        cluster=cluster,
        namespace=namespace,
        selector=Selector.parse(labels),
        name=name,
        sees=sight(request),
    )
    page = _inventory(state).select(query, limit, continue_token)
    items = [
        ObjectView(cluster=item.cluster, kind=found.name, object=msgspec.to_builtins(item.object))
        for item in page.items
    ]
    return ObjectList(items=items, continue_token=page.continue_token, remaining=page.remaining)


@get(
    "/clusters/{cluster:str}/objects/{kind:str}/{name:str}",
    opt=needs(Permission.OBJECTS_READ),
    summary="Get an object",
    responses=problems.described(HTTPStatus.NOT_FOUND, HTTPStatus.SERVICE_UNAVAILABLE),
)
async def get_object(
    state: State,
    request: AnyRequest,
    cluster: FromPath[str],
    kind: KindInPath,
    name: FromPath[str],
    *,
    namespace: NamespaceOf = "",
    at: At = None,
) -> ObjectView:
    """One object as it is kept; `namespace` is left out for kinds that live in none."""
    found = find_kind(kind)
    seen = visibility(request, Permission.OBJECTS_READ)
    item = None
    if seen.sees_object(cluster, found.name, namespace, name):
        if at is None:
            item = _inventory(state).get(cluster, found.name, namespace, name)
        else:
            past: Past = state.past
            item = await past.get(
                PastQuery(
                    kinds=(found.name,),
                    time=to_seconds(at),
                    clusters={cluster: await added_at(state, cluster)},
                    namespace=namespace,
                    name=name,
                )
            )
    if item is None:
        place = f" in namespace {namespace!r}" if namespace else ""
        then = "" if at is None else ", as far as is known, then"
        raise NotFoundException(f"cluster {cluster!r} has no {found.name} {name!r}{place}{then}")
    return ObjectView(cluster=cluster, kind=found.name, object=msgspec.to_builtins(item))


@get(
    "/clusters/{cluster:str}/changes",
    opt=needs(Permission.OBJECTS_READ),
    summary="List changes",
    responses=problems.described(HTTPStatus.SERVICE_UNAVAILABLE),
)
async def list_changes(
    state: State,
    request: AnyRequest,
    cluster: FromPath[str],
    *,
    kind: Annotated[str | None, QueryParameter(description="Only objects of this kind.")] = None,
    namespace: InNamespace = None,
    name: Annotated[str | None, QueryParameter(description="Only objects of this name.")] = None,
    since: Since = None,
    until: Until = None,
    before: Annotated[
        int | None, QueryParameter(ge=0, le=MAX_SEQUENCE, description="Only changes with a smaller sequence.")
    ] = None,
    documents: Annotated[bool, QueryParameter(description="Include each object as it then was.")] = False,
    limit: PageSize = 100,
) -> ChangeList:
    """What changed in a cluster, a namespace or one object, with what each update changed."""
    log: ChangeLog = state.change_log
    query = ChangeQuery(
        cluster=cluster,
        kind=None if kind is None else find_kind(kind).name,
        namespace=namespace,
        name=name,
        since=0.0 if since is None else to_seconds(since),
        until=None if until is None else to_seconds(until),
        areas=visibility(request, Permission.OBJECTS_READ).areas(),
        before_sequence=before,
        limit=limit,
    )
    return ChangeList([_view(change, documents=documents) for change in await log.changes(query)])


class ActivityView(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """How many changes there were in each of equal parts of a time, the earliest first. Times are UTC.

    `knownSince` is from when on everything is known; `previous` and `next` are the times of the changes around `at`.
    """

    since: datetime
    until: datetime
    counts: list[int]
    known_since: datetime | None = None
    previous: datetime | None = None
    next: datetime | None = None


@get(
    "/clusters/{cluster:str}/activity",
    opt=needs(Permission.OBJECTS_READ),
    summary="Count changes over a time",
    responses=problems.described(HTTPStatus.SERVICE_UNAVAILABLE),
)
async def count_changes(
    state: State,
    request: AnyRequest,
    cluster: FromPath[str],
    *,
    kind: Annotated[
        str | None,
        QueryParameter(description="Only objects of this kind; all but events, when left out."),
    ] = None,
    namespace: InNamespace = None,
    name: Annotated[str | None, QueryParameter(description="Only objects of this name.")] = None,
    since: Annotated[
        datetime | None,
        QueryParameter(description="From when on; from when on everything is known, when left out."),
    ] = None,
    until: Annotated[datetime | None, QueryParameter(description="Up to when; now, when left out.")] = None,
    at: Annotated[
        datetime | None, QueryParameter(description="Also find the changes before and after this time.")
    ] = None,
    buckets: Annotated[int, QueryParameter(ge=1, le=1000, description="Into how many parts.")] = 120,
) -> ActivityView:
    """When a cluster, a kind, a namespace or an object changed, and how much: the marks of a time line."""
    past: Past = state.past
    seen = visibility(request, Permission.OBJECTS_READ)
    # Of a cluster that may not be seen not even that it is there.
    known = await past.known_since([cluster]) if seen.sees_part(cluster) else None
    end = datetime.now(UTC).timestamp() if until is None else to_seconds(until)
    start = end - 3600 if known is None else known.timestamp()
    if since is not None:
        start = to_seconds(since)
    if start >= end:
        raise ClientException("since: it must be before until")
    query = ActivityQuery(
        cluster=cluster,
        since=start,
        until=end,
        buckets=buckets,
        at=None if at is None else to_seconds(at),
        kind=None if kind is None else find_kind(kind).name,
        namespace=namespace,
        name=name,
        areas=seen.areas(),
    )
    found = await read_activity(state.telemetry, query)
    return ActivityView(
        since=to_time(start),
        until=to_time(end),
        counts=found.counts,
        known_since=known,
        previous=to_time_or_none(found.previous),
        next=to_time_or_none(found.next),
    )


def _view(change: LoggedChange, *, documents: bool) -> ChangeView:
    return ChangeView(
        sequence=change.sequence,
        time=to_time(change.time),
        cluster=change.cluster,
        kind=change.kind,
        namespace=change.namespace,
        name=change.name,
        uid=change.uid,
        operation=change.operation,
        after_gap=change.after_gap,
        fields=change.fields,
        object=msgspec.json.decode(change.document) if documents else None,
    )


router = Router(
    "/",
    route_handlers=[list_objects, get_object, list_changes, count_changes, *table_routes.handlers],
    tags=["objects"],
)
