"""Trouble of containers: they crash, run out of memory, or cannot be started."""

from __future__ import annotations

from collections.abc import Iterator

from farwatch.hub.detect.findings import Finding, View
from farwatch.hub.detect.owners import workload_of
from farwatch.hub.detect.reading import count_of, epoch, quote, seconds_of, show_span, show_time
from farwatch.kube.objects import (
    Container,
    ContainerStateTerminated,
    ContainerStateWaiting,
    ContainerStatus,
    Pod,
)

IMAGE_REASONS = frozenset(
    {
        "ErrImagePull",
        "ImagePullBackOff",
        "InvalidImageName",
        "ErrImageNeverPull",
        "ImageInspectError",
        "RegistryUnavailable",
        "SignatureValidationFailed",
    }
)
"""Why a kubelet waits for an image (``k8s.io/kubernetes/pkg/kubelet/images/types.go``)."""

CONFIG_REASONS = frozenset(
    {
        "CreateContainerConfigError",
        "CreateContainerError",
        "PreCreateHookError",
        "PreStartHookError",
        "PostStartHookError",
        "RunContainerError",
    }
)
"""Why a kubelet cannot make a container (``k8s.io/kubernetes/pkg/kubelet/kuberuntime/kuberuntime_container.go``)."""

CRASH_CALM_LIMIT_SECONDS = 600.0
"""A kubelet forgets its back-off when a container has run this long; so do we."""


def check_crash_loop(pod: Pod, view: View) -> Finding | None:
    """Containers that the kubelet keeps from restarting at once because they keep ending.

    A container is well between two crashes, for as long as its runs last; the alert waits for twice that before it
    believes in a recovery. A Job's pod retries by design, and the Job says when it gives up: it gets more time.
    """
    looping = [status for status, waiting in _waiting(pod) if waiting.reason == "CrashLoopBackOff"]
    if not looping:
        return None
    ends = [end for status in looping if (end := _last_end(status))]
    moments = [moment for end in ends if (moment := epoch(end.finished_at, view.now)) is not None]
    longest_run = max((_run_seconds(end) for end in ends), default=0.0)
    is_job = workload_of(pod, view.cluster.get).kind in {"Job", "CronJob"}
    return Finding(
        facts=" ".join(_tell_crash(pod, status, view) for status in looping),
        since=min(moments, default=None),
        containers=_names(looping),
        grace=view.limits["job_grace"] if is_job else 0.0,
        calm=min(CRASH_CALM_LIMIT_SECONDS, 2 * longest_run),
    )


def check_out_of_memory(pod: Pod, view: View) -> Finding | None:
    """Containers that the kernel killed for using more memory than their limit, a short while ago."""
    killed: list[tuple[ContainerStatus, float]] = []
    for status in statuses(pod):
        end = _newest_end(status)
        if end is None or end.reason != "OOMKilled":
            continue
        moment = epoch(end.finished_at, view.now)
        if moment is not None and moment + view.limits["window"] > view.now:
            killed.append((status, moment))
    if not killed:
        return None
    return Finding(
        facts=" ".join(_tell_out_of_memory(pod, status, moment) for status, moment in killed),
        since=min(moment for _, moment in killed),
        until=max(moment for _, moment in killed) + view.limits["window"],
        containers=_names([status for status, _ in killed]),
    )


def check_image_pull(pod: Pod, _view: View) -> Finding | None:
    """Containers whose image cannot be had."""
    waiting = [(status, why) for status, why in _waiting(pod) if why.reason in IMAGE_REASONS]
    if not waiting:
        return None
    return Finding(
        facts=" ".join(
            f"Container {status.name} cannot get its image {status.image}{quote(_root_of(why))}."
            for status, why in waiting
        ),
        containers=_names([status for status, _ in waiting]),
        # The first failure may be a registry's hiccup. When the kubelet backs off it has failed again and again, and
        # the other reasons do not mend themselves.
        certain=any(why.reason != "ErrImagePull" for _, why in waiting),
    )


def check_config_error(pod: Pod, _view: View) -> Finding | None:
    """Containers that cannot be made from what the pod asks for: a missing ConfigMap, Secret, key, or command."""
    waiting = [(status, why) for status, why in _waiting(pod) if why.reason in CONFIG_REASONS]
    if not waiting:
        return None
    return Finding(
        facts=" ".join(
            f"Container {status.name} cannot be created: {why.reason}{quote(why.message)}."
            for status, why in waiting
        ),
        containers=_names([status for status, _ in waiting]),
    )


