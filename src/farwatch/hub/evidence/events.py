"""What the cluster itself warned of: its events about the objects of an alert. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from farwatch.hub.evidence.evidence import WarningEvent
from farwatch.hub.evidence.scope import ObjectRef, Scope
from farwatch.kube.objects import Event, KubeObject

MOST_EVENTS = 20
"""How many are kept with an alert, the latest."""

_LONGEST_MESSAGE = 1_000


def find_warnings(events: Iterable[KubeObject], scope: Scope) -> tuple[WarningEvent, ...]:
    """The warnings about the objects that an alert concerns, the latest last."""
    namespaces = {ref.namespace for ref in scope.concerned}
    found = [
        (seen, event)
        for event in events
        if isinstance(event, Event)
        and event.involved_object.namespace in namespaces  # most fail here, at a third of the cost
        and event.type == "Warning"
        and _about(event) in scope.concerned
        and (seen := event.last_seen)
    ]
    latest = sorted(found, key=lambda pair: (pair[0], pair[1].metadata.name))[-MOST_EVENTS:]
    return tuple(_to_warning(seen, event) for seen, event in latest)


def _about(event: Event) -> ObjectRef:
    about = event.involved_object
    return ObjectRef(about.kind, about.namespace, about.name)


def _to_warning(seen: datetime, event: Event) -> WarningEvent:
    return WarningEvent(
        time=seen,
        kind=event.involved_object.kind,
        name=event.involved_object.name,
        reason=event.reason or "",
        message=" ".join((event.message or "").split())[:_LONGEST_MESSAGE],
        count=event.times_seen,
    )
