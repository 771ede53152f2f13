from __future__ import annotations

from dataclasses import replace
from typing import Any

import msgspec
import pytest

from farwatch.hub.detect import DETECTORS, Engine
from farwatch.hub.detect.cases import Case, Phase
from farwatch.hub.detect.registry import DETECTORS_BY_KIND
from farwatch.hub.fleet import FleetChangeKind
from farwatch.hub.inventory import ObjectChange, Operation

CRASHING = "KubePodCrashLooping Deployment/web"
UNREADY = "KubePodNotReady Deployment/web"


def unscheduled(kube: Any, name: str = "web-6d4f-x2", **more: Any) -> Any:
    condition = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable"}
    return kube.pod(name, node="", phase="Pending", containers=[], conditions=[condition], **more)


def pulling(kube: Any, reason: str, name: str = "web-6d4f-x2") -> Any:
    state = {"waiting": {"reason": reason, "message": "web:1: not found"}}
    return kube.pod(name, phase="Pending", ready=False, containers=[state])


class TestHold:
    def test_a_crash_loop_is_told_at_once(self, bench: Any, kube: Any) -> None:
        bench.apply(kube.pod())
        (alert,) = bench.apply(kube.crash_looping())
        assert alert.labels == {
            "alertname": "KubePodCrashLooping",
            "severity": "warning",
            "cluster": "prod",
            "namespace": "shop",
            "workload_kind": "Deployment",
            "workload": "web",
            "container": "app",
        }
        assert alert.starts_at.timestamp() == bench.now
        assert alert.ends_at is None

    def test_trouble_shorter_than_its_hold_is_not_told(self, bench: Any, kube: Any) -> None:
        bench.apply(kube.pod())
        bench.apply(kube.pod(ready=False))
        bench.wait(299)
        assert bench.apply(kube.pod()) == []
        bench.wait(3600)
        assert bench.said == []

    def test_trouble_is_told_when_its_hold_is_over_without_any_change(self, bench: Any, kube: Any) -> None:
        bench.apply(kube.pod())
        bench.apply(kube.pod(ready=False))
        due = bench.now + 300
        assert bench.engine.next_due() == due
        bench.wait(1000)
        assert [(at, alert.ends_at) for at, alert in bench.said] == [(due, None)]

    def test_trouble_that_comes_and_goes_starts_its_hold_anew(self, bench: Any, kube: Any) -> None:
        bench.apply(kube.pod())
        for _ in range(5):
            bench.apply(kube.pod(ready=False))
            bench.wait(200)
            bench.apply(kube.pod())
            bench.wait(1)
        assert bench.said == []

    def test_what_was_bad_for_long_before_it_was_seen_is_told_at_once(
        self, bench: Any, kube: Any, start: float
    ) -> None:
        bench.now = start + 3600
        (alert,) = bench.apply(kube.pod(ready=False, since=10))
        assert alert.starts_at.timestamp() == pytest.approx(start + 10, abs=1)

    def test_what_turned_bad_in_a_gap_is_told_at_once(self, bench: Any, kube: Any, start: float) -> None:
        bench.apply(kube.pod())
        bench.now = start + 3600
        assert len(bench.apply(kube.pod(ready=False, since=10), after_gap=True)) == 1

    def test_what_is_seen_to_turn_bad_begins_now_whatever_the_clusters_clock_says(
        self, bench: Any, kube: Any, start: float
    ) -> None:
        bench.now = start + 3600
        bench.apply(kube.pod())
        assert bench.apply(kube.pod(ready=False, since=10)) == []
        bench.wait(299)
        assert bench.said == []
        bench.wait(1)
        assert bench.firing() == {UNREADY}

    def test_a_clock_ahead_of_ours_does_not_delay(self, bench: Any, kube: Any) -> None:
        bench.apply(unscheduled(kube, since=5000))
        bench.wait(60)
        assert bench.firing() == {"KubePodUnschedulable Deployment/web"}

    def test_a_failed_pull_is_held_until_the_kubelet_backs_off(self, bench: Any, kube: Any) -> None:
        assert bench.apply(pulling(kube, "ErrImagePull")) == []
        bench.wait(10)
        assert len(bench.apply(pulling(kube, "ImagePullBackOff"))) == 1

    def test_a_hold_that_somebody_set_is_kept_even_without_doubt(self, make_bench: Any, kube: Any) -> None:
        bench = make_bench({"detectors": {"KubePodImagePullFailed": {"hold": 60}}})
        assert bench.apply(pulling(kube, "ImagePullBackOff")) == []
        bench.wait(60)
        assert bench.firing() == {"KubePodImagePullFailed Deployment/web"}

    def test_what_is_gone_again_within_one_batch_is_told_all_the_same(self, bench: Any, kube: Any) -> None:
        bench.apply(kube.pod())
        running = kube.pod(containers=[{"running": {}, "restarts": 5}])
        bench.apply(kube.crash_looping(), running)
        assert bench.firing() == {CRASHING}

    def test_a_crash_looping_job_is_told_when_it_goes_on_through_its_short_runs(
        self, bench: Any, kube: Any
    ) -> None:
        for restarts in range(2, 14):
            bench.apply(kube.crash_looping(owner="Job/migrate", restarts=restarts))
            bench.wait(25)
            bench.apply(kube.pod(owner="Job/migrate", containers=[{"running": {}, "restarts": restarts + 1}]))
            bench.wait(5)
        assert bench.firing() == {"KubePodCrashLooping Job/migrate"}
        assert bench.said[0][0] - bench.said[0][1].starts_at.timestamp() >= 300


