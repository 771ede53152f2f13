from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from farwatch.hub.inventory import Inventory, ObjectChange, Operation, StoredObject
from farwatch.kube.objects import KubeObject, ObjectMeta, Pod, PodStatus
from farwatch.link.frames import Item

NOW = 1_795_000_000.0
C, U, D = Operation.CREATED, Operation.UPDATED, Operation.DELETED


def short(changes: Sequence[ObjectChange]) -> list[tuple[Operation, str]]:
    return [(change.operation, change.object.metadata.name) for change in changes]


def test_an_object_is_created_updated_and_deleted(inventory: Inventory, item: Any, gone: Any) -> None:
    created = inventory.apply("prod", "Pod", [item("web", 1)])
    updated = inventory.apply("prod", "Pod", [item("web", 2, phase="Failed")])
    deleted = inventory.apply("prod", "Pod", [gone("web")])
    assert [short(changes) for changes in (created, updated, deleted)] == [
        [(C, "web")],
        [(U, "web")],
        [(D, "web")],
    ]
    assert created[0].before is None
    assert updated[0].before == created[0].after
    assert deleted[0].before == updated[0].after
    assert inventory.get("prod", "Pod", "shop", "web") is None


def test_what_is_known_already_is_no_change(inventory: Inventory, item: Any) -> None:
    inventory.apply("prod", "Pod", [item("web", 1)])
    assert inventory.apply("prod", "Pod", [item("web", 1)]) == []
    assert inventory.counters.unchanged == 1


def test_the_same_version_is_not_even_decoded(inventory: Inventory, item: Any) -> None:
    inventory.apply("prod", "Pod", [item("web", 1)])
    broken = msgspec.structs.replace(item("web", 1), document=b"\xc1")
    assert inventory.apply("prod", "Pod", [broken]) == []
    assert inventory.counters.undecodable == 0


def test_a_new_version_without_a_difference_we_keep_is_no_change(inventory: Inventory, item: Any) -> None:
    inventory.apply("prod", "Pod", [item("web", 1)])
    assert inventory.apply("prod", "Pod", [item("web", 2)]) == []
    known = inventory.get("prod", "Pod", "shop", "web")
    assert known
    assert known.metadata.resource_version == "2"


def test_a_successor_of_the_same_name_is_a_deletion_and_a_creation(inventory: Inventory, item: Any) -> None:
    inventory.apply("prod", "Pod", [item("web", 1, uid="u1")])
    changes = inventory.apply("prod", "Pod", [item("web", 2, uid="u2")])
    assert short(changes) == [(D, "web"), (C, "web")]
    assert [change.object.metadata.uid for change in changes] == ["u1", "u2"]


def test_a_deletion_of_what_is_not_known_is_no_change(inventory: Inventory, gone: Any) -> None:
    assert inventory.apply("prod", "Pod", [gone("web")]) == []


def test_clusters_and_kinds_are_kept_apart(inventory: Inventory, item: Any, gone: Any) -> None:
    inventory.apply("a", "Pod", [item("web")])
    inventory.apply("b", "Pod", [item("web")])
    inventory.apply("a", "Pod", [gone("web")])
    assert inventory.get("a", "Pod", "shop", "web") is None
    assert inventory.get("b", "Pod", "shop", "web") is not None


def test_a_snapshot_tells_what_came_changed_and_went_in_the_gap(inventory: Inventory, item: Any) -> None:
    inventory.apply("prod", "Pod", [item("same"), item("changed"), item("went")])
    inventory.begin_snapshot("prod", "Pod")
    found = inventory.snapshot_items(
        "prod", "Pod", [item("same"), item("changed", 2, phase="Failed"), item("new")]
    )
    gone = inventory.end_snapshot("prod", "Pod")
    assert short(found) == [(U, "changed"), (C, "new")]
    assert short(gone) == [(D, "went")]
    assert all(change.after_gap for change in (*found, *gone))


def test_a_snapshot_that_never_ended_deletes_nothing(inventory: Inventory, item: Any) -> None:
    inventory.apply("prod", "Pod", [item("a"), item("b")])
    inventory.begin_snapshot("prod", "Pod")
    inventory.snapshot_items("prod", "Pod", [item("a")])
    inventory.begin_snapshot("prod", "Pod")
    inventory.snapshot_items("prod", "Pod", [item("b")])
    assert short(inventory.end_snapshot("prod", "Pod")) == [(D, "a")]


