"""What detectors may look at: the objects of a cluster as they are, and a short memory of what happened to them.

Objects are the inventory's own structs, held by reference. The memory is what objects do not say themselves: when
containers restarted, when nodes came and went, how a CronJob's last run ended, what the last event about an object
said. All of it is bounded per object, goes with the object, and is swept by age.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Iterator
from typing import NamedTuple, TypeVar

import msgspec

from farwatch.hub.detect.owners import owner_of_job
from farwatch.hub.detect.reading import epoch, find_condition
from farwatch.hub.fleet import FleetChange, FleetChangeKind
from farwatch.hub.inventory import ObjectChange
from farwatch.kube.objects import ContainerStatus, CronJob, Event, Job, KubeObject, Node, Pod

REMEMBERED_MOMENTS = 32
"""How many restarts of a container, or transitions of a node, are remembered at most."""

REMEMBERED_NOTES = 20_000
"""About how many objects of a cluster the last event is remembered at most."""

NOTES_LAST_SECONDS = 3600.0
"""How long an event explains an object; the API server keeps events as long."""

RESTARTS_LAST_SECONDS = 86400.0
"""How long a restart is remembered; no detector looks further back."""

RUNS_LAST_SECONDS = 3600.0
"""How long a run is remembered whose CronJob is not known: it may arrive after its Jobs, or be gone before them."""

KEPT_KINDS = frozenset(
    {
        "Pod",
        "Node",
        "Namespace",
        "Deployment",
        "ReplicaSet",
        "StatefulSet",
        "DaemonSet",
        "Job",
        "CronJob",
        "HorizontalPodAutoscaler",
        "PersistentVolumeClaim",
        "ResourceQuota",
    }
)
"""Kinds with a detector, and those that lead from a pod to its workload."""

_Kept = TypeVar("_Kept")


class Name(NamedTuple):
    """An object's place within its kind."""

    namespace: str
    name: str


class Reference(NamedTuple):
    """An object of a cluster that another's change bears on."""

    kind: str
    name: Name


class Note(NamedTuple):
    """What the last event about an object said, and when it arrived."""

    reason: str
    message: str
    time: float


class Run(NamedTuple):
    """How a CronJob's last finished run ended."""

    job: str
    failed: bool
    finished: float
    reason: str
    message: str


class FleetStatus(msgspec.Struct):
    """How a cluster's agent and its API server stand; each since when and why, or None while all is well."""

    agent_lost: tuple[float, str] | None = None
    api_down: tuple[float, str] | None = None
    denied: dict[str, tuple[float, str]] = msgspec.field(default_factory=dict)

    def apply(self, change: FleetChange, now: float) -> None:
        """Takes in what the fleet says."""
        since = (min(change.time, now), change.detail)
        match change.kind:
            case FleetChangeKind.AGENT_LOST:
                self.agent_lost = self.agent_lost or since
            case FleetChangeKind.AGENT_FOUND:
                self.agent_lost = None
            case FleetChangeKind.API_DOWN:
                self.api_down = self.api_down or since
            case FleetChangeKind.API_UP:
                self.api_down = None
            case FleetChangeKind.WATCH_DENIED:
                self.denied.setdefault(change.subject, since)
            case FleetChangeKind.WATCH_RESTORED:
                self.denied.pop(change.subject, None)
            case FleetChangeKind.CLUSTER_REMOVED:
                pass