class TestCalm:
    def test_short_runs_between_crashes_are_one_alert(self, bench: Any, kube: Any) -> None:
        for restarts in range(2, 40):
            bench.apply(kube.crash_looping(restarts=restarts))
            bench.wait(40)
            bench.apply(kube.pod(containers=[{"running": {}, "restarts": restarts + 1}]))
            bench.wait(60)
        assert {alert.fingerprint for _, alert in bench.said} == {bench.said[0][1].fingerprint}
        assert all(alert.ends_at is None for _, alert in bench.said)

    def test_a_mended_workload_is_told_soon(self, bench: Any, kube: Any) -> None:
        bench.apply(kube.crash_looping())
        bench.apply(kube.pod(containers=[{"running": {}, "restarts": 5}]))
        mended_at = bench.now
        assert [at for at, alert in [(bench.now, one) for one in bench.wait(119)] if alert.ends_at] == []
        (alert,) = bench.wait(1)
        assert alert.ends_at is not None
        assert alert.ends_at.timestamp() == mended_at + 120

    def test_long_runs_between_crashes_are_one_alert_as_well(self, bench: Any, kube: Any) -> None:
        for restarts in range(2, 8):
            ended = kube.ended(began=0, ended=200)
            state = {"waiting": {"reason": "CrashLoopBackOff"}, "restarts": restarts, "last": ended}
            bench.apply(kube.pod(ready=False, containers=[state]))
            bench.wait(300)
            bench.apply(kube.pod(containers=[{"running": {}, "restarts": restarts + 1}]))
            bench.wait(200)
        assert len({alert.starts_at for _, alert in bench.said}) == 1
        assert bench.firing() == {CRASHING}

    def test_what_comes_back_after_the_calm_is_a_new_alert(self, bench: Any, kube: Any) -> None:
        bench.apply(kube.crash_looping())
        bench.apply(kube.pod())
        bench.wait(500)
        bench.apply(kube.crash_looping(restarts=9))
        began = [alert.starts_at for _, alert in bench.said if alert.ends_at is None]
        assert len(began) == 2
        assert began[0] < began[1]

    def test_a_workloads_pod_that_is_deleted_leaves_the_alert_calm_for_its_time(
        self, bench: Any, kube: Any
    ) -> None:
        bench.apply(kube.crash_looping())
        bench.delete(kube.crash_looping())
        bench.wait(119)
        assert bench.firing() == {CRASHING}
        bench.wait(1)
        assert bench.firing() == set()

    def test_what_an_alert_is_about_need_not_be_watched_long_once_it_is_gone(
        self, bench: Any, kube: Any
    ) -> None:
        bare = kube.crash_looping("once", owner="")
        bench.apply(bare)
        bench.delete(bare)
        bench.wait(30)
        assert bench.firing() == set()

    def test_nothing_is_held_or_waited_for_in_the_end(self, bench: Any, kube: Any) -> None:
        bench.apply(kube.crash_looping(), kube.node(ready="Unknown"), unscheduled(kube, "web-6d4f-y"))
        bench.delete(*bench.objects.values())
        bench.wait(3600)
        assert bench.engine.next_due() is None
        assert not bench.engine._cases
        assert not bench.engine._held

    def test_what_was_recent_ends_by_itself(self, bench: Any, kube: Any) -> None:
        killed = {"running": {}, "restarts": 1, "last": kube.ended(137, "OOMKilled", ended=0)}
        bench.apply(kube.pod(containers=[killed]))
        assert bench.firing() == {"KubeContainerOOMKilled Deployment/web"}
        bench.wait(700)
        assert bench.firing() == set()


