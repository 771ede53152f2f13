from __future__ import annotations

from typing import Any

import msgspec
import pytest

from farwatch.hub.inventory.statuses import Level, status_of
from farwatch.kube.kinds import KINDS

META = {"name": "web", "namespace": "shop", "generation": 2}
GOING = {**META, "deletionTimestamp": "2026-11-21T12:00:00Z"}


def condition(kind: str, status: str = "True", reason: str = "", message: str = "") -> dict[str, str]:
    return {"type": kind, "status": status, "reason": reason, "message": message}


def status(kind: str, meta: dict[str, Any] = META, **parts: Any) -> tuple[str, Level, str]:
    found = status_of(kind, msgspec.convert({"metadata": meta, **parts}, KINDS[kind].type))
    return found.word, found.level, found.reason


def rollout(replicas: int = 3, updated: int = 3, available: int = 3, **more: Any) -> dict[str, Any]:
    return {
        "observedGeneration": 2,
        "replicas": replicas,
        "updatedReplicas": updated,
        "availableReplicas": available,
        **more,
    }


@pytest.mark.parametrize(
    ("spec", "found", "word", "level", "reason"),
    [
        ({"replicas": 3}, rollout(), "Available", Level.OK, ""),
        ({}, rollout(1, 1, 1), "Available", Level.OK, ""),
        ({"replicas": 3}, rollout(available=2), "Degraded", Level.WARN, "2 of 3 replicas are available"),
        ({"replicas": 3}, rollout(available=0), "Unavailable", Level.BAD, "0 of 3 replicas are available"),
        (
            {"replicas": 3},
            rollout(4, 1),
            "Progressing",
            Level.WARN,
            "1 of 3 replicas are of the latest revision",
        ),
        (
            {"replicas": 3},
            rollout(observedGeneration=1),
            "Progressing",
            Level.WARN,
            "3 of 3 replicas are of the latest revision",
        ),
        (
            {"replicas": 3, "paused": True},
            rollout(updated=1),
            "Paused",
            Level.WARN,
            "its rollout is paused: 1 of 3 replicas are of the latest revision",
        ),
        (
            {"replicas": 3},
            rollout(conditions=[condition("Progressing", "False", "ProgressDeadlineExceeded", "timed out.")]),
            "Stalled",
            Level.BAD,
            "the rollout makes no progress: timed out",
        ),
        (
            {"replicas": 3},
            rollout(conditions=[condition("ReplicaFailure", "True", "FailedCreate", "quota")]),
            "ReplicaFailure",
            Level.BAD,
            "FailedCreate: quota",
        ),
        ({"replicas": 0}, rollout(0, 0, 0), "ScaledToZero", Level.DONE, "it asks for no replicas"),
    ],
)
def test_a_deployment(
    spec: dict[str, Any], found: dict[str, Any], word: str, level: Level, reason: str
) -> None:
    assert status("Deployment", spec=spec, status=found) == (word, level, reason)