def test_a_document_that_does_not_decode_is_counted_and_the_rest_goes_on(
    inventory: Inventory, item: Any
) -> None:
    broken = msgspec.structs.replace(item("bad"), document=b"\x81\xa8metadata\x01")
    assert short(inventory.apply("prod", "Pod", [broken, item("good")])) == [(C, "good")]
    assert inventory.counters.undecodable == 1


def test_a_document_in_a_snapshot_that_does_not_decode_deletes_nothing(
    inventory: Inventory, item: Any
) -> None:
    inventory.apply("prod", "Pod", [item("web")])
    inventory.begin_snapshot("prod", "Pod")
    inventory.snapshot_items("prod", "Pod", [msgspec.structs.replace(item("web", 2), document=b"\xc1")])
    assert inventory.end_snapshot("prod", "Pod") == []


@pytest.mark.parametrize("field", ["namespace", "name", "uid", "resource_version"])
def test_a_document_of_another_object_than_its_item_claims_is_skipped(
    inventory: Inventory, item: Any, field: str
) -> None:
    lie = msgspec.structs.replace(item("web"), **{field: "other"})
    assert inventory.apply("prod", "Pod", [lie]) == []
    assert inventory.counters.undecodable == 1


def test_an_unknown_kind_is_counted_and_keeps_nothing(inventory: Inventory, item: Any) -> None:
    inventory.begin_snapshot("prod", "Gadget")
    assert inventory.snapshot_items("prod", "Gadget", [item("web")]) == []
    assert inventory.end_snapshot("prod", "Gadget") == []
    assert inventory.counters.unknown_kinds == 1
    assert inventory.clusters == []


@pytest.mark.parametrize("claimed", [NOW + 60, NOW - 2 * 86_400, float("nan"), float("inf"), -1e300])
def test_a_time_that_cannot_be_is_replaced_by_the_hubs_own(
    inventory: Inventory, item: Any, claimed: float
) -> None:
    changes = inventory.apply("prod", "Pod", [item("web", observed_at=claimed)])
    assert changes[0].time == NOW


def test_a_time_shortly_before_is_the_agents(inventory: Inventory, item: Any) -> None:
    changes = inventory.apply("prod", "Pod", [item("web", observed_at=NOW - 3)])
    assert changes[0].time == NOW - 3


def test_subscribers_hear_of_changes_in_batches_before_the_call_returns(
    inventory: Inventory, item: Any
) -> None:
    heard: list[list[tuple[Operation, str]]] = []
    inventory.subscribe(lambda changes: heard.append(short(changes)))
    inventory.apply("prod", "Pod", [item("a"), item("b")])
    inventory.apply("prod", "Pod", [item("a")])
    assert heard == [[(C, "a"), (C, "b")]]


def test_a_subscriber_that_fails_costs_neither_the_others_nor_the_change(
    inventory: Inventory, item: Any
) -> None:
    heard: list[ObjectChange] = []

    def fail(_changes: Sequence[ObjectChange]) -> None:
        raise ValueError("a fault in a detector")

    inventory.subscribe(fail)
    inventory.subscribe(heard.extend)
    assert len(inventory.apply("prod", "Pod", [item("web")])) == 1
    assert len(heard) == 1
    assert inventory.counters.failed_subscribers == 1


def test_a_removed_cluster_is_forgotten_without_a_change(inventory: Inventory, item: Any) -> None:
    inventory.apply("a", "Pod", [item("web")])
    inventory.apply("b", "Pod", [item("web")])
    heard: list[ObjectChange] = []
    inventory.subscribe(heard.extend)
    inventory.remove("a")
    assert inventory.clusters == ["b"]
    assert heard == []


def test_what_is_loaded_is_given_as_creations_and_told_to_nobody(inventory: Inventory, pod: Any) -> None:
    heard: list[ObjectChange] = []
    inventory.subscribe(heard.extend)
    document = msgspec.json.encode(pod("web")).decode()
    rows = [
        StoredObject(5.0, "prod", "Pod", "shop", "web", document),
        StoredObject(5.0, "prod", "Pod", "shop", "bad", "{"),
        StoredObject(5.0, "prod", "Gadget", "shop", "x", document),
    ]
    loaded = inventory.load(rows)
    assert [(change.operation, change.after, change.time) for change in loaded] == [(C, pod("web"), 5.0)]
    assert heard == []
    assert inventory.kinds("prod") == {"Pod": 1}
    assert (inventory.counters.undecodable, inventory.counters.unknown_kinds) == (1, 1)


