from typing import Any

import pytest

from farwatch.sim.server.defaults import apply_defaults, qos_class


def container(**resources: dict[str, str]) -> dict[str, Any]:
    return {"name": "c", "resources": resources}


FULL = {"cpu": "1", "memory": "1Gi"}


@pytest.mark.parametrize(
    ("containers", "expected"),
    [
        ([container()], "BestEffort"),
        ([container(requests={"cpu": "1"})], "Burstable"),
        ([container(limits=FULL)], "Guaranteed"),
        ([container(limits=FULL, requests=FULL)], "Guaranteed"),
        ([container(limits=FULL, requests={"cpu": "500m"})], "Burstable"),
        ([container(limits=FULL), container()], "Burstable"),
        ([], "BestEffort"),
    ],
)
def test_the_quality_of_service_follows_requests_and_limits(
    containers: list[dict[str, Any]], expected: str
) -> None:
    assert qos_class({"containers": containers}) == expected


@pytest.mark.parametrize(
    ("image", "policy"),
    [
        ("nginx", "Always"),
        ("nginx:latest", "Always"),
        ("nginx:1", "IfNotPresent"),
        ("reg:5000/a/nginx", "Always"),
        ("reg:5000/a/nginx:2", "IfNotPresent"),
    ],
)
def test_the_pull_policy_follows_the_tag(image: str, policy: str) -> None:
    pod = {"spec": {"containers": [{"name": "c", "image": image}]}}
    apply_defaults("pods", pod)
    assert pod["spec"]["containers"][0]["imagePullPolicy"] == policy


def test_what_is_given_stays() -> None:
    template = {"spec": {"containers": [], "restartPolicy": "Never"}}
    job = {"spec": {"backoffLimit": 1, "parallelism": 3, "template": template}}
    apply_defaults("jobs", job)
    assert (job["spec"]["backoffLimit"], job["spec"]["parallelism"]) == (1, 3)
    assert "completions" not in job["spec"]
    assert template["spec"]["restartPolicy"] == "Never"


@pytest.mark.parametrize("resource", ["statefulsets", "daemonsets", "replicasets"])
def test_defaults_are_applied_once_and_for_all(resource: str) -> None:
    workload: dict[str, Any] = {"metadata": {}, "spec": {"template": {"spec": {"containers": []}}}}
    apply_defaults(resource, workload)
    before = repr(workload)
    apply_defaults(resource, workload)
    assert repr(workload) == before
    assert workload["spec"]["template"]["spec"]["dnsPolicy"] == "ClusterFirst"


def test_other_parts_are_completed_too() -> None:
    cron: dict[str, Any] = {"spec": {"jobTemplate": {"spec": {"template": {"spec": {}}}}}}
    apply_defaults("cronjobs", cron)
    assert cron["spec"]["concurrencyPolicy"] == "Allow"
    service: dict[str, Any] = {"spec": {"ports": [{"port": 80}]}}
    apply_defaults("services", service)
    assert service["spec"]["ports"] == [{"port": 80, "protocol": "TCP", "targetPort": 80}]
    claim: dict[str, Any] = {"metadata": {}, "spec": {}}
    apply_defaults("persistentvolumeclaims", claim)
    assert claim["metadata"]["finalizers"] == ["kubernetes.io/pvc-protection"]
