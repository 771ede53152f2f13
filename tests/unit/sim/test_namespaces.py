from typing import Any

import pytest

from farwatch.sim.collection import Change
from farwatch.sim.namespaces import NamespaceController, release_unused_claims
from farwatch.sim.store import Store

from ..clocks import Clock


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(clock: Clock) -> Store:
    made = Store(clock)
    made.create("namespaces", {"metadata": {"name": "shop"}})
    return made


def conditions(store: Store) -> dict[str, tuple[str, str]]:
    namespace = store.get("namespaces", "", "shop")
    return {c["type"]: (c["status"], c["message"]) for c in namespace["status"]["conditions"]}


def advance(clock: Clock, controller: NamespaceController, seconds: float) -> None:
    clock.now += seconds
    controller.step()


def test_a_namespace_empties_in_the_recorded_order(store: Store, clock: Clock) -> None:
    for resource, name in (
        ("deployments", "web"),
        ("replicasets", "web-1"),
        ("jobs", "report"),
        ("poddisruptionbudgets", "web"),
        ("configmaps", "c"),
    ):
        store.create(resource, {"metadata": {"name": name, "namespace": "shop"}, "spec": {}})
    store.create("pods", {"metadata": {"name": "p", "namespace": "shop"}, "spec": {"nodeName": "n"}})
    gone: list[str] = []

    def note(change: Change) -> None:
        if change.type == "DELETED":
            gone.append(change.entry.decode()["kind"])

    for resource in (
        "pods",
        "deployments",
        "replicasets",
        "jobs",
        "poddisruptionbudgets",
        "configmaps",
        "namespaces",
    ):
        store.subscribe(resource, note)
    controller = NamespaceController(store)
    store.delete("namespaces", "", "shop")
    advance(clock, controller, 4)
    assert "deletionTimestamp" not in store.get("pods", "shop", "p")["metadata"]
    advance(clock, controller, 1)
    assert "deletionTimestamp" in store.get("pods", "shop", "p")["metadata"]
    assert store.find("deployments", "shop", "web")
    advance(clock, controller, 5)
    assert not gone
    store.delete("pods", "shop", "p", grace_period=0)
    advance(clock, controller, 5)
    assert gone == [
        "Pod",
        "ReplicaSet",
        "PodDisruptionBudget",
        "Job",
        "Deployment",
        "ConfigMap",
        "Namespace",
    ]


def test_conditions_name_what_finalizers_hold_in_the_recorded_words(store: Store, clock: Clock) -> None:
    metadata = {"name": "data", "namespace": "shop", "finalizers": ["kubernetes.io/pvc-protection"]}
    store.create("persistentvolumeclaims", {"metadata": metadata, "spec": {}})
    controller = NamespaceController(store)
    store.delete("namespaces", "", "shop")
    advance(clock, controller, 5)
    told = conditions(store)
    assert told["NamespaceContentRemaining"] == (
        "True",
        "Some resources are remaining: persistentvolumeclaims. has 1 resource instances",
    )
    assert told["NamespaceFinalizersRemaining"] == (
        "True",
        "Some content in the namespace has finalizers remaining: kubernetes.io/pvc-protection in 1 resource instances",
    )
    release_unused_claims(store)
    advance(clock, controller, 5)
    assert store.find("namespaces", "", "shop") is None


def test_a_claim_in_use_is_not_released(store: Store) -> None:
    metadata = {"name": "data", "namespace": "shop", "finalizers": ["kubernetes.io/pvc-protection"]}
    store.create("persistentvolumeclaims", {"metadata": metadata, "spec": {}})
    volumes: list[dict[str, Any]] = [
        {"name": "v", "persistentVolumeClaim": {"claimName": "data"}},
        {"name": "w"},
    ]
    store.create("pods", {"metadata": {"name": "p", "namespace": "shop"}, "spec": {"volumes": volumes}})
    store.delete("persistentvolumeclaims", "shop", "data")
    release_unused_claims(store, "shop")
    assert store.find("persistentvolumeclaims", "shop", "data")
    store.delete("pods", "shop", "p")
    release_unused_claims(store, "shop")
    assert store.find("persistentvolumeclaims", "shop", "data") is None
