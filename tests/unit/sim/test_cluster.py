"""A cluster as it is built: of the size asked for, consistent, and at rest."""

import random
from collections import Counter

import pytest

from farwatch.kube.kinds import KINDS
from farwatch.sim.cluster import ClusterSize, build_cluster
from farwatch.sim.engine.engine import Engine
from farwatch.sim.engine.timers import ManualClock
from farwatch.sim.errors import SimError
from farwatch.sim.resources import RESOURCES
from farwatch.sim.store import Store

START = 1_795_209_310.0  # nearly five minutes before the next CronJob is due


def build(nodes: int, pods: int, seed: int = 3) -> Store:
    store = Store(ManualClock(START), random.Random(seed))  # noqa: S311 - names
    build_cluster(store, ClusterSize(nodes, pods), random.Random(seed))  # noqa: S311 - names
    return store


@pytest.mark.parametrize(("nodes", "pods"), [(1, 0), (1, 1), (1, 5), (3, 60), (10, 999), (50, 100), (2, 700)])
def test_a_cluster_has_the_size_asked_for(nodes: int, pods: int) -> None:
    store = build(nodes, pods)

    assert len(store.collection("nodes")) == nodes
    assert len(store.collection("pods")) == pods


@pytest.mark.parametrize(("nodes", "pods"), [(0, 10), (3, -1)])
def test_a_size_that_makes_no_sense_is_refused(nodes: int, pods: int) -> None:
    with pytest.raises(SimError, match="cannot be built"):
        ClusterSize(nodes, pods)


def test_the_same_seed_builds_the_same_cluster() -> None:
    def all_of(store: Store) -> list[bytes]:
        return [entry.encoded for name in RESOURCES for entry in store.collection(name).entries()]

    assert all_of(build(5, 100)) == all_of(build(5, 100))
    assert all_of(build(5, 100)) != all_of(build(5, 100, seed=4))


def test_every_object_decodes_as_the_kind_it_is() -> None:
    store = build(5, 200)

    for kind in KINDS.values():
        for entry in store.collection(kind.plural).entries():
            assert kind.json_decoder.decode(entry.encoded).metadata.name == entry.name


def test_a_cluster_has_something_of_everything() -> None:
    store = build(20, 600)

    empty = {kind.plural for kind in KINDS.values() if not len(store.collection(kind.plural))}
    assert empty == {"events"}
    zones = {node["metadata"]["labels"]["topology.kubernetes.io/zone"] for node in store.list("nodes")}
    assert zones == {"sim-a", "sim-b", "sim-c"}


def test_pods_have_the_bulk_of_real_ones() -> None:
    store = build(5, 200)

    sizes = [len(entry.encoded) for entry in store.collection("pods").entries()]
    assert 5_000 < sum(sizes) / len(sizes) < 8_000


def test_pods_fit_their_nodes_and_have_addresses_of_their_own() -> None:
    store = build(4, 800)

    allocatable = {
        node["metadata"]["name"]: int(node["status"]["allocatable"]["pods"]) for node in store.list("nodes")
    }
    placed = Counter(pod["spec"]["nodeName"] for pod in store.list("pods"))
    assert all(count <= allocatable[node] for node, count in placed.items())
    addresses = Counter(
        pod["status"]["podIP"] for pod in store.list("pods") if not pod["spec"].get("hostNetwork")
    )
    assert max(addresses.values()) == 1


def test_a_cluster_is_at_rest() -> None:
    store = build(10, 400)
    engine = Engine(store, random.Random(1))  # noqa: S311 - chance
    engine.settle()
    changed: Counter[str] = Counter()
    for resource in RESOURCES:
        store.subscribe(resource, lambda _, resource=resource: changed.update([resource]))  # type: ignore[misc]

    clock = store.clock
    assert isinstance(clock, ManualClock)
    engine.advance(60, clock)

    assert set(changed) <= {"leases", "nodes"}


def test_scaling_a_built_workload_works() -> None:
    store = build(5, 100)
    engine = Engine(store, random.Random(1))  # noqa: S311 - chance
    deployment = next(iter(store.collection("deployments").entries("shop"))).decode()
    wanted = deployment["spec"]["replicas"] + 2

    deployment["spec"]["replicas"] = wanted
    store.update("deployments", deployment)
    clock = store.clock
    assert isinstance(clock, ManualClock)
    engine.advance(20, clock)

    status = store.get("deployments", "shop", deployment["metadata"]["name"])["status"]
    assert status["availableReplicas"] == wanted
    assert len(store.collection("replicasets")) == len(store.collection("deployments"))
