"""Alerts over HTTP."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from enum import StrEnum
from http import HTTPStatus
from typing import Annotated

import msgspec
from litestar import get
from litestar.datastructures import State
from litestar.exceptions import ClientException, NotFoundException
from litestar.params import FromPath, QueryParameter

from farwatch.hub import problems
from farwatch.hub.alerting.acknowledgements import Acknowledgement
from farwatch.hub.alerting.alerts import Alert
from farwatch.hub.alerting.routes.state import acknowledgements, alerting, utc
from farwatch.hub.auth.access import needs
from farwatch.hub.auth.policy import Permission

MAX_PAGE = 1_000

_CURSOR = re.compile(r"(-?[0-9]{1,18})-([0-9a-f]{16})")
_BEFORE_ALL = (-(10**18), "")


class AlertStatus(StrEnum):
    """Whether an alert fires."""

    FIRING = "firing"
    RESOLVED = "resolved"


class AlertChoice(StrEnum):
    """Which alerts are wanted."""

    FIRING = "firing"
    RESOLVED = "resolved"
    ALL = "all"


class AcknowledgementView(msgspec.Struct, frozen=True, kw_only=True):
    """Who has taken on an alert, when, and what they said."""

    by: str
    at: datetime
    note: str


class AlertView(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """An alert as the API shows it. Times are UTC.

    Attributes:
        silenced_by: Ids of the silences that hush it.
        inhibited_by: Fingerprints of the alerts that inhibit it.
        acknowledgement: Who has taken it on.
        evidence: There is some; ``GET /alerts/{fingerprint}/evidence`` gives it.
    """

    fingerprint: str
    status: AlertStatus
    labels: dict[str, str]
    annotations: dict[str, str]
    starts_at: datetime
    ends_at: datetime | None = None
    silenced_by: tuple[str, ...] = ()
    inhibited_by: tuple[str, ...] = ()
    acknowledgement: AcknowledgementView | None = None
    evidence: bool = False


class AlertList(msgspec.Struct, frozen=True):
    """Alerts, the oldest first.

    `total` is how many there are on all pages; `cursor` asks for the next page, and is empty on the last.
    """

    items: list[AlertView]
    total: int
    cursor: str


def view(alert: Alert, now: datetime) -> AlertView:
    """An alert as the API shows it."""
    resolved = alert.resolved(now)
    return AlertView(
        fingerprint=alert.fingerprint,
        status=AlertStatus.RESOLVED if resolved else AlertStatus.FIRING,
        labels=alert.labels,
        annotations=alert.annotations,
        starts_at=alert.starts_at,
        ends_at=alert.ends_at if resolved else None,
    )


def view_acknowledgement(made: Acknowledgement) -> AcknowledgementView:
    """An acknowledgement as the API shows it."""
    return AcknowledgementView(by=made.author, at=utc(made.time), note=made.note)


@get(
    "/alerts",
    opt=needs(Permission.ALERTS_READ),
    summary="List alerts",
    responses=problems.described(),
    sync_to_thread=False,
)
def list_alerts(
    state: State,
    *,
    status: Annotated[AlertChoice, QueryParameter(description="Which are wanted.")] = AlertChoice.FIRING,
    cluster: Annotated[str, QueryParameter(description="Only this cluster's; all when empty.")] = "",
    label: Annotated[
        list[str] | None,
        QueryParameter(description="NAME=VALUE; may be given several times, and all must match."),
    ] = None,
    limit: Annotated[int, QueryParameter(ge=1, le=MAX_PAGE, description="How many at most.")] = MAX_PAGE,
    cursor: Annotated[str, QueryParameter(description="The `cursor` of the page before.")] = "",
) -> AlertList:
    """What fires now or, with `status=resolved`, what was resolved a short while ago; or, with `status=all`, both."""
    wanted = set(_read_labels(label or ()))
    if cluster:
        wanted.add(("cluster", cluster))
    after = _read_cursor(cursor)
    now = datetime.now(UTC)
    found = sorted(
        (_place(known.alert), known.alert)
        for known in alerting(state).known()
        if _is_chosen(status, known.alert, now) and wanted <= known.alert.labels.items()
    )
    left = [alert for place, alert in found if place > after]
    page = left[:limit]
    return AlertList(
        [_full_view(state, alert, now) for alert in page],
        total=len(found),
        cursor=_to_cursor(page[-1]) if len(left) > limit else "",
    )


@get(
    "/alerts/{fingerprint:str}",
    opt=needs(Permission.ALERTS_READ),
    summary="Get an alert",
    responses=problems.described(HTTPStatus.NOT_FOUND),
    sync_to_thread=False,
)
def get_alert(state: State, fingerprint: FromPath[str]) -> AlertView:
    """One alert that fires or was resolved a short while ago."""
    known = alerting(state).get(fingerprint)
    if known is None:
        raise NotFoundException(f"no alert has the fingerprint {fingerprint[:100]!r}: it may have aged out")
    return _full_view(state, known.alert, datetime.now(UTC))


def _full_view(state: State, alert: Alert, now: datetime) -> AlertView:
    """An alert, and what is done about it."""
    shown = view(alert, now)
    suppression = alerting(state).suppression(shown.fingerprint)
    made = acknowledgements(state).get(shown.fingerprint)
    return msgspec.structs.replace(
        shown,
        silenced_by=suppression.silenced_by,
        inhibited_by=suppression.inhibited_by,
        acknowledgement=None if made is None else view_acknowledgement(made),
        evidence=alerting(state).has_evidence(alert),
    )


def _is_chosen(choice: AlertChoice, alert: Alert, now: datetime) -> bool:
    return choice is AlertChoice.ALL or (choice is AlertChoice.RESOLVED) == alert.resolved(now)


def _place(alert: Alert) -> tuple[int, str]:
    """Where an alert stands in the list: by the microsecond at which it began."""
    return round(alert.starts_at.timestamp() * 1_000_000), alert.fingerprint


def _to_cursor(alert: Alert) -> str:
    microseconds, key = _place(alert)
    return f"{microseconds}-{key}"


def _read_cursor(text: str) -> tuple[int, str]:
    if not text:
        return _BEFORE_ALL
    found = _CURSOR.fullmatch(text)
    if found is None:
        raise ClientException(f"cursor {text[:80]!r} is not one that a page gave: begin again without it")
    return int(found[1]), found[2]


def _read_labels(texts: Iterable[str]) -> Iterable[tuple[str, str]]:
    for text in texts:
        name, separator, value = text.partition("=")
        if not (name and separator):
            raise ClientException(f"label={text[:100]!r} is not of the form NAME=VALUE")
        yield name, value


handlers = [list_alerts, get_alert]