class ClusterState:
    """What is known of one cluster."""

    def __init__(self) -> None:
        self.fleet = FleetStatus()
        self.lost_nodes: set[str] = set()
        self._objects: dict[str, dict[Name, KubeObject]] = {}
        self._pods_by_node: dict[str, set[Name]] = {}
        self._restarts: dict[Name, dict[str, deque[float]]] = {}
        self._transitions: dict[str, deque[float]] = {}
        self._runs: dict[Name, Run] = {}
        self._notes: OrderedDict[Reference, Note] = OrderedDict()
        self._probe_failures: OrderedDict[Reference, Note] = OrderedDict()

    def get(self, kind: str, namespace: str, name: str) -> KubeObject | None:
        """An object as it is now."""
        return self._objects.get(kind, {}).get(Name(namespace, name))

    def restarts(self, pod: Pod, container: str) -> tuple[float, ...]:
        """When a container was restarted, oldest first, since its last back-off."""
        moments = self._restarts.get(_name(pod), {}).get(container)
        return tuple(moments) if moments else ()

    def transitions(self, node: str) -> tuple[float, ...]:
        """When a node became ready or stopped being so, oldest first."""
        return tuple(self._transitions.get(node, ()))

    def last_run(self, cron_job: CronJob) -> Run | None:
        """How the CronJob's last finished run ended, if one was seen."""
        return self._runs.get(_name(cron_job))

    def note(self, kind: str, about: KubeObject) -> Note | None:
        """What the last event about an object said."""
        return self._notes.get(Reference(kind, _name(about)))

    def probe_failure(self, pod: Pod) -> Note | None:
        """What the last event about a failed probe of the pod said."""
        return self._probe_failures.get(Reference("Pod", _name(pod)))

    def apply(self, change: ObjectChange, now: float) -> tuple[Reference, ...]:
        """Takes in a change; gives the other objects that must be looked at again because of it."""
        if change.kind == "Event":
            return self._note_event(change, now)
        if change.kind not in KEPT_KINDS:
            return ()
        known = self._objects.setdefault(change.kind, {})
        name = _name(change.object)
        before = known.get(name)
        if change.after is None:
            known.pop(name, None)
            self._notes.pop(Reference(change.kind, name), None)
            self._probe_failures.pop(Reference(change.kind, name), None)
        else:
            known[name] = change.after
        match change.kind:
            case "Pod":
                self._follow_pod(name, _as(Pod, before), _as(Pod, change.after), now)
            case "Node":
                return tuple(self._follow_node(_as(Node, before), _as(Node, change.after), now))
            case "Job":
                return tuple(self._follow_job(_as(Job, change.object), now))
            case "CronJob" if change.after is None:
                self._runs.pop(name, None)
            case "CronJob" if before is None and name in self._runs:
                # It speaks for its Jobs from now on.
                return (Reference("Job", Name(name.namespace, self._runs[name].job)),)
        return ()

    def sweep(self, now: float) -> None:
        """Forgets what is too old to matter. Cost: what is remembered, not what exists."""
        for notes in (self._notes, self._probe_failures):
            while notes and next(iter(notes.values())).time <= now - NOTES_LAST_SECONDS:
                notes.popitem(last=False)
        crons = self._objects.get("CronJob", {})
        for name in [
            name
            for name, run in self._runs.items()
            if name not in crons and run.finished < now - RUNS_LAST_SECONDS
        ]:
            del self._runs[name]
        for name in [name for name, restarts in self._restarts.items() if _all_old(restarts, now)]:
            del self._restarts[name]

    # --- following --------------------------------------------------------------------------------------------

    def _follow_pod(self, name: Name, before: Pod | None, after: Pod | None, now: float) -> None:
        old_node = before.spec.node_name if before else None
        new_node = after.spec.node_name if after else None
        if old_node != new_node:
            if old_node:
                self._leave_node(name, old_node)
            if new_node:
                self._pods_by_node.setdefault(new_node, set()).add(name)
        if after is None or (before is not None and before.metadata.uid != after.metadata.uid):
            self._restarts.pop(name, None)
            before = None
        if after is not None:
            self._count_restarts(name, before, after, now)

    def _leave_node(self, name: Name, node: str) -> None:
        pods = self._pods_by_node.get(node)
        if pods is not None:
            pods.discard(name)
            if not pods:
                del self._pods_by_node[node]

    def _count_restarts(self, name: Name, before: Pod | None, after: Pod, now: float) -> None:
        for status in _statuses(after):
            if status.restart_count == 0:
                continue
            if status.state and status.state.waiting and status.state.waiting.reason == "CrashLoopBackOff":
                # A back-off is the crash loop's story, told by its own alert; what is counted here is restarts
                # too far apart for the kubelet to back off.
                self._restarts.get(name, {}).pop(status.name, None)
                continue
            seen = next((old.restart_count for old in _statuses(before) if old.name == status.name), None)
            # Of a pod never seen before only the last restart's time is known.
            count = 1 if seen is None else status.restart_count - seen
            ended = status.last_state.terminated if status.last_state else None
            moment = epoch(ended.finished_at, now) if ended else None
            if count > 0 and (seen is not None or moment is not None):
                moments = self._restarts.setdefault(name, {}).setdefault(
                    status.name, deque(maxlen=REMEMBERED_MOMENTS)
                )
                moments.extend([now if moment is None else moment] * min(count, REMEMBERED_MOMENTS))

    def _follow_node(self, before: Node | None, after: Node | None, now: float) -> Iterator[Reference]:
        node = after or before
        if node is None:
            return
        name = node.metadata.name
        was_ready, is_ready = _readiness(before), _readiness(after)
        if after is None:
            self._transitions.pop(name, None)
        elif was_ready and is_ready and (was_ready == "True") != (is_ready == "True"):
            self._transitions.setdefault(name, deque(maxlen=REMEMBERED_MOMENTS)).append(now)
        was_lost, is_lost = name in self.lost_nodes, is_ready == "Unknown"
        if was_lost != is_lost:
            (self.lost_nodes.add if is_lost else self.lost_nodes.discard)(name)
            yield from (Reference("Pod", pod) for pod in sorted(self._pods_by_node.get(name, ())))

    def _follow_job(self, job: Job | None, now: float) -> Iterator[Reference]:
        if job is None:
            return
        owner = owner_of_job(job.metadata.name, job.metadata, self.get)
        run = _finished_run(job, now)
        if owner.kind != "CronJob" or run is None:
            return
        name = Name(job.metadata.namespace, owner.name)
        last = self._runs.get(name)
        if last is None or last.finished <= run.finished:
            self._runs[name] = run
            yield Reference("CronJob", name)

    def _note_event(self, change: ObjectChange, now: float) -> tuple[Reference, ...]:
        event = change.after
        if not isinstance(event, Event):  # events expire; that says nothing of the object
            return ()
        about = event.involved_object
        reference = Reference(about.kind, Name(about.namespace, about.name))
        if about.kind not in KEPT_KINDS or (about.kind == "Pod" and not _explains_pod(event)):
            return ()
        notes = self._probe_failures if event.reason == "Unhealthy" else self._notes
        notes[reference] = Note(event.reason or "", event.message or "", now)
        notes.move_to_end(reference)
        if len(notes) > REMEMBERED_NOTES:
            notes.popitem(last=False)
        return (reference,)


