"""Many alerts taken on, or put off, at once, over HTTP."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable
from datetime import datetime
from http import HTTPStatus
from typing import Annotated

import msgspec
from litestar import post
from litestar.datastructures import State
from litestar.exceptions import ClientException
from litestar.params import JSONBody

from farwatch.hub import problems
from farwatch.hub.alerting.alerts import Alert
from farwatch.hub.alerting.board import Status
from farwatch.hub.alerting.errors import AlertingError, AlertNotFoundError
from farwatch.hub.alerting.routes.choosing import MAX_FILTER_LENGTH, board, read_matchers
from farwatch.hub.alerting.routes.state import acknowledgements, alerting, author
from farwatch.hub.alerting.silences import matchers_of
from farwatch.hub.audit import Action, audit_details, audits
from farwatch.hub.auth.access import ForbiddenError, needs
from farwatch.hub.auth.policy import Permission
from farwatch.hub.auth.visibility import visibility
from farwatch.hub.parameters import AnyRequest
from farwatch.hub.times import to_seconds

MOST_ACKNOWLEDGED = 1_000
MOST_SNOOZED = 100
"""Each is a silence of its own."""

AT_ONCE = 100
"""So many are written together."""

Fingerprint = Annotated[str, msgspec.Meta(max_length=100)]


class ChosenBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which alerts: those of the fingerprints, or all that fire and fulfil the matchers; and what to say about it."""

    fingerprints: list[Fingerprint] = []
    matchers: Annotated[str, msgspec.Meta(max_length=MAX_FILTER_LENGTH)] = ""
    note: str = ""


class SnoozeManyBody(ChosenBody, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Likewise, and until when to hush them; without a zone, in UTC."""

    until: datetime


class BulkResult(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How it went with one alert: `error` says why not; `silence` is the one that hushes it."""

    fingerprint: str
    ok: bool
    error: str = ""
    silence: str = ""


class BulkResultList(msgspec.Struct, frozen=True):
    """How it went with each alert; `failed` is with how many it did not."""

    items: list[BulkResult]
    failed: int


@post(
    "/alerts/acknowledge",
    opt=needs(Permission.ALERTS_WRITE) | audits(Action.ALERT_ACKNOWLEDGE),
    summary="Acknowledge alerts",
    responses=problems.described(),
    status_code=HTTPStatus.OK,
)
async def acknowledge_alerts(state: State, request: AnyRequest, data: JSONBody[ChosenBody]) -> BulkResultList:
    """Take on many alerts at once, until each ends; at most 1,000. One that cannot be does not keep the others from it."""

    async def acknowledge(key: str) -> str:
        await acknowledgements(state).acknowledge(key, author=author(request), note=data.note)
        return ""

    keys = _choose(state, request, data, MOST_ACKNOWLEDGED)
    return await _each(state, request, keys, acknowledge)


@post(
    "/alerts/unacknowledge",
    opt=needs(Permission.ALERTS_WRITE) | audits(Action.ALERT_WITHDRAW),
    summary="Take acknowledgements back",
    responses=problems.described(),
    status_code=HTTPStatus.OK,
)
async def unacknowledge_alerts(
    state: State, request: AnyRequest, data: JSONBody[ChosenBody]
) -> BulkResultList:
    """Take back the acknowledgements of many alerts at once; at most 1,000. By matchers, only of those that have one."""

    async def withdraw(key: str) -> str:
        await acknowledgements(state).withdraw(key, author=author(request))
        return ""

    acknowledged = acknowledgements(state).acknowledged
    keys = _choose(state, request, data, MOST_ACKNOWLEDGED, lambda alert: acknowledged(alert.fingerprint))
    return await _each(state, request, keys, withdraw)


@post(
    "/alerts/snooze",
    opt=needs(Permission.ALERTS_WRITE) | audits(Action.ALERT_SNOOZE),
    summary="Snooze alerts",
    responses=problems.described(),
    status_code=HTTPStatus.OK,
)
async def snooze_alerts(state: State, request: AnyRequest, data: JSONBody[SnoozeManyBody]) -> BulkResultList:
    """Hush many alerts until a time, each by a silence of its own; at most 100: beyond that, make one silence for them."""
    audit_details(request, until=data.until)
    labels_of_all = [known.alert.labels for known in alerting(state).known()]

    async def snooze(key: str) -> str:
        known = alerting(state).get(key)
        if known is None:
            raise AlertNotFoundError.of(key)
        silence = await alerting(state).set_silence(
            matchers=matchers_of(known.alert.labels, labels_of_all),
            starts_at=time.time(),
            ends_at=to_seconds(data.until),
            created_by=author(request),
            comment=data.note,
            author=author(request),
        )
        return silence.id

    return await _each(state, request, _choose(state, request, data, MOST_SNOOZED), snooze)


def _choose(
    state: State,
    request: AnyRequest,
    data: ChosenBody,
    most: int,
    fits: Callable[[Alert], bool] = lambda _: True,
) -> list[str]:
    """The fingerprints that are meant, each once."""
    if bool(data.fingerprints) == bool(data.matchers):
        raise ClientException("give `fingerprints` or `matchers`: one of them, and not both")
    audit_details(request, matchers=data.matchers, note=data.note)
    keys = list(dict.fromkeys(data.fingerprints))
    if data.matchers:
        matchers = read_matchers(data.matchers)
        known = board(state, request, Permission.ALERTS_WRITE).known(Status.FIRING)
        keys = [
            one.alert.fingerprint for one in known if matchers.match(one.alert.labels) and fits(one.alert)
        ]
    if len(keys) > most:
        raise ClientException(
            f"{len(keys)} alerts are meant: {most} are the most at once; nothing was done. Narrow the matchers, or make a "
            "silence, which hushes any number"
        )
    return keys


async def _each(
    state: State, request: AnyRequest, keys: list[str], act: Callable[[str], Awaitable[str]]
) -> BulkResultList:
    """Do it to each; what is asked for at the same time is written together."""
    seen, changed = visibility(request, Permission.ALERTS_READ), visibility(request, Permission.ALERTS_WRITE)

    def check(key: str) -> None:
        known = alerting(state).get(key)
        if known is None or not seen.sees_labels(known.alert.labels):
            raise AlertNotFoundError.of(key)
        changed.require_labels(known.alert.labels)

    async def attempt(key: str) -> BulkResult:
        try:
            check(key)
            silence = await act(key)
        except (AlertingError, ForbiddenError) as error:
            words = error.detail if isinstance(error, ForbiddenError) else str(error)
            return BulkResult(fingerprint=key, ok=False, error=words)
        return BulkResult(fingerprint=key, ok=True, silence=silence)

    results: list[BulkResult] = []
    for start in range(0, len(keys), AT_ONCE):
        results += await asyncio.gather(*(attempt(key) for key in keys[start : start + AT_ONCE]))
    audit_details(
        request,
        fingerprints=[result.fingerprint for result in results if result.ok],
        silences=[result.silence for result in results if result.silence],
        failed=[result.fingerprint for result in results if not result.ok],
    )
    return BulkResultList(results, failed=_count_failed(results))


def _count_failed(results: Iterable[BulkResult]) -> int:
    return sum(not result.ok for result in results)


handlers = [acknowledge_alerts, unacknowledge_alerts, snooze_alerts]
