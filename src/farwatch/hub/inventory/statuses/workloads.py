"""The status of what runs pods: kubectl prints numbers, these are the words for them. Pure."""

from __future__ import annotations

from farwatch.hub.inventory.statuses.status import (
    TERMINATING,
    Level,
    Status,
    find,
    holds,
    is_terminating,
    quote,
)
from farwatch.kube.objects import (
    Condition,
    CronJob,
    DaemonSet,
    Deployment,
    HorizontalPodAutoscaler,
    Job,
    PodDisruptionBudget,
    ReplicaSet,
    StatefulSet,
)

_AVAILABLE = Status("Available", Level.OK)
_SCALED_TO_ZERO = Status("ScaledToZero", Level.DONE, "it asks for no replicas")


def deployment_status(found: Deployment) -> Status:  # noqa: PLR0911 - one for each answer
    """Of a Deployment: how its rollout goes, and how many of its pods are available."""
    wanted = _wanted(found.spec.replicas)
    status = found.status
    if is_terminating(found):
        return TERMINATING
    progress = find(status.conditions, "Progressing")
    if progress is not None and progress.reason == "ProgressDeadlineExceeded":
        return Status("Stalled", Level.BAD, quote("the rollout makes no progress", progress.message))
    failure = find(status.conditions, "ReplicaFailure")
    if failure is not None and failure.status == "True":
        return Status("ReplicaFailure", Level.BAD, quote(failure.reason, failure.message))
    is_seen = status.observed_generation >= found.metadata.generation
    if is_seen and not wanted and not status.replicas:
        return _SCALED_TO_ZERO
    told = _grade(wanted, status.available_replicas, "available")
    if told.level is Level.BAD:
        return told
    if not is_seen or status.updated_replicas < wanted or status.replicas > status.updated_replicas:
        done = f"{status.updated_replicas} of {wanted} replicas are of the latest revision"
        if found.spec.paused:
            return Status("Paused", Level.WARN, quote("its rollout is paused", done))
        return Status("Progressing", Level.WARN, done)
    return told


def replica_set_status(found: ReplicaSet) -> Status:
    """Of a ReplicaSet: how many of its pods are ready."""
    if is_terminating(found):
        return TERMINATING
    failure = find(found.status.conditions, "ReplicaFailure")
    if failure is not None and failure.status == "True":
        return Status("ReplicaFailure", Level.BAD, quote(failure.reason, failure.message))
    wanted = _wanted(found.spec.replicas)
    return _grade(wanted, found.status.ready_replicas, "ready") if wanted else _SCALED_TO_ZERO


def stateful_set_status(found: StatefulSet) -> Status:
    """Of a StatefulSet: how its rollout goes, and how many of its pods are ready."""
    if is_terminating(found):
        return TERMINATING
    status, wanted = found.status, _wanted(found.spec.replicas)
    if not wanted and not status.replicas:
        return _SCALED_TO_ZERO
    told = _grade(wanted, status.ready_replicas, "ready")
    rolls = status.update_revision and status.update_revision != status.current_revision
    by_hand = found.spec.update_strategy and found.spec.update_strategy.type == "OnDelete"
    if rolls and not by_hand and told.level is not Level.BAD:
        done = f"{status.updated_replicas} of {wanted} replicas are of the latest revision"
        return Status("Progressing", Level.WARN, done)
    return told


def daemon_set_status(found: DaemonSet) -> Status:
    """Of a DaemonSet: how its rollout goes, and on how many nodes its pod is available."""
    if is_terminating(found):
        return TERMINATING
    status = found.status
    wanted = status.desired_number_scheduled
    if not wanted:
        return Status("NoNodes", Level.DONE, "no node is to run it")
    told = _grade(wanted, status.number_available, "available")
    by_hand = found.spec.update_strategy and found.spec.update_strategy.type == "OnDelete"
    if status.updated_number_scheduled < wanted and not by_hand and told.level is not Level.BAD:
        done = f"{status.updated_number_scheduled} of {wanted} pods are of the latest revision"
        return Status("Progressing", Level.WARN, done)
    return told


def job_status(found: Job) -> Status:  # noqa: PLR0911 - one for each answer
    """Of a Job, as kubectl prints it."""
    conditions = found.status.conditions
    if holds(conditions, "Complete"):
        return Status("Complete", Level.DONE)
    failed = _true(conditions, "Failed")
    if failed is not None:
        return Status("Failed", Level.BAD, quote(failed.reason, failed.message))
    if is_terminating(found):
        return TERMINATING
    if holds(conditions, "Suspended"):
        return Status("Suspended", Level.DONE, "it is suspended and runs nothing")
    target = _true(conditions, "FailureTarget")
    if target is not None:
        return Status("FailureTarget", Level.BAD, quote(target.reason, target.message))
    if holds(conditions, "SuccessCriteriaMet"):
        return Status("SuccessCriteriaMet", Level.OK)
    if found.status.failed:
        return Status("Running", Level.WARN, f"{found.status.failed} of its pods failed; it tries again")
    return Status("Running", Level.OK)


def cron_job_status(found: CronJob) -> Status:
    """Of a CronJob: whether it waits, runs or is suspended."""
    if is_terminating(found):
        return TERMINATING
    if found.spec.suspend:
        return Status("Suspended", Level.DONE, "it is suspended: no run is begun")
    return Status("Active", Level.OK) if found.status.active else Status("Scheduled", Level.OK)


def autoscaler_status(found: HorizontalPodAutoscaler) -> Status:
    """Of a HorizontalPodAutoscaler: whether it can scale, and whether a bound holds it."""
    if is_terminating(found):
        return TERMINATING
    for kind, word in (("AbleToScale", "UnableToScale"), ("ScalingActive", "ScalingInactive")):
        condition = find(found.status.conditions, kind)
        if condition is None or condition.status != "False":
            continue
        if condition.reason == "ScalingDisabled":
            return Status("ScalingDisabled", Level.DONE, quote(condition.message))
        return Status(word, Level.BAD, quote(condition.reason, condition.message))
    limited = _true(found.status.conditions, "ScalingLimited")
    if limited is not None and limited.reason == "TooManyReplicas":
        return Status("AtMaximum", Level.WARN, quote(limited.message))
    return Status("Scaling", Level.OK)


def disruption_budget_status(found: PodDisruptionBudget) -> Status:
    """Of a PodDisruptionBudget: whether pods may be evicted."""
    if is_terminating(found):
        return TERMINATING
    status = found.status
    if not status.expected_pods:
        return Status("NoPods", Level.DONE, "it selects no pods")
    healthy = f"{status.current_healthy} of {status.desired_healthy} pods that must be healthy are"
    if status.current_healthy < status.desired_healthy:
        return Status("Unhealthy", Level.BAD, f"{healthy}; none may be evicted")
    if not status.disruptions_allowed:
        return Status("NoDisruptions", Level.WARN, "no pod may be evicted now: drains of nodes wait")
    return Status("DisruptionsAllowed", Level.OK)


def _wanted(replicas: int | None) -> int:
    """How many replicas are asked for; the API server fills in 1."""
    return 1 if replicas is None else replicas


def _grade(wanted: int, have: int, word: str) -> Status:
    if have >= wanted:
        return _AVAILABLE
    told = f"{have} of {wanted} replicas are {word}"
    return Status("Degraded", Level.WARN, told) if have else Status("Unavailable", Level.BAD, told)


def _true(conditions: tuple[Condition, ...] | None, kind: str) -> Condition | None:
    condition = find(conditions, kind)
    return condition if condition is not None and condition.status == "True" else None
