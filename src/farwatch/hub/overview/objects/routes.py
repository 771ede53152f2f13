"""One object over HTTP: as it is or was, what it went through, and what is different between two times."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Annotated

import msgspec
from litestar import get
from litestar.datastructures import State
from litestar.exceptions import ClientException, NotFoundException
from litestar.params import FromPath, QueryParameter

from farwatch.hub import problems
from farwatch.hub.alerting import Alert, Alerting
from farwatch.hub.auth.access import needs
from farwatch.hub.auth.policy import Permission
from farwatch.hub.auth.visibility import visibility
from farwatch.hub.inventory import ChangeLog, ChangeQuery, Past, PastQuery
from farwatch.hub.inventory.parameters import (
    MAX_SEQUENCE,
    At,
    KindInPath,
    NamespaceOf,
    added_at,
    find_kind,
    to_seconds,
)
from farwatch.hub.overview.objects.detail import ObjectDetail, describe
from farwatch.hub.overview.objects.history import ObjectDiff, ObjectHistory, compare, show_change
from farwatch.hub.overview.objects.scene import Present, Ref, Scene, recall
from farwatch.hub.overview.sight import see
from farwatch.hub.parameters import AnyRequest, Since, Until
from farwatch.hub.times import to_time

MAX_PAGE = 500


@get(
    "/clusters/{cluster:str}/objects/{kind:str}/{name:str}/detail",
    opt=needs(Permission.OBJECTS_READ),
    summary="Read everything about an object",
    responses=problems.described(HTTPStatus.NOT_FOUND, HTTPStatus.SERVICE_UNAVAILABLE),
)
async def describe_object(
    state: State,
    request: AnyRequest,
    cluster: FromPath[str],
    kind: KindInPath,
    name: FromPath[str],
    *,
    namespace: NamespaceOf = "",
    at: At = None,
) -> ObjectDetail:
    """How an object stands and what that means, its owners, pods, containers, conditions, events and alerts."""
    ref = _find_ref(request, cluster, kind, namespace, name)
    alerts: Iterable[Alert] = ()
    scene: Scene
    if at is None:
        moment = datetime.now(UTC)
        scene = Present(cluster, state.inventory)
        alerting: Alerting = state.alerting
        shows = see(request).shows_alert
        alerts = [alert for alert in alerting.active() if shows(alert.labels)]
    else:
        moment = _to_moment(at)
        scene = await recall(state.past, cluster, await added_at(state, cluster), ref, moment.timestamp())
    found = scene.get(ref)
    if found is None:
        raise _not_there(cluster, ref, at)
    detail = describe(cluster, ref, found, scene, alerts=alerts, at=moment)
    if at is None:
        return detail
    past: Past = state.past
    return msgspec.structs.replace(detail, known_since=await past.known_since([cluster]))


@get(
    "/clusters/{cluster:str}/objects/{kind:str}/{name:str}/history",
    opt=needs(Permission.OBJECTS_READ),
    summary="List what an object went through",
    responses=problems.described(HTTPStatus.NOT_FOUND, HTTPStatus.SERVICE_UNAVAILABLE),
)
async def list_object_history(
    state: State,
    request: AnyRequest,
    cluster: FromPath[str],
    kind: KindInPath,
    name: FromPath[str],
    *,
    namespace: NamespaceOf = "",
    since: Since = None,
    until: Until = None,
    before: Annotated[
        int | None, QueryParameter(ge=0, le=MAX_SEQUENCE, description="The `before` of the page before.")
    ] = None,
    documents: Annotated[bool, QueryParameter(description="Include the object as it then was.")] = False,
    limit: Annotated[int, QueryParameter(ge=1, le=MAX_PAGE, description="How many at most.")] = 50,
) -> ObjectHistory:
    """The changes of one object, and of others that had its name before, the newest first; each with what it amounts to.

    It is kept beyond the object's end, for as long as changes are.
    """
    ref = _find_ref(request, cluster, kind, namespace, name)
    log: ChangeLog = state.change_log
    past: Past = state.past
    changes = await log.changes(
        ChangeQuery(
            cluster=cluster,
            kind=ref.kind,
            namespace=ref.namespace,
            name=ref.name,
            since=0.0 if since is None else to_seconds(since),
            until=None if until is None else to_seconds(until),
            before_sequence=before,
            limit=limit + 1,
        )
    )
    page = changes[:limit]
    return ObjectHistory(
        items=[show_change(change, documents=documents) for change in page],
        before=page[-1].sequence if len(changes) > limit else None,
        known_since=await past.known_since([cluster]),
    )


@get(
    "/clusters/{cluster:str}/objects/{kind:str}/{name:str}/diff",
    opt=needs(Permission.OBJECTS_READ),
    summary="Compare an object at two times",
    responses=problems.described(HTTPStatus.NOT_FOUND, HTTPStatus.SERVICE_UNAVAILABLE),
)
async def diff_object(
    state: State,
    request: AnyRequest,
    cluster: FromPath[str],
    kind: KindInPath,
    name: FromPath[str],
    *,
    namespace: NamespaceOf = "",
    start: Annotated[
        str, QueryParameter(name="from", description="The earlier time, RFC 3339; without a zone, in UTC.")
    ],
    end: Annotated[
        str,
        QueryParameter(
            name="to", description="The later time, RFC 3339; without a zone, in UTC. Now, when left out."
        ),
    ] = "",
) -> ObjectDiff:
    """The fields that differ, and the object at both times as it is kept; where it was not there, it is absent."""
    ref = _find_ref(request, cluster, kind, namespace, name)
    past: Past = state.past
    born = await added_at(state, cluster)
    times = (_read_time("from", start), _read_time("to", end) if end else datetime.now(UTC))
    query = PastQuery(
        kinds=(ref.kind,),
        time=times[0].timestamp(),
        clusters={cluster: born},
        namespace=ref.namespace,
        name=ref.name,
    )
    before = await past.get(query)
    after = (
        await past.get(msgspec.structs.replace(query, time=times[1].timestamp()))
        if end
        else Present(cluster, state.inventory).get(ref)
    )
    if before is None and after is None:
        raise _not_there(cluster, ref, times[0])
    return compare(ref.kind, (times[0], before), (times[1], after), await past.known_since([cluster]))


def _find_ref(request: AnyRequest, cluster: str, kind: str, namespace: str, name: str) -> Ref:
    """Which object is asked for; one that may not be seen is not there."""
    ref = Ref(find_kind(kind).name, namespace, name)
    seen = visibility(request, Permission.OBJECTS_READ)
    if not seen.sees_object(cluster, ref.kind, namespace, name):
        raise _not_there(cluster, ref, None)
    return ref


def _not_there(cluster: str, ref: Ref, at: datetime | None) -> NotFoundException:
    place = f" in namespace {ref.namespace[:100]!r}" if ref.namespace else ""
    what = f"{ref.kind} {ref.name[:300]!r}{place}"
    if at is None:
        return NotFoundException(
            f"cluster {cluster[:100]!r} has no {what}; if it had, its history tells, and at=<time> shows it as it was"
        )
    return NotFoundException(f"cluster {cluster[:100]!r} is not known to have had {what} then")


def _read_time(parameter: str, text: str) -> datetime:
    # Read here: the framework would name it by its name in Python, which "from" cannot be.
    try:
        return _to_moment(msgspec.convert(text, datetime))
    except msgspec.ValidationError:
        raise ClientException(
            f"{parameter}: {text[:80]!r} is not a time: write it as in 2026-11-21T12:00:00Z"
        ) from None


def _to_moment(time: datetime) -> datetime:
    return to_time(to_seconds(time))


handlers = (describe_object, list_object_history, diff_object)
