"""The status of pods and nodes, as kubectl finds it.

Source: ``printPod`` and ``printNode`` in pkg/printers/internalversion/printers.go of Kubernetes 1.36. Whether an init
container is a sidecar (its restart policy is not kept) shows in what its kubelet reports: only a sidecar is
``started`` while it runs.
"""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from farwatch.hub.inventory.statuses.status import (
    TERMINATING,
    Level,
    Status,
    find,
    holds,
    is_terminating,
    quote,
    utc,
)
from farwatch.kube.objects import ContainerStateTerminated, ContainerStatus, Node, Pod

_STARTING = frozenset({"Pending", "ContainerCreating", "PodInitializing"})
_OVER = frozenset({"Completed", "Succeeded"})
_PRESSURES = ("MemoryPressure", "DiskPressure", "PIDPressure", "NetworkUnavailable")
_NODE_LOST = "NodeLost"
_ROLE_PREFIX = "node-role.kubernetes.io/"

_READY = Status("Ready", Level.OK)
_RUNNING = Status("Running", Level.OK)


class PodSummary(NamedTuple):
    """What kubectl prints of a pod.

    Attributes:
        word: Its status.
        ready: How many of its containers are ready.
        containers: How many it has, sidecars included.
        restarts: How often they were restarted; those of init containers, as long as these run.
        last_restart: When one of those was last restarted.
    """

    word: str
    ready: int
    containers: int
    restarts: int
    last_restart: datetime | None


def summarise(pod: Pod) -> PodSummary:
    """What kubectl prints of a pod."""
    status = pod.status
    word = status.reason or status.phase or "Unknown"
    scheduled = find(status.conditions, "PodScheduled")
    if scheduled is not None and scheduled.reason == "SchedulingGated":
        word = "SchedulingGated"
    inits = status.init_container_statuses or ()
    sidecars = [init for init in inits if _is_sidecar(init)]
    ready = sum(sidecar.ready for sidecar in sidecars)
    containers = len(pod.spec.containers or status.container_statuses or ()) + len(sidecars)
    initializing = _initializing(inits, max(len(inits), len(pod.spec.init_containers or ())))
    if initializing and not holds(status.conditions, "Initialized"):
        word, counted = initializing, list(inits)
    else:
        counted = [*sidecars, *(status.container_statuses or ())]
        word, running = _of_containers(status.container_statuses or (), word)
        ready += running
        if word == "Completed" and running:
            word = "Running" if holds(status.conditions, "Ready") else "NotReady"
    if is_terminating(pod):
        word = _of_deletion(pod, word)
    return PodSummary(
        word, ready, containers, sum(one.restart_count for one in counted), _last_restart(counted)
    )


def pod_status(found: Pod) -> Status:
    """A pod's status with its level and reason."""
    return grade(found, summarise(found))


def grade(pod: Pod, summary: PodSummary) -> Status:  # noqa: PLR0911 - one for each answer
    """How bad what kubectl prints of a pod is, and why."""
    word = summary.word
    if word == "Running":
        if summary.ready == summary.containers:
            return _RUNNING
        return Status(word, Level.WARN, _not_ready(pod, summary))
    if word in _OVER:
        return Status(word, Level.DONE)
    if word == "Terminating":
        return TERMINATING
    if word == "Unknown":
        return Status(word, Level.UNKNOWN, quote(pod.status.reason, pod.status.message))
    if word in _STARTING or _counts_inits(word) or word in {"NotReady", "SchedulingGated"}:
        return Status(word, Level.WARN, _why_waiting(pod))
    return Status(word, Level.BAD, _why_bad(pod))


def node_status(found: Node) -> Status:
    """A node's status with its level and reason."""
    ready = find(found.status.conditions, "Ready")
    word = "Unknown" if ready is None else "Ready" if ready.status == "True" else "NotReady"
    cordoned = bool(found.spec.unschedulable)
    shown = f"{word},SchedulingDisabled" if cordoned else word
    if ready is None:
        return Status(shown, Level.UNKNOWN, "it has not told yet whether it is ready")
    if word == "NotReady":
        silent = "its kubelet no longer tells how it is" if ready.status == "Unknown" else ""
        return Status(shown, Level.BAD, quote(silent, ready.reason, ready.message))
    pressures = [kind for kind in _PRESSURES if holds(found.status.conditions, kind)]
    reasons = [*pressures, *(["cordoned: it takes no new pods"] if cordoned else [])]
    return Status(shown, Level.WARN, ", ".join(reasons)) if reasons else _READY


