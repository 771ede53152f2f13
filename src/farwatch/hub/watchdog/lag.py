"""How far behind the hub is: from an agent's seeing a change to the hub's having taken it in."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from farwatch.hub.fleet import FleetChange, FleetChangeKind
from farwatch.hub.inventory import ObjectChange

WINDOW_SECONDS = 300.0
"""The least delay within the last one or two of these is what a cluster's clock is judged by."""

STALE_SECONDS = 30.0
"""A lag is told for so long after it was measured; where nothing changes, nothing lags."""

_CLOCK_UNKNOWN = frozenset(
    {FleetChangeKind.AGENT_LOST, FleetChangeKind.AGENT_FOUND, FleetChangeKind.CLUSTER_REMOVED}
)


class _Cluster:
    """What is known of one cluster's delays. A delay holds the difference of two clocks, too."""

    __slots__ = ("began_at", "least", "least_before", "measured")

    def __init__(self, now: float) -> None:
        self.began_at = now
        self.least = math.inf
        self.least_before = math.inf
        self.measured: list[tuple[float, float]] = []  # when, and the lag

    def measure(self, delay: float, now: float) -> None:
        if now - self.began_at >= WINDOW_SECONDS:
            self.began_at, self.least_before, self.least = now, self.least, math.inf
        self.least = min(self.least, delay)
        lag = delay - min(self.least, self.least_before)
        self.measured = [*self._recent(now), (now, lag)]

    def lag(self, now: float) -> float:
        return max((lag for _, lag in self._recent(now)), default=0.0)

    def _recent(self, now: float) -> list[tuple[float, float]]:
        """One measurement a second at the most, so that a busy cluster costs no more than a quiet one."""
        recent = [entry for entry in self.measured if now - entry[0] < STALE_SECONDS]
        if len(recent) > 1 and recent[-1][0] - recent[-2][0] < 1:
            (time, lag), (_, last) = recent[-2:]
            recent[-2:] = [(time, max(lag, last))]
        return recent


class IngestLag:
    """The lag of each cluster, in seconds.

    The clocks of hub and agent need not agree: the least delay that was seen lately counts as none, and what comes on
    top of it is the lag. Changes that were found after a gap are older by nature, and not measured.

    Args:
        clock: Seconds since the epoch.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._clusters: dict[str, _Cluster] = {}

    def observe(self, changes: Sequence[ObjectChange]) -> None:
        """Subscribes to the inventory."""
        now = self._clock()
        delays: dict[str, float] = {}
        for change in changes:
            delay = -math.inf if change.after_gap else now - change.time
            delays[change.cluster] = max(delay, delays.get(change.cluster, -math.inf))
        for cluster, delay in delays.items():
            known = self._clusters.setdefault(cluster, _Cluster(now))
            if delay > -math.inf:
                known.measure(delay, now)

    def observe_fleet(self, changes: Sequence[FleetChange]) -> None:
        """Subscribes to the links: an agent that comes back may have another clock, one that left has none."""
        for change in changes:
            if change.kind in _CLOCK_UNKNOWN:
                self._clusters.pop(change.cluster, None)

    def lags(self) -> dict[str, float]:
        """Seconds by cluster: the largest of the last half minute."""
        now = self._clock()
        return {cluster: delays.lag(now) for cluster, delays in sorted(self._clusters.items())}