class TestOneAlertForAWorkload:
    def test_a_hundred_crashing_pods_are_one_alert_that_counts_them(self, bench: Any, kube: Any) -> None:
        for number in range(100):
            bench.apply(kube.crash_looping(f"web-6d4f-{number:02}"))
            bench.wait(0.1)
        bench.wait(60)
        assert bench.firing() == {CRASHING}
        assert len(bench.said) == 2
        assert (
            bench.said[-1][1]
            .annotations["description"]
            .startswith(
                "100 pods: web-6d4f-00, web-6d4f-01, web-6d4f-02, web-6d4f-03, web-6d4f-04 and 95 more."
            )
        )

    def test_updates_are_bounded_and_the_last_word_is_told(self, bench: Any, kube: Any) -> None:
        for restarts in range(2, 62):
            bench.apply(kube.crash_looping(restarts=restarts))
            bench.wait(1)
        bench.wait(60)
        assert len(bench.said) <= 4
        assert "restarted 61 times" in bench.said[-1][1].annotations["description"]

    def test_labels_never_change_while_the_alert_lives(self, bench: Any, kube: Any) -> None:
        sidecar = {"waiting": {"reason": "CrashLoopBackOff"}, "restarts": 3, "name": "sidecar"}
        bench.apply(kube.crash_looping("web-6d4f-a"))
        bench.apply(kube.pod("web-6d4f-b", ready=False, containers=[sidecar]))
        bench.wait(60)
        assert [alert.labels.get("container") for _, alert in bench.said] == ["app", "app"]

    def test_several_containers_at_once_leave_the_container_out(self, bench: Any, kube: Any) -> None:
        sidecar = {"waiting": {"reason": "CrashLoopBackOff"}, "restarts": 3, "name": "sidecar"}
        bench.apply(
            kube.crash_looping("web-6d4f-a"), kube.pod("web-6d4f-b", ready=False, containers=[sidecar])
        )
        assert "container" not in bench.said[0][1].labels

    def test_two_clusters_are_two_alerts(self, bench: Any, kube: Any) -> None:
        pod = kube.crash_looping()
        for cluster in ("prod", "test"):
            change = bench.change(pod)
            bench.apply_change(msgspec.structs.replace(change, cluster=cluster))
        assert [alert.labels["cluster"] for _, alert in bench.said] == ["prod", "test"]

    def test_a_workload_that_is_known_better_later_takes_the_alert_over(self, bench: Any, kube: Any) -> None:
        bench.apply(kube.crash_looping())
        bench.apply(kube.workload("ReplicaSet", {}, {}, name="web-6d4f", owner="Rollout/canary"))
        bench.apply(kube.crash_looping(restarts=5))
        bench.wait(200)
        assert bench.firing() == {"KubePodCrashLooping Rollout/canary"}


