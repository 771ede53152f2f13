import random
from typing import Any

import pytest

from farwatch.sim.collection import Change, ChangeType
from farwatch.sim.errors import StatusError
from farwatch.sim.patches import PatchType
from farwatch.sim.store import Store

from ..clocks import Clock

Document = dict[str, Any]


@pytest.fixture
def store() -> Store:
    made = Store(Clock(), window=100)
    made.create("namespaces", {"metadata": {"name": "shop"}})
    return made


def pod(name: str, **spec: Any) -> Document:
    return {"metadata": {"name": name, "namespace": "shop"}, "spec": spec}


def record(store: Store, resource: str = "pods") -> list[Change]:
    seen: list[Change] = []
    store.subscribe(resource, seen.append)
    return seen


def test_create_gives_identity_and_the_servers_key_order(store: Store) -> None:
    created = store.create("pods", pod("web", nodeName="n1") | {"status": {"phase": "Running"}})
    assert list(created) == ["kind", "apiVersion", "metadata", "spec", "status"]
    assert created["kind"] == "Pod"
    assert created["apiVersion"] == "v1"
    metadata = created["metadata"]
    assert list(metadata) == [
        "name",
        "namespace",
        "uid",
        "resourceVersion",
        "generation",
        "creationTimestamp",
    ]
    assert metadata["generation"] == 1
    assert metadata["creationTimestamp"] == "2027-01-15T08:00:00Z"
    assert store.get("pods", "shop", "web") == created


def test_one_counter_numbers_every_write(store: Store) -> None:
    first = store.create("pods", pod("a"))
    second = store.create("configmaps", pod("b"))
    versions = [int(each["metadata"]["resourceVersion"]) for each in (first, second)]
    assert versions == [store.resource_version - 1, store.resource_version]


def test_create_generates_a_name_without_vowels(store: Store) -> None:
    made = pod("x")
    made["metadata"] = {"generateName": "web-", "namespace": "shop"}
    name = store.create("pods", made)["metadata"]["name"]
    assert name.startswith("web-")
    assert len(name) == len("web-") + 5
    assert not set(name[4:]) & set("aeiou")


def test_what_the_caller_passes_and_gets_is_no_alias_of_the_store(store: Store) -> None:
    given = pod("web", nodeName="n1")
    created = store.create("pods", given)
    given["spec"]["nodeName"] = created["spec"]["nodeName"] = "n2"
    assert store.get("pods", "shop", "web")["spec"]["nodeName"] == "n1"


@pytest.mark.parametrize(
    ("resource", "name", "message", "details"),
    [
        ("pods", "absent", 'pods "absent" not found', {"name": "absent", "kind": "pods"}),
        (
            "deployments",
            "web",
            'deployments.apps "web" not found',
            {"name": "web", "group": "apps", "kind": "deployments"},
        ),
    ],
)
def test_an_absent_object_is_told_in_the_servers_words(
    store: Store, resource: str, name: str, message: str, details: Document
) -> None:
    with pytest.raises(StatusError) as caught:
        store.get(resource, "shop", name)
    assert caught.value.status() == {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Failure",
        "message": message,
        "reason": "NotFound",
        "details": details,
        "code": 404,
    }


def test_a_taken_name_is_refused(store: Store) -> None:
    store.create("pods", pod("web"))
    with pytest.raises(StatusError, match='pods "web" already exists') as caught:
        store.create("pods", pod("web"))
    assert (caught.value.code, caught.value.reason) == (409, "AlreadyExists")


def test_a_nameless_object_is_refused(store: Store) -> None:
    with pytest.raises(StatusError, match="name or generateName is required") as caught:
        store.create("pods", {"metadata": {"namespace": "shop"}})
    assert caught.value.code == 422


def test_an_absent_namespace_is_refused(store: Store) -> None:
    with pytest.raises(StatusError, match='namespaces "none" not found'):
        store.create("pods", {"metadata": {"name": "web", "namespace": "none"}})


def test_a_namespace_that_goes_away_takes_nothing_new(store: Store) -> None:
    store.delete("namespaces", "", "shop")
    with pytest.raises(StatusError, match="because it is being terminated") as caught:
        store.create("pods", pod("web"))
    assert caught.value.code == 403
    assert caught.value.details is not None
    assert caught.value.details["causes"][0]["reason"] == "NamespaceTerminating"


def test_generation_counts_changes_of_the_spec_only(store: Store) -> None:
    created = store.create("deployments", pod("web", replicas=1))
    created["metadata"]["labels"] = {"a": "b"}
    assert store.update("deployments", created)["metadata"]["generation"] == 1

    def scale(deployment: Document) -> None:
        deployment["spec"]["replicas"] = 2

    assert store.modify("deployments", "shop", "web", scale)["metadata"]["generation"] == 2


def test_kinds_without_generation_get_none(store: Store) -> None:
    created = store.create("configmaps", pod("web"))
    created["data"] = {"a": "b"}
    assert "generation" not in store.update("configmaps", created)["metadata"]


def test_spec_and_status_are_written_apart(store: Store) -> None:
    created = store.create("deployments", pod("web", replicas=1) | {"status": {"replicas": 0}})
    created["spec"]["replicas"] = 5
    created["status"] = {"replicas": 5}
    by_status = store.update("deployments", created, "status")
    assert (by_status["spec"], by_status["status"]) == ({"replicas": 1}, {"replicas": 5})
    by_status["spec"]["replicas"] = 7
    by_status["status"] = {}
    by_spec = store.update("deployments", by_status)
    assert (by_spec["spec"], by_spec["status"]) == ({"replicas": 7}, {"replicas": 5})


