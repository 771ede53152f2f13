"""Gathers the evidence of one alert."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from enum import IntEnum
from typing import Protocol

import msgspec

from farwatch.hub.alerting import Alert
from farwatch.hub.evidence.changes import LOOKBACK_SECONDS, SLACK_SECONDS, RecentChanges, rank
from farwatch.hub.evidence.events import find_warnings
from farwatch.hub.evidence.evidence import Evidence, Gap, Part
from farwatch.hub.evidence.logs import Agents, Reading, read_logs
from farwatch.hub.evidence.scope import Objects, Scope, find_scope
from farwatch.hub.times import to_time


class Depth(IntEnum):
    """How much is gathered: a storm of alerts must not become a storm of questions to the clusters."""

    NOTHING = 0
    WITHOUT_LOGS = 1
    ALL = 2


class Patience(msgspec.Struct, frozen=True, kw_only=True):
    """How long things may take, in seconds.

    Attributes:
        call: One call to an agent.
        retry: Until the newest failing pod is looked for again, where the one asked for was gone.
        logs: All that is done for logs.
    """

    call: float = 3.0
    retry: float = 0.5
    logs: float = 5.0


class KnownObjects(Objects, Protocol):
    """The objects of every cluster, and of which kinds any are known."""

    def kinds(self, cluster: str) -> dict[str, int]:
        """How many objects of each kind a cluster has; kinds that are not seen there are missing."""


class Investigation:
    """Knows where evidence is.

    Args:
        objects: The objects of every cluster.
        recent: What changed in them.
        agents: Whom to ask for logs.
        clock: Seconds since the epoch.
        sleep: Waits for so many seconds.
        patience: How long things may take.
    """

    def __init__(
        self,
        objects: KnownObjects,
        recent: RecentChanges,
        agents: Agents,
        *,
        clock: Callable[[], float],
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
        patience: Patience | None = None,
    ) -> None:
        self._objects = objects
        self._recent = recent
        self._agents = agents
        self._clock = clock
        self._sleep = sleep
        self._patience = patience or Patience()

    async def gather(self, alert: Alert, depth: Depth) -> Evidence:
        """Everything that is to be known of an alert now."""
        began = self._clock()
        scope = find_scope(alert.labels, self._objects)
        try:
            async with asyncio.timeout(self._patience.logs):
                reading, scope = await self._read_logs(alert, scope, depth)
        except TimeoutError:
            reading = Reading(missing=(_TOO_LATE,))
        starts_at = alert.starts_at.timestamp()
        notes = self._recent.find(scope.cluster, starts_at - LOOKBACK_SECONDS, starts_at + SLACK_SECONDS)
        ended = self._clock()
        return Evidence(
            fingerprint=alert.fingerprint,
            starts_at=alert.starts_at,
            gathered_at=to_time(ended),
            seconds=round(max(ended - began, 0.0), 3),
            changes=rank(notes, scope, starts_at),
            events=find_warnings(self._objects.objects(scope.cluster, "Event"), scope),
            logs=reading.logs,
            missing=(*reading.missing, *self._gaps(scope.cluster)),
        )

    async def _read_logs(self, alert: Alert, scope: Scope, depth: Depth) -> tuple[Reading, Scope]:
        """The logs, and the scope as it was when they were read."""
        if not scope.has_pods:
            return Reading(), scope
        if depth < Depth.ALL:
            return Reading(missing=(_TOO_MANY,)), scope
        reading = await self._read(alert, scope)
        if reading.is_outdated:
            await self._sleep(self._patience.retry)
            scope = find_scope(alert.labels, self._objects)
            reading = await self._read(alert, scope)
        return reading, scope

    async def _read(self, alert: Alert, scope: Scope) -> Reading:
        if scope.failing is None:
            # An alert that names no container (no node fits, too few replicas) needs none to fail.
            return Reading(missing=(_NO_POD,) if "container" in alert.labels else ())
        return await read_logs(self._agents, scope.cluster, scope.failing, self._patience.call, self._clock())

    def _gaps(self, cluster: str) -> list[Gap]:
        if "Event" in self._objects.kinds(cluster):
            return []
        return [Gap(part=Part.EVENTS, code="not_watched", words="the cluster's events are not seen")]


_TOO_MANY = Gap(
    part=Part.LOGS,
    code="too_many_alerts",
    words="too many alerts began at once: logs were asked for the first of them only",
)
_TOO_LATE = Gap(part=Part.LOGS, code="out_of_time", words="they could not be had in time")
_NO_POD = Gap(part=Part.LOGS, code="no_failing_pod", words="no pod with a failing container is there")
