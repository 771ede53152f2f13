from __future__ import annotations

from typing import Any

import pytest

from farwatch.hub.detect.state import ClusterState
from farwatch.hub.inventory import ObjectChange, Operation

CREATING = {"waiting": {"reason": "ContainerCreating"}}
INITIALIZING = {"waiting": {"reason": "PodInitializing"}}


def knowing(*found: Any) -> ClusterState:
    state = ClusterState()
    for one in found:
        change = ObjectChange(
            cluster="prod",
            kind=type(one).__name__,
            operation=Operation.CREATED,
            time=0,
            before=None,
            after=one,
        )
        state.apply(change, 4e9)
    return state


class TestUnschedulable:
    def unscheduled(self, kube: Any, reason: str = "Unschedulable", **more: Any) -> Any:
        return kube.pod(
            node="",
            phase="Pending",
            containers=[],
            conditions=[
                {"type": "PodScheduled", "status": "False", "reason": reason, "message": "0/3 nodes fit"}
            ],
            **more,
        )

    def test_a_pod_that_fits_on_no_node_is_one(self, kube: Any, look: Any, start: float) -> None:
        finding = look("KubePodUnschedulable", self.unscheduled(kube, since=5), at=90)
        assert "0/3 nodes fit" in finding.facts
        assert finding.since == pytest.approx(start + 5, abs=1)

    def test_the_recorded_giant_is_one(self, recorded: Any, look: Any) -> None:
        assert look("KubePodUnschedulable", recorded("Pod", "giant", 10), at=10) is not None

    def test_a_gated_pod_waits_on_purpose(self, kube: Any, look: Any) -> None:
        assert look("KubePodUnschedulable", self.unscheduled(kube, reason="SchedulingGated")) is None

    def test_a_pod_not_looked_at_yet_is_none(self, kube: Any, look: Any) -> None:
        pod = kube.pod(node="", phase="Pending", containers=[], conditions=[])
        assert look("KubePodUnschedulable", pod) is None

    def test_a_pod_that_is_being_deleted_is_none(self, kube: Any, look: Any) -> None:
        pod = self.unscheduled(kube, meta={"deletionTimestamp": kube.at(1)})
        assert look("KubePodUnschedulable", pod) is None


class TestStuckCreating:
    def creating(self, kube: Any, **more: Any) -> Any:
        return kube.pod(phase="Pending", ready=False, **{"containers": [CREATING], **more})

    def test_a_pod_without_its_sandbox_is_one_with_the_last_events_words(self, kube: Any, look: Any) -> None:
        pod = self.creating(kube)
        event = kube.event(pod, "FailedCreatePodSandBox", "no IP addresses available")
        finding = look("KubePodStuckCreating", pod, state=knowing(pod, event))
        assert "FailedCreatePodSandBox: no IP addresses available" in finding.facts

    def test_a_kubelet_that_never_picks_the_pod_up_is_one(self, kube: Any, look: Any) -> None:
        assert look("KubePodStuckCreating", self.creating(kube, containers=[])) is not None

    def test_a_pull_is_given_more_time(self, kube: Any, look: Any) -> None:
        pod = self.creating(kube)
        event = kube.event(pod, "Pulling", 'Pulling image "web:1"', "Normal")
        assert look("KubePodStuckCreating", pod, state=knowing(pod, event)).grace == 480

    @pytest.mark.parametrize("state", [{"running": {}}, {"waiting": {"reason": "ImagePullBackOff"}}])
    def test_an_init_container_at_work_or_in_trouble_is_none(
        self, kube: Any, look: Any, state: dict[str, Any]
    ) -> None:
        pod = self.creating(kube, containers=[INITIALIZING], init=[state])
        assert look("KubePodStuckCreating", pod) is None

    @pytest.mark.parametrize("reason", ["ErrImagePull", "CreateContainerConfigError", "CrashLoopBackOff"])
    def test_a_container_with_a_reason_of_its_own_is_none(self, kube: Any, look: Any, reason: str) -> None:
        pod = self.creating(kube, containers=[{"waiting": {"reason": reason}}])
        assert look("KubePodStuckCreating", pod) is None

    def test_a_pod_without_a_node_is_none(self, kube: Any, look: Any) -> None:
        assert look("KubePodStuckCreating", self.creating(kube, node="")) is None


