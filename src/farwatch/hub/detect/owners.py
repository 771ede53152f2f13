"""From a pod to the workload that people know by name.

A pod's controller is often not what anybody deployed: a ReplicaSet stands between a Deployment and its pods, a Job
between a CronJob and its pods. The object in between is looked up where it is known. Where it is not (its watch is
denied, or it has not arrived yet), its name tells: controllers build it from the workload's name and a suffix that
the pod repeats.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple

from farwatch.hub.detect.reading import controller_of, seconds_of
from farwatch.kube.objects import KubeObject, ObjectMeta, Pod

Lookup = Callable[[str, str, str], KubeObject | None]
"""An object by kind, namespace and name."""

_SCHEDULED_JOB = re.compile(r"(?P<cron>.+)-(?P<minutes>\d{8,9})")
_SCHEDULED_JOB_SLACK_SECONDS = 2 * 86400


class Workload(NamedTuple):
    """What runs pods, by kind and name; ``Pod`` and its own name for a pod that nobody manages."""

    kind: str
    name: str


def workload_of(pod: Pod, lookup: Lookup) -> Workload:
    """The workload at the top of a pod's owners."""
    owner = controller_of(pod.metadata.owner_references)
    if owner is None or owner.kind == "Node":  # a static pod is owned by its node, and managed by nobody
        return Workload("Pod", pod.metadata.name)
    if owner.kind == "ReplicaSet":
        return _owner_of_replica_set(owner.name, pod.metadata, lookup)
    if owner.kind == "Job":
        return owner_of_job(owner.name, pod.metadata, lookup)
    return Workload(owner.kind, owner.name)


def owner_of_job(name: str, met: ObjectMeta, lookup: Lookup) -> Workload:
    """The CronJob that made a Job, or the Job itself.

    Args:
        name: The Job's name.
        met: The metadata of the Job or of one of its pods: its namespace, and about when it was made.
        lookup: Finds the Job, which says who owns it.
    """
    job = lookup("Job", met.namespace, name)
    if job is not None:
        owner = controller_of(job.metadata.owner_references)
        return Workload(owner.kind, owner.name) if owner else Workload("Job", name)
    match = _SCHEDULED_JOB.fullmatch(name)
    if match and _is_about(int(match["minutes"]) * 60, met.creation_timestamp):
        return Workload("CronJob", match["cron"])
    return Workload("Job", name)


def _owner_of_replica_set(name: str, pod: ObjectMeta, lookup: Lookup) -> Workload:
    replica_set = lookup("ReplicaSet", pod.namespace, name)
    if replica_set is not None:
        owner = controller_of(replica_set.metadata.owner_references)
        return Workload(owner.kind, owner.name) if owner else Workload("ReplicaSet", name)
    suffix = (pod.labels or {}).get("pod-template-hash")
    if suffix and name.endswith(f"-{suffix}"):
        return Workload("Deployment", name.removesuffix(f"-{suffix}"))
    return Workload("ReplicaSet", name)


def _is_about(scheduled: float, created: datetime | None) -> bool:
    # The CronJob controller ends a Job's name with its scheduled time in minutes since 1970. Other names end in
    # digits as well, dates above all; those do not name a time near the Job's creation.
    return created is not None and abs(seconds_of(created) - scheduled) < _SCHEDULED_JOB_SLACK_SECONDS
