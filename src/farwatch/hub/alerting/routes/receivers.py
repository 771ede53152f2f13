"""Receivers over HTTP."""

from __future__ import annotations

import time
from collections import Counter
from datetime import UTC, datetime
from http import HTTPStatus

import msgspec
from litestar import get, post
from litestar.datastructures import State
from litestar.params import FromPath

from farwatch.hub import problems
from farwatch.hub.alerting.destinations import walk
from farwatch.hub.alerting.history.lately import Sent, count_sent
from farwatch.hub.alerting.history.paging import Span
from farwatch.hub.alerting.routes.state import alerting, author
from farwatch.hub.alerting.trial import Trial
from farwatch.hub.audit import Action, audit_details, audits
from farwatch.hub.auth.access import needs
from farwatch.hub.auth.policy import Permission
from farwatch.hub.parameters import AnyRequest
from farwatch.hub.times import to_time

LOOK_BACK_SECONDS = 14 * 86_400.0


class TrialList(msgspec.Struct, frozen=True):
    """How trying each integration of a receiver ended; none: the receiver tells nobody."""

    items: list[Trial]


class IntegrationView(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A way of a receiver to reach people: its kind and its place among those; `lately`: nothing was sent by it."""

    kind: str
    position: int
    lately: Sent | None = None


class ReceiverView(msgspec.Struct, frozen=True, kw_only=True):
    """A receiver, without its secrets.

    Attributes:
        name: Its name.
        integrations: Its ways to reach people; none: it tells nobody.
        routes: How many routes name it or have it from one above.
    """

    name: str
    integrations: list[IntegrationView]
    routes: int


class ReceiverList(msgspec.Struct, frozen=True):
    """The receivers in the order of the configuration, with what they were sent since `since`."""

    items: list[ReceiverView]
    since: datetime


@get(
    "/alerting/receivers",
    opt=needs(Permission.ALERTING_READ),
    summary="List receivers",
    responses=problems.described(HTTPStatus.SERVICE_UNAVAILABLE),
)
async def list_receivers(state: State) -> ReceiverList:
    """Whom alerts can be told to, in which ways, and how that went in the last 14 days."""
    now = time.time()
    span = Span(since=now - LOOK_BACK_SECONDS, until=now + 1)
    sent = await count_sent(state.telemetry, span)
    routes = Counter(route.receiver for route in walk(alerting(state).route))
    config = alerting(state).config
    items = [
        ReceiverView(
            name=receiver.name,
            integrations=[
                IntegrationView(kind=kind, position=index, lately=sent.get((receiver.name, kind, index)))
                for kind, index, _ in receiver.entries(config.global_)
            ],
            routes=routes[receiver.name],
        )
        for receiver in config.receivers
    ]
    return ReceiverList(items, to_time(span.since))


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


handlers = [list_receivers, try_receiver]