def node_roles(node: Node) -> str:
    """The roles of a node by its labels, comma-separated; empty if it has none."""
    labels = node.metadata.labels or {}
    roles = {key.removeprefix(_ROLE_PREFIX) for key in labels if key.startswith(_ROLE_PREFIX)}
    if role := labels.get("kubernetes.io/role"):
        roles.add(role)
    return ",".join(sorted(role for role in roles if role))


# --- containers -----------------------------------------------------------------------------------------------


def _is_sidecar(init: ContainerStatus) -> bool:
    return bool(init.started) and init.state is not None and init.state.running is not None


def _initializing(inits: tuple[ContainerStatus, ...], total: int) -> str:
    """What the first init container that is not through says; empty when all are."""
    for place, init in enumerate(inits):
        state = init.state
        ended = state.terminated if state else None
        if (ended is not None and ended.exit_code == 0) or _is_sidecar(init):
            continue
        if ended is not None:
            return f"Init:{_of_end(ended)}"
        waiting = state.waiting if state else None
        if waiting is not None and waiting.reason and waiting.reason != "PodInitializing":
            return f"Init:{waiting.reason}"
        return f"Init:{place}/{total}"
    return ""


def _of_containers(statuses: tuple[ContainerStatus, ...], word: str) -> tuple[str, int]:
    """The word of the first container that has something to say, and how many run and are ready."""
    running = 0
    for status in reversed(statuses):
        state = status.state
        if state is None:
            continue
        if state.waiting is not None and state.waiting.reason:
            word = state.waiting.reason
        elif state.terminated is not None:
            word = _of_end(state.terminated)
        elif status.ready and state.running is not None:
            running += 1
    return word, running


def _of_end(ended: ContainerStateTerminated) -> str:
    if ended.reason:
        return ended.reason
    return f"Signal:{ended.signal}" if ended.signal else f"ExitCode:{ended.exit_code}"


def _of_deletion(pod: Pod, word: str) -> str:
    if pod.status.reason == _NODE_LOST:
        return "Unknown"
    return word if pod.status.phase in {"Succeeded", "Failed"} else "Terminating"


def _last_restart(statuses: list[ContainerStatus]) -> datetime | None:
    ends = [
        ended
        for status in statuses
        if status.last_state
        and status.last_state.terminated
        and (ended := utc(status.last_state.terminated.finished_at))
    ]
    return max(ends, default=None)


# --- why ------------------------------------------------------------------------------------------------------


def _counts_inits(word: str) -> bool:
    return word.startswith("Init:") and word[5:6].isdigit()


def _not_ready(pod: Pod, summary: PodSummary) -> str:
    names = ", ".join(status.name for status in pod.status.container_statuses or () if not status.ready)
    return quote(f"{summary.ready} of {summary.containers} containers are ready", names and f"not {names}")


def _why_waiting(pod: Pod) -> str:
    scheduled = find(pod.status.conditions, "PodScheduled")
    if scheduled is not None and scheduled.status == "False":
        return quote(scheduled.reason, scheduled.message)
    return quote(pod.status.message)


def _why_bad(pod: Pod) -> str:
    """What the container that is in the way says, and how its last run ended."""
    for status in (*(pod.status.init_container_statuses or ()), *(pod.status.container_statuses or ())):
        state = status.state
        if state is None or state.running is not None:
            continue
        last = status.last_state.terminated if status.last_state else None
        end = state.terminated or last
        if end is not None and end.exit_code:
            return quote(f"container {status.name}", describe_end(end), end.message)
        if state.waiting is not None and state.waiting.reason not in _STARTING:
            return quote(f"container {status.name}", state.waiting.message)
    return quote(pod.status.message)


def describe_end(end: ContainerStateTerminated) -> str:
    """How a run of a container ended: ``ended with exit code 137 (OOMKilled)``."""
    why = f" ({end.reason})" if end.reason else ""
    if end.signal:
        return f"ended by signal {end.signal}{why}"
    return f"ended with exit code {end.exit_code}{why}"
