from __future__ import annotations

from typing import Any

import pytest

from farwatch.hub.detect.state import ClusterState
from farwatch.hub.inventory import ObjectChange, Operation


def deployment(kube: Any, *conditions: Any, wanted: int | None = 3, available: int = 1, **more: Any) -> Any:
    spec = {"replicas": wanted, **more.pop("spec", {})}
    status = {
        "observedGeneration": 2,
        "availableReplicas": available,
        "updatedReplicas": available,
        "conditions": conditions,
    }
    return kube.workload("Deployment", spec, status, generation=2, **more)


class TestDeploymentReplicas:
    NAME = "KubeDeploymentReplicasMismatch"

    def unavailable(self, kube: Any, since: float = 0) -> list[Any]:
        return [
            kube.condition("Available", "False", "MinimumReplicasUnavailable", since=since),
            kube.condition("Progressing", "True", "NewReplicaSetAvailable"),
        ]

    def test_missing_replicas_are_one_since_availability_was_lost(
        self, kube: Any, look: Any, start: float
    ) -> None:
        finding = look(self.NAME, deployment(kube, *self.unavailable(kube, since=30)), at=60)
        assert finding.facts == "1 of 3 replicas are available."
        assert finding.since == pytest.approx(start + 30, abs=1)

    def test_fewer_than_wanted_but_enough_count_from_first_sight(self, kube: Any, look: Any) -> None:
        enough = kube.condition("Available", "True", "MinimumReplicasAvailable")
        assert look(self.NAME, deployment(kube, enough, available=2)).since is None

    @pytest.mark.parametrize("reason", ["NewReplicaSetCreated", "ReplicaSetUpdated", "FoundNewReplicaSet"])
    def test_a_rollout_under_way_is_none(self, kube: Any, look: Any, reason: str) -> None:
        rollout = kube.condition("Progressing", "True", reason)
        assert look(self.NAME, deployment(kube, rollout)) is None

    def test_a_rollout_without_a_deadline_is_no_excuse(self, kube: Any, look: Any) -> None:
        rollout = kube.condition("Progressing", "True", "ReplicaSetUpdated")
        endless = deployment(kube, rollout, spec={"progressDeadlineSeconds": 2147483647})
        assert look(self.NAME, endless) is not None

    @pytest.mark.parametrize(
        "more",
        [
            {"available": 3},
            {"wanted": 0, "available": 0},
            {"wanted": None, "available": 1},
            {"spec": {"paused": True}},
            {"deletionTimestamp": "2026-11-20T21:15:00Z"},
        ],
        ids=["complete", "scaled to zero", "one by default", "paused", "being deleted"],
    )
    def test_what_is_as_it_should_be_is_none(self, kube: Any, look: Any, more: dict[str, Any]) -> None:
        assert look(self.NAME, deployment(kube, *self.unavailable(kube), **more)) is None

    def test_a_status_older_than_the_spec_is_none(self, kube: Any, look: Any) -> None:
        scaled_up = kube.workload(
            "Deployment", {"replicas": 9}, {"observedGeneration": 1, "availableReplicas": 3}, generation=2
        )
        assert look(self.NAME, scaled_up) is None


