"""From changes to alerts.

``observe`` takes in what changed: it brings the state up to date and lets the detectors of the object's kind look at
it. ``advance`` decides what that means by now: which alerts are raised, told anew, or resolved. Between the two lies
no work that grows with the number of objects; what waits, waits in a heap.

Nothing is decided about a cluster that is out of sight. While its agent or its API server does not answer, its alerts
stay as they are: silence is not calm. When it is back they are judged by what it says then. Nor is anything decided
about a new cluster before its first state is whole: a Job is judged with its CronJob, a claim with its events.

An object that a detector cannot take costs nobody else an alert: the fault is logged and counted.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from enum import StrEnum
from typing import Any

import msgspec

from farwatch.hub.alerting import Alert
from farwatch.hub.detect.cases import Case, Phase
from farwatch.hub.detect.counters import EngineCounters, Step
from farwatch.hub.detect.findings import Finding, ObjectKey, Subject, View
from farwatch.hub.detect.owners import workload_of
from farwatch.hub.detect.registry import DETECTORS, DETECTORS_BY_KIND, JUDGEABLE, Detector
from farwatch.hub.detect.settings import DetectSettings, Rules
from farwatch.hub.detect.state import ClusterState, Reference
from farwatch.hub.detect.timers import Timers
from farwatch.hub.detect.wording import read_subject
from farwatch.hub.fleet import FleetChange, FleetChangeKind
from farwatch.hub.inventory import ObjectChange, Operation
from farwatch.hub.times import to_time
from farwatch.kube.objects import KubeObject, Pod

RESYNC_SECONDS = 30.0
"""How long after its return a cluster is judged by, even if nobody says that its state is whole again."""

RESTART_RESYNC_SECONDS = 300.0
"""The same after a restart of the hub, when all of the cluster's state has to arrive first."""

SWEEP_SECONDS = 600.0
"""How often what is too old to matter is forgotten."""

FAILED_AGAIN_SECONDS = 60.0
"""When a case that could not be decided is tried again."""

CaseKey = tuple[str, Subject]
"""The detector's name, and what the alert is about."""


class Silence(StrEnum):
    """Why nothing is decided about a cluster."""

    AGENT_LOST = "agent_lost"
    API_DOWN = "api_down"
    HUB_RESTARTED = "hub_restarted"
    NEW = "new"


