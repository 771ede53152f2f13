from __future__ import annotations

from typing import Any

import pytest

from farwatch.hub.detect.state import ClusterState
from farwatch.hub.inventory import ObjectChange, Operation


def noted(about: Any, event: Any) -> ClusterState:
    state = ClusterState()
    for one in (about, event):
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


class TestHpa:
    NAME = "KubeHpaMaxedOut"

    def hpa(self, kube: Any, *conditions: Any, least: int = 1, current: int = 5, desired: int = 5) -> Any:
        spec = {
            "minReplicas": least,
            "maxReplicas": 5,
            "scaleTargetRef": {"kind": "Deployment", "name": "web"},
        }
        status = {"currentReplicas": current, "desiredReplicas": desired, "conditions": conditions}
        return kube.workload("HorizontalPodAutoscaler", spec, status)

    def limited(self, kube: Any) -> Any:
        words = "the desired replica count is more than the maximum replica count"
        return kube.condition("ScalingLimited", "True", "TooManyReplicas", words, since=30)

    def test_one_at_its_maximum_that_wants_more_is_one(self, kube: Any, look: Any, start: float) -> None:
        finding = look(self.NAME, self.hpa(kube, self.limited(kube)), at=60)
        assert "Deployment web runs at its maximum of 5 replicas" in finding.facts
        assert "more than the maximum replica count" in finding.facts
        assert finding.since == pytest.approx(start + 30, abs=1)

    def test_one_at_its_maximum_counts_from_first_sight(self, kube: Any, look: Any) -> None:
        assert look(self.NAME, self.hpa(kube)).since is None

    @pytest.mark.parametrize("numbers", [{"current": 4}, {"desired": 4}, {"least": 5}])
    def test_one_that_can_move_or_was_never_to_is_none(
        self, kube: Any, look: Any, numbers: dict[str, int]
    ) -> None:
        assert look(self.NAME, self.hpa(kube, **numbers)) is None

    def test_one_without_metrics_decides_nothing(self, recorded: Any, look: Any) -> None:
        hpa = recorded("HorizontalPodAutoscaler", "web", 100)
        assert hpa.status.current_replicas == hpa.spec.max_replicas == 3
        assert look(self.NAME, hpa, at=100) is None


class TestClaims:
    NAME = "KubePersistentVolumeClaimPending"

    def claim(self, kube: Any, phase: str = "Pending", **more: Any) -> Any:
        spec = {
            "storageClassName": "fast",
            "resources": {"requests": {"storage": "1Gi"}},
            "volumeName": "pv-1",
        }
        return kube.workload("PersistentVolumeClaim", spec, {"phase": phase}, name="data", **more)

    def test_a_claim_without_a_volume_is_one_with_the_provisioners_words(
        self, kube: Any, look: Any, start: float
    ) -> None:
        claim = self.claim(kube)
        event = kube.event(claim, "ProvisioningFailed", 'storageclass "fast" not found')
        finding = look(self.NAME, claim, at=60, state=noted(claim, event))
        assert "it asks for 1Gi of class fast" in finding.facts
        assert 'ProvisioningFailed: storageclass "fast" not found' in finding.facts
        assert finding.since == pytest.approx(start, abs=1)

    @pytest.mark.parametrize("reason", ["WaitForFirstConsumer", "WaitForPodScheduled"])
    def test_a_claim_that_waits_for_its_first_pod_is_none(self, kube: Any, look: Any, reason: str) -> None:
        claim = self.claim(kube)
        state = noted(claim, kube.event(claim, reason, "waiting for first consumer", "Normal"))
        assert look(self.NAME, claim, at=60, state=state) is None

    def test_a_lost_volume_leaves_no_doubt(self, kube: Any, look: Any) -> None:
        finding = look(self.NAME, self.claim(kube, "Lost"))
        assert finding.certain
        assert "pv-1" in finding.facts

    def test_bound_ones_and_those_being_deleted_are_none(self, kube: Any, look: Any) -> None:
        assert look(self.NAME, self.claim(kube, "Bound")) is None
        assert look(self.NAME, self.claim(kube, deletionTimestamp=kube.at(1))) is None


class TestQuotas:
    NAME = "KubeQuotaAlmostFull"

    def quota(self, kube: Any, used: dict[str, str]) -> Any:
        hard = {"pods": "20", "requests.cpu": "4", "requests.memory": "8Gi", "services.loadbalancers": "0"}
        return kube.workload("ResourceQuota", {"hard": hard}, {"hard": hard, "used": used}, name="quota")

    def test_what_is_almost_used_up_is_named(self, kube: Any, look: Any) -> None:
        used = {
            "pods": "19",
            "requests.cpu": "3900m",
            "requests.memory": "1Gi",
            "services.loadbalancers": "0",
        }
        assert look(self.NAME, self.quota(kube, used)).facts == (
            "Used: pods 19 of 20 (95%), requests.cpu 3900m of 4 (98%)."
        )

    @pytest.mark.parametrize("used", [{"pods": "18"}, {"requests.cpu": "3600m"}, {}])
    def test_what_has_room_is_none(self, kube: Any, look: Any, used: dict[str, str]) -> None:
        assert look(self.NAME, self.quota(kube, used)) is None

    def test_the_ratio_can_be_set(self, kube: Any, look: Any) -> None:
        assert look(self.NAME, self.quota(kube, {"pods": "18"}), ratio=0.8) is not None


class TestNamespaces:
    NAME = "KubeNamespaceStuckTerminating"

    def test_what_holds_a_deletion_up_is_told(self, recorded: Any, look: Any) -> None:
        finding = look(self.NAME, recorded("Namespace", "shop", 235), at=235)
        assert "persistentvolumeclaims. has 1 resource instances" in finding.facts

    def test_a_namespace_that_stays_is_none(self, recorded: Any, look: Any) -> None:
        assert look(self.NAME, recorded("Namespace", "shop", 100), at=100) is None
