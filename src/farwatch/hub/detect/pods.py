"""Trouble of pods as wholes: they find no node, do not start, do not get ready, do not go, or have failed."""

from __future__ import annotations

from farwatch.hub.detect.containers import statuses
from farwatch.hub.detect.findings import Finding, View
from farwatch.hub.detect.owners import workload_of
from farwatch.hub.detect.reading import (
    count_of,
    epoch,
    find_condition,
    quote,
    seconds_of,
    show_span,
    show_time,
    since_of,
)
from farwatch.kube.objects import ContainerStatus, Pod

_ENDED = frozenset({"Succeeded", "Failed"})
_CREATING = frozenset({"ContainerCreating", "PodInitializing"})
_SHUTDOWN_REASONS = frozenset({"NodeShutdown", "Terminated", "Shutdown"})
_REPLACING_KINDS = frozenset(
    {"Deployment", "ReplicaSet", "StatefulSet", "DaemonSet", "ReplicationController"}
)


def is_known(pod: Pod, view: View) -> bool:
    """Whether what the pod says is current. On a node that does not report it is the last that was heard."""
    if pod.status.phase == "Unknown" or pod.status.reason == "NodeLost":
        return False
    return pod.spec.node_name not in view.cluster.lost_nodes


def check_unschedulable(pod: Pod, view: View) -> Finding | None:
    """No node fits. A pod held back by its scheduling gates waits on purpose, and is none of these."""
    if pod.spec.node_name or _is_over(pod):
        return None
    scheduled = find_condition(pod.status.conditions, "PodScheduled")
    if scheduled is None or scheduled.status != "False" or scheduled.reason != "Unschedulable":
        return None
    return Finding(
        facts=f"The scheduler finds no node for it{quote(scheduled.message)}.",
        since=since_of(scheduled, view.now),
    )


def check_stuck_creating(pod: Pod, view: View) -> Finding | None:
    """Bound to a node, but its containers are not made: no network, no volume, a slow image, a silent kubelet."""
    if not pod.spec.node_name or pod.status.phase != "Pending" or _is_over(pod):
        return None
    if any(not _is_creating(status) for status in pod.status.container_statuses or ()):
        return None
    if any(_is_at_work(status) for status in pod.status.init_container_statuses or ()):
        return None
    scheduled = find_condition(pod.status.conditions, "PodScheduled")
    note = view.cluster.note("Pod", pod)
    is_pulling = note is not None and note.reason == "Pulling"
    why = f" Last event: {note.reason}{quote(note.message)}." if note else ""
    return Finding(
        facts=f"Its containers are not created on node {pod.spec.node_name}.{why}",
        since=since_of(scheduled, view.now)
        if scheduled
        else epoch(pod.metadata.creation_timestamp, view.now),
        # A large image takes its time; a pull that fails says so, and has its own alert.
        grace=view.limits["pull_grace"] if is_pulling else 0.0,
    )


def check_not_ready(pod: Pod, view: View) -> Finding | None:
    """Its containers run, but it does not get ready, or its initialisation does not end.

    A Ready condition that the node controller set, because the node stopped reporting, has no reason: that trouble
    is the node's. A container that waits or has ended has an alert of its own.
    """
    if _is_over(pod) or workload_of(pod, view.cluster.get).kind in {"Job", "CronJob"}:
        return None
    if pod.status.phase == "Pending":
        return _check_initialisation(pod, view)
    ready = find_condition(pod.status.conditions, "Ready")
    if pod.status.phase != "Running" or ready is None or ready.status == "True" or not ready.reason:
        return None
    containers = pod.status.container_statuses or ()
    if any(status.state is None or status.state.running is None for status in containers):
        return None
    unready = tuple(status.name for status in statuses(pod) if _is_running(status) and not status.ready)
    who = (
        f"Container {', '.join(unready)} is running but not ready"
        if unready
        else "It is running but not ready"
    )
    probe = view.cluster.probe_failure(pod)
    why = quote(probe.message if probe else ready.message)
    return Finding(
        facts=f"{who} on node {pod.spec.node_name}{why}.",
        since=since_of(ready, view.now),
        containers=unready,
    )


def check_stuck_terminating(pod: Pod, view: View) -> Finding | None:
    """Still there long after it should have gone. Its grace period is on top of the hold."""
    deadline = pod.metadata.deletion_timestamp
    if deadline is None:
        return None
    grace = max(0.0, float(pod.metadata.deletion_grace_period_seconds or 0))
    finalizers = ", ".join(pod.metadata.finalizers or ())
    if finalizers:
        held = f"finalizers hold it: {finalizers}"
    elif pod.spec.node_name:
        held = f"node {pod.spec.node_name} has not ended it"
    else:
        held = "nobody has removed it, though it is on no node"
    return Finding(
        facts=f"It was to be gone by {show_time(seconds_of(deadline))}, but {held}.",
        since=min(max(seconds_of(deadline) - grace, 0.0), view.now),
        grace=grace,
    )


