"""Silences over HTTP, and what one would hush before it is made."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from datetime import datetime
from http import HTTPStatus
from typing import Annotated

import msgspec
from litestar import delete, get, post, put
from litestar.datastructures import State
from litestar.params import FromPath, JSONBody, QueryParameter

from farwatch.hub import problems
from farwatch.hub.alerting.alerts import Alert
from farwatch.hub.alerting.history import Span
from farwatch.hub.alerting.routes.alerts import AlertView, view
from farwatch.hub.alerting.routes.choosing import read_matchers
from farwatch.hub.alerting.routes.sight import alerts_seen, find_silence, require_silence, sees_silence
from farwatch.hub.alerting.routes.state import alerting, author, history
from farwatch.hub.alerting.silences import Silence, SilenceNotFoundError, SilenceState
from farwatch.hub.audit import Action, Target, audit_details, audits, not_audited
from farwatch.hub.auth.access import needs
from farwatch.hub.auth.policy import Permission
from farwatch.hub.parameters import AnyRequest
from farwatch.hub.times import to_seconds, to_time

BATCH = 500
"""So many alerts are looked at before others get a turn."""

EXAMPLES = 10
LOOK_BACK_SECONDS = 7 * 86_400.0
MAX_MATCHERS_LENGTH = 20_000

_ORDER = (SilenceState.ACTIVE, SilenceState.PENDING, SilenceState.EXPIRED)

MatchersText = Annotated[str, msgspec.Meta(max_length=MAX_MATCHERS_LENGTH)]


class SilenceBody(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """A silence as it is wanted.

    Attributes:
        matchers: As in the configuration: `cluster="prod", alertname=~"Kube.*"`.
        ends_at: Until when; without a zone, in UTC.
        starts_at: From when on; now when left out.
        comment: Why.
    """

    matchers: MatchersText
    ends_at: datetime
    starts_at: datetime | None = None
    comment: str = ""


class PreviewBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Matchers that a silence may have: `cluster="prod", alertname=~"Kube.*"`."""

    matchers: MatchersText