class TestSettings:
    def test_a_detector_that_is_off_says_nothing(self, make_bench: Any, kube: Any) -> None:
        bench = make_bench({"detectors": {"KubePodCrashLooping": {"enabled": False}}})
        bench.apply(kube.crash_looping())
        assert bench.said == []

    def test_namespaces_that_are_left_out_say_nothing(self, make_bench: Any, kube: Any) -> None:
        bench = make_bench({"system_namespaces": False, "exclude_namespaces": ["dev-*"]})
        for namespace in ("kube-system", "dev-1", "shop"):
            bench.apply(kube.crash_looping(meta={"namespace": namespace}))
        assert [alert.labels["namespace"] for _, alert in bench.said] == ["shop"]

    def test_an_override_by_label_sets_the_severity(self, make_bench: Any, kube: Any) -> None:
        override = {"selector": "pod-template-hash=6d4f", "set": {"severity": "critical"}}
        bench = make_bench({"overrides": [override]})
        bench.apply(kube.crash_looping(), kube.node(ready="Unknown"))
        bench.wait(60)
        severities = {alert.labels["alertname"]: alert.labels["severity"] for _, alert in bench.said}
        assert severities == {"KubePodCrashLooping": "critical", "KubeNodeUnreachable": "warning"}


class TestLostNodes:
    def test_pods_on_a_lost_node_stay_as_they_were(self, bench: Any, kube: Any) -> None:
        bench.apply(kube.node(), kube.crash_looping(), kube.pod("web-6d4f-b"))
        bench.apply(kube.node(ready="Unknown"))
        bench.apply(kube.pod(containers=[{"running": {}}]), kube.pod("web-6d4f-b", ready=False))
        bench.wait(3600)
        assert bench.firing() == {CRASHING, "KubeNodeUnreachable Node/node-1"}

    def test_pods_are_judged_again_when_their_node_is_back(self, bench: Any, kube: Any) -> None:
        deleted = {"deletionTimestamp": kube.at(30), "deletionGracePeriodSeconds": 30}
        bench.apply(kube.node(), kube.pod())
        bench.apply(kube.node(ready="Unknown"))
        bench.apply(kube.pod(meta=deleted))
        bench.wait(3600)
        assert bench.firing() == {"KubeNodeUnreachable Node/node-1"}
        bench.apply(kube.node())
        assert "KubePodStuckTerminating Deployment/web" in bench.firing()

    def test_a_node_that_comes_and_goes_is_one_alert(self, bench: Any, kube: Any) -> None:
        for ready in ("True", "Unknown") * 5:
            bench.apply(kube.node(ready=ready))
            bench.wait(50)
        flapping = [alert for _, alert in bench.said if alert.labels["alertname"] == "KubeNodeFlapping"]
        assert len({alert.starts_at for alert in flapping}) == 1
        bench.apply(kube.node())
        bench.wait(3600)
        assert bench.firing() == set()


class TestHistory:
    def test_slow_restarts_are_told_by_their_number(self, bench: Any, kube: Any) -> None:
        for restarts in range(7):
            last = kube.ended(began=restarts * 900, ended=restarts * 900)
            bench.apply(kube.pod(containers=[{"running": {}, "restarts": restarts, "last": last}]))
            bench.wait(900)
        assert bench.firing() == {"KubeContainerHighRestarts Deployment/web"}
        bench.wait(4 * 3600)
        assert bench.firing() == set()

    def test_a_cron_job_that_fails_and_then_succeeds(self, bench: Any, kube: Any) -> None:
        def run(name: str, kind: str) -> Any:
            condition = kube.condition(kind, "True", "BackoffLimitExceeded", since=bench.now - bench_start)
            return kube.workload("Job", {}, {"conditions": [condition]}, name=name, owner="CronJob/tick")

        bench_start = bench.now
        bench.apply(kube.workload("CronJob", {"schedule": "* * * * *"}, {}, name="tick"))
        bench.apply(run("tick-1", "Failed"))
        assert bench.firing() == {"KubeCronJobFailing CronJob/tick"}
        bench.wait(60)
        bench.apply(run("tick-2", "Complete"))
        bench.wait(300)
        assert bench.firing() == set()

    def test_an_event_that_explains_is_told_with_the_next_update(self, bench: Any, kube: Any) -> None:
        state = {"waiting": {"reason": "ContainerCreating"}}
        pod = kube.pod(phase="Pending", ready=False, containers=[state])
        bench.apply(pod)
        bench.wait(130)
        bench.apply(kube.event(pod, "FailedMount", "no such volume"))
        bench.wait(60)
        assert "FailedMount: no such volume" in bench.said[-1][1].annotations["description"]

    def test_a_claim_that_turns_out_to_wait_for_its_pod_is_none(self, bench: Any, kube: Any) -> None:
        claim = kube.workload("PersistentVolumeClaim", {}, {"phase": "Pending"}, name="data")
        bench.apply(claim)
        bench.apply(kube.event(claim, "WaitForFirstConsumer", "waiting for first consumer", "Normal"))
        bench.wait(3600)
        assert bench.said == []


