"""One alert from first sight to its end: held before it is raised, calm before it is resolved.

A case collects what was found about one subject by one detector, from any number of objects, a workload's pods above
all. Findings come and go as objects change; ``settle`` then decides, so that what changes together is judged
together and in no particular order.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum, auto
from math import inf

import msgspec

from farwatch.hub.alerting import Alert
from farwatch.hub.detect.findings import Finding, ObjectKey, Subject
from farwatch.hub.detect.registry import Detector
from farwatch.hub.detect.settings import Rules
from farwatch.hub.detect.wording import write_annotations, write_labels
from farwatch.hub.times import to_time

UPDATE_SECONDS = 30.0
"""An alert that fires is told anew at most this often, however many of its pods change."""

GONE_CALM_SECONDS = 30.0
"""When what the alert is about is gone itself, it need not be watched for longer; it may come back by a re-creation."""

RETRY_SECONDS = 1.0
"""When a finding outlives its own end by a rounding error, it is looked at again this much later."""


class Phase(Enum):
    """How far a case has come."""

    HELD = auto()
    FIRING = auto()
    OVER = auto()


@dataclass(frozen=True, slots=True)
class Source:
    """A finding about one object, with what holds for it.

    Attributes:
        finding: What was found.
        rules: What the settings say for this object.
        told: Since when, as the object says; None if it does not, or names a time to come.
        since: Since when, as the case counts it.
        due: When its hold is over.
        calm: How long it must be gone to be called calm.
    """

    finding: Finding
    rules: Rules
    told: float | None
    since: float
    due: float
    calm: float


class Case:
    """One (detector, subject), from the first finding until the alert is resolved.

    Attributes:
        phase: How far it has come.
        sources: What is found now, by object.
        wake: When it must be settled next even if nothing changes, in seconds since the epoch; or infinity.
    """

    def __init__(self, detector: Detector, subject: Subject, runbook_url: str) -> None:
        self.detector = detector
        self.subject = subject
        self.phase = Phase.HELD
        self.sources: dict[ObjectKey, Source] = {}
        self.wake = inf
        self._runbook_url = runbook_url
        self._parted: dict[ObjectKey, Source] = {}
        self._flashed: dict[ObjectKey, Source] = {}
        self._first_seen: dict[ObjectKey, float] = {}
        self._quiet_since: float | None = None
        self._calm = 0.0
        self._alert: Alert | None = None
        self._told_at = -inf
        self._is_stale = False

    def take_up(self, alert: Alert, calm: float, now: float) -> None:
        """Goes on with an alert that fired before the hub restarted. It is quiet only once ``resume`` says so."""
        self.phase = Phase.FIRING
        self._calm = max(calm, self.detector.remembers)
        self._tell(alert, now)
        self._is_stale = bool(self.sources)

    def put(self, key: ObjectKey, finding: Finding, rules: Rules, now: float, *, is_live: bool) -> None:
        """Something was found about an object.

        Args:
            key: The object.
            finding: What was found.
            rules: What the settings say for this object.
            now: Seconds since the epoch.
            is_live: The object was seen to change just now, so that what was not there before began now,
                whatever the cluster's clock says.
        """
        old = self.sources.get(key)
        told = None if finding.since is None or finding.since >= now else finding.since
        since = self._count_since(key, old, finding, told, now=now, is_live=is_live)
        hold = rules.hold
        if hold is None:
            hold = 0.0 if finding.certain else self.detector.hold
        due = since + hold + finding.grace
        self.sources[key] = Source(finding, rules, told, since, due, max(rules.calm, finding.calm))
        self._flashed.pop(key, None)
        if self.detector.bridges:
            self._first_seen[key] = since
        if old is None or old.finding != finding:
            self._is_stale = True
        self.wake = min(self.wake, inf if finding.until is None else finding.until)
        if self.phase is Phase.HELD:
            self.wake = min(self.wake, due)

    def part(self, key: ObjectKey, now: float, *, is_gone: bool) -> None:
        """Nothing is found about an object any more; ``is_gone`` says that it is going or gone itself."""
        source = self.sources.pop(key)
        if is_gone:
            self._first_seen.pop(key, None)
            is_subject = key.kind == self.subject.kind and key.name == self.subject.name
            calm = min(source.rules.calm, GONE_CALM_SECONDS) if is_subject else source.rules.calm
            source = replace(source, calm=calm)
        elif source.due <= now:
            self._flashed[key] = source
        self._parted[key] = source
        self._is_stale = True
        if not self.sources:
            self._quiet_since = now

    def resume(self, now: float) -> None:
        """The cluster is in sight again: what is not found from here on is calm, what was silent was not."""
        self._calm = self._calm_of_parted()
        self._parted.clear()
        self._flashed.clear()
        if not self.sources:
            self._quiet_since = now
        self.wake = now

    def outlived(self, now: float) -> list[ObjectKey]:
        """The objects to look at again because time has passed: a hold is over, or something is no longer recent."""
        return [
            key
            for key, source in self.sources.items()
            if (source.finding.until is not None and source.finding.until <= now)
            or (self.phase is Phase.HELD and source.due <= now)
        ]

    def settle(self, now: float) -> Alert | None:
        """Decides: gives the alert when it is raised, told anew or resolved, and sets ``wake`` and ``phase``."""
        said: Alert | None = None
        if self.phase is Phase.HELD:
            if now >= self.wake and any(source.due <= now for source in self._found().values()):
                said = self._raise(now)
        elif self.sources and self._is_stale and now >= self._told_at + UPDATE_SECONDS:
            said = self._update(now)
        elif not self.sources:
            self._calm = self._calm_of_parted()
            if self._quiet_since is not None and now >= self._quiet_since + self._calm:
                said = self._resolve(now)
        self._set_wake(now)
        self._parted.clear()
        self._flashed.clear()
        return said

    def end(self, now: float) -> Alert | None:
        """Ends the case at once; gives the resolved alert if it was firing."""
        said = self._resolve(now) if self.phase is Phase.FIRING else None
        self.phase = Phase.OVER
        return said

    # --- deciding ---------------------------------------------------------------------------------------------

    def _count_since(
        self,
        key: ObjectKey,
        old: Source | None,
        finding: Finding,
        told: float | None,
        *,
        now: float,
        is_live: bool,
    ) -> float:
        if self.detector.bridges and key in self._first_seen:
            return self._first_seen[key]
        if old is not None and old.finding.progress == finding.progress:
            has_begun_anew = None not in {old.told, told} and old.told != told
            if not has_begun_anew:
                return old.since
        return now if is_live or told is None else told

    def _found(self) -> dict[ObjectKey, Source]:
        # What held long enough and went before it could be settled counts as well: a kubelet may start a container
        # anew within the second in which it says CrashLoopBackOff.
        return {**self._flashed, **self.sources}

    def _calm_of_parted(self) -> float:
        return max((source.calm for source in self._parted.values()), default=self._calm)

    def _raise(self, now: float) -> Alert:
        found = self._found()
        _, _, severity = min((source.due, key, source.rules.severity) for key, source in found.items())
        containers = [name for source in found.values() for name in source.finding.containers]
        since = min(source.since for source in found.values())
        self.phase = Phase.FIRING
        if not self.sources:
            self._calm = self._calm_of_parted()
        alert = Alert(
            labels=write_labels(self.detector, severity, self.subject, containers),
            annotations=self._annotate(found, since),
            starts_at=to_time(since),
        )
        return self._tell(alert, now)

    def _update(self, now: float) -> Alert | None:
        alert = self._firing()
        annotations = self._annotate(self.sources, alert.starts_at.timestamp())
        self._is_stale = False
        if annotations == alert.annotations:
            return None
        return self._tell(msgspec.structs.replace(alert, annotations=annotations), now)

    def _resolve(self, now: float) -> Alert:
        self.phase = Phase.OVER
        ended = max(to_time(now), self._firing().starts_at)
        return msgspec.structs.replace(self._firing(), ends_at=ended)

    def _tell(self, alert: Alert, now: float) -> Alert:
        self._alert = alert
        self._told_at = now
        self._is_stale = False
        return alert

    def _firing(self) -> Alert:
        if self._alert is None:
            raise RuntimeError(f"{self.detector.name} of {self.subject} fires without an alert")
        return self._alert

    def _annotate(self, found: dict[ObjectKey, Source], since: float) -> dict[str, str]:
        oldest_first = sorted(found.items(), key=lambda item: (item[1].since, item[0]))
        findings = [(key, source.finding) for key, source in oldest_first]
        return write_annotations(self.detector, self.subject, findings, since, self._runbook_url)

    def _set_wake(self, now: float) -> None:
        match self.phase:
            case Phase.HELD if self.sources:
                if self.wake <= now:
                    self.wake = min(self._earliest_end(now), *(s.due for s in self.sources.values()))
            case Phase.HELD:
                self._set_wake_of_gap(now)
            case Phase.FIRING if self.sources:
                if self.wake <= now:
                    self.wake = self._earliest_end(now)
                if self._is_stale:
                    self.wake = min(self.wake, self._told_at + UPDATE_SECONDS)
            case Phase.FIRING:
                self.wake = inf if self._quiet_since is None else self._quiet_since + self._calm
            case Phase.OVER:
                self.wake = inf

    def _set_wake_of_gap(self, now: float) -> None:
        # What bridges gaps is remembered through one of them before it is raised, as it is afterwards.
        self._calm = self._calm_of_parted()
        quiet_since = now if self._quiet_since is None else self._quiet_since
        self.wake = quiet_since + self._calm
        if not self.detector.bridges or now >= self.wake:
            self.phase = Phase.OVER
            self.wake = inf

    def _earliest_end(self, now: float) -> float:
        ends = (s.finding.until for s in self.sources.values() if s.finding.until is not None)
        return max(min(ends, default=inf), now + RETRY_SECONDS)
