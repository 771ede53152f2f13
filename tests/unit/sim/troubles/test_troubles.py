"""Each trouble shows what it says, and is gone when it is mended."""

from collections.abc import Callable
from typing import Any

import pytest

from farwatch.sim.troubles import TROUBLES, Subject, TroubleError

Town = Any  # of conftest.py, which tests cannot import
Document = dict[str, Any]


def waiting(*reasons: str) -> Callable[[Town], bool]:
    """Some container waits for one of these reasons."""

    def holds(town: Town) -> bool:
        return any(
            (container["state"].get("waiting") or {}).get("reason") in reasons
            for pod in town.store.list("pods")
            for container in pod["status"].get("containerStatuses") or ()
        )

    return holds


def ended(reason: str, exit_code: int) -> Callable[[Town], bool]:
    """Some container's last run ended so."""

    def holds(town: Town) -> bool:
        ends = [
            container["lastState"].get("terminated") or {}
            for pod in town.store.list("pods")
            for container in pod["status"].get("containerStatuses") or ()
        ]
        return any((end.get("reason"), end.get("exitCode")) == (reason, exit_code) for end in ends)

    return holds


def told(resource: str, kind: str, status: str, reason: str = "") -> Callable[[Town], bool]:
    """Some object has this condition."""

    def holds(town: Town) -> bool:
        return any(
            (each["type"], each["status"]) == (kind, status) and reason in ("", each["reason"])
            for document in town.store.list(resource)
            for each in document["status"].get("conditions") or ()
        )

    return holds


def reported(*reasons: str) -> Callable[[Town], bool]:
    return lambda town: set(reasons) <= town.reasons()


def both(*checks: Callable[[Town], bool]) -> Callable[[Town], bool]:
    return lambda town: all(check(town) for check in checks)


def quota_is_almost_full(town: Town) -> bool:
    shares = [
        int(each["status"]["used"]["pods"]) / int(each["status"]["hard"]["pods"])
        for each in town.store.list("resourcequotas")
        if "pods" in each["status"].get("hard", {})
    ]
    return any(0.9 < share <= 1 for share in shares)


def some(resource: str, check: Callable[[Document], bool]) -> Callable[[Town], bool]:
    return lambda town: any(check(document) for document in town.store.list(resource))


EVIDENCE: dict[str, Callable[[Town], bool]] = {
    "crash-loop": both(waiting("CrashLoopBackOff"), ended("Error", 1), reported("BackOff")),
    "oom-kill": both(waiting("CrashLoopBackOff"), ended("OOMKilled", 137)),
    "not-ready": both(told("pods", "Ready", "False", "ContainersNotReady"), reported("Unhealthy")),
    "liveness": both(ended("Error", 137), reported("Unhealthy", "Killing")),
    "image-pull": both(waiting("ErrImagePull", "ImagePullBackOff"), reported("Failed", "BackOff")),
    "image-credentials": both(waiting("ErrImagePull", "ImagePullBackOff"), reported("Failed", "BackOff")),
    "config-error": waiting("CreateContainerConfigError"),
    "failed-mount": both(waiting("ContainerCreating"), reported("FailedMount")),
    "no-network": both(waiting("ContainerCreating"), reported("FailedCreatePodSandBox")),
    "unschedulable": both(
        told("pods", "PodScheduled", "False", "Unschedulable"), reported("FailedScheduling")
    ),
    "too-large": some(
        "pods", lambda pod: "Insufficient cpu" in pod["status"]["conditions"][0].get("message", "")
    ),
    "evicted": some(
        "pods", lambda pod: (pod["status"]["phase"], pod["status"].get("reason")) == ("Failed", "Evicted")
    ),
    "stuck-terminating": some("pods", lambda pod: "deletionTimestamp" in pod["metadata"]),
    "failed-rollout": told("deployments", "Progressing", "False", "ProgressDeadlineExceeded"),
    "failed-job": told("jobs", "Failed", "True", "BackoffLimitExceeded"),
    "failing-cron-job": told("jobs", "Failed", "True", "BackoffLimitExceeded"),
    "hpa-maxed-out": told("horizontalpodautoscalers", "ScalingLimited", "True", "TooManyReplicas"),
    "pvc-pending": both(
        some("persistentvolumeclaims", lambda claim: claim["status"]["phase"] == "Pending"),
        reported("ProvisioningFailed"),
    ),
    "quota-almost-full": quota_is_almost_full,
    "namespace-stuck-terminating": told("namespaces", "NamespaceFinalizersRemaining", "True"),
    "node-not-ready": both(told("nodes", "Ready", "Unknown", "NodeStatusUnknown"), reported("NodeNotReady")),
    "memory-pressure": told("nodes", "MemoryPressure", "True", "KubeletHasInsufficientMemory"),
    "disk-pressure": told("nodes", "DiskPressure", "True", "KubeletHasDiskPressure"),
    "pid-pressure": told("nodes", "PIDPressure", "True", "KubeletHasInsufficientPID"),
    "node-flapping": lambda town: sum(event["reason"] == "NodeReady" for event in town.events) > 1,
}
LASTING = {"failing-cron-job"}  # a CronJob keeps its last failed Job to be looked at


