from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from farwatch.hub.inventory.statuses import Level, status_of
from farwatch.hub.inventory.statuses.pods import node_roles, summarise
from farwatch.kube.objects import Node, Pod

NOON = "2026-11-21T12:00:00Z"


def pod(status: dict[str, Any], *, deleted: bool = False, inits: int = 0, containers: int = 1) -> Pod:
    document = {
        "metadata": {"name": "web-1", "namespace": "shop"},
        "spec": {
            "containers": [{"name": f"c{number}"} for number in range(containers)],
            "initContainers": [{"name": f"i{number}"} for number in range(inits)],
        },
        "status": status,
    }
    if deleted:
        document["metadata"]["deletionTimestamp"] = NOON
    return msgspec.convert(document, Pod, strict=False)


def running(name: str = "c0", *, ready: bool = True, restarts: int = 0, **rest: Any) -> dict[str, Any]:
    return {
        "name": name,
        "ready": ready,
        "restartCount": restarts,
        "state": {"running": {"startedAt": NOON}},
        **rest,
    }


def waiting(reason: str, name: str = "c0", **rest: Any) -> dict[str, Any]:
    return {"name": name, "state": {"waiting": {"reason": reason}}, **rest}


def ended(code: int, reason: str = "", name: str = "c0", **rest: Any) -> dict[str, Any]:
    return {"name": name, "state": {"terminated": {"exitCode": code, "reason": reason, **rest}}}


READY = [{"type": "Ready", "status": "True"}]
UNSCHEDULABLE = {
    "type": "PodScheduled",
    "status": "False",
    "reason": "Unschedulable",
    "message": "0/3 nodes are available: 3 Insufficient cpu.",
}
CRASHED = {"terminated": {"exitCode": 1, "reason": "Error", "finishedAt": NOON}}


@pytest.mark.parametrize(
    ("status", "word", "level"),
    [
        ({"phase": "Running", "containerStatuses": [running()]}, "Running", Level.OK),
        ({"phase": "Running", "containerStatuses": [running(ready=False)]}, "Running", Level.WARN),
        ({"phase": "Pending"}, "Pending", Level.WARN),
        ({"phase": "Pending", "conditions": [UNSCHEDULABLE]}, "Pending", Level.WARN),
        (
            {"phase": "Pending", "conditions": [{**UNSCHEDULABLE, "reason": "SchedulingGated"}]},
            "SchedulingGated",
            Level.WARN,
        ),
        (
            {"phase": "Pending", "containerStatuses": [waiting("ContainerCreating")]},
            "ContainerCreating",
            Level.WARN,
        ),
        (
            {"phase": "Running", "containerStatuses": [waiting("CrashLoopBackOff", lastState=CRASHED)]},
            "CrashLoopBackOff",
            Level.BAD,
        ),
        ({"phase": "Pending", "containerStatuses": [waiting("ErrImagePull")]}, "ErrImagePull", Level.BAD),
        ({"phase": "Running", "containerStatuses": [ended(137, "OOMKilled")]}, "OOMKilled", Level.BAD),
        ({"phase": "Running", "containerStatuses": [ended(3)]}, "ExitCode:3", Level.BAD),
        ({"phase": "Running", "containerStatuses": [ended(137, signal=9)]}, "Signal:9", Level.BAD),
        ({"phase": "Succeeded", "containerStatuses": [ended(0, "Completed")]}, "Completed", Level.DONE),
        ({"phase": "Succeeded"}, "Succeeded", Level.DONE),
        ({"phase": "Failed", "reason": "Evicted", "message": "low on memory"}, "Evicted", Level.BAD),
        ({"phase": "Failed"}, "Failed", Level.BAD),
        ({"phase": "Unknown"}, "Unknown", Level.UNKNOWN),
        ({}, "Unknown", Level.UNKNOWN),
    ],
)
def test_a_pod_stands_as_kubectl_says(status: dict[str, Any], word: str, level: Level) -> None:
    found = status_of("Pod", pod(status))
    assert (found.word, found.level) == (word, level)


@pytest.mark.parametrize(
    ("inits", "word", "level"),
    [
        ([waiting("PodInitializing", "i0"), waiting("PodInitializing", "i1")], "Init:0/2", Level.WARN),
        ([ended(0, "Completed", "i0"), running("i1", ready=False)], "Init:1/2", Level.WARN),
        ([waiting("CrashLoopBackOff", "i0")], "Init:CrashLoopBackOff", Level.BAD),
        ([ended(1, "Error", "i0")], "Init:Error", Level.BAD),
        ([ended(2, "", "i0")], "Init:ExitCode:2", Level.BAD),
        ([ended(137, "", "i0", signal=9)], "Init:Signal:9", Level.BAD),
        (
            [ended(0, "Completed", "i0"), ended(0, "Completed", "i1")],
            "PodInitializing",
            Level.WARN,
        ),
    ],
)
def test_the_first_init_container_that_is_not_through_has_the_word(
    inits: list[Any], word: str, level: Level
) -> None:
    status = {
        "phase": "Pending",
        "initContainerStatuses": inits,
        "containerStatuses": [waiting("PodInitializing")],
    }
    found = status_of("Pod", pod(status, inits=2))
    assert (found.word, found.level) == (word, level)


