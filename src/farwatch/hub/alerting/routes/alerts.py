"""Alerts over HTTP."""

from __future__ import annotations

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
from farwatch.hub.alerting.alerts import Alert
from farwatch.hub.alerting.routes.state import alerting


class AlertStatus(StrEnum):
    """Whether an alert fires."""

    FIRING = "firing"
    RESOLVED = "resolved"


class AlertChoice(StrEnum):
    """Which alerts are wanted."""

    FIRING = "firing"
    RESOLVED = "resolved"
    ALL = "all"


class AlertView(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """An alert as the API shows it. Times are UTC."""

    fingerprint: str
    status: AlertStatus
    labels: dict[str, str]
    annotations: dict[str, str]
    starts_at: datetime
    ends_at: datetime | None = None


class AlertList(msgspec.Struct, frozen=True):
    """Alerts, the oldest first."""

    items: list[AlertView]


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


@get(
    "/alerts",
    summary="List alerts",
    responses=problems.described(),
    sync_to_thread=False,
)
def list_alerts(
    state: State,
    status: Annotated[AlertChoice, QueryParameter(description="Which are wanted.")] = AlertChoice.FIRING,
    cluster: Annotated[str, QueryParameter(description="Only this cluster's; all when empty.")] = "",
    label: Annotated[
        list[str] | None,
        QueryParameter(description="NAME=VALUE; may be given several times, and all must match."),
    ] = None,
) -> AlertList:
    """What fires now or, with `status=resolved`, what was resolved a short while ago; or, with `status=all`, both."""
    wanted = set(_read_labels(label or ()))
    if cluster:
        wanted.add(("cluster", cluster))
    now = datetime.now(UTC)
    views = (view(known.alert, now) for known in alerting(state).known())
    items = [
        item for item in views if status in {AlertChoice.ALL, item.status} and wanted <= item.labels.items()
    ]
    return AlertList(sorted(items, key=lambda item: (item.starts_at, item.fingerprint)))


@get(
    "/alerts/{fingerprint:str}",
    summary="Get an alert",
    responses=problems.described(HTTPStatus.NOT_FOUND),
    sync_to_thread=False,
)
def get_alert(state: State, fingerprint: FromPath[str]) -> AlertView:
    """One alert that fires or was resolved a short while ago."""
    known = alerting(state).get(fingerprint)
    if known is None:
        raise NotFoundException(f"no alert has the fingerprint {fingerprint[:100]!r}: it may have aged out")
    return view(known.alert, datetime.now(UTC))


def _read_labels(texts: Iterable[str]) -> Iterable[tuple[str, str]]:
    for text in texts:
        name, separator, value = text.partition("=")
        if not (name and separator):
            raise ClientException(f"label={text[:100]!r} is not of the form NAME=VALUE")
        yield name, value


handlers = [list_alerts, get_alert]