def check_evicted(pod: Pod, view: View) -> Finding | None:
    """A kubelet threw it out because its node ran short of something, a short while ago."""
    if pod.status.phase != "Failed" or pod.status.reason != "Evicted":
        return None
    return _recent_end(
        pod,
        view,
        f"It was evicted{_tell_node(pod, 'from')}{quote(pod.status.message)}.",
        view.limits["window"],
    )


def check_failed(pod: Pod, view: View) -> Finding | None:
    """It has ended in failure and will not be started again, a short while ago.

    A Job speaks for its pods. Pods that a node's orderly shutdown ended are replaced by their workload; a pod that
    nobody manages is not.
    """
    if pod.status.phase != "Failed" or pod.status.reason == "Evicted" or pod.metadata.deletion_timestamp:
        return None
    kind = workload_of(pod, view.cluster.get).kind
    is_replaced = kind in _REPLACING_KINDS
    if kind in {"Job", "CronJob"} or (is_replaced and pod.status.reason in _SHUTDOWN_REASONS):
        return None
    ends = [_tell_failure(status) for status in statuses(pod) if _has_failed(status)]
    reason = f": {pod.status.reason}" if pod.status.reason else ""
    facts = " ".join([f"It failed{_tell_node(pod, 'on')}{reason}{quote(pod.status.message)}.", *ends])
    return _recent_end(pod, view, facts, view.limits["replaced_window" if is_replaced else "window"])


def _check_initialisation(pod: Pod, view: View) -> Finding | None:
    for status in pod.status.init_container_statuses or ():
        if _is_at_work(status) and status.state and status.state.running:
            return Finding(
                facts=f"Init container {status.name} is still running on node {pod.spec.node_name}.",
                since=epoch(status.state.running.started_at, view.now),
                containers=(status.name,),
                grace=view.limits["init_grace"],
            )
    return None


def _recent_end(pod: Pod, view: View, facts: str, window: float) -> Finding | None:
    ended = _end_of(pod, view.now)
    if ended is not None and ended + window <= view.now:
        return None
    containers = tuple(status.name for status in statuses(pod) if _has_failed(status))
    return Finding(
        facts=facts, since=ended, until=None if ended is None else ended + window, containers=containers
    )


def _end_of(pod: Pod, now: float) -> float | None:
    moments = [
        epoch(status.state.terminated.finished_at, now)
        for status in statuses(pod)
        if status.state and status.state.terminated
    ]
    ready = find_condition(pod.status.conditions, "Ready")
    known = [moment for moment in moments if moment is not None]
    if known:
        return max(known)
    return (since_of(ready, now) if ready else None) or epoch(pod.status.start_time, now)


def _is_over(pod: Pod) -> bool:
    return pod.metadata.deletion_timestamp is not None or pod.status.phase in _ENDED


def _is_creating(status: ContainerStatus) -> bool:
    if status.state is None or status.state.waiting is None:
        return status.state is None or (status.state.running is None and status.state.terminated is None)
    return status.state.waiting.reason is None or status.state.waiting.reason in _CREATING


def _is_running(status: ContainerStatus) -> bool:
    return status.state is not None and status.state.running is not None


def _is_at_work(status: ContainerStatus) -> bool:
    # An init container that runs, or waits for anything but its creation (a crash, its image), is its own story.
    return not _is_creating(status) and not (status.state and status.state.terminated)


def _has_failed(status: ContainerStatus) -> bool:
    ended = status.state.terminated if status.state else None
    return ended is not None and ended.exit_code != 0


def _tell_node(pod: Pod, preposition: str) -> str:
    return f" {preposition} node {pod.spec.node_name}" if pod.spec.node_name else ""


def _tell_failure(status: ContainerStatus) -> str:
    ended = status.state.terminated if status.state else None
    if ended is None:
        return ""
    lasted = (
        f" after {show_span(seconds_of(ended.finished_at) - seconds_of(ended.started_at))}"
        if ended.started_at and ended.finished_at
        else ""
    )
    restarts = f", restarted {count_of(status.restart_count, 'time')}" if status.restart_count else ""
    reason = f" ({ended.reason})" if ended.reason else ""
    return (
        f"Container {status.name} (image {status.image}) ended with exit code {ended.exit_code}{reason}"
        f"{lasted}{restarts}{quote(ended.message)}."
    )
