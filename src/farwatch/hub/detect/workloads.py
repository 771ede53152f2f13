"""Trouble of workloads as wholes: too few replicas, or a rollout that does not end."""

from __future__ import annotations

from farwatch.hub.detect.findings import Finding, View
from farwatch.hub.detect.reading import find_condition, quote, since_of
from farwatch.kube.objects import DaemonSet, Deployment, StatefulSet

_NO_DEADLINE_SECONDS = 86_400
"""A progress deadline beyond this says that rollouts are not timed."""


def check_deployment_replicas(deployment: Deployment, view: View) -> Finding | None:
    """Fewer replicas are available than asked for, while no rollout is under way."""
    wanted = _replicas(deployment.spec.replicas)
    if deployment.metadata.deletion_timestamp or deployment.spec.paused or not _is_observed(deployment):
        return None
    available = deployment.status.available_replicas
    if available >= wanted or _is_rolling_out(deployment):
        return None
    condition = find_condition(deployment.status.conditions, "Available")
    is_below_minimum = condition is not None and condition.status == "False"
    return Finding(
        facts=f"{available} of {wanted} replicas are available.",
        since=since_of(condition, view.now) if condition and is_below_minimum else None,
        progress=f"{wanted}/{deployment.status.updated_replicas}",
    )


def check_deployment_rollout(deployment: Deployment, view: View) -> Finding | None:
    """The rollout made no progress within its deadline, or no pods can be made at all."""
    if deployment.metadata.deletion_timestamp or deployment.spec.paused or not _is_observed(deployment):
        return None
    if _replicas(deployment.spec.replicas) == 0:
        return None
    conditions = deployment.status.conditions
    progressing = find_condition(conditions, "Progressing")
    failure = find_condition(conditions, "ReplicaFailure")
    why = (
        f" {failure.reason or 'ReplicaFailure'}{quote(failure.message)}."
        if _is_true(failure) and failure
        else ""
    )
    counts = (
        f"{deployment.status.updated_replicas} of {_replicas(deployment.spec.replicas)} replicas are of the new "
        f"revision, {deployment.status.available_replicas} are available."
    )
    if progressing and progressing.status == "False" and progressing.reason == "ProgressDeadlineExceeded":
        return Finding(
            facts=f"{progressing.reason}{quote(progressing.message)}. {counts}{why}",
            since=since_of(progressing, view.now),
        )
    if why and failure:
        return Finding(
            facts=f"No new pods can be created.{why} {counts}",
            since=since_of(failure, view.now),
            grace=view.limits["failure_grace"],
        )
    return None


def check_stateful_set_replicas(stateful_set: StatefulSet, _view: View) -> Finding | None:
    """Fewer replicas are ready than asked for, and nothing moves."""
    wanted, status = _replicas(stateful_set.spec.replicas), stateful_set.status
    if stateful_set.metadata.deletion_timestamp or not _is_observed(stateful_set):
        return None
    if status.ready_replicas >= wanted:
        return None
    rollout = ""
    if status.update_revision and status.update_revision != status.current_revision:
        rollout = f" {status.updated_replicas} are of the new revision {status.update_revision}."
    return Finding(
        facts=f"{status.ready_replicas} of {wanted} replicas are ready.{rollout}",
        progress=f"{wanted}/{status.ready_replicas}/{status.updated_replicas}",
    )


def check_daemon_set_rollout(daemon_set: DaemonSet, view: View) -> Finding | None:
    """Pods are missing, unavailable or old on some nodes, and nothing moves.

    Pods on nodes that do not report are unavailable as well; those nodes have alerts of their own.
    """
    status, strategy = daemon_set.status, daemon_set.spec.update_strategy
    if daemon_set.metadata.deletion_timestamp or not _is_observed(daemon_set):
        return None
    wanted = status.desired_number_scheduled
    by_hand = strategy is not None and strategy.type == "OnDelete"
    old = 0 if by_hand else wanted - status.updated_number_scheduled
    lacking = max(wanted - status.number_available, wanted - status.current_number_scheduled, old)
    if lacking <= len(view.cluster.lost_nodes):
        return None
    return Finding(
        facts=(
            f"Of {wanted} nodes, {status.current_number_scheduled} have its pod, {status.number_available} have it "
            f"available, {status.updated_number_scheduled} have the newest revision."
        ),
        progress=f"{wanted}/{status.number_available}/{status.updated_number_scheduled}",
    )


def _replicas(asked: int | None) -> int:
    return 1 if asked is None else asked


def _is_observed(workload: Deployment | StatefulSet | DaemonSet) -> bool:
    # Before its controller has seen a change, a status speaks of what was asked for earlier.
    return workload.status.observed_generation >= workload.metadata.generation


def _is_rolling_out(deployment: Deployment) -> bool:
    progressing = find_condition(deployment.status.conditions, "Progressing")
    if progressing is None or progressing.status != "True" or progressing.reason == "NewReplicaSetAvailable":
        return False
    deadline = deployment.spec.progress_deadline_seconds
    return deadline is None or deadline <= _NO_DEADLINE_SECONDS


def _is_true(condition: object) -> bool:
    return getattr(condition, "status", None) == "True"