class SilenceView(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A silence. `hushes` is how many of the alerts that fire now its matchers fit; of one that has ended, none."""

    id: str
    state: SilenceState
    matchers: str
    starts_at: datetime
    ends_at: datetime
    updated_at: datetime
    created_by: str
    comment: str
    hushes: int


class SilenceList(msgspec.Struct, frozen=True):
    """Silences: those that hush now, those to come, then those that have ended, the latest end first."""

    items: list[SilenceView]


class PreviewView(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What a silence would hush.

    Attributes:
        matchers: The matchers as they were understood.
        alerts: How many alerts that fire now.
        hidden: How many more that you may not see: a silence of yours may not hush these.
        by_cluster: How many of the former in each cluster; under an empty name, those of none.
        examples: Some of them, the newest first.
        fired_lately: How many different alerts of the last seven days it would have hushed.
    """

    matchers: str
    alerts: int
    hidden: int
    by_cluster: dict[str, int]
    examples: list[AlertView]
    fired_lately: int


@get(
    "/silences", opt=needs(Permission.SILENCES_READ), summary="List silences", responses=problems.described()
)
async def list_silences(
    state: State,
    request: AnyRequest,
    wanted: Annotated[
        SilenceState | None, QueryParameter(name="state", description="Only those in this state.")
    ] = None,
) -> SilenceList:
    """All silences that are, will be, or were in the last days; `GET /history/silences` tells of older ones."""
    now = time.time()
    silences = [
        silence
        for silence in alerting(state).silences
        if (wanted is None or silence.state(now) is wanted) and sees_silence(request, silence.matchers)
    ]
    silences.sort(key=lambda silence: (_ORDER.index(silence.state(now)), -silence.ends_at))
    hushes: Counter[str] = Counter()
    firing = _firing(request)
    for start in range(0, len(firing), BATCH):
        hushes += alerting(state).silences.count(alert.labels for alert in firing[start : start + BATCH])
        await asyncio.sleep(0)  # others get a turn
    return SilenceList([_view(silence, now, hushes[silence.id]) for silence in silences])


@get(
    "/silences/{silence_id:str}",
    opt=needs(Permission.SILENCES_READ),
    summary="Get a silence",
    responses=problems.described(HTTPStatus.NOT_FOUND),
    sync_to_thread=False,
)
def get_silence(request: AnyRequest, silence_id: FromPath[str]) -> SilenceView:
    """One silence."""
    silence = _find(request, silence_id)
    return _view(silence, time.time(), _count(silence, request))


@post(
    "/silences/preview",
    opt=needs(Permission.SILENCES_READ) | not_audited("it changes nothing"),
    summary="Preview a silence",
    responses=problems.described(HTTPStatus.SERVICE_UNAVAILABLE),
    status_code=HTTPStatus.OK,
)
async def preview_silence(state: State, request: AnyRequest, data: JSONBody[PreviewBody]) -> PreviewView:
    """What a silence with these matchers would hush now, and would have hushed in the last seven days."""
    matchers = read_matchers(data.matchers)
    now = time.time()
    sight = alerts_seen(request)
    hushed = [alert for alert in alerting(state).active() if matchers.match(alert.labels)]
    found = [alert for alert in hushed if sight.sees_labels(alert.labels)]
    found.sort(key=lambda alert: alert.starts_at, reverse=True)
    lately = await history(state).labels_of_alerts(Span(since=now - LOOK_BACK_SECONDS, until=now))
    return PreviewView(
        matchers=str(matchers),
        alerts=len(found),
        hidden=len(hushed) - len(found),
        by_cluster=dict(sorted(Counter(alert.labels.get("cluster", "") for alert in found).items())),
        examples=[view(alert, to_time(now)) for alert in found[:EXAMPLES]],
        fired_lately=sum(matchers.match(labels) and sight.sees_labels(labels) for labels in lately),
    )


@post(
    "/silences",
    opt=needs(Permission.SILENCES_WRITE) | audits(Action.SILENCE_CREATE),
    summary="Create a silence",
    responses=problems.described(HTTPStatus.SERVICE_UNAVAILABLE),
)
async def create_silence(request: AnyRequest, data: JSONBody[SilenceBody]) -> SilenceView:
    """Hush the alerts that fulfil all matchers for a while; its author is who asks.

    The matchers must keep it within what its author may silence: `cluster="a"`, `namespace=~"x|y"`.
    """
    return await _set(request, None, data)


@put(
    "/silences/{silence_id:str}",
    opt=needs(Permission.SILENCES_WRITE) | audits(Action.SILENCE_CHANGE, id="silence_id"),
    summary="Change a silence",
    responses=problems.described(HTTPStatus.NOT_FOUND, HTTPStatus.SERVICE_UNAVAILABLE),
)
async def change_silence(
    request: AnyRequest, silence_id: FromPath[str], data: JSONBody[SilenceBody]
) -> SilenceView:
    """Change a silence; where that would rewrite what it hushed, it ends, and a new one with another id is made."""
    former = _find(request, silence_id)
    audit_details(request, former=str(former.matchers), formerEndsAt=to_time(former.ends_at))
    require_silence(request, former.matchers)
    return await _set(request, silence_id, data)


@delete(
    "/silences/{silence_id:str}",
    opt=needs(Permission.SILENCES_WRITE) | audits(Action.SILENCE_END, id="silence_id"),
    summary="End a silence",
    responses=problems.described(HTTPStatus.NOT_FOUND, HTTPStatus.SERVICE_UNAVAILABLE),
)
async def expire_silence(state: State, request: AnyRequest, silence_id: FromPath[str]) -> None:
    """End a silence now. It stays in the list for some days, and in the history for as long as that is kept."""
    silence = _find(request, silence_id)
    audit_details(request, matchers=str(silence.matchers))
    require_silence(request, silence.matchers)
    await alerting(state).expire_silence(silence_id, author=author(request))


async def _set(request: AnyRequest, silence_id: str | None, wanted: SilenceBody) -> SilenceView:
    now = time.time()
    state, who = request.app.state, author(request)
    matchers = read_matchers(wanted.matchers)
    audit_details(
        request,
        matchers=str(matchers),
        startsAt=wanted.starts_at,
        endsAt=wanted.ends_at,
        comment=wanted.comment,
    )
    require_silence(request, matchers)
    old = alerting(state).silences.get(silence_id) if silence_id else None
    starts_at = now if wanted.starts_at is None else to_seconds(wanted.starts_at)
    if old is not None and wanted.starts_at is None:
        starts_at = old.starts_at
    silence = await alerting(state).set_silence(
        id=silence_id,
        matchers=matchers,
        starts_at=starts_at,
        ends_at=to_seconds(wanted.ends_at),
        created_by=who,
        comment=wanted.comment,
        annotations=old.annotations if old else {},
        author=who,
    )
    audit_details(request, target=Target(id=silence.id))
    return _view(silence, time.time(), _count(silence, request))


def _find(request: AnyRequest, silence_id: str) -> Silence:
    silence = find_silence(request, silence_id)
    if silence is None:
        raise SilenceNotFoundError.of(silence_id)
    return silence


def _firing(request: AnyRequest) -> list[Alert]:
    """What fires now, as far as who asks may see it."""
    sight = alerts_seen(request)
    return [alert for alert in alerting(request.app.state).active() if sight.sees_labels(alert.labels)]


def _count(silence: Silence, request: AnyRequest) -> int:
    """How many of the alerts that fire now, and who asks may see, its matchers fit."""
    return sum(silence.matchers.match(alert.labels) for alert in _firing(request))


def _view(silence: Silence, now: float, hushes: int) -> SilenceView:
    how = silence.state(now)
    return SilenceView(
        id=silence.id,
        state=how,
        matchers=str(silence.matchers),
        starts_at=to_time(silence.starts_at),
        ends_at=to_time(silence.ends_at),
        updated_at=to_time(silence.updated_at),
        created_by=silence.created_by,
        comment=silence.comment,
        hushes=0 if how is SilenceState.EXPIRED else hushes,
    )


handlers = [list_silences, get_silence, preview_silence, create_silence, change_silence, expire_silence]