class TestClusterOutOfSight:
    def test_a_lost_agent_is_told_soon_and_its_return_resolves_it(self, bench: Any) -> None:
        bench.tell(FleetChangeKind.AGENT_LOST, detail="3 heartbeats missed")
        bench.wait(15)
        assert bench.firing() == {"FarwatchAgentLost Cluster/prod"}
        assert "3 heartbeats missed" in bench.said[0][1].annotations["description"]
        assert bench.said[0][1].labels["severity"] == "critical"
        bench.tell(FleetChangeKind.AGENT_FOUND)
        bench.wait(60)
        assert bench.firing() == set()

    def test_a_short_loss_is_not_told(self, bench: Any) -> None:
        bench.tell(FleetChangeKind.AGENT_LOST)
        bench.wait(10)
        bench.tell(FleetChangeKind.AGENT_FOUND)
        bench.wait(3600)
        assert bench.said == []

    @pytest.mark.parametrize("kind", [FleetChangeKind.AGENT_LOST, FleetChangeKind.API_DOWN])
    def test_silence_neither_raises_nor_resolves(self, bench: Any, kube: Any, kind: FleetChangeKind) -> None:
        bench.apply(kube.crash_looping())
        bench.apply(kube.pod(), unscheduled(kube, "other-6d4f-a", owner="ReplicaSet/other-6d4f"))
        bench.tell(kind)
        bench.wait(3600)
        assert {alert.labels["alertname"] for _, alert in bench.said[1:]} <= {
            "FarwatchAgentLost",
            "FarwatchClusterApiDown",
        }
        assert CRASHING in bench.firing()

    def test_after_the_return_alerts_are_judged_by_what_is_there_then(self, bench: Any, kube: Any) -> None:
        bench.apply(kube.crash_looping(), unscheduled(kube, "gone-6d4f-a", owner="ReplicaSet/gone-6d4f"))
        bench.tell(FleetChangeKind.AGENT_LOST)
        bench.wait(3600)
        bench.tell(FleetChangeKind.AGENT_FOUND)
        bench.delete(unscheduled(kube, "gone-6d4f-a"), kube.crash_looping())
        bench.apply(kube.pod("late-6d4f-a", owner="ReplicaSet/late-6d4f", ready=False), after_gap=True)
        bench.engine.cluster_synced("prod")
        bench.advance()
        assert bench.firing() == {
            CRASHING,
            "KubePodNotReady Deployment/late",
            "FarwatchAgentLost Cluster/prod",
        }
        bench.wait(120)
        assert bench.firing() == {"KubePodNotReady Deployment/late"}

    def test_what_came_and_went_while_out_of_sight_is_not_told(self, bench: Any, kube: Any) -> None:
        bench.apply(kube.pod())
        bench.tell(FleetChangeKind.AGENT_LOST)
        bench.apply(kube.crash_looping(), after_gap=True)
        bench.apply(kube.pod(containers=[{"running": {}, "restarts": 5}]), after_gap=True)
        bench.engine.cluster_synced("prod")
        bench.wait(3600)
        assert {alert.labels["alertname"] for _, alert in bench.said} == {"FarwatchAgentLost"}

    def test_without_word_of_a_whole_state_judging_goes_on_after_a_while(self, bench: Any, kube: Any) -> None:
        bench.apply(kube.crash_looping())
        bench.tell(FleetChangeKind.API_DOWN)
        bench.tell(FleetChangeKind.API_UP)
        bench.delete(kube.crash_looping())
        bench.wait(29)
        assert bench.firing() == {CRASHING}
        bench.wait(1 + 120)
        assert bench.firing() == set()

    def test_a_second_silence_goes_on_when_the_first_ends(self, bench: Any, kube: Any) -> None:
        bench.apply(kube.crash_looping())
        bench.tell(FleetChangeKind.API_DOWN)
        bench.tell(FleetChangeKind.AGENT_LOST)
        bench.tell(FleetChangeKind.AGENT_FOUND)
        bench.engine.cluster_synced("prod")
        bench.delete(kube.crash_looping())
        bench.wait(3600)
        assert CRASHING in bench.firing()

    def test_word_of_a_whole_state_while_all_is_well_changes_nothing(self, bench: Any, kube: Any) -> None:
        bench.apply(kube.crash_looping())
        bench.apply(kube.pod())
        for _ in range(12):
            bench.wait(10)
            bench.engine.cluster_synced("prod")
        bench.advance()
        assert bench.firing() == set()

    def test_denied_kinds_are_one_alert_until_all_are_allowed(self, bench: Any) -> None:
        for kind in ("Pod", "Node"):
            bench.tell(FleetChangeKind.WATCH_DENIED, kind, "forbidden")
        bench.wait(30)
        assert bench.firing() == {"FarwatchWatchDenied Cluster/prod"}
        assert "Node, Pod" in bench.said[0][1].annotations["description"]
        bench.tell(FleetChangeKind.WATCH_RESTORED, "Node")
        bench.wait(120)
        assert bench.firing() == {"FarwatchWatchDenied Cluster/prod"}
        bench.tell(FleetChangeKind.WATCH_RESTORED, "Pod")
        bench.wait(60)
        assert bench.firing() == set()

    def test_a_cluster_that_is_removed_takes_its_alerts_along(self, bench: Any, kube: Any) -> None:
        bench.apply(kube.crash_looping(), unscheduled(kube, "other-6d4f-a"))
        bench.tell(FleetChangeKind.AGENT_LOST)
        bench.wait(60)
        bench.tell(FleetChangeKind.CLUSTER_REMOVED)
        assert bench.firing() == set()
        assert bench.engine.next_due() is None
        assert not bench.engine._clusters


