from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from farwatch.hub.detect.state import ClusterState
from farwatch.hub.inventory import ObjectChange, Operation

FAR_FUTURE = 4e9
"""A hub's clock that leaves every timestamp as it is."""

PULL_MESSAGE = (
    'failed to pull and unpack image "web:1": failed to resolve reference "web:1": web:1: not found'
)


def waiting(reason: str, message: str = "", **more: Any) -> dict[str, Any]:
    return {"waiting": {"reason": reason, "message": message}, **more}


def seen(pods: Sequence[Any]) -> ClusterState:
    """A state that saw these versions of a pod, one after the other."""
    state, before = ClusterState(), None
    for pod in pods:
        operation = Operation.UPDATED if before else Operation.CREATED
        change = ObjectChange(
            cluster="prod", kind="Pod", operation=operation, time=0, before=before, after=pod
        )
        state.apply(change, FAR_FUTURE)
        before = pod
    return state


class TestCrashLoop:
    def test_a_back_off_after_crashes_is_one(self, kube: Any, look: Any) -> None:
        finding = look("KubePodCrashLooping", kube.crash_looping(), at=10)
        assert finding.containers == ("app",)
        assert "restarted 4 times; it last ended with exit code 1 (Error) after 3s" in finding.facts
        assert "image web:1" in finding.facts

    def test_the_recorded_back_off_is_one(self, recorded: Any, look: Any) -> None:
        finding = look("KubePodCrashLooping", recorded("Pod", "checkout", 44.6), at=45)
        assert "restarted 2 times" in finding.facts

    def test_init_containers_crash_as_well(self, kube: Any, look: Any) -> None:
        pod = kube.pod(
            phase="Pending",
            ready=False,
            containers=[waiting("PodInitializing")],
            init=[waiting("CrashLoopBackOff", restarts=3, last=kube.ended(2))],
        )
        assert look("KubePodCrashLooping", pod).containers == ("init",)

    @pytest.mark.parametrize(
        "state",
        [
            {"running": {}, "restarts": 3},
            {"terminated": {"exitCode": 1, "reason": "Error"}, "restarts": 1},
            {"waiting": {"reason": "ContainerCreating"}},
            {"terminated": {"exitCode": 0, "reason": "Completed"}},
        ],
    )
    def test_nothing_but_a_back_off_is_one(self, kube: Any, look: Any, state: dict[str, Any]) -> None:
        assert look("KubePodCrashLooping", kube.pod(ready=False, containers=[state])) is None

    def test_a_pod_that_is_being_deleted_is_none(self, kube: Any, look: Any) -> None:
        pod = kube.crash_looping(meta={"deletionTimestamp": kube.at(30)})
        assert look("KubePodCrashLooping", pod) is None

    def test_a_jobs_pod_is_given_time_to_retry(self, kube: Any, look: Any) -> None:
        pod = kube.crash_looping(owner="Job/migrate")
        assert look("KubePodCrashLooping", pod).grace == 300

    def test_long_runs_between_crashes_ask_for_a_longer_calm(self, kube: Any, look: Any) -> None:
        short = waiting("CrashLoopBackOff", restarts=3, last=kube.ended(began=0, ended=3))
        long = waiting("CrashLoopBackOff", restarts=3, last=kube.ended(began=0, ended=200))
        endless = waiting("CrashLoopBackOff", restarts=3, last=kube.ended(began=0, ended=5000))
        calms = [
            look("KubePodCrashLooping", kube.pod(ready=False, containers=[one])).calm
            for one in (short, long, endless)
        ]
        assert calms == [6, 400, 600]


class TestOutOfMemory:
    def test_a_container_killed_just_now_is_one(self, kube: Any, look: Any) -> None:
        killed = {"terminated": kube.ended(137, "OOMKilled", ended=3)}
        finding = look("KubeContainerOOMKilled", kube.pod(ready=False, containers=[killed]), at=5)
        assert "its limit of 64Mi" in finding.facts

    def test_it_is_remembered_while_the_container_runs_again(
        self, kube: Any, look: Any, start: float
    ) -> None:
        pod = kube.pod(
            containers=[{"running": {}, "restarts": 1, "last": kube.ended(137, "OOMKilled", ended=3)}]
        )
        assert look("KubeContainerOOMKilled", pod, at=5).until == pytest.approx(start + 3 + 600, abs=1)
        assert look("KubeContainerOOMKilled", pod, at=700) is None

    def test_a_clock_ahead_of_ours_does_not_put_it_in_the_future(
        self, kube: Any, look: Any, start: float
    ) -> None:
        killed = {"terminated": kube.ended(137, "OOMKilled", ended=3000)}
        assert look("KubeContainerOOMKilled", kube.pod(containers=[killed]), at=5).since == start + 5

    def test_another_end_with_the_same_code_is_none(self, kube: Any, look: Any) -> None:
        killed = {"terminated": kube.ended(137, "Error")}
        assert look("KubeContainerOOMKilled", kube.pod(containers=[killed]), at=5) is None