def check_high_restarts(pod: Pod, view: View) -> Finding | None:
    """Containers that restart again and again, but too far apart to be called a crash loop."""
    if pod.metadata.deletion_timestamp is not None:
        return None
    needed, window = int(view.limits["restarts"]), view.limits["window"]
    found: list[tuple[ContainerStatus, int, float]] = []
    for status in statuses(pod):
        if status.restart_count < needed:
            continue
        recent = [moment for moment in view.cluster.restarts(pod, status.name) if moment > view.now - window]
        if len(recent) >= needed:
            found.append((status, len(recent), recent[-needed] + window))
    if not found:
        return None
    return Finding(
        facts=" ".join(
            f"Container {status.name} was restarted {count} times within {show_span(window)}, "
            f"{status.restart_count} times in all{_tell_end(_last_end(status))}."
            for status, count, _ in found
        ),
        until=max(end for _, _, end in found),
        containers=_names([status for status, _, _ in found]),
    )


def statuses(pod: Pod) -> tuple[ContainerStatus, ...]:
    """What the kubelet says of a pod's containers, those of initialisation first."""
    return (pod.status.init_container_statuses or ()) + (pod.status.container_statuses or ())


def _waiting(pod: Pod) -> Iterator[tuple[ContainerStatus, ContainerStateWaiting]]:
    # A pod that is being deleted, or has ended, reports reasons that nobody needs to act on.
    if pod.metadata.deletion_timestamp is None and pod.status.phase not in {"Succeeded", "Failed"}:
        for status in statuses(pod):
            if status.state is not None and status.state.waiting is not None:
                yield status, status.state.waiting


def _last_end(status: ContainerStatus) -> ContainerStateTerminated | None:
    return status.last_state.terminated if status.last_state else None


def _newest_end(status: ContainerStatus) -> ContainerStateTerminated | None:
    return (status.state.terminated if status.state else None) or _last_end(status)


def _run_seconds(end: ContainerStateTerminated) -> float:
    if end.started_at is None or end.finished_at is None:
        return 0.0
    return max(0.0, seconds_of(end.finished_at) - seconds_of(end.started_at))


def _names(found: list[ContainerStatus]) -> tuple[str, ...]:
    return tuple(status.name for status in found)


def _tell_crash(pod: Pod, status: ContainerStatus, view: View) -> str:
    probe = view.cluster.probe_failure(pod)
    is_killed_by_probe = probe is not None and probe.message.startswith("Liveness")
    why = f" Its last event{quote(probe.message)}." if probe and is_killed_by_probe else ""
    return (
        f"Container {status.name} (image {status.image}) keeps ending and was restarted "
        f"{count_of(status.restart_count, 'time')}{_tell_end(_last_end(status))}.{why}"
    )


def _tell_end(end: ContainerStateTerminated | None) -> str:
    if end is None:
        return ""
    cause = f"signal {end.signal}" if end.signal else f"exit code {end.exit_code}"
    reason = f" ({end.reason})" if end.reason else ""
    lasted = f" after {show_span(_run_seconds(end))}" if end.started_at and end.finished_at else ""
    at = f" at {show_time(seconds_of(end.finished_at))}" if end.finished_at else ""
    return f"; it last ended with {cause}{reason}{lasted}{at}{quote(end.message)}"


def _tell_out_of_memory(pod: Pod, status: ContainerStatus, moment: float) -> str:
    limit = _memory_limit(pod, status.name)
    return (
        f"Container {status.name} (image {status.image}) was killed for using more memory than "
        f"{f'its limit of {limit}' if limit else 'its node could give'} at {show_time(moment)}; "
        f"it was restarted {count_of(status.restart_count, 'time')} in all."
    )


def _root_of(why: ContainerStateWaiting) -> str:
    # A kubelet that backs off quotes the failure behind it (since 1.32), after "ErrImagePull: ". Told alone, it stays
    # the same while attempts and back-offs take turns.
    message = why.message or why.reason or ""
    return message.partition("ErrImagePull: ")[2] or message


def _memory_limit(pod: Pod, name: str) -> str:
    asked: tuple[Container, ...] = (pod.spec.containers or ()) + (pod.spec.init_containers or ())
    for container in asked:
        if container.name == name and container.resources is not None:
            return (container.resources.limits or {}).get("memory", "")
    return ""