class TestDeploymentRollout:
    NAME = "KubeDeploymentRolloutStuck"

    def test_a_missed_deadline_is_one_in_the_controllers_words(self, kube: Any, look: Any) -> None:
        stuck = kube.condition(
            "Progressing",
            "False",
            "ProgressDeadlineExceeded",
            'ReplicaSet "web-1" has timed out progressing.',
        )
        finding = look(self.NAME, deployment(kube, stuck), at=60)
        assert 'ReplicaSet "web-1" has timed out progressing' in finding.facts
        assert finding.grace == 0

    def test_pods_that_cannot_be_made_are_one_a_little_later(self, kube: Any, look: Any) -> None:
        progress = kube.condition("Progressing", "True", "ReplicaSetUpdated")
        failure = kube.condition(
            "ReplicaFailure", "True", "FailedCreate", 'pods "web-" is forbidden: exceeded quota'
        )
        finding = look(self.NAME, deployment(kube, progress, failure), at=60)
        assert 'FailedCreate: pods "web-" is forbidden: exceeded quota' in finding.facts
        assert finding.grace == 60

    @pytest.mark.parametrize(
        "more", [{"spec": {"paused": True}}, {"wanted": 0}, {"deletionTimestamp": "2026-11-20T21:15:00Z"}]
    )
    def test_a_rollout_that_nobody_waits_for_is_none(
        self, kube: Any, look: Any, more: dict[str, Any]
    ) -> None:
        stuck = kube.condition("Progressing", "False", "ProgressDeadlineExceeded")
        assert look(self.NAME, deployment(kube, stuck, **more)) is None

    def test_a_paused_rollouts_condition_is_none(self, kube: Any, look: Any) -> None:
        paused = kube.condition("Progressing", "Unknown", "DeploymentPaused")
        assert look(self.NAME, deployment(kube, paused)) is None

    def test_recorded_rollouts_that_went_well_are_none(self, recorded: Any, look: Any) -> None:
        for second in (52.1, 52.6, 53.7, 88.0, 188.5, 217.1):
            assert look(self.NAME, recorded("Deployment", "web", second), at=second) is None


class TestStatefulSetReplicas:
    NAME = "KubeStatefulSetReplicasMismatch"

    def stateful_set(self, kube: Any, ready: int, updated: int = 2, **more: Any) -> Any:
        status = {"observedGeneration": 1, "replicas": 2, "readyReplicas": ready, "updatedReplicas": updated}
        return kube.workload("StatefulSet", {"replicas": 2}, status | more, name="db", generation=1)

    def test_replicas_that_are_not_ready_are_one(self, kube: Any, look: Any) -> None:
        assert look(self.NAME, self.stateful_set(kube, 1)).facts == "1 of 2 replicas are ready."

    def test_each_step_of_a_rollout_is_progress(self, kube: Any, look: Any) -> None:
        steps = {look(self.NAME, self.stateful_set(kube, 1, updated)).progress for updated in (0, 1, 2)}
        assert len(steps) == 3

    def test_a_rollout_names_its_revision(self, kube: Any, look: Any) -> None:
        rolling = self.stateful_set(kube, 1, 1, currentRevision="db-1", updateRevision="db-2")
        assert "1 are of the new revision db-2" in look(self.NAME, rolling).facts

    def test_a_complete_one_is_none(self, kube: Any, look: Any) -> None:
        assert look(self.NAME, self.stateful_set(kube, 2)) is None


class TestDaemonSetRollout:
    NAME = "KubeDaemonSetRolloutStuck"

    def daemon_set(self, kube: Any, available: int, updated: int = 3, **spec: Any) -> Any:
        status = {
            "observedGeneration": 1,
            "desiredNumberScheduled": 3,
            "currentNumberScheduled": 3,
            "numberAvailable": available,
            "updatedNumberScheduled": updated,
        }
        return kube.workload("DaemonSet", spec, status, name="logger", generation=1)

    def test_pods_that_are_unavailable_or_old_are_one(self, kube: Any, look: Any) -> None:
        assert look(self.NAME, self.daemon_set(kube, 2)) is not None
        assert look(self.NAME, self.daemon_set(kube, 3, updated=1)) is not None

    def test_old_pods_are_none_where_people_replace_them(self, kube: Any, look: Any) -> None:
        by_hand = self.daemon_set(kube, 3, updated=1, updateStrategy={"type": "OnDelete"})
        assert look(self.NAME, by_hand) is None

    def test_a_pod_missing_on_a_lost_node_is_the_nodes_affair(self, kube: Any, look: Any) -> None:
        state = ClusterState()
        lost = kube.node(ready="Unknown")
        change = ObjectChange(
            cluster="prod", kind="Node", operation=Operation.CREATED, time=0, before=None, after=lost
        )
        state.apply(change, 0)
        assert look(self.NAME, self.daemon_set(kube, 2), state=state) is None
        assert look(self.NAME, self.daemon_set(kube, 1), state=state) is not None

    def test_the_recorded_one_is_none_all_along(self, recorded: Any, look: Any) -> None:
        for second in (60, 150, 200):
            assert look(self.NAME, recorded("DaemonSet", "logger", second), at=second) is None