class TestNotReady:
    def test_a_running_container_that_is_not_ready_is_one(self, kube: Any, look: Any) -> None:
        pod = kube.pod(ready=False)
        event = kube.event(pod, "Unhealthy", "Readiness probe failed: HTTP probe failed with statuscode: 503")
        finding = look("KubePodNotReady", pod, state=knowing(pod, event))
        assert finding.containers == ("app",)
        assert "Readiness probe failed: HTTP probe failed with statuscode: 503" in finding.facts

    def test_the_recorded_slow_pod_is_one(self, recorded: Any, look: Any) -> None:
        assert look("KubePodNotReady", recorded("Pod", "slow", 100), at=100).containers == ("app",)

    def test_a_condition_set_for_a_lost_node_is_none(self, recorded: Any, look: Any) -> None:
        pod = recorded("Pod", "web-697c7b4b8f-tfgzv", 160)
        ready = next(one for one in pod.status.conditions if one.type == "Ready")
        assert ready.status == "False"
        assert look("KubePodNotReady", pod, at=160) is None

    @pytest.mark.parametrize(
        "more",
        [
            {"owner": "Job/migrate"},
            {"phase": "Succeeded"},
            {"meta": {"deletionTimestamp": "2026-11-20T21:15:00Z"}},
            {"containers": [{"waiting": {"reason": "CrashLoopBackOff"}}]},
            {"containers": [{"terminated": {"exitCode": 1}}]},
        ],
        ids=["a Job's pod", "ended", "being deleted", "crash looping", "between two runs"],
    )
    def test_what_is_over_or_told_elsewhere_is_none(self, kube: Any, look: Any, more: dict[str, Any]) -> None:
        assert look("KubePodNotReady", kube.pod(ready=False, **more)) is None

    def test_a_completed_jobs_pod_is_none(self, recorded: Any, look: Any) -> None:
        assert look("KubePodNotReady", recorded("Pod", "report", 12), at=1000) is None

    def test_an_unready_sidecar_is_named(self, kube: Any, look: Any) -> None:
        pod = kube.pod(ready=False, init=[{"running": {}, "name": "mesh"}])
        assert "mesh" in look("KubePodNotReady", pod).containers

    def test_an_init_container_that_does_not_end_is_given_more_time(
        self, kube: Any, look: Any, start: float
    ) -> None:
        running = {"running": {"startedAt": kube.at(10)}}
        pod = kube.pod(phase="Pending", ready=False, containers=[INITIALIZING], init=[running])
        finding = look("KubePodNotReady", pod, at=20)
        assert finding.containers == ("init",)
        assert finding.grace == 600
        assert finding.since == pytest.approx(start + 10, abs=1)


class TestStuckTerminating:
    def test_a_pod_past_its_deletion_is_one_after_its_own_grace(
        self, kube: Any, look: Any, start: float
    ) -> None:
        pod = kube.pod(meta={"deletionTimestamp": kube.at(40), "deletionGracePeriodSeconds": 30})
        finding = look("KubePodStuckTerminating", pod, at=11)
        assert finding.since == pytest.approx(start + 10, abs=1)
        assert finding.grace == 30
        assert "node node-1 has not ended it" in finding.facts

    def test_an_absurd_grace_period_does_no_harm(self, kube: Any, look: Any) -> None:
        pod = kube.pod(meta={"deletionTimestamp": kube.at(40), "deletionGracePeriodSeconds": 2**62})
        assert look("KubePodStuckTerminating", pod, at=11).since == 0

    def test_finalizers_are_named(self, kube: Any, look: Any) -> None:
        pod = kube.pod(meta={"deletionTimestamp": kube.at(1), "finalizers": ["example.com/hold"]})
        assert "finalizers hold it: example.com/hold" in look("KubePodStuckTerminating", pod, at=99).facts

    def test_a_pod_that_stays_is_none(self, kube: Any, look: Any) -> None:
        assert look("KubePodStuckTerminating", kube.pod()) is None