def test_a_stale_write_is_a_conflict_in_the_servers_words(store: Store) -> None:
    stale = store.create("leases", pod("lock", holderIdentity="a"))
    store.modify("leases", "shop", "lock", lambda lease: lease["spec"].update(holderIdentity="b"))
    stale["spec"]["holderIdentity"] = "c"
    with pytest.raises(StatusError) as caught:
        store.update("leases", stale)
    assert caught.value.code == 409
    assert caught.value.reason == "Conflict"
    assert caught.value.message == (
        'Operation cannot be fulfilled on leases.coordination.k8s.io "lock": the object has been modified; '
        "please apply your changes to the latest version and try again"
    )


def test_an_update_without_resource_version_always_wins(store: Store) -> None:
    store.create("configmaps", pod("web"))
    assert store.update("configmaps", pod("web") | {"data": {"a": "b"}})["data"] == {"a": "b"}


def test_another_uid_is_a_conflict(store: Store) -> None:
    created = store.create("configmaps", pod("web"))
    created["metadata"]["uid"] = "other"
    with pytest.raises(StatusError, match="Precondition failed: UID in precondition: other"):
        store.update("configmaps", created)


def test_an_update_without_effect_writes_nothing(store: Store) -> None:
    created = store.create("pods", pod("web"))
    seen = record(store)
    assert store.update("pods", created) == created
    assert not seen


def test_dry_run_changes_nothing(store: Store) -> None:
    store.create("pods", pod("web"))
    version = store.resource_version
    store.create("pods", pod("db"), dry_run=True)
    store.update("pods", pod("web", nodeName="n"), dry_run=True)
    patched = store.patch(
        "pods", "shop", "web", {"metadata": {"labels": {"a": "b"}}}, PatchType.MERGE, dry_run=True
    )
    store.delete("pods", "shop", "web", dry_run=True)
    assert patched["metadata"]["labels"] == {"a": "b"}
    assert store.resource_version == version
    assert [each["metadata"]["name"] for each in store.list("pods")] == ["web"]


def test_a_patch_may_not_rename(store: Store) -> None:
    store.create("pods", pod("web"))
    with pytest.raises(StatusError) as caught:
        store.patch("pods", "shop", "web", {"metadata": {"name": "db"}}, PatchType.MERGE)
    assert caught.value.code == 422


def test_a_patch_that_does_not_fit_is_a_bad_request(store: Store) -> None:
    store.create("pods", pod("web"))
    with pytest.raises(StatusError) as caught:
        store.patch("pods", "shop", "web", [{"op": "remove", "path": "/spec/none"}], PatchType.JSON)
    assert caught.value.code == 400


def test_lists_are_sorted_and_scoped(store: Store) -> None:
    store.create("namespaces", {"metadata": {"name": "a"}})
    for namespace, name in (("shop", "b"), ("shop", "a"), ("a", "z")):
        store.create("pods", {"metadata": {"name": name, "namespace": namespace}})

    def names(namespace: str) -> list[str]:
        return [each["metadata"]["name"] for each in store.list("pods", namespace)]

    assert names("") == ["z", "a", "b"]
    assert names("shop") == ["a", "b"]
    assert names("sho") == []


def test_subscribers_see_every_change_in_order_even_when_one_writes(store: Store) -> None:
    def answer(change: Change) -> None:
        if change.type is ChangeType.ADDED:
            store.modify("pods", "shop", change.entry.name, lambda each: each.update(spec={"nodeName": "n"}))

    store.subscribe("pods", answer)
    seen = record(store)
    store.create("pods", pod("web"))
    assert [change.type for change in seen] == [ChangeType.ADDED, ChangeType.MODIFIED]
    assert seen[0].entry.fields["spec.nodeName"] == ""
    assert seen[1].previous == seen[0].entry
    versions = [change.resource_version for change in seen]
    assert versions == sorted(versions)


def test_an_ended_subscription_is_told_nothing(store: Store) -> None:
    seen: list[Change] = []
    end = store.subscribe("pods", seen.append)
    end()
    store.create("pods", pod("web"))
    assert not seen


def test_changes_since_a_version_are_replayed(store: Store) -> None:
    store.create("pods", pod("a"))
    version = store.resource_version
    store.create("pods", pod("b"))
    store.delete("pods", "shop", "a")
    assert [(c.type.value, c.entry.name) for c in store.changes_since("pods", version)] == [
        ("ADDED", "b"),
        ("MODIFIED", "a"),
        ("DELETED", "a"),
    ]


def test_history_beyond_the_window_is_expired(store: Store) -> None:
    for i in range(101):
        store.create("pods", pod(f"p{i}"))
    with pytest.raises(StatusError) as caught:
        store.changes_since("pods", 1)
    assert (caught.value.code, caught.value.reason) == (410, "Expired")
    assert caught.value.message == "too old resource version: 1 (2)"
    assert len(store.changes_since("pods", 2)) == 100


def test_history_can_be_expired_at_will(store: Store) -> None:
    store.create("pods", pod("a"))
    before = store.resource_version
    store.create("pods", pod("b"))
    store.expire_history("pods")
    with pytest.raises(StatusError, match="too old resource version"):
        store.changes_since("pods", before)
    assert store.changes_since("pods", store.resource_version) == []
    assert store.changes_since("configmaps", before) == []


def test_a_version_from_the_future_is_refused(store: Store) -> None:
    with pytest.raises(StatusError, match="Too large resource version: 999, current: 1") as caught:
        store.changes_since("pods", 999)
    assert caught.value.code == 504
    assert caught.value.retry_after == 1


def test_a_seeded_store_is_repeatable() -> None:
    first, second = (Store(Clock(), random.Random(3)).new_uid() for _ in range(2))  # noqa: S311 - seeded on purpose
    assert first == second
