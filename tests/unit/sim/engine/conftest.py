"""A small cluster in fake time, and what was seen happening in it."""

import random
from collections.abc import Callable
from typing import Any

import pytest

from farwatch.sim.engine import manifests
from farwatch.sim.engine.conditions import SOUND, node_condition
from farwatch.sim.engine.engine import Engine
from farwatch.sim.engine.timers import ManualClock
from farwatch.sim.store import Store

START = 1_795_209_293.0  # a minute not yet full, as when the recording began
CAPACITY = {"cpu": "4", "ephemeral-storage": "100Gi", "memory": "16Gi", "pods": "110"}


class Lab:
    """A cluster with a few nodes and an empty namespace ``shop``."""

    def __init__(self, nodes: int = 3, seed: int = 7) -> None:
        self.clock = ManualClock(START)
        self.store = Store(self.clock, random.Random(seed))  # noqa: S311 - names
        for name in ("default", "kube-system", "kube-node-lease", "shop"):
            self.store.create("namespaces", manifests.namespace(name))
        self.store.create("storageclasses", manifests.storage_class("standard"))
        for number in range(nodes):
            self.add_node(number)
        self.engine = Engine(self.store, random.Random(seed))  # noqa: S311 - chance
        self.seen: list[tuple[float, str, str, dict[str, Any]]] = []
        for resource in ("pods", "events", "deployments", "jobs", "statefulsets", "daemonsets", "nodes"):
            self.store.subscribe(resource, self._note(resource))

    def _note(self, resource: str) -> Callable[[Any], None]:
        def note(change: Any) -> None:
            self.seen.append((self.clock.now - START, resource, change.type, change.entry.decode()))

        return note

    def add_node(self, number: int) -> None:
        conditions = [node_condition(health, self.clock.now) for health in SOUND]
        zone = f"sim-{'abc'[number % 3]}"
        name = f"sim-node-{number + 1}"
        self.store.create("nodes", manifests.node(name, number, zone, CAPACITY, conditions))

    def advance(self, seconds: float) -> None:
        self.engine.advance(seconds, self.clock)
        assert self.engine.stumbles == 0

    def deploy(self, name: str, /, replicas: int = 1, image: str = "app:1", **changes: Any) -> dict[str, Any]:
        """Create a Deployment; ``changes`` go to its container."""
        container = manifests.container("app", image, cpu="50m", memory="64Mi") | changes
        template = manifests.template({"app.kubernetes.io/name": name}, [container])
        return self.store.create("deployments", manifests.deployment("shop", name, replicas, template))

    def pods(self, name: str = "") -> list[dict[str, Any]]:
        """The pods whose names begin with ``name``."""
        return [pod for pod in self.store.list("pods", "shop") if pod["metadata"]["name"].startswith(name)]

    def get(self, resource: str, name: str) -> dict[str, Any]:
        return self.store.get(resource, "shop", name)

    def change(self, resource: str, name: str, change: Callable[[dict[str, Any]], None]) -> None:
        self.store.modify(resource, "shop", name, change)

    def documents(self, resource: str, name: str = "") -> list[dict[str, Any]]:
        """Every state that objects whose names begin with ``name`` were seen in."""
        return [
            document
            for _, seen, kind, document in self.seen
            if seen == resource and kind != "DELETED" and document["metadata"]["name"].startswith(name)
        ]

    def reasons(self, about: str) -> list[str]:
        """The reasons of all Events about objects whose names begin so, repetitions included."""
        return [
            event["reason"]
            for event in self.documents("events")
            if event["involvedObject"]["name"].startswith(about)
        ]


@pytest.fixture
def lab() -> Lab:
    return Lab()
