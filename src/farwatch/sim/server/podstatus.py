"""A pod's state in one word, as ``kubectl get pods`` shows it (printPod in printers.go of Kubernetes)."""

from __future__ import annotations

from typing import Any

Document = dict[str, Any]


def pod_status(pod: Document) -> str:
    """``Running``, ``CrashLoopBackOff``, ``Init:0/1``, ``Terminating`` ..."""
    status = pod.get("status") or {}
    reason = status.get("reason") or status.get("phase") or "Unknown"
    gated = any(
        c["type"] == "PodScheduled" and c.get("reason") == "SchedulingGated"
        for c in status.get("conditions") or ()
    )
    if gated:
        reason = "SchedulingGated"
    reason = _initializing(pod) or _running(status.get("containerStatuses") or (), status, reason)
    if pod["metadata"].get("deletionTimestamp"):
        return "Unknown" if status.get("reason") == "NodeLost" else "Terminating"
    return str(reason)


def ready_containers(pod: Document) -> str:
    """``1/2``: ready containers of those asked for."""
    statuses = (pod.get("status") or {}).get("containerStatuses") or ()
    ready = sum(bool(s.get("ready")) and "running" in (s.get("state") or {}) for s in statuses)
    return f"{ready}/{len(pod['spec'].get('containers') or ())}"


def pod_restarts(pod: Document) -> tuple[int, str | None]:
    """How often containers were restarted, and when the last of the ended runs finished."""
    statuses = (pod.get("status") or {}).get("containerStatuses") or ()
    ends = [((s.get("lastState") or {}).get("terminated") or {}).get("finishedAt") for s in statuses]
    return sum(s.get("restartCount", 0) for s in statuses), max(filter(None, ends), default=None)


def _initializing(pod: Document) -> str:
    """The word while init containers have not all succeeded; empty afterwards."""
    containers = pod["spec"].get("initContainers") or ()
    for i, status in enumerate((pod.get("status") or {}).get("initContainerStatuses") or ()):
        state = status.get("state") or {}
        terminated = state.get("terminated")
        if terminated and not terminated.get("exitCode"):
            continue
        if terminated:
            return f"Init:{terminated.get('reason') or _how_ended(terminated)}"
        waiting = (state.get("waiting") or {}).get("reason")
        if waiting and waiting != "PodInitializing":
            return f"Init:{waiting}"
        return f"Init:{i}/{len(containers)}"
    return ""


def _running(statuses: Any, status: Document, reason: str) -> str:
    has_running = False
    for container in reversed(statuses):
        state = container.get("state") or {}
        waiting, terminated = state.get("waiting") or {}, state.get("terminated")
        if waiting.get("reason"):
            reason = waiting["reason"]
        elif terminated:
            reason = terminated.get("reason") or _how_ended(terminated)
        elif container.get("ready") and "running" in state:
            has_running = True
    if reason == "Completed" and has_running:
        ready = any(c["type"] == "Ready" and c["status"] == "True" for c in status.get("conditions") or ())
        return "Running" if ready else "NotReady"
    return reason


def _how_ended(terminated: Document) -> str:
    if terminated.get("signal"):
        return f"Signal:{terminated['signal']}"
    return f"ExitCode:{terminated.get('exitCode', 0)}"
