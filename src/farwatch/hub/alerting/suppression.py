"""What keeps people from being told of an alert: inhibition, time intervals, silences.

As upstream, in this order: an alert is inhibited whatever the hour, and a silence counts last.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from farwatch.hub.alerting.dispatch import Flush
from farwatch.hub.alerting.inhibit import Inhibitor
from farwatch.hub.alerting.intervals import Intervals
from farwatch.hub.alerting.routing import Route
from farwatch.hub.alerting.silences import Silences


class Suppression(msgspec.Struct, frozen=True, kw_only=True):
    """What keeps people from being told of an alert, on whichever route.

    Attributes:
        silenced_by: Ids of the silences that hush it.
        inhibited_by: Fingerprints of alerts that inhibit it.
    """

    silenced_by: tuple[str, ...] = ()
    inhibited_by: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.silenced_by or self.inhibited_by)


class Suppressor:
    """Decides what is suppressed. Times are seconds since the epoch."""

    def __init__(self, inhibitor: Inhibitor, intervals: Intervals, silences: Silences) -> None:
        self.inhibitor = inhibitor
        self.intervals = intervals
        self.silences = silences

    def suppression(self, labels: Mapping[str, str], now: float) -> Suppression:
        """What suppresses an alert at a moment."""
        source = self.inhibitor.inhibited_by(labels, now)
        return Suppression(
            silenced_by=tuple(silence.id for silence in self.silences.silencing(labels, now)),
            inhibited_by=() if source is None else (source,),
        )

    def muted_by(self, route: Route, now: float) -> tuple[str, ...]:
        """The names of the time intervals by which nobody is told on a route at a moment.

        They are those of ``active_time_intervals`` if it is none of these times, else those of ``mute_time_intervals``
        whose time it is.
        """
        active = route.active_time_intervals
        if active and not self.intervals.containing(active, now):
            return active
        return self.intervals.containing(route.mute_time_intervals, now)

    def keep(self, flush: Flush) -> Flush | None:
        """A flush with what is not suppressed; None if nothing is left."""
        now = flush.time
        if self.muted_by(flush.route, now):
            return None
        alerts = tuple(alert for alert in flush.alerts if not self._is_suppressed(alert.labels, now))
        return msgspec.structs.replace(flush, alerts=alerts) if alerts else None

    def _is_suppressed(self, labels: Mapping[str, str], now: float) -> bool:
        return self.inhibitor.inhibited_by(labels, now) is not None or bool(
            self.silences.silencing(labels, now)
        )