class TestNewCluster:
    def test_nothing_is_told_before_its_first_state_is_whole(self, bench: Any, kube: Any) -> None:
        bench.tell(FleetChangeKind.AGENT_FOUND)
        assert bench.apply(kube.crash_looping(), after_gap=True) == []
        bench.tell(FleetChangeKind.CLUSTER_SYNCED)
        assert bench.firing() == {CRASHING}

    def test_without_word_of_a_whole_state_it_is_judged_after_a_while(self, bench: Any, kube: Any) -> None:
        bench.tell(FleetChangeKind.AGENT_FOUND)
        bench.apply(kube.crash_looping(), after_gap=True)
        bench.wait(29)
        assert bench.said == []
        bench.wait(1)
        assert bench.firing() == {CRASHING}

    @pytest.mark.parametrize(
        ("lost", "found"),
        [
            (FleetChangeKind.AGENT_LOST, FleetChangeKind.AGENT_FOUND),
            (FleetChangeKind.API_DOWN, FleetChangeKind.API_UP),
        ],
    )
    def test_a_loss_before_that_is_waited_out_as_any_other(
        self, bench: Any, kube: Any, lost: FleetChangeKind, found: FleetChangeKind
    ) -> None:
        bench.tell(FleetChangeKind.AGENT_FOUND)
        bench.apply(kube.crash_looping(), after_gap=True)
        bench.tell(lost)
        bench.wait(600)
        assert CRASHING not in bench.firing()
        bench.tell(found)
        bench.wait(30)
        assert CRASHING in bench.firing()

    def test_a_failed_job_that_comes_before_its_cron_job_is_told_of_by_the_cron_job_alone(
        self, bench: Any, kube: Any
    ) -> None:
        failed = kube.condition("Failed", "True", "BackoffLimitExceeded", since=-60)
        job = kube.workload(
            "Job", {}, {"conditions": [failed]}, name="backup-29000000", owner="CronJob/backup"
        )
        cron_job = kube.workload("CronJob", {"schedule": "@hourly"}, {}, name="backup")
        bench.tell(FleetChangeKind.AGENT_FOUND)
        bench.apply(job, after_gap=True)
        bench.apply(cron_job, after_gap=True)
        bench.tell(FleetChangeKind.CLUSTER_SYNCED)
        bench.wait(60)
        assert [alert.labels["alertname"] for _, alert in bench.said] == ["KubeCronJobFailing"]