def _explains_pod(event: Event) -> bool:
    # What a node's loss does to its pods is told of the node; most normal events only say that things go on.
    if event.type == "Warning":
        return event.reason != "NodeNotReady"
    return event.reason in {"Pulling", "Pulled"}


def _name(found: KubeObject) -> Name:
    return Name(found.metadata.namespace, found.metadata.name)


def _as(kind: type[_Kept], found: object) -> _Kept | None:
    return found if isinstance(found, kind) else None


def _statuses(pod: Pod | None) -> tuple[ContainerStatus, ...]:
    if pod is None:
        return ()
    return (pod.status.init_container_statuses or ()) + (pod.status.container_statuses or ())


def _all_old(restarts: dict[str, deque[float]], now: float) -> bool:
    return all(moments[-1] < now - RESTARTS_LAST_SECONDS for moments in restarts.values())


def _readiness(node: Node | None) -> str | None:
    ready = find_condition(node.status.conditions, "Ready") if node else None
    return ready.status if ready else None


def _finished_run(job: Job, now: float) -> Run | None:
    for kind, failed in (("Failed", True), ("Complete", False)):
        condition = find_condition(job.status.conditions, kind)
        if condition and condition.status == "True":
            finished = epoch(condition.last_transition_time, now)
            return Run(
                job.metadata.name,
                failed,
                now if finished is None else finished,
                condition.reason or kind,
                condition.message or "",
            )
    return None