class Engine:
    """All detectors over all clusters.

    Args:
        settings: How detectors are set; absent means the defaults.
        clock: Seconds since the epoch, the hub's.
        stopwatch: Seconds from any beginning, for what the work costs.
    """

    def __init__(
        self,
        settings: DetectSettings | None = None,
        clock: Callable[[], float] = time.time,
        stopwatch: Callable[[], float] = time.perf_counter,
    ) -> None:
        self.counters = EngineCounters(stopwatch)
        self._settings = settings or DetectSettings()
        self._clock = clock
        self._clusters: dict[str, ClusterState] = {}
        self._cases: dict[CaseKey, Case] = {}
        self._cases_of: dict[str, set[CaseKey]] = {}
        self._held: dict[ObjectKey, dict[str, CaseKey]] = {}
        self._dirty: set[CaseKey] = set()
        self._timers: Timers[CaseKey] = Timers()
        self._silences: dict[str, set[Silence]] = {}
        self._resumes: dict[str, float] = {}
        self._outbox: list[Alert] = []
        self._swept_at = clock()

    # --- taking in --------------------------------------------------------------------------------------------

    def observe(self, changes: Sequence[ObjectChange]) -> None:
        """Takes in changes of objects, in the order they happened."""
        now = self._clock()
        with self.counters.timed(Step.OBSERVE):
            for change in changes:
                self.counters.changes += 1
                try:
                    self._observe(change, now)
                except Exception as fault:  # noqa: BLE001 - logged and counted
                    self.counters.fail(fault, subject=_key(change))

    def load(self, cluster: str, kind: str, objects: Iterable[KubeObject]) -> None:
        """Takes in objects as they were stored before the hub restarted.

        They are judged, but nothing is decided about the cluster until ``cluster_synced``. Load owners before what
        they own, in the order of ``farwatch.kube.kinds.KINDS``.
        """
        self._silences.setdefault(cluster, set()).add(Silence.HUB_RESTARTED)
        now = self._clock()
        self.observe(
            [
                ObjectChange(
                    cluster=cluster,
                    kind=kind,
                    operation=Operation.CREATED,
                    time=now,
                    before=None,
                    after=found,
                    after_gap=True,
                )
                for found in objects
            ]
        )

    def restore(self, alerts: Iterable[Alert]) -> None:
        """Takes up alerts that fired before the hub restarted, with their labels and start; before or after ``load``.

        Alerts of others than detectors are left alone. None is resolved before the cluster is synced.
        """
        now = self._clock()
        for alert in alerts:
            detector = DETECTORS.get(alert.labels.get("alertname", ""))
            if detector is None or alert.ends_at is not None:
                continue
            case_key = (detector.name, read_subject(alert.labels))
            case = self._case(case_key)
            if case.phase is Phase.FIRING:
                # A second alert of one subject has nobody to resolve it later.
                ended = max(to_time(now), alert.starts_at)
                self._say(msgspec.structs.replace(alert, ends_at=ended))
                continue
            case.take_up(alert, self._settings.default_rules(detector.name).calm, now)
            self._silences.setdefault(case.subject.cluster, set()).add(Silence.HUB_RESTARTED)

    def observe_fleet(self, event: FleetChange) -> None:
        """Takes in what happened to a cluster as a whole."""
        if event.kind is FleetChangeKind.AGENT_REFUSED:
            return  # it may only claim to be of the cluster
        now, cluster = self._clock(), event.cluster
        is_new = cluster not in self._clusters and cluster not in self._silences
        if event.kind is FleetChangeKind.CLUSTER_REMOVED:
            self._forget(cluster, now)
            return
        if event.kind is FleetChangeKind.CLUSTER_SYNCED:
            self.cluster_synced(cluster)
            return
        state = self._state(cluster)
        state.fleet.apply(event, now)
        self._judge(ObjectKey(cluster, "Cluster", "", cluster), state.fleet, state, now, is_live=False)
        match event.kind:
            case FleetChangeKind.AGENT_LOST:
                self._silence(cluster, Silence.AGENT_LOST)
            case FleetChangeKind.API_DOWN:
                self._silence(cluster, Silence.API_DOWN)
            case FleetChangeKind.AGENT_FOUND if is_new:
                self._silence(cluster, Silence.NEW)
                self._resumes[cluster] = now + RESYNC_SECONDS
            case FleetChangeKind.AGENT_FOUND:
                self._return(cluster, Silence.AGENT_LOST, now)
            case FleetChangeKind.API_UP:
                self._return(cluster, Silence.API_DOWN, now)

    def cluster_synced(self, cluster: str) -> None:
        """The hub's view of the cluster is whole again: every kind's snapshot has ended."""
        silences = self._silences.get(cluster)
        if silences is None:
            return
        if Silence.API_DOWN in silences:
            silences.discard(Silence.AGENT_LOST)
        else:
            self._resume(cluster, self._clock())

    # --- giving out -------------------------------------------------------------------------------------------

    def advance(self, now: float) -> list[Alert]:
        """The alerts that were raised, told anew or resolved since the last call, up to ``now``."""
        with self.counters.timed(Step.ADVANCE):
            for cluster in [cluster for cluster, due in self._resumes.items() if due <= now]:
                self._resume(cluster, now)
            due = self._timers.pop_due(now)
            self._judge_outlived(due, now)
            touched, self._dirty = self._dirty.union(due), set()
            for key in sorted(touched):
                self._settle(key, now)
            if now >= self._swept_at + SWEEP_SECONDS:
                self._sweep(now)
            said, self._outbox = self._outbox, []
            return said

    def next_due(self) -> float | None:
        """When ``advance`` has something to do next, in seconds since the epoch; None while nothing waits."""
        if self._dirty or self._outbox:
            return self._clock()
        dues = [*self._resumes.values()]
        timer = self._timers.next_due()
        if timer is not None:
            dues.append(timer)
        return min(dues, default=None)

    def count_cases(self) -> Counter[tuple[str, Phase]]:
        """How many cases there are, by detector and phase: those that are held back, and those that fire."""
        return Counter((case.detector.name, case.phase) for case in self._cases.values())

    # --- judging ----------------------------------------------------------------------------------------------

    def _observe(self, change: ObjectChange, now: float) -> None:
        state = self._state(change.cluster)
        related = state.apply(change, now)
        if change.kind in DETECTORS_BY_KIND:
            is_live = change.operation is Operation.UPDATED and not change.after_gap
            self._judge(_key(change), change.after, state, now, is_live=is_live)
        for reference in related:
            self._judge_related(change, reference, state, now)

    def _judge(self, key: ObjectKey, found: Any, state: ClusterState, now: float, *, is_live: bool) -> None:
        if found is None:
            for name in tuple(self._held.get(key, ())):
                self._part(key, name, now, is_gone=True)
            return
        namespace = key.name if key.kind == "Namespace" else key.namespace
        is_judgeable = JUDGEABLE.get(key.kind)
        if self._settings.excludes(namespace) or (
            is_judgeable is not None and not is_judgeable(found, View(state, now, {}))
        ):
            return
        findings = self._check(key, found, state, now)
        held = self._held.get(key)
        if held is None and not findings:
            return
        subject = _subject(key, found, state)
        is_going = isinstance(found, KubeObject) and found.metadata.deletion_timestamp is not None
        for name in [name for name in held or () if name not in findings]:
            self._part(key, name, now, is_gone=is_going)
        for detector, finding, rules in findings.values():
            case = self._hold(key, (detector.name, subject), now)
            case.put(key, finding, rules, now, is_live=is_live)

    def _check(
        self, key: ObjectKey, found: Any, state: ClusterState, now: float
    ) -> dict[str, tuple[Detector, Finding, Rules]]:
        labels = found.metadata.labels if isinstance(found, KubeObject) else None
        findings = {}
        for detector, rules in self._settings.rules(key.kind, key.namespace, labels):
            if rules.enabled:
                finding = detector.check(found, View(state, now, rules.limits))
                if finding is not None:
                    findings[detector.name] = (detector, finding, rules)
        return findings

    def _judge_related(
        self, change: ObjectChange, reference: Reference, state: ClusterState, now: float
    ) -> None:
        key = ObjectKey(change.cluster, reference.kind, *reference.name)
        if change.kind == "Event" and key not in self._held:
            return  # events are many, and explain trouble rather than being it
        found = state.get(reference.kind, *reference.name)
        if found is not None:
            self._judge(key, found, state, now, is_live=False)

    def _judge_outlived(self, due: Iterable[CaseKey], now: float) -> None:
        outlived = {
            key
            for case_key in due
            if not self._is_silent(case_key[1])
            for key in self._cases[case_key].outlived(now)
        }
        self._judge_again(outlived, now)

    def _judge_again(self, keys: Iterable[ObjectKey], now: float) -> None:
        for key in sorted(keys):
            state = self._state(key.cluster)
            found = state.fleet if key.kind == "Cluster" else state.get(key.kind, key.namespace, key.name)
            try:
                self._judge(key, found, state, now, is_live=False)
            except Exception as fault:  # noqa: BLE001 - logged and counted
                self.counters.fail(fault, subject=key)

    def _hold(self, key: ObjectKey, case_key: CaseKey, now: float) -> Case:
        name = case_key[0]
        if self._held.get(key, {}).get(name, case_key) != case_key:
            self._part(key, name, now, is_gone=True)  # its workload is known better by now
        self._held.setdefault(key, {})[name] = case_key
        self._dirty.add(case_key)
        return self._case(case_key)

    def _part(self, key: ObjectKey, name: str, now: float, *, is_gone: bool) -> None:
        held = self._held[key]
        case_key = held.pop(name)
        if not held:
            del self._held[key]
        self._cases[case_key].part(key, now, is_gone=is_gone)
        self._dirty.add(case_key)

    # --- deciding ---------------------------------------------------------------------------------------------

    def _case(self, case_key: CaseKey) -> Case:
        case = self._cases.get(case_key)
        if case is None:
            name, subject = case_key
            case = self._cases[case_key] = Case(DETECTORS[name], subject, self._settings.runbook_url)
            self._cases_of.setdefault(subject.cluster, set()).add(case_key)
        return case

    def _settle(self, case_key: CaseKey, now: float) -> None:
        if self._is_silent(case_key[1]):
            return  # every case of the cluster is settled when it is back
        case = self._cases[case_key]
        try:
            self._say(case.settle(now))
        except Exception as fault:  # noqa: BLE001 - logged and counted
            self.counters.fail(fault, detector=case.detector.name, subject=case.subject)
            self._timers.set(case_key, now + FAILED_AGAIN_SECONDS)
            return
        if case.phase is Phase.OVER:
            self._close(case_key)
        elif case.wake < float("inf"):
            self._timers.set(case_key, case.wake)
        else:
            self._timers.clear(case_key)

    def _close(self, case_key: CaseKey) -> None:
        cluster = case_key[1].cluster
        del self._cases[case_key]
        self._timers.clear(case_key)
        self._cases_of[cluster].discard(case_key)
        if not self._cases_of[cluster]:
            del self._cases_of[cluster]

    def _say(self, alert: Alert | None) -> None:
        if alert is not None:
            self._outbox.append(alert)

    # --- sight ------------------------------------------------------------------------------------------------

    def _is_silent(self, subject: Subject) -> bool:
        return bool(self._silences.get(subject.cluster)) and subject.kind != "Cluster"

    def _silence(self, cluster: str, silence: Silence) -> None:
        silences = self._silences.setdefault(cluster, set())
        silences.discard(Silence.NEW)  # what ends the new silence gives a cluster its time as well
        silences.add(silence)
        self._resumes.pop(cluster, None)

    def _return(self, cluster: str, silence: Silence, now: float) -> None:
        silences = self._silences.get(cluster)
        if not silences:
            return
        if silences == {silence}:
            self._resumes[cluster] = now + RESYNC_SECONDS
        elif silences <= {silence, Silence.HUB_RESTARTED}:
            self._resumes[cluster] = now + RESTART_RESYNC_SECONDS
        else:
            silences.discard(silence)

    def _resume(self, cluster: str, now: float) -> None:
        self._resumes.pop(cluster, None)
        has_restarted = Silence.HUB_RESTARTED in self._silences.pop(cluster, ())
        cases = self._cases_of.get(cluster, set())
        # Once more: what each object was judged by may have come after it.
        self._judge_again({key for case_key in cases for key in self._cases[case_key].sources}, now)
        for case_key in cases:
            if has_restarted or case_key[1].kind != "Cluster":  # the cluster's own were judged all the while
                self._cases[case_key].resume(now)
                self._dirty.add(case_key)

    def _forget(self, cluster: str, now: float) -> None:
        for case_key in sorted(self._cases_of.get(cluster, ())):
            self._say(self._cases[case_key].end(now))
            self._close(case_key)
            self._dirty.discard(case_key)
        self._held = {key: held for key, held in self._held.items() if key.cluster != cluster}
        for known in (self._clusters, self._silences, self._resumes):
            known.pop(cluster, None)

    def _sweep(self, now: float) -> None:
        self._swept_at = now
        for state in self._clusters.values():
            state.sweep(now)

    def _state(self, cluster: str) -> ClusterState:
        state = self._clusters.get(cluster)
        if state is None:
            state = self._clusters[cluster] = ClusterState()
        return state


def _key(change: ObjectChange) -> ObjectKey:
    metadata = change.object.metadata
    return ObjectKey(change.cluster, change.kind, metadata.namespace, metadata.name)


def _subject(key: ObjectKey, found: object, state: ClusterState) -> Subject:
    if isinstance(found, Pod):
        return Subject(key.cluster, key.namespace, *workload_of(found, state.get))
    return Subject(key.cluster, key.namespace, key.kind, key.name)
