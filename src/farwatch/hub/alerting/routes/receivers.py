"""Receivers over HTTP."""

from __future__ import annotations

from datetime import UTC, datetime
from http import HTTPStatus

import msgspec
from litestar import post
from litestar.datastructures import State
from litestar.params import FromPath

from farwatch.hub import problems
from farwatch.hub.alerting.routes.state import AnyRequest, alerting, author
from farwatch.hub.alerting.trial import Trial
from farwatch.hub.audit import Action, audit_details, audits
from farwatch.hub.auth.access import needs
from farwatch.hub.auth.policy import Permission


class TrialList(msgspec.Struct, frozen=True):
    """How trying each integration of a receiver ended; none: the receiver tells nobody."""

    items: list[Trial]


@post(
    "/alerting/receivers/{name:str}/test",
    opt=needs(Permission.RECEIVERS_TEST) | audits(Action.RECEIVER_TEST, name="name"),
    summary="Try a receiver",
    responses=problems.described(HTTPStatus.NOT_FOUND),
    status_code=HTTPStatus.OK,
)
async def try_receiver(state: State, request: AnyRequest, name: FromPath[str]) -> TrialList:
    """Send a test to each integration of a receiver, and its end to those that want to know of ends."""
    trials = await alerting(state).try_receiver(name, author=author(request), now=datetime.now(UTC))
    audit_details(request, delivered=sum(trial.delivered for trial in trials), tried=len(trials))
    return TrialList(trials)


handlers = [try_receiver]
