"""Detectors over HTTP."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any

import msgspec
from litestar import Router, get
from litestar.datastructures import State
from litestar.params import QueryParameter

from farwatch.hub import problems
from farwatch.hub.alerting import Alerting
from farwatch.hub.alerting.history.lately import Raised, count_raised
from farwatch.hub.alerting.history.paging import Span
from farwatch.hub.auth.access import needs
from farwatch.hub.auth.policy import Permission
from farwatch.hub.auth.visibility import visibility
from farwatch.hub.detect.registry import DETECTORS, Detector
from farwatch.hub.detect.runbooks import RUNBOOKS
from farwatch.hub.detect.settings import DetectSettings, OverrideSection
from farwatch.hub.parameters import AnyRequest
from farwatch.hub.times import to_time

MAX_DAYS = 90
_DAY_SECONDS = 86_400.0


class SettingsOfDetector(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """How a detector is set.

    Attributes:
        enabled: Whether it looks at all.
        severity: How bad what it raises is.
        hold_seconds: How long trouble must last before it is raised.
        calm_seconds: How long there must be none before the alert ends.
        limits: Thresholds by name; those that are times are in seconds.
    """

    enabled: bool
    severity: str
    hold_seconds: float
    calm_seconds: float
    limits: dict[str, float]


class OverrideView(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What is set differently for some objects: in `namespaces` (patterns; none means all), with labels that `selector` fits.

    `set` holds what is different, as it was written.
    """

    namespaces: tuple[str, ...]
    selector: str
    set: dict[str, Any]


class DetectorView(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A detector.

    Attributes:
        name: Its name, and that of its alerts.
        kind: The kind of object it looks at.
        meaning: What is wrong.
        runbook: What to do, by paragraphs, in Markdown's words.
        runbook_url: Where to read it as a page.
        settings: How it is set, where nothing else is said.
        defaults: How it would be set by itself.
        changed: Whether it is set differently.
        overrides: What is set differently for some objects; later ones win.
        firing: How many of its alerts fire now.
        raised: What it raised lately; None: nothing.
    """

    name: str
    kind: str
    meaning: str
    runbook: tuple[str, ...]
    runbook_url: str
    settings: SettingsOfDetector
    defaults: SettingsOfDetector
    changed: bool
    overrides: list[OverrideView]
    firing: int
    raised: Raised | None


class DetectorList(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Every detector, in the order of the documentation.

    `excludedNamespaces` are left out by all; `raised` counts from `since` on.
    """

    items: list[DetectorView]
    excluded_namespaces: tuple[str, ...]
    system_namespaces: bool
    since: datetime


@get(
    "/detectors",
    opt=needs(Permission.ALERTS_READ),
    summary="List detectors",
    responses=problems.described(HTTPStatus.SERVICE_UNAVAILABLE),
)
async def list_detectors(
    state: State,
    request: AnyRequest,
    *,
    days: Annotated[int, QueryParameter(ge=1, le=MAX_DAYS, description="How far `raised` looks back.")] = 7,
) -> DetectorList:
    """What each detector looks for, how it is set, and what it raised lately."""
    settings: DetectSettings = state.detect_settings
    alerting: Alerting = state.alerting
    sight = visibility(request, Permission.ALERTS_READ)
    now = time.time()
    span = Span(since=now - days * _DAY_SECONDS, until=now + 1)
    raised = await count_raised(state.telemetry, span, sight.areas())
    firing = Counter(
        alert.labels.get("alertname", "") for alert in alerting.active() if sight.sees_labels(alert.labels)
    )
    return DetectorList(
        items=[
            _view(detector, settings, firing[detector.name], raised.get(detector.name))
            for detector in DETECTORS.values()
        ],
        excluded_namespaces=settings.section.exclude_namespaces,
        system_namespaces=settings.section.system_namespaces,
        since=to_time(span.since),
    )


def _view(detector: Detector, settings: DetectSettings, firing: int, raised: Raised | None) -> DetectorView:
    rules = settings.default_rules(detector.name)
    defaults = SettingsOfDetector(
        enabled=True,
        severity=detector.severity,
        hold_seconds=detector.hold,
        calm_seconds=detector.calm,
        limits=dict(detector.limits),
    )
    in_force = SettingsOfDetector(
        enabled=rules.enabled,
        severity=rules.severity,
        hold_seconds=detector.hold if rules.hold is None else rules.hold,
        calm_seconds=rules.calm,
        limits=dict(rules.limits),
    )
    url = settings.runbook_url.replace("{alertname}", detector.name).replace(
        "{anchor}", detector.name.lower()
    )
    return DetectorView(
        name=detector.name,
        kind=detector.kind,
        meaning=detector.meaning,
        runbook=RUNBOOKS[detector.name],
        runbook_url=url,
        settings=in_force,
        defaults=defaults,
        changed=in_force != defaults,
        overrides=list(_overrides(settings.section.overrides, detector.name)),
        firing=firing,
        raised=raised,
    )


def _overrides(sections: Iterable[OverrideSection], name: str) -> Iterable[OverrideView]:
    for section in sections:
        if not section.detectors or name in section.detectors:
            changes = {
                key: value
                for key, value in msgspec.structs.asdict(section.set).items()
                if value not in (None, {})
            }
            yield OverrideView(namespaces=section.namespaces, selector=section.selector, set=changes)


router = Router("/", route_handlers=[list_detectors], tags=["detectors"])
