"""Taking on alerts, and putting them off, over HTTP."""

from __future__ import annotations

import time
from datetime import datetime
from http import HTTPStatus

import msgspec
from litestar import delete, post
from litestar.datastructures import State
from litestar.params import FromPath, JSONBody

from farwatch.hub import problems
from farwatch.hub.alerting.acknowledgements import AlertNotFiringError, NotAcknowledgedError
from farwatch.hub.alerting.errors import AlertNotFoundError
from farwatch.hub.alerting.routes.alerts import AcknowledgementView, view_acknowledgement
from farwatch.hub.alerting.routes.sight import change_alert
from farwatch.hub.alerting.routes.state import (
    acknowledgements,
    alerting,
    author,
    target_of,
)
from farwatch.hub.alerting.silences import matchers_of
from farwatch.hub.audit import Action, audit_details, audits
from farwatch.hub.auth.access import needs
from farwatch.hub.auth.policy import Permission
from farwatch.hub.parameters import AnyRequest
from farwatch.hub.times import to_seconds, to_time


class NoteBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What to say about it."""

    note: str = ""


class SnoozeBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Until when to hush an alert, and why; without a zone, in UTC."""

    until: datetime
    note: str = ""


class SnoozeView(msgspec.Struct, frozen=True, kw_only=True):
    """The silence by which an alert is put off."""

    silence: str
    matchers: str
    until: datetime


@post(
    "/alerts/{fingerprint:str}/acknowledgement",
    opt=needs(Permission.ALERTS_WRITE) | audits(Action.ALERT_ACKNOWLEDGE, id="fingerprint"),
    summary="Acknowledge an alert",
    responses=problems.described(HTTPStatus.CONFLICT, HTTPStatus.SERVICE_UNAVAILABLE),
)
async def acknowledge_alert(
    state: State, request: AnyRequest, fingerprint: FromPath[str], data: JSONBody[NoteBody]
) -> AcknowledgementView:
    """Take on an alert that fires, until it ends: people are not told of it again and again meanwhile."""
    audit_details(request, note=data.note)
    known = change_alert(request, fingerprint)
    if known is None:
        raise AlertNotFiringError.of(fingerprint)
    audit_details(request, target=target_of(known.alert))
    made = await acknowledgements(state).acknowledge(fingerprint, author=author(request), note=data.note)
    return view_acknowledgement(made)


@delete(
    "/alerts/{fingerprint:str}/acknowledgement",
    opt=needs(Permission.ALERTS_WRITE) | audits(Action.ALERT_WITHDRAW, id="fingerprint"),
    summary="Take an acknowledgement back",
    responses=problems.described(HTTPStatus.NOT_FOUND, HTTPStatus.SERVICE_UNAVAILABLE),
)
async def withdraw_acknowledgement(state: State, request: AnyRequest, fingerprint: FromPath[str]) -> None:
    """Let people be told of an alert again as if nobody had taken it on."""
    known = change_alert(request, fingerprint)
    if known is None:
        raise NotAcknowledgedError.of(fingerprint)
    audit_details(request, target=target_of(known.alert))
    await acknowledgements(state).withdraw(fingerprint, author=author(request))


@post(
    "/alerts/{fingerprint:str}/snooze",
    opt=needs(Permission.ALERTS_WRITE) | audits(Action.ALERT_SNOOZE, id="fingerprint"),
    summary="Snooze an alert",
    responses=problems.described(HTTPStatus.NOT_FOUND, HTTPStatus.SERVICE_UNAVAILABLE),
)
async def snooze_alert(
    state: State, request: AnyRequest, fingerprint: FromPath[str], data: JSONBody[SnoozeBody]
) -> SnoozeView:
    """Hush an alert until a time: a silence for its labels, with the note as its comment.

    Alerts that are known now and have these labels and more besides are not hushed.
    """
    audit_details(request, until=data.until, note=data.note)
    known = change_alert(request, fingerprint)
    if known is None:
        raise AlertNotFoundError.of(fingerprint)
    audit_details(request, target=target_of(known.alert))
    others = (other.alert.labels for other in alerting(state).known())
    silence = await alerting(state).set_silence(
        id=None,
        matchers=matchers_of(known.alert.labels, others),
        starts_at=time.time(),
        ends_at=to_seconds(data.until),
        created_by=author(request),
        comment=data.note,
        author=author(request),
    )
    audit_details(request, silence=silence.id, matchers=str(silence.matchers))
    return SnoozeView(silence=silence.id, matchers=str(silence.matchers), until=to_time(silence.ends_at))


handlers = [acknowledge_alert, withdraw_acknowledgement, snooze_alert]