# --- any order of snapshots, changes and restarts -------------------------------------------------------------

Objects = dict[str, tuple[str, int, str]]
NAMES = st.sampled_from(["a", "b", "c"])
# What a cluster does: an object is set (a fresh uid when it was absent), deleted, or replaced under its name.
ACTIONS = st.lists(
    st.tuples(NAMES, st.sampled_from(["set", "delete", "replace"]), st.sampled_from(["P", "Q"])), max_size=6
)
# How the hub hears of it: change by change, or in a snapshot after a gap, or after a restart of the hub.
WAYS = st.sampled_from(["changes", "snapshot", "restart"])


class Cluster:
    """A cluster that hands out versions as an API server does."""

    def __init__(self) -> None:
        self.version = 0
        self.objects: dict[str, Pod] = {}

    def act(self, name: str, action: str, phase: str) -> Item | None:
        self.version += 1
        known = self.objects.get(name)
        if action == "delete":
            if known is None:
                return None
            del self.objects[name]
            return Item("shop", name, known.metadata.uid, str(self.version), None, NOW)
        uid = known.metadata.uid if known and action == "set" else f"uid-{self.version}"
        meta = ObjectMeta(name=name, namespace="shop", uid=uid, resource_version=str(self.version))
        self.objects[name] = Pod(metadata=meta, status=PodStatus(phase=phase))
        return self.item(name)

    def item(self, name: str) -> Item:
        pod = self.objects[name]
        meta = pod.metadata
        return Item("shop", name, meta.uid, meta.resource_version, msgspec.msgpack.encode(pod), NOW)


class Witness:
    """The log: rebuilds the objects from changes alone, and checks that each is possible."""

    def __init__(self) -> None:
        self.objects: dict[str, KubeObject] = {}
        self._durable: dict[str, KubeObject] = {}

    def flush(self) -> None:
        """What was taken is durable."""
        self._durable = dict(self.objects)

    def crash(self) -> None:
        """What was not durable is lost."""
        self.objects = dict(self._durable)

    def take(self, changes: Sequence[ObjectChange]) -> None:
        for change in changes:
            name = change.object.metadata.name
            match change.operation:
                case Operation.CREATED:
                    assert name not in self.objects
                case Operation.UPDATED:
                    assert change.before
                    assert change.after
                    assert self.objects[name].metadata.uid == change.after.metadata.uid
                    assert without_version(change.before) != without_version(change.after)
                case Operation.DELETED:
                    assert name in self.objects
            if change.after is None:
                del self.objects[name]
            else:
                self.objects[name] = change.after


def without_version(found: KubeObject) -> KubeObject:
    return msgspec.structs.replace(
        found, metadata=msgspec.structs.replace(found.metadata, resource_version="")
    )


def restart(inventory: Inventory, witness: Witness) -> Inventory:
    """A hub that was killed knows what was durable of its log, and nothing else."""
    witness.crash()
    restarted = Inventory(lambda: NOW)
    restarted.load(
        StoredObject(NOW, "prod", "Pod", "shop", name, msgspec.json.encode(found).decode())
        for name, found in witness.objects.items()
    )
    restarted.subscribe(witness.take)
    return restarted


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(ACTIONS, WAYS, st.booleans()), max_size=5))
def test_however_the_hub_hears_it_the_state_is_right_and_the_changes_account_for_it(
    story: list[tuple[list[tuple[str, str, str]], str, bool]],
) -> None:
    cluster, witness = Cluster(), Witness()
    inventory = Inventory(lambda: NOW)
    inventory.subscribe(witness.take)
    for actions, way, flushed in story:
        items = [item for item in (cluster.act(*action) for action in actions) if item]
        if way == "changes":
            inventory.apply("prod", "Pod", items)
        else:
            inventory = restart(inventory, witness) if way == "restart" else inventory
            inventory.begin_snapshot("prod", "Pod")
            for name in cluster.objects:
                inventory.snapshot_items("prod", "Pod", [cluster.item(name)])
            inventory.end_snapshot("prod", "Pod")
        known = {found.metadata.name: found for found in inventory.objects("prod", "Pod")}
        assert known == cluster.objects
        assert {name: without_version(found) for name, found in witness.objects.items()} == {
            name: without_version(found) for name, found in cluster.objects.items()
        }
        if flushed:
            witness.flush()