class TestEvictedAndFailed:
    MESSAGE = "The node was low on resource: memory. Threshold quantity: 100Mi, available: 80Mi."

    def evicted(self, kube: Any) -> Any:
        return kube.pod(phase="Failed", ready=False, containers=[], reason="Evicted", message=self.MESSAGE)

    def test_an_evicted_pod_is_evicted_and_not_failed(self, kube: Any, look: Any) -> None:
        assert "low on resource: memory" in look("KubePodEvicted", self.evicted(kube), at=5).facts
        assert look("KubePodFailed", self.evicted(kube), at=5) is None

    def test_an_eviction_is_forgotten_though_its_pod_stays(self, kube: Any, look: Any) -> None:
        assert look("KubePodEvicted", self.evicted(kube), at=3599) is not None
        assert look("KubePodEvicted", self.evicted(kube), at=3601) is None

    def test_a_pod_that_nobody_manages_fails(self, recorded: Any, look: Any) -> None:
        finding = look("KubePodFailed", recorded("Pod", "once", 20), at=20)
        assert finding.containers == ("c",)
        assert "exit code 3 (Error)" in finding.facts

    def test_a_jobs_pod_is_the_jobs_affair(self, recorded: Any, look: Any) -> None:
        pod = recorded("Pod", "migrate-2f7jh", 30)
        assert pod.status.phase == "Failed"
        assert look("KubePodFailed", pod, at=30) is None

    def test_a_pod_that_fails_because_it_is_deleted_is_none(self, recorded: Any, look: Any) -> None:
        pod = recorded("Pod", "nonet", 300)
        assert pod.status.phase == "Failed"
        assert look("KubePodFailed", pod, at=300) is None

    def test_an_orderly_shutdown_matters_only_to_a_pod_that_is_not_replaced(
        self, kube: Any, look: Any
    ) -> None:
        shut = {"phase": "Failed", "ready": False, "reason": "Terminated", "message": "Node is shutting down"}
        assert look("KubePodFailed", kube.pod(**shut)) is None
        assert look("KubePodFailed", kube.pod(owner="", **shut)) is not None

    def test_a_failure_that_was_replaced_matters_for_a_shorter_time(self, kube: Any, look: Any) -> None:
        failed = {"phase": "Failed", "ready": False, "containers": [{"terminated": kube.ended()}]}
        assert look("KubePodFailed", kube.pod(**failed), at=3000) is not None
        assert look("KubePodFailed", kube.pod(**failed), at=4000) is None
        assert look("KubePodFailed", kube.pod(owner="", **failed), at=4000) is not None

    def test_a_failure_of_last_week_is_none(self, kube: Any, look: Any) -> None:
        pod = kube.pod(owner="", phase="Failed", ready=False, containers=[{"terminated": kube.ended()}])
        assert look("KubePodFailed", pod, at=7 * 86400) is None


@pytest.mark.parametrize(
    ("name", "pod", "words"),
    [
        (
            "KubePodStuckTerminating",
            {"phase": "Pending", "meta": {"deletionTimestamp": "2026-11-20T21:00:00Z"}},
            "nobody has removed it, though it is on no node",
        ),
        ("KubePodFailed", {"phase": "Failed", "reason": "UnexpectedAdmissionError"}, "It failed: Unexpected"),
        ("KubePodEvicted", {"phase": "Failed", "reason": "Evicted"}, "It was evicted."),
    ],
)
def test_no_node_is_named_where_there_is_none(
    look: Any, kube: Any, name: str, pod: dict[str, Any], words: str
) -> None:
    found = look(name, kube.pod(node="", ready=False, containers=[], owner="", **pod), at=60)
    assert words in found.facts
    assert "None" not in found.facts