class TestFaults:
    """An object that a detector cannot take, and a case that cannot be decided."""

    @pytest.fixture(autouse=True)
    def fault(self, monkeypatch: pytest.MonkeyPatch) -> None:
        detector = DETECTORS["KubePodNotReady"]

        def check(pod: Any, view: Any) -> Any:
            if pod.metadata.name == "odd":
                raise ZeroDivisionError
            return detector.check(pod, view)

        broken = replace(detector, check=check)
        others = tuple(one for one in DETECTORS_BY_KIND["Pod"] if one is not detector)
        monkeypatch.setitem(DETECTORS_BY_KIND, "Pod", (broken, *others))

    def test_an_object_that_cannot_be_judged_costs_the_others_nothing(
        self, make_bench: Any, kube: Any
    ) -> None:
        bench = make_bench()
        bench.apply(kube.pod("odd"), kube.crash_looping())
        assert bench.firing() == {CRASHING}
        assert bench.engine.counters.failures == 1

    def test_a_case_that_cannot_be_decided_costs_the_others_nothing_and_is_tried_again(
        self, make_bench: Any, kube: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        bench = make_bench()
        settle = Case.settle

        def fail(case: Case, now: float) -> Any:
            if case.subject.name == "api":
                raise ZeroDivisionError
            return settle(case, now)

        with monkeypatch.context() as broken:
            broken.setattr(Case, "settle", fail)
            bench.apply(kube.crash_looping("api-1", owner="StatefulSet/api"), kube.crash_looping())
            assert bench.firing() == {CRASHING}
        bench.wait(60)
        assert bench.firing() == {CRASHING, "KubePodCrashLooping StatefulSet/api"}


def test_cases_and_work_are_counted(bench: Any, kube: Any) -> None:
    bench.apply(kube.crash_looping(), unscheduled(kube, "web-6d4f-y"))
    assert bench.engine.count_cases() == {
        ("KubePodCrashLooping", Phase.FIRING): 1,
        ("KubePodUnschedulable", Phase.HELD): 1,
    }
    assert bench.engine.counters.changes == 2
    ticks = iter(range(100))
    engine = Engine(clock=lambda: bench.now, stopwatch=lambda: float(next(ticks)))
    engine.observe([])
    engine.advance(bench.now)
    assert engine.counters.seconds == {"observe": 1.0, "advance": 1.0}


class TestRestartOfTheHub:
    def restart(self, bench: Any, make_bench: Any) -> Any:
        after = make_bench(now=bench.now)
        after.engine.restore([alert for alert in bench.newest().values() if alert.ends_at is None])
        after.objects = dict(bench.objects)
        return after

    def load(self, bench: Any, *found: Any) -> None:
        for one in found:
            bench.engine.load("prod", type(one).__name__, [one])

    def test_an_alert_goes_on_as_the_same_one(self, bench: Any, make_bench: Any, kube: Any) -> None:
        bench.apply(kube.crash_looping())
        bench.wait(500)
        after = self.restart(bench, make_bench)
        self.load(after, kube.crash_looping())
        after.engine.cluster_synced("prod")
        after.wait(1000)
        (told,) = {alert.starts_at for _, alert in after.said} | {bench.said[0][1].starts_at}
        assert told == bench.said[0][1].starts_at
        assert all(alert.labels == bench.said[0][1].labels for _, alert in after.said)
        after.apply(kube.pod())
        (alert,) = after.wait(120)
        assert alert.starts_at == told
        assert alert.ends_at is not None

    def test_it_is_the_same_alert_as_well_if_the_objects_are_loaded_first(
        self, bench: Any, make_bench: Any, kube: Any
    ) -> None:
        bench.apply(kube.crash_looping())
        first = bench.said[0][1]
        after = make_bench(now=bench.now + 60)
        self.load(after, kube.crash_looping(restarts=9))
        after.engine.restore([first])
        after.tell(FleetChangeKind.CLUSTER_SYNCED)
        after.wait(60)
        (alert,) = [alert for _, alert in after.said]
        assert (alert.labels, alert.starts_at, alert.ends_at) == (first.labels, first.starts_at, None)
        assert "restarted 9 times" in alert.annotations["description"]

    def test_an_alert_that_nothing_holds_is_resolved_once_the_state_is_whole(
        self, bench: Any, make_bench: Any, kube: Any
    ) -> None:
        bench.apply(kube.crash_looping())
        after = self.restart(bench, make_bench)
        assert after.wait(3600) == []
        after.engine.cluster_synced("prod")
        (alert,) = after.wait(120)
        assert alert.labels == bench.said[0][1].labels
        assert alert.ends_at is not None

    def test_an_alert_that_rests_on_history_waits_until_that_is_gathered_anew(
        self, bench: Any, make_bench: Any, kube: Any
    ) -> None:
        for ready in ("True", "Unknown") * 3:
            bench.apply(kube.node(ready=ready))
        after = self.restart(bench, make_bench)
        self.load(after, kube.node())
        after.engine.cluster_synced("prod")
        after.wait(899)
        assert not [alert for _, alert in after.said if alert.labels["alertname"] == "KubeNodeFlapping"]
        after.wait(1)
        assert [alert for _, alert in after.said if alert.labels["alertname"] == "KubeNodeFlapping"]

    def test_stored_objects_raise_nothing_before_the_state_is_whole(self, make_bench: Any, kube: Any) -> None:
        bench = make_bench()
        self.load(bench, kube.crash_looping())
        bench.wait(3600)
        assert bench.said == []
        bench.engine.cluster_synced("prod")
        bench.advance()
        assert bench.firing() == {CRASHING}

    def test_an_agent_that_is_back_is_believed_after_a_while(
        self, bench: Any, make_bench: Any, kube: Any
    ) -> None:
        bench.apply(kube.crash_looping())
        after = self.restart(bench, make_bench)
        after.tell(FleetChangeKind.AGENT_FOUND)
        after.wait(300 + 119)
        assert after.said == []
        after.wait(1)
        assert len(after.said) == 1

    def test_a_second_alert_of_one_subject_is_resolved(self, bench: Any, make_bench: Any, kube: Any) -> None:
        bench.apply(kube.crash_looping())
        first = bench.said[0][1]
        second = msgspec.structs.replace(first, labels=first.labels | {"container": "other"})
        after = make_bench(now=bench.now)
        after.engine.restore([first, second])
        (alert,) = after.advance()
        assert (alert.labels["container"], alert.ends_at is None) == ("other", False)

    def test_alerts_of_others_and_resolved_ones_are_left_alone(
        self, bench: Any, make_bench: Any, kube: Any
    ) -> None:
        bench.apply(kube.crash_looping())
        first = bench.said[0][1]
        foreign = msgspec.structs.replace(first, labels={"alertname": "Watchdog"})
        ended = msgspec.structs.replace(first, ends_at=first.starts_at)
        after = make_bench(now=bench.now)
        after.engine.restore([foreign, ended])
        after.engine.cluster_synced("prod")
        assert after.wait(3600) == []


def test_kinds_without_detectors_and_their_deletions_cost_nothing_and_say_nothing(
    bench: Any, kube: Any
) -> None:
    service = kube.workload("Service", {}, {})
    bench.apply(service)
    bench.delete(service)
    change = ObjectChange(
        cluster="prod",
        kind="Pod",
        operation=Operation.DELETED,
        time=0,
        before=kube.pod("never-seen"),
        after=None,
    )
    assert bench.apply_change(change) == []


def test_the_memory_is_swept(bench: Any, kube: Any) -> None:
    pod = kube.pod()
    bench.apply(pod, kube.event(pod, "FailedMount", "no such volume"))
    bench.now += 2 * 3600
    bench.advance()
    assert bench.engine._clusters["prod"].note("Pod", pod) is None