def test_one_of_two_containers_that_completed_leaves_a_pod_running_only_while_it_is_ready() -> None:
    status = {"phase": "Running", "containerStatuses": [ended(0, "Completed"), running("c1")]}
    assert summarise(pod(status, containers=2)).word == "NotReady"
    assert summarise(pod({**status, "conditions": READY}, containers=2)).word == "Running"


def test_a_sidecar_counts_among_the_containers_and_holds_nothing_up() -> None:
    status = {
        "phase": "Running",
        "initContainerStatuses": [running("i0", started=True, restarts=2)],
        "containerStatuses": [running(restarts=1)],
    }
    summary = summarise(pod(status, inits=1))
    assert (summary.word, summary.ready, summary.containers, summary.restarts) == ("Running", 2, 2, 3)


@pytest.mark.parametrize(
    ("status", "word"),
    [
        ({"phase": "Running", "containerStatuses": [running()]}, "Terminating"),
        ({"phase": "Running", "reason": "NodeLost"}, "Unknown"),
        ({"phase": "Succeeded", "containerStatuses": [ended(0, "Completed")]}, "Completed"),
    ],
)
def test_a_pod_that_is_being_deleted_says_so_unless_it_is_over_or_its_node_lost(
    status: dict[str, Any], word: str
) -> None:
    assert status_of("Pod", pod(status, deleted=True)).word == word


def test_restarts_of_containers_are_counted_with_the_last_ones_time() -> None:
    states = [running(restarts=2, lastState=CRASHED), running("c1", restarts=3)]
    summary = summarise(pod({"phase": "Running", "containerStatuses": states}, containers=2))
    assert (summary.restarts, summary.last_restart) == (5, datetime(2026, 11, 21, 12, tzinfo=UTC))


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (
            {"phase": "Running", "containerStatuses": [waiting("CrashLoopBackOff", lastState=CRASHED)]},
            "container c0: ended with exit code 1 (Error)",
        ),
        (
            {"phase": "Pending", "conditions": [UNSCHEDULABLE]},
            "Unschedulable: 0/3 nodes are available: 3 Insufficient cpu",
        ),
        ({"phase": "Failed", "reason": "Evicted", "message": "low on\nmemory"}, "low on memory"),
        (
            {"phase": "Running", "containerStatuses": [running(ready=False)]},
            "0 of 1 containers are ready: not c0",
        ),
    ],
)
def test_the_reason_says_what_is_in_the_way(status: dict[str, Any], reason: str) -> None:
    assert status_of("Pod", pod(status)).reason == reason


def test_an_endless_message_is_cut() -> None:
    found = status_of("Pod", pod({"phase": "Failed", "reason": "Evicted", "message": "x" * 10_000}))
    assert len(found.reason) == 300
    assert found.reason.endswith("…")


def node(*conditions: tuple[str, str], unschedulable: bool = False, **labels: str) -> Node:
    document = {
        "metadata": {"name": "n", "labels": {key.replace("__", "/"): value for key, value in labels.items()}},
        "spec": {"unschedulable": unschedulable},
        "status": {"conditions": [{"type": kind, "status": status} for kind, status in conditions]},
    }
    return msgspec.convert(document, Node)


@pytest.mark.parametrize(
    ("found", "word", "level"),
    [
        (node(("Ready", "True")), "Ready", Level.OK),
        (node(("Ready", "True"), ("MemoryPressure", "True")), "Ready", Level.WARN),
        (node(("Ready", "True"), ("MemoryPressure", "False")), "Ready", Level.OK),
        (node(("Ready", "True"), unschedulable=True), "Ready,SchedulingDisabled", Level.WARN),
        (node(("Ready", "False")), "NotReady", Level.BAD),
        (node(("Ready", "Unknown"), unschedulable=True), "NotReady,SchedulingDisabled", Level.BAD),
        (node(), "Unknown", Level.UNKNOWN),
    ],
)
def test_a_node_stands_as_kubectl_says(found: Node, word: str, level: Level) -> None:
    status = status_of("Node", found)
    assert (status.word, status.level) == (word, level)


def test_the_roles_of_a_node_are_in_its_labels() -> None:
    labels = {"node-role.kubernetes.io/worker": "", "node-role.kubernetes.io/control-plane": ""}
    document = {"metadata": {"name": "n", "labels": labels}}
    assert node_roles(msgspec.convert(document, Node)) == "control-plane,worker"
    assert node_roles(node()) == ""
