from typing import Any

import pytest

from farwatch.sim.collection import Change
from farwatch.sim.deletion import Propagation
from farwatch.sim.errors import StatusError
from farwatch.sim.store import Store

Document = dict[str, Any]


@pytest.fixture
def store() -> Store:
    made = Store(lambda: 1_800_000_000.0)
    made.create("namespaces", {"metadata": {"name": "shop"}})
    return made


def make(
    store: Store, resource: str, name: str, owners: tuple[Document, ...] = (), **fields: Any
) -> Document:
    metadata: Document = {"name": name, "namespace": "shop"}
    if owners:
        metadata["ownerReferences"] = [
            {
                "apiVersion": owner["apiVersion"],
                "kind": owner["kind"],
                "name": owner["metadata"]["name"],
                "uid": owner["metadata"]["uid"],
                "controller": owner is owners[0],
                "blockOwnerDeletion": True,
            }
            for owner in owners
        ]
    return store.create(resource, {"metadata": metadata | fields.pop("metadata", {}), **fields})


def record(store: Store, *resources: str) -> list[str]:
    seen: list[str] = []

    def note(change: Change) -> None:
        metadata = change.entry.decode()["metadata"]
        grace = metadata.get("deletionGracePeriodSeconds", "-")
        seen.append(f"{change.type} {change.entry.name} {grace}")

    for resource in resources:
        store.subscribe(resource, note)
    return seen


def test_a_pod_on_a_node_waits_for_its_kubelet_as_recorded(store: Store) -> None:
    make(store, "pods", "web", spec={"nodeName": "n1", "terminationGracePeriodSeconds": 30})
    seen = record(store, "pods")
    marked = store.delete("pods", "shop", "web")
    assert marked["metadata"]["deletionTimestamp"] == "2027-01-15T08:00:30Z"
    assert marked["metadata"]["generation"] == 2
    last = store.delete("pods", "shop", "web", grace_period=0)
    assert last["metadata"]["deletionTimestamp"] == "2027-01-15T08:00:00Z"
    assert last["metadata"]["generation"] == 2
    assert seen == ["MODIFIED web 30", "MODIFIED web 0", "DELETED web 0"]
    assert store.find("pods", "shop", "web") is None


@pytest.mark.parametrize(
    "fields", [{"spec": {}}, {"spec": {"nodeName": "n"}, "status": {"phase": "Succeeded"}}]
)
def test_a_pod_without_anything_to_stop_goes_at_once(store: Store, fields: Document) -> None:
    make(store, "pods", "web", **fields)
    seen = record(store, "pods")
    store.delete("pods", "shop", "web")
    assert seen == ["MODIFIED web 0", "DELETED web 0"]


def test_a_longer_grace_does_not_prolong_a_deletion(store: Store) -> None:
    make(store, "pods", "web", spec={"nodeName": "n1"})
    store.delete("pods", "shop", "web", grace_period=5)
    seen = record(store, "pods")
    store.delete("pods", "shop", "web", grace_period=60)
    store.delete("pods", "shop", "web", grace_period=2)
    assert seen == ["MODIFIED web 2"]


def test_finalizers_hold_an_object_until_the_last_is_gone(store: Store) -> None:
    make(store, "persistentvolumeclaims", "data", metadata={"finalizers": ["a", "b"]})
    seen = record(store, "persistentvolumeclaims")
    store.delete("persistentvolumeclaims", "shop", "data")

    def drop(claim: Document) -> None:
        claim["metadata"]["finalizers"].pop()

    store.modify("persistentvolumeclaims", "shop", "data", drop)
    store.modify("persistentvolumeclaims", "shop", "data", drop)
    assert seen == ["MODIFIED data 0", "MODIFIED data 0", "DELETED data 0"]


def test_a_deleted_object_is_told_with_its_last_state_under_a_new_version(store: Store) -> None:
    created = make(store, "configmaps", "c", data={"a": "b"})
    deleted = store.delete("configmaps", "shop", "c")
    assert deleted["data"] == {"a": "b"}
    assert int(deleted["metadata"]["resourceVersion"]) > int(created["metadata"]["resourceVersion"])
    assert "deletionTimestamp" not in deleted["metadata"]


def test_what_an_object_owns_goes_with_it_in_the_recorded_order(store: Store) -> None:
    deployment = make(store, "deployments", "web", spec={})
    replica_set = make(store, "replicasets", "web-1", (deployment,), spec={})
    make(store, "pods", "web-1-a", (replica_set,), spec={"nodeName": "n"})
    seen = record(store, "deployments", "replicasets", "pods")
    store.delete("deployments", "shop", "web")
    assert seen == ["DELETED web -", "DELETED web-1 -", "MODIFIED web-1-a 30"]


def test_an_object_with_another_living_owner_stays(store: Store) -> None:
    first, second = make(store, "configmaps", "a"), make(store, "configmaps", "b")
    make(store, "secrets", "s", (first, second))
    store.delete("configmaps", "shop", "a")
    kept = store.get("secrets", "shop", "s")
    assert [owner["name"] for owner in kept["metadata"]["ownerReferences"]] == ["b"]
    store.delete("configmaps", "shop", "b")
    assert store.find("secrets", "shop", "s") is None


def test_orphans_are_let_go(store: Store) -> None:
    owner = make(store, "deployments", "web", spec={})
    make(store, "replicasets", "web-1", (owner,), spec={})
    store.delete("deployments", "shop", "web", propagation=Propagation.ORPHAN)
    assert "ownerReferences" not in store.get("replicasets", "shop", "web-1")["metadata"]


def test_foreground_deletion_ends_with_the_last_owned_object(store: Store) -> None:
    owner = make(store, "jobs", "report", spec={})
    make(store, "pods", "report-1", (owner,), spec={"nodeName": "n"})
    marked = store.delete("jobs", "shop", "report", propagation=Propagation.FOREGROUND)
    assert marked["metadata"]["finalizers"] == ["foregroundDeletion"]
    assert store.find("jobs", "shop", "report")
    store.delete("pods", "shop", "report-1", grace_period=0)
    assert store.find("jobs", "shop", "report") is None


def test_a_deletion_with_a_stale_precondition_is_a_conflict(store: Store) -> None:
    make(store, "configmaps", "c")
    with pytest.raises(StatusError, match="UID in precondition: other"):
        store.delete("configmaps", "shop", "c", uid="other")
    with pytest.raises(StatusError, match="has been modified"):
        store.delete("configmaps", "shop", "c", resource_version="1")


def test_a_namespace_is_marked_and_stays_until_it_is_finalized(store: Store) -> None:
    store.delete("namespaces", "", "shop")
    marked = store.delete("namespaces", "", "shop")
    assert marked["status"] == {"phase": "Terminating"}
    assert "deletionGracePeriodSeconds" not in marked["metadata"]
    marked["spec"]["finalizers"] = []
    store.update("namespaces", marked, "finalize")
    assert store.find("namespaces", "", "shop") is None
