from __future__ import annotations

from typing import Any

import pytest

from farwatch.hub.detect.state import REMEMBERED_MOMENTS, ClusterState, Name, Reference
from farwatch.hub.inventory import ObjectChange, Operation


@pytest.fixture
def state() -> ClusterState:
    return ClusterState()


def tell(
    state: ClusterState, found: Any, now: float = 4e9, *, deleted: bool = False
) -> tuple[Reference, ...]:
    change = ObjectChange(
        cluster="prod",
        kind=type(found).__name__,
        operation=Operation.DELETED if deleted else Operation.UPDATED,
        time=now,
        before=found if deleted else None,
        after=None if deleted else found,
    )
    return state.apply(change, now)


def test_objects_are_there_until_they_are_deleted(kube: Any, state: ClusterState) -> None:
    pod = kube.pod()
    tell(state, pod)
    assert state.get("Pod", "shop", "web-6d4f-x2") is pod
    tell(state, pod, deleted=True)
    assert state.get("Pod", "shop", "web-6d4f-x2") is None


def test_kinds_that_no_detector_needs_are_not_kept(kube: Any, state: ClusterState) -> None:
    tell(state, kube.workload("Service", {}, {}))
    assert state.get("Service", "shop", "web") is None


def test_a_node_that_is_lost_or_found_has_its_pods_looked_at_again(kube: Any, state: ClusterState) -> None:
    for name, node in (("a", "node-1"), ("b", "node-2"), ("c", "node-1")):
        tell(state, kube.pod(name, node=node))
    tell(state, kube.node())
    expected = (Reference("Pod", Name("shop", "a")), Reference("Pod", Name("shop", "c")))
    assert tell(state, kube.node(ready="Unknown")) == expected
    assert state.lost_nodes == {"node-1"}
    assert tell(state, kube.node(ready="Unknown")) == ()
    assert tell(state, kube.node(ready="True")) == expected
    assert state.lost_nodes == set()


def test_a_node_that_is_removed_is_not_lost(kube: Any, state: ClusterState) -> None:
    lost = kube.node(ready="Unknown")
    tell(state, lost)
    tell(state, lost, deleted=True)
    assert state.lost_nodes == set()
    assert state.transitions("node-1") == ()


def restarted(kube: Any, count: int, uid: str = "uid") -> Any:
    state = {"running": {}, "restarts": count, "last": kube.ended(ended=count)}
    return kube.pod(containers=[state], meta={"uid": uid})


def test_restarts_missed_in_a_gap_are_counted_all(kube: Any, state: ClusterState) -> None:
    tell(state, restarted(kube, 1))
    tell(state, restarted(kube, 4))
    assert len(state.restarts(restarted(kube, 4), "app")) == 4


def test_the_memory_of_restarts_is_bounded(kube: Any, state: ClusterState) -> None:
    for count in range(1, 200):
        tell(state, restarted(kube, count))
    assert len(state.restarts(restarted(kube, 1), "app")) == REMEMBERED_MOMENTS
    tell(state, restarted(kube, 100_000))
    assert len(state.restarts(restarted(kube, 1), "app")) == REMEMBERED_MOMENTS


def test_a_pod_of_the_same_name_starts_anew(kube: Any, state: ClusterState) -> None:
    tell(state, restarted(kube, 1))
    tell(state, restarted(kube, 5, uid="other"))
    assert len(state.restarts(restarted(kube, 5), "app")) == 1


def test_restarts_go_with_the_pod_and_with_time(kube: Any, state: ClusterState, start: float) -> None:
    tell(state, restarted(kube, 1), start + 60)
    state.sweep(start + 3600)
    assert state.restarts(restarted(kube, 1), "app")
    state.sweep(start + 2 * 86400)
    assert not state.restarts(restarted(kube, 1), "app")
    tell(state, restarted(kube, 2))
    tell(state, restarted(kube, 2), deleted=True)
    assert not state.restarts(restarted(kube, 2), "app")


def test_the_last_event_about_an_object_is_remembered_for_an_hour(kube: Any, state: ClusterState) -> None:
    pod = kube.pod()
    tell(state, kube.event(pod, "FailedMount", "no such volume"), 1000)
    noted = state.note("Pod", pod)
    assert noted is not None
    assert noted.message == "no such volume"
    tell(state, kube.event(pod, "FailedMount", "no such volume"), 1000, deleted=True)
    state.sweep(4000)
    assert state.note("Pod", pod) is not None
    state.sweep(5000)
    assert state.note("Pod", pod) is None


def test_events_that_explain_nothing_do_not_take_the_place_of_those_that_do(
    kube: Any, state: ClusterState
) -> None:
    pod = kube.pod()
    tell(state, kube.event(pod, "FailedMount", "no such volume"))
    tell(state, kube.event(pod, "NodeNotReady", "Node is not ready"))
    tell(state, kube.event(pod, "Scheduled", "Successfully assigned", "Normal"))
    tell(state, kube.event(pod, "Unhealthy", "Liveness probe failed"))
    noted, probe = state.note("Pod", pod), state.probe_failure(pod)
    assert noted is not None
    assert probe is not None
    assert (noted.reason, probe.message) == ("FailedMount", "Liveness probe failed")


def test_what_was_noted_goes_with_its_object(kube: Any, state: ClusterState) -> None:
    pod = kube.pod()
    tell(state, pod)
    tell(state, kube.event(pod, "FailedMount", "no such volume"))
    tell(state, kube.event(pod, "Unhealthy", "Liveness probe failed"))
    tell(state, pod, deleted=True)
    assert state.note("Pod", pod) is None
    assert state.probe_failure(pod) is None


def test_the_last_run_of_a_cron_job_that_never_comes_is_forgotten(
    kube: Any, state: ClusterState, start: float
) -> None:
    done = kube.condition("Failed", "True", "BackoffLimitExceeded")
    cron_job = kube.workload("CronJob", {}, {}, name="tick")
    tell(state, kube.workload("Job", {}, {"conditions": [done]}, name="tick-1", owner="CronJob/tick"), start)
    state.sweep(start + 60)
    assert state.last_run(cron_job) is not None
    state.sweep(start + 7200)
    assert state.last_run(cron_job) is None