class TestImagePull:
    @pytest.mark.parametrize(
        ("reason", "certain"),
        [
            ("ErrImagePull", False),
            ("ImagePullBackOff", True),
            ("InvalidImageName", True),
            ("ErrImageNeverPull", True),
        ],
    )
    def test_every_reason_of_the_kubelet_is_one(
        self, kube: Any, look: Any, reason: str, certain: bool
    ) -> None:
        pod = kube.pod(phase="Pending", ready=False, containers=[waiting(reason, PULL_MESSAGE)])
        finding = look("KubePodImagePullFailed", pod)
        assert finding.certain is certain
        assert "web:1: not found" in finding.facts

    def test_attempt_and_back_off_are_told_in_the_same_words(self, recorded: Any, look: Any) -> None:
        attempt = look("KubePodImagePullFailed", recorded("Pod", "private", 10))
        back_off = look("KubePodImagePullFailed", recorded("Pod", "private", 20))
        assert attempt.facts == back_off.facts

    def test_a_long_message_is_cut(self, kube: Any, look: Any) -> None:
        pod = kube.pod(phase="Pending", containers=[waiting("ErrImagePull", "no " * 5000)])
        assert len(look("KubePodImagePullFailed", pod).facts) < 500


class TestConfigError:
    @pytest.mark.parametrize(
        "reason", ["CreateContainerConfigError", "CreateContainerError", "RunContainerError"]
    )
    def test_a_container_that_cannot_be_made_is_one(self, kube: Any, look: Any, reason: str) -> None:
        pod = kube.pod(phase="Pending", ready=False, containers=[waiting(reason, 'configmap "x" not found')])
        assert f'{reason}: configmap "x" not found' in look("KubePodConfigError", pod).facts

    def test_a_container_that_is_being_made_is_none(self, kube: Any, look: Any) -> None:
        pod = kube.pod(phase="Pending", ready=False, containers=[waiting("ContainerCreating")])
        assert look("KubePodConfigError", pod) is None


class TestHighRestarts:
    def restarted(self, kube: Any, times: int) -> list[Any]:
        return [
            kube.pod(containers=[{"running": {}, "restarts": count, "last": kube.ended(ended=count)}])
            for count in range(times + 1)
        ]

    def test_many_restarts_within_the_window_are_one(self, kube: Any, look: Any) -> None:
        pods = self.restarted(kube, 5)
        finding = look("KubeContainerHighRestarts", pods[-1], at=10, state=seen(pods))
        assert "restarted 5 times within 3h, 5 times in all" in finding.facts

    def test_fewer_are_none(self, kube: Any, look: Any) -> None:
        pods = self.restarted(kube, 4)
        assert look("KubeContainerHighRestarts", pods[-1], at=10, state=seen(pods)) is None

    def test_restarts_are_forgotten_after_the_window(self, kube: Any, look: Any) -> None:
        pods = self.restarted(kube, 5)
        state = seen(pods)
        assert look("KubeContainerHighRestarts", pods[-1], at=3 * 3600 + 3, state=state) is None

    def test_restarts_with_a_back_off_are_the_crash_loops(self, kube: Any, look: Any) -> None:
        pods = [*self.restarted(kube, 5), kube.crash_looping(restarts=6)]
        assert look("KubeContainerHighRestarts", pods[-1], at=10, state=seen(pods)) is None

    def test_restarts_of_a_pod_never_seen_before_are_not_dated(self, kube: Any, look: Any) -> None:
        pod = self.restarted(kube, 50)[-1]
        assert look("KubeContainerHighRestarts", pod, at=60, state=seen([pod])) is None