def test_every_trouble_has_its_evidence_here() -> None:
    assert set(EVIDENCE) == set(TROUBLES)


@pytest.mark.parametrize("name", sorted(TROUBLES))
def test_a_trouble_shows_and_is_gone_when_mended(town: Town, name: str) -> None:
    evidence = EVIDENCE[name]
    assert not evidence(town)

    active = town.troubles.bring_about(name)
    town.advance(120)
    assert evidence(town), str(active.target)

    town.troubles.mend(active.number)
    town.events.clear()
    town.advance(120)
    assert name in LASTING or not evidence(town)
    assert town.unready() == []
    assert town.unsettled() == []
    assert town.troubles.active == {}


@pytest.mark.parametrize("kind", ["statefulsets", "daemonsets"])
@pytest.mark.parametrize(
    "name", [each.name for each in TROUBLES.values() if each.subject is Subject.WORKLOAD]
)
def test_a_trouble_of_workloads_befalls_stateful_and_daemon_sets_too(
    town: Town, name: str, kind: str
) -> None:
    entry = next(iter(town.store.collection(kind).entries()))
    active = town.troubles.bring_about(name, namespace=entry.namespace, workload=entry.name)
    town.advance(120)
    assert active.target.resource == kind
    assert EVIDENCE[name](town)

    town.troubles.mend(active.number)
    town.advance(300)
    assert town.unready() == []
    assert town.unsettled() == []


def test_a_trouble_befalls_what_is_named(town: Town) -> None:
    entry = next(iter(town.store.collection("deployments").entries("shop")))

    active = town.troubles.bring_about("crash-loop", namespace="shop", workload=entry.name)
    town.advance(60)

    assert str(active.target) == f"deployments/shop/{entry.name}"
    broken = {name.rsplit("-", 2)[0] for name in town.unready()}
    assert broken == {entry.name}


def test_chance_spares_system_namespaces_and_what_is_in_trouble_already(town: Town) -> None:
    targets = [town.troubles.bring_about("not-ready").target for _ in range(12)]

    assert len(set(targets)) == 12
    assert not [target for target in targets if target.namespace == "kube-system"]


@pytest.mark.parametrize(
    ("name", "where", "words"),
    [
        ("bad-luck", {}, "no trouble is called 'bad-luck'; there are config-error"),
        ("crash-loop", {"workload": "absent"}, "there is none called absent"),
        ("crash-loop", {"namespace": "absent"}, "there is none in namespace absent"),
        ("memory-pressure", {"node": "absent"}, "befalls a node, and there is none called absent"),
    ],
)
def test_what_cannot_be_raised_is_refused_with_the_reason(
    town: Town, name: str, where: dict[str, str], words: str
) -> None:
    with pytest.raises(TroubleError) as caught:
        town.troubles.bring_about(name, **where)

    assert words in str(caught.value)


def test_a_trouble_is_mended_once(town: Town) -> None:
    active = town.troubles.bring_about("pvc-pending")
    town.troubles.mend(active.number)

    with pytest.raises(TroubleError, match="no trouble in force has the number 1"):
        town.troubles.mend(active.number)


def test_crashed_containers_leave_log_lines_of_both_runs(town: Town) -> None:
    active = town.troubles.bring_about("crash-loop")
    town.advance(60)

    pod = next(
        pod
        for pod in town.store.list("pods", active.target.namespace)
        if pod["metadata"]["name"].startswith(active.target.name)
        and pod["status"]["containerStatuses"][0]["restartCount"]
    )
    where = (pod["metadata"]["namespace"], pod["metadata"]["name"], pod["spec"]["containers"][0]["name"])
    logs = town.engine.world.logs
    assert "starting" in logs.current(*where).lines[0].text
    assert "exit status 1" in [line.text for line in logs.previous(*where).lines]
