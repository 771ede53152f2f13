"""Events as Kubernetes' components report them: created once, then counted, at last forgotten.

Follows client-go's recorder (``tools/record``): the same message about the same object is one Event with a count; from
the tenth different message of one reason within ten minutes on they are combined. The scheduler reports through the
newer API: without a count, with a series.
"""

from __future__ import annotations

import itertools
from collections import deque
from dataclasses import dataclass, field
from typing import Any

from farwatch.sim.engine.timers import Timers
from farwatch.sim.store import Store
from farwatch.sim.times import format_micro_time, format_time

_TTL_SECONDS = 3600.0  # kube-apiserver --event-ttl
_SWEEP_SECONDS = 60.0
_COMBINE_AFTER = 10
_COMBINE_WITHIN_SECONDS = 600.0
_SERIES_WITHIN_SECONDS = 360.0  # client-go tools/events: a series ends when nothing was added for this long

Document = dict[str, Any]


@dataclass
class _Known:
    """An Event that was written and may be counted on."""

    namespace: str
    name: str
    count: int
    last: float


@dataclass
class _Similar:
    """The different messages of one reason about one object."""

    messages: set[str] = field(default_factory=set)
    last: float = 0.0


class EventRecorder:
    """Writes Events into a store. The state it keeps is bounded by the Events' own lifetime."""

    def __init__(self, store: Store, timers: Timers) -> None:
        self._store = store
        self._timers = timers
        self._known: dict[tuple[str, ...], _Known] = {}
        self._similar: dict[tuple[str, ...], _Similar] = {}
        self._expiry: deque[tuple[float, tuple[str, ...]]] = deque()
        self._numbers = itertools.count()
        timers.after(_SWEEP_SECONDS, self._sweep)

    def normal(self, about: Document, component: str, reason: str, message: str, **where: str) -> None:
        """Report something usual. ``where``: ``host`` for a kubelet, ``container`` for the field path."""
        self._record(about, component, "Normal", reason, message, **where)

    def warn(self, about: Document, component: str, reason: str, message: str, **where: str) -> None:
        """Report trouble; arguments as for ``normal``."""
        self._record(about, component, "Warning", reason, message, **where)

    def _record(
        self,
        about: Document,
        component: str,
        event_type: str,
        reason: str,
        message: str,
        *,
        host: str = "",
        container: str = "",
    ) -> None:
        now = self._timers.clock()
        similar_key = (
            component,
            host,
            about["metadata"].get("uid", about["metadata"]["name"]),
            event_type,
            reason,
        )
        similar = self._similar.setdefault(similar_key, _Similar())
        if now - similar.last > _COMBINE_WITHIN_SECONDS:
            similar.messages.clear()
        similar.last = now
        key = (*similar_key, message, container)
        if message not in similar.messages and len(similar.messages) >= _COMBINE_AFTER - 1:
            key = (*similar_key, "(combined)", container)
            message = f"(combined from similar events): {message}"
        else:
            similar.messages.add(message)
        if self._count(key, message, now):
            return
        self._write(
            key,
            now,
            about,
            {
                "reason": reason,
                "message": message,
                "source": {"component": component} | ({"host": host} if host else {}),
                "firstTimestamp": format_time(now),
                "lastTimestamp": format_time(now),
                "count": 1,
                "type": event_type,
                "eventTime": None,
                "reportingComponent": component,
                "reportingInstance": host,
            },
            container,
        )

    def scheduler(self, about: Document, event_type: str, reason: str, message: str, action: str) -> None:
        """Report through the newer API, as the scheduler does."""
        now = self._timers.clock()
        key = ("default-scheduler", about["metadata"]["uid"], event_type, reason, message)
        known = self._known.get(key)
        if known and now - known.last < _SERIES_WITHIN_SECONDS and self._continue_series(known, now):
            return
        self._write(
            key,
            now,
            about,
            {
                "reason": reason,
                "message": message,
                "source": {},
                "firstTimestamp": None,
                "lastTimestamp": None,
                "type": event_type,
                "eventTime": format_micro_time(now),
                "action": action,
                "reportingComponent": "default-scheduler",
                "reportingInstance": "default-scheduler-sim",
            },
        )

    def _continue_series(self, known: _Known, now: float) -> bool:
        event = self._store.find("events", known.namespace, known.name)
        if event is None:
            return False
        known.count, known.last = known.count + 1, now
        event["series"] = {"count": known.count, "lastObservedTime": format_micro_time(now)}
        self._store.update("events", event)
        return True

    def _count(self, key: tuple[str, ...], message: str, now: float) -> bool:
        known = self._known.get(key)
        event = known and self._store.find("events", known.namespace, known.name)
        if known is None or not event:
            return False
        known.count, known.last = known.count + 1, now
        event |= {"message": message, "lastTimestamp": format_time(now), "count": known.count}
        self._store.update("events", event)
        return True

    def _write(
        self, key: tuple[str, ...], now: float, about: Document, fields: Document, container: str = ""
    ) -> None:
        metadata = about["metadata"]
        # Events about cluster-scoped objects live in the default namespace.
        namespace = metadata.get("namespace") or "default"
        if not _is_open(self._store, namespace):
            return
        involved = {"kind": about["kind"], "namespace": metadata.get("namespace"), "name": metadata["name"]}
        involved |= {"uid": metadata.get("uid"), "apiVersion": about["apiVersion"]}
        involved |= {"resourceVersion": metadata.get("resourceVersion")}
        if container:
            involved["fieldPath"] = f"spec.containers{{{container}}}"
        created = self._store.create(
            "events",
            {
                "kind": "Event",
                "apiVersion": "v1",
                # The real name's suffix is the time in hexadecimal nanoseconds; ours need only be unique.
                "metadata": {
                    "name": f"{metadata['name']}.{int(now * 1e9) + next(self._numbers):x}",
                    "namespace": namespace,
                },
                "involvedObject": {name: value for name, value in involved.items() if value},
                **fields,
            },
        )
        self._known[key] = _Known(namespace, created["metadata"]["name"], 1, now)
        self._expiry.append((now + _TTL_SECONDS, key))

    def _sweep(self) -> None:
        """Delete Events whose time is over; one that was counted on meanwhile lives on."""
        now = self._timers.clock()
        while self._expiry and self._expiry[0][0] <= now:
            _, key = self._expiry.popleft()
            known = self._known.get(key)
            if known is None:
                continue
            if known.last + _TTL_SECONDS > now:
                self._expiry.append((known.last + _TTL_SECONDS, key))
                continue
            del self._known[key]
            if self._store.find("events", known.namespace, known.name):
                self._store.delete("events", known.namespace, known.name)
        for similar_key in [key for key, value in self._similar.items() if value.last + _TTL_SECONDS < now]:
            del self._similar[similar_key]
        self._timers.after(_SWEEP_SECONDS, self._sweep)


def _is_open(store: Store, namespace: str) -> bool:
    found = store.find("namespaces", "", namespace)
    return found is not None and "deletionTimestamp" not in found["metadata"]