@pytest.mark.parametrize(
    ("kind", "spec", "found", "word", "level"),
    [
        ("ReplicaSet", {"replicas": 2}, {"readyReplicas": 2}, "Available", Level.OK),
        ("ReplicaSet", {"replicas": 2}, {"readyReplicas": 1}, "Degraded", Level.WARN),
        ("ReplicaSet", {"replicas": 0}, {}, "ScaledToZero", Level.DONE),
        ("StatefulSet", {"replicas": 2}, {"replicas": 2, "readyReplicas": 2}, "Available", Level.OK),
        ("StatefulSet", {"replicas": 2}, {"replicas": 2}, "Unavailable", Level.BAD),
        (
            "StatefulSet",
            {"replicas": 2},
            {"replicas": 2, "readyReplicas": 2, "currentRevision": "a", "updateRevision": "b"},
            "Progressing",
            Level.WARN,
        ),
        (
            "StatefulSet",
            {"replicas": 2, "updateStrategy": {"type": "OnDelete"}},
            {"replicas": 2, "readyReplicas": 2, "currentRevision": "a", "updateRevision": "b"},
            "Available",
            Level.OK,
        ),
        (
            "DaemonSet",
            {},
            {"desiredNumberScheduled": 3, "updatedNumberScheduled": 3, "numberAvailable": 3},
            "Available",
            Level.OK,
        ),
        (
            "DaemonSet",
            {},
            {"desiredNumberScheduled": 3, "updatedNumberScheduled": 1, "numberAvailable": 3},
            "Progressing",
            Level.WARN,
        ),
        ("DaemonSet", {}, {"desiredNumberScheduled": 3}, "Unavailable", Level.BAD),
        ("DaemonSet", {}, {}, "NoNodes", Level.DONE),
        ("Job", {}, {"active": 1}, "Running", Level.OK),
        ("Job", {}, {"active": 1, "failed": 2}, "Running", Level.WARN),
        ("Job", {}, {"conditions": [condition("Complete")]}, "Complete", Level.DONE),
        ("Job", {}, {"conditions": [condition("Failed")]}, "Failed", Level.BAD),
        ("Job", {}, {"conditions": [condition("FailureTarget")]}, "FailureTarget", Level.BAD),
        ("Job", {}, {"conditions": [condition("Suspended")]}, "Suspended", Level.DONE),
        ("Job", {}, {"conditions": [condition("SuccessCriteriaMet")]}, "SuccessCriteriaMet", Level.OK),
        ("CronJob", {"schedule": "@daily"}, {}, "Scheduled", Level.OK),
        ("CronJob", {"schedule": "@daily"}, {"active": [{"name": "a"}]}, "Active", Level.OK),
        ("CronJob", {"schedule": "@daily", "suspend": True}, {}, "Suspended", Level.DONE),
        ("HorizontalPodAutoscaler", {}, {}, "Scaling", Level.OK),
        (
            "HorizontalPodAutoscaler",
            {},
            {"conditions": [condition("ScalingLimited", "True", "TooManyReplicas")]},
            "AtMaximum",
            Level.WARN,
        ),
        (
            "HorizontalPodAutoscaler",
            {},
            {"conditions": [condition("ScalingLimited", "True", "TooFewReplicas")]},
            "Scaling",
            Level.OK,
        ),
        (
            "HorizontalPodAutoscaler",
            {},
            {"conditions": [condition("ScalingActive", "False", "FailedGetResourceMetric")]},
            "ScalingInactive",
            Level.BAD,
        ),
        (
            "HorizontalPodAutoscaler",
            {},
            {"conditions": [condition("ScalingActive", "False", "ScalingDisabled")]},
            "ScalingDisabled",
            Level.DONE,
        ),
        (
            "HorizontalPodAutoscaler",
            {},
            {"conditions": [condition("AbleToScale", "False", "FailedUpdateScale")]},
            "UnableToScale",
            Level.BAD,
        ),
        ("PodDisruptionBudget", {}, {}, "NoPods", Level.DONE),
        (
            "PodDisruptionBudget",
            {},
            {"expectedPods": 3, "desiredHealthy": 2, "currentHealthy": 3, "disruptionsAllowed": 1},
            "DisruptionsAllowed",
            Level.OK,
        ),
        (
            "PodDisruptionBudget",
            {},
            {"expectedPods": 3, "desiredHealthy": 2, "currentHealthy": 2},
            "NoDisruptions",
            Level.WARN,
        ),
        (
            "PodDisruptionBudget",
            {},
            {"expectedPods": 3, "desiredHealthy": 2, "currentHealthy": 1},
            "Unhealthy",
            Level.BAD,
        ),
        ("PersistentVolumeClaim", {}, {"phase": "Bound"}, "Bound", Level.OK),
        ("PersistentVolumeClaim", {}, {"phase": "Pending"}, "Pending", Level.WARN),
        ("PersistentVolumeClaim", {}, {"phase": "Lost"}, "Lost", Level.BAD),
        ("PersistentVolume", {}, {"phase": "Released"}, "Released", Level.WARN),
        ("PersistentVolume", {}, {"phase": "Failed"}, "Failed", Level.BAD),
        ("PersistentVolume", {}, {}, "Unknown", Level.UNKNOWN),
        ("Service", {"type": "ClusterIP"}, {}, "Active", Level.OK),
        ("Service", {"type": "LoadBalancer"}, {}, "Pending", Level.WARN),
        (
            "Service",
            {"type": "LoadBalancer"},
            {"loadBalancer": {"ingress": [{"ip": "192.0.2.1"}]}},
            "Active",
            Level.OK,
        ),
        ("Ingress", {}, {}, "NoAddress", Level.UNKNOWN),
        ("Ingress", {}, {"loadBalancer": {"ingress": [{"hostname": "lb"}]}}, "Active", Level.OK),
        ("ResourceQuota", {}, {"hard": {"pods": "10"}, "used": {"pods": "9"}}, "WithinLimits", Level.OK),
        ("ResourceQuota", {}, {"hard": {"pods": "10"}, "used": {"pods": "10"}}, "UsedUp", Level.WARN),
        (
            "ResourceQuota",
            {},
            {"hard": {"limits.memory": "1Gi"}, "used": {"limits.memory": "1024Mi"}},
            "UsedUp",
            Level.WARN,
        ),
        ("ResourceQuota", {}, {"hard": {"pods": "lots"}, "used": {"pods": "10"}}, "WithinLimits", Level.OK),
    ],
)
def test_what_else_there_is(
    kind: str, spec: dict[str, Any], found: dict[str, Any], word: str, level: Level
) -> None:
    assert status(kind, spec=spec, status=found)[:2] == (word, level)


def test_a_namespace_says_what_holds_its_end_up() -> None:
    assert status("Namespace", status={"phase": "Active"}) == ("Active", Level.OK, "")
    remaining = condition("NamespaceFinalizersRemaining", message="Some content has finalizers")
    assert status("Namespace", GOING, status={"phase": "Terminating", "conditions": [remaining]}) == (
        "Terminating",
        Level.WARN,
        "Some content has finalizers",
    )


def test_an_event_stands_by_its_type() -> None:
    assert status("Event", type="Warning")[:2] == ("Warning", Level.WARN)
    assert status("Event")[:2] == ("Normal", Level.OK)


@pytest.mark.parametrize("kind", sorted(KINDS.keys() - {"Event", "Node"}))
def test_what_is_being_deleted_says_so(kind: str) -> None:
    assert status(kind, GOING)[0] == "Terminating"


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_an_object_of_which_nothing_is_known_but_its_name_stands_somehow(kind: str) -> None:
    found = status_of(kind, msgspec.convert({"metadata": {"name": "x"}}, KINDS[kind].type))
    assert found.word
