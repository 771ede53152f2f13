from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from farwatch.hub.inventory.table.columns import COLUMNS, present
from farwatch.kube.kinds import KINDS

NOON = "2026-11-21T12:00:00Z"
TIME = datetime(2026, 11, 21, 12, tzinfo=UTC)


def cells(kind: str, **parts: Any) -> dict[str, Any]:
    meta = {"name": "x", "creationTimestamp": NOON, **parts.pop("metadata", {})}
    found = msgspec.convert({"metadata": meta, **parts}, KINDS[kind].type)
    _, values = present(kind, found)
    return dict(zip((column.id for column in COLUMNS[kind]), values, strict=True))


@pytest.mark.parametrize(
    ("kind", "parts", "expected"),
    [
        (
            "Pod",
            {
                "metadata": {
                    "ownerReferences": [
                        {"kind": "ReplicaSet", "name": "web-a", "uid": "u", "controller": True}
                    ]
                },
                "spec": {"nodeName": "n1", "containers": [{"name": "a"}, {"name": "b"}]},
                "status": {
                    "podIP": "10.0.0.1",
                    "qosClass": "Burstable",
                    "containerStatuses": [
                        {"name": "a", "ready": True, "restartCount": 2, "state": {"running": {}}},
                        {"name": "b", "state": {"running": {}}},
                    ],
                },
            },
            {
                "ready": "1/2",
                "restarts": 2,
                "lastRestart": None,
                "created": TIME,
                "node": "n1",
                "ip": "10.0.0.1",
                "controlledBy": "ReplicaSet/web-a",
                "qosClass": "Burstable",
            },
        ),
        (
            "Deployment",
            {
                "spec": {
                    "replicas": 3,
                    "selector": {"matchLabels": {"app": "web"}},
                    "template": {"spec": {"containers": [{"name": "a", "image": "web:1"}]}},
                },
                "status": {"readyReplicas": 2, "updatedReplicas": 3, "availableReplicas": 1},
            },
            {
                "ready": "2/3",
                "upToDate": 3,
                "available": 1,
                "containers": "a",
                "images": "web:1",
                "selector": "app=web",
            },
        ),
        (
            "Node",
            {
                "metadata": {"labels": {"node-role.kubernetes.io/worker": ""}},
                "status": {"nodeInfo": {"kubeletVersion": "v1.36.1", "osImage": "Debian"}},
            },
            {"roles": "worker", "version": "v1.36.1", "osImage": "Debian", "created": TIME},
        ),
        ("Node", {}, {"roles": None, "version": None}),
        (
            "Job",
            {
                "spec": {"completions": 3},
                "status": {"succeeded": 1, "startTime": NOON, "completionTime": "2026-11-21T12:01:30Z"},
            },
            {"completions": "1/3", "duration": 90, "started": TIME},
        ),
        ("Job", {"spec": {"parallelism": 4}, "status": {"succeeded": 2}}, {"completions": "2/1 of 4"}),
        ("Job", {"status": {"startTime": NOON}}, {"completions": "0/1", "duration": None}),
        (
            "CronJob",
            {"spec": {"schedule": "0 * * * *", "suspend": True}, "status": {"lastScheduleTime": NOON}},
            {"schedule": "0 * * * *", "suspend": "True", "active": 0, "lastSchedule": TIME},
        ),
        (
            "Service",
            {
                "spec": {
                    "type": "NodePort",
                    "clusterIP": "10.1.0.1",
                    "ports": [{"port": 80, "nodePort": 30080}, {"port": 53, "protocol": "UDP"}],
                }
            },
            {"type": "NodePort", "clusterIP": "10.1.0.1", "externalIP": None, "ports": "80:30080/TCP,53/UDP"},
        ),
        (
            "Ingress",
            {"spec": {"rules": [{"host": "a"}, {}], "tls": [{}]}},
            {"hosts": "a,*", "ports": "80, 443", "address": None},
        ),
        ("Ingress", {}, {"hosts": "*", "ports": "80"}),
        (
            "PersistentVolumeClaim",
            {
                "spec": {"accessModes": ["ReadWriteOnce"], "volumeName": "v"},
                "status": {"capacity": {"storage": "1Gi"}},
            },
            {"volume": "v", "capacity": "1Gi", "accessModes": "RWO", "storageClass": None},
        ),
        (
            "PersistentVolume",
            {"spec": {"capacity": {"storage": "1Gi"}, "claimRef": {"namespace": "shop", "name": "data"}}},
            {"capacity": "1Gi", "claim": "shop/data"},
        ),
        (
            "HorizontalPodAutoscaler",
            {"spec": {"scaleTargetRef": {"kind": "Deployment", "name": "web"}, "maxReplicas": 5}},
            {"reference": "Deployment/web", "minPods": None, "maxPods": 5, "replicas": 0},
        ),
        (
            "PodDisruptionBudget",
            {"spec": {"minAvailable": "50%"}, "status": {"currentHealthy": 1, "desiredHealthy": 2}},
            {"minAvailable": "50%", "maxUnavailable": "N/A", "healthy": "1/2"},
        ),
        (
            "ResourceQuota",
            {"status": {"hard": {"pods": "10", "limits.cpu": "4"}, "used": {"pods": "3"}}},
            {"request": "pods: 3/10", "limit": "limits.cpu: 0/4"},
        ),
        ("ConfigMap", {"data": {"a": "x"}, "binaryData": {"b": "eA=="}}, {"data": 2}),
        (
            "Event",
            {
                "involvedObject": {"kind": "Pod", "name": "web-1"},
                "reason": "BackOff",
                "message": " back-off\n",
                "series": {"count": 5, "lastObservedTime": NOON},
                "source": {"component": "kubelet"},
            },
            {
                "lastSeen": TIME,
                "reason": "BackOff",
                "object": "Pod/web-1",
                "message": "back-off",
                "count": 5,
                "source": "kubelet",
            },
        ),
    ],
)
def test_cells_are_what_kubectl_prints(kind: str, parts: dict[str, Any], expected: dict[str, Any]) -> None:
    found = cells(kind, **parts)
    assert {name: found[name] for name in expected} == expected


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_an_object_of_which_nothing_is_known_but_its_name_has_a_cell_for_each_column(kind: str) -> None:
    status, values = present(kind, msgspec.convert({"metadata": {"name": "x"}}, KINDS[kind].type))
    assert status.word
    assert len(values) == len(COLUMNS[kind])


def test_a_cell_lists_so_many_names_and_says_how_many_more() -> None:
    ports = [{"port": port} for port in range(1, 31)]
    assert cells("Service", spec={"ports": ports})["ports"].endswith("20/TCP,… 10 more")
