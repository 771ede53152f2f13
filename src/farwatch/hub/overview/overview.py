"""The fleet at a glance, put together from what each part knows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime

import msgspec

from farwatch.hub.alerting import Alert, Alerting
from farwatch.hub.evidence import RecentChanges
from farwatch.hub.fleet import Cluster, Fleet
from farwatch.hub.inventory import Level, Rows
from farwatch.hub.overview.activity import LOOKBACK_SECONDS, Happening, Seen, rank_happenings
from farwatch.hub.overview.sight import Sight
from farwatch.hub.overview.tiles import ClusterTile, Tally, add_up, make_tile, show_agent
from farwatch.hub.overview.trouble import Trouble, rank_severity, rank_trouble, severity_of
from farwatch.hub.times import to_time
from farwatch.hub.watchdog import IngestLag
from farwatch.kube.selectors import Selector

MOST_HAPPENINGS = 50
MOST_TROUBLE = 20


class FleetTally(msgspec.Struct, frozen=True, kw_only=True):
    """The sums over all tiles; `clusters` counts them by health."""

    clusters: dict[str, int]
    nodes: Tally
    pods: Tally
    workloads: Tally
    alerts: dict[str, int]


class FleetOverview(msgspec.Struct, frozen=True, kw_only=True):
    """The fleet at a glance.

    `clusters` by health, the worst first, then by name; what changed `lately`, the weightiest first; the worst `trouble`
    first; `labels` are the names and values that clusters have, to choose by.
    """

    at: datetime
    total: FleetTally
    clusters: list[ClusterTile]
    lately: list[Happening]
    trouble: list[Trouble]
    labels: dict[str, list[str]]


_HEALTH_ORDER = (Level.BAD, Level.WARN, Level.UNKNOWN, Level.OK)


class Overview:
    """Reads the fleet at a glance; nothing is counted when it is asked for but alerts and namespaces.

    Args:
        fleet: The clusters and their agents.
        rows: How objects stand.
        alerting: What fires.
        recent: What changed.
        lag: How far behind the hub is.
        clock: Seconds since the epoch.
    """

    def __init__(
        self,
        *,
        fleet: Fleet,
        rows: Rows,
        alerting: Alerting,
        recent: RecentChanges,
        lag: IngestLag,
        clock: Callable[[], float],
    ) -> None:
        self._fleet = fleet
        self._rows = rows
        self._alerting = alerting
        self._recent = recent
        self._lag = lag
        self._clock = clock

    async def read(self, selector: Selector, sight: Sight) -> FleetOverview:
        """The clusters that a selector chooses, and what of them may be seen.

        Args:
            selector: What their labels must be.
            sight: What may be seen.
        """
        known = [
            cluster for cluster in await self._fleet.clusters.list() if sight.shows_cluster(cluster.name)
        ]
        chosen = [cluster for cluster in known if selector.matches(cluster.labels)]
        names = {cluster.name for cluster in chosen}
        firing = [
            alert
            for alert in self._alerting.active()
            if _is_of(alert, names, everything=not selector.requirements) and sight.shows_alert(alert.labels)
        ]
        by_cluster = _by_severity(firing)
        lags = self._lag.lags()
        tiles = [
            make_tile(
                cluster,
                show_agent(cluster, self._fleet.links.agent(cluster.name), lags.get(cluster.name, 0.0)),
                by_cluster.get(cluster.name, {}),
                self._rows,
                sight.objects,
            )
            for cluster in chosen
        ]
        tiles.sort(key=lambda tile: (_HEALTH_ORDER.index(tile.health.level), tile.name))
        now = self._clock()
        return FleetOverview(
            at=to_time(now),
            total=_sum(tiles, firing),
            clusters=tiles,
            lately=rank_happenings(self._seen(names, now), self._rows, sight.objects, now, MOST_HAPPENINGS),
            trouble=rank_trouble(firing, self._rows, MOST_TROUBLE),
            labels=_labels(known),
        )

    def _seen(self, clusters: Iterable[str], now: float) -> Iterable[Seen]:
        for cluster in clusters:
            for note in self._recent.find(cluster, now - LOOKBACK_SECONDS, now):
                yield Seen(cluster, note)


def _is_of(alert: Alert, clusters: set[str], *, everything: bool) -> bool:
    """Whether an alert is of one of these clusters; of none at all only where nothing was chosen."""
    cluster = alert.labels.get("cluster", "")
    return cluster in clusters or (everything and not cluster)


def _by_severity(alerts: Iterable[Alert]) -> dict[str, dict[str, int]]:
    """How many alerts fire, by cluster and severity, the worst first."""
    counted: dict[str, Counter[str]] = {}
    for alert in alerts:
        counted.setdefault(alert.labels.get("cluster", ""), Counter())[severity_of(alert)] += 1
    return {cluster: _ordered(counts) for cluster, counts in counted.items()}


def _ordered(counts: Mapping[str, int]) -> dict[str, int]:
    return dict(sorted(counts.items(), key=lambda pair: (rank_severity(pair[0]), pair[0])))


def _sum(tiles: Sequence[ClusterTile], firing: Iterable[Alert]) -> FleetTally:
    return FleetTally(
        clusters=dict(Counter(tile.health.level.value for tile in tiles)),
        nodes=_add(tile.nodes for tile in tiles),
        pods=_add(tile.pods for tile in tiles),
        workloads=_add(tile.workloads for tile in tiles),
        alerts=_ordered(Counter(map(severity_of, firing))),
    )


def _add(tallies: Iterable[Tally]) -> Tally:
    levels = dict.fromkeys(Level, 0)
    for tally in tallies:
        for level, number in tally.levels.items():
            levels[Level(level)] += number
    return add_up(levels)


def _labels(clusters: Iterable[Cluster]) -> dict[str, list[str]]:
    found: dict[str, set[str]] = {}
    for cluster in clusters:
        for name, value in cluster.labels.items():
            found.setdefault(name, set()).add(value)
    return {name: sorted(values) for name, values in sorted(found.items())}
