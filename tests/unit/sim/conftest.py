"""A cluster that was built, with its engine, in fake time."""

import random
from typing import Any

import pytest

from farwatch.sim.cluster import ClusterSize, build_cluster
from farwatch.sim.engine.engine import Engine
from farwatch.sim.engine.timers import ManualClock
from farwatch.sim.store import Store
from farwatch.sim.troubles import Troubles

START = 1_795_209_293.0


class Town:
    """A built cluster in motion."""

    def __init__(self, nodes: int, pods: int, seed: int = 5) -> None:
        randomness = random.Random(seed)  # noqa: S311 - names and chance
        self.clock = ManualClock(START)
        self.store = Store(self.clock, randomness)
        build_cluster(self.store, ClusterSize(nodes, pods), randomness)
        self.engine = Engine(self.store, randomness)
        self.engine.settle()
        self.troubles = Troubles(self.engine)
        self.events: list[dict[str, Any]] = []
        self.store.subscribe("events", lambda change: self.events.append(change.entry.decode()))

    def advance(self, seconds: float) -> None:
        self.engine.advance(seconds, self.clock)
        assert self.engine.stumbles == 0

    def unready(self) -> list[str]:
        """The pods that should be ready and are not."""
        return [
            facts.entry.name for facts in self.engine.world.pods.all() if not facts.ready and not facts.ended
        ]

    def unsettled(self) -> list[str]:
        """The Deployments, StatefulSets and DaemonSets that lack replicas."""
        replicated = [*self.store.list("deployments"), *self.store.list("statefulsets")]
        lacking = [
            each for each in replicated if each["status"].get("readyReplicas", 0) != each["spec"]["replicas"]
        ]
        lacking += [
            each
            for each in self.store.list("daemonsets")
            if each["status"]["numberReady"] != each["status"]["desiredNumberScheduled"]
        ]
        return [each["metadata"]["name"] for each in lacking]

    def reasons(self) -> set[str]:
        return {event["reason"] for event in self.events}


@pytest.fixture
def town() -> Town:
    return Town(4, 80)
