"""The kubelets of all nodes: which pod is in whose care, and which kubelet is at work at all.

A pod that runs and has nothing wrong costs nothing here: a worker exists only while a pod starts, fails or stops.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from farwatch.sim.collection import Key
from farwatch.sim.engine.index import PodFacts
from farwatch.sim.engine.podworker import PodWorker
from farwatch.sim.engine.world import World

Document = dict[str, Any]
Step = Callable[[], None]

_RETURN_SECONDS = (0.2, 2.0)  # after a pause, pods are looked at one by one


class Kubelets:
    """Every node's kubelet."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._workers: dict[str, PodWorker] = {}
        self._stopped: dict[str, list[Step]] = {}
        self._images: dict[str, set[str]] = {}
        self._next_address: dict[str, int] = {}
        world.pods.subscribe(self._follow)
        world.ailments.subscribe(lambda pod: self.worker(pod).notice_ailment())

    # --- nodes ------------------------------------------------------------------------------------------------

    def is_running(self, node: str) -> bool:
        """Whether a node's kubelet is at work."""
        return node not in self._stopped

    def stop(self, node: str) -> None:
        """A node's kubelet stops: what it would do waits; its containers are out of sight."""
        self._stopped.setdefault(node, [])

    def start(self, node: str) -> None:
        """A node's kubelet is back, sees to what has waited and tells anew which of its pods are ready."""
        for step in self._stopped.pop(node, []):
            self.world.timers.after(self.world.random.uniform(*_RETURN_SECONDS), step)
        for facts in self.world.pods.on_node(node):
            worker = self.worker(facts.entry.decode())
            if facts.deleting:
                worker.terminate()
            elif not facts.ended:
                worker.later(self.world.random.uniform(*_RETURN_SECONDS), worker.tell_again)

    def run_or_park(self, node: str, step: Step) -> None:
        """Take a step now, or when the node's kubelet is back."""
        if node in self._stopped:
            self._stopped[node].append(step)
        else:
            step()

    def host_address(self, node: str) -> str:
        """The node's own address."""
        found = self.world.store.find("nodes", "", node)
        addresses = (found or {}).get("status", {}).get("addresses") or ()
        return next((entry["address"] for entry in addresses if entry["type"] == "InternalIP"), "10.20.0.1")

    def new_address(self, node: str) -> str:
        """An address for a pod, from the node's own range."""
        found = self.world.store.find("nodes", "", node)
        prefix = (found or {}).get("spec", {}).get("podCIDR", "10.244.0.0/24").rsplit(".", 1)[0]
        number = self._next_address.get(node, len(self.world.pods.on_node(node)))
        self._next_address[node] = (number + 1) % 250
        return f"{prefix}.{number + 2}"

    def has_image(self, node: str, image: str) -> bool:
        """Whether an image was pulled to the node before."""
        return image in self._images.get(node, ())

    def keep_image(self, node: str, image: str) -> None:
        """Remember that an image was pulled to the node."""
        self._images.setdefault(node, set()).add(image)

    # --- pods -------------------------------------------------------------------------------------------------

    def worker(self, pod: Document) -> PodWorker:
        """Whoever looks after the pod; from now on, if nobody did."""
        uid = pod["metadata"]["uid"]
        if uid not in self._workers:
            metadata = pod["metadata"]
            key = (metadata["namespace"], metadata["name"])
            self._workers[uid] = PodWorker(self, key, uid, pod["spec"]["nodeName"])
        return self._workers[uid]

    def evict(self, key: Key, message: str) -> None:
        """Stop a pod to save its node: it ends as Failed with reason Evicted and stays to be seen."""
        facts = self.world.pods.get(key)
        if facts is not None and facts.node and facts.active:
            self.worker(facts.entry.decode()).evict(message)

    def release(self, uid: str) -> None:
        """Nobody needs to look after this pod any more."""
        self._workers.pop(uid, None)

    def _follow(self, before: PodFacts | None, after: PodFacts | None) -> None:
        if after is None:
            if before is not None and before.entry.uid in self._workers:
                self._workers.pop(before.entry.uid).dismiss()
        elif after.node and not (before and before.node):
            self._adopt(after)
        elif after.deleting and after.node and not (before and before.deleting):
            self.worker(after.entry.decode()).terminate()

    def _adopt(self, facts: PodFacts) -> None:
        """Begin with a pod that was bound to a node, unless it was created running or ended, as a new cluster's."""
        if facts.phase == "Pending":
            self.worker(facts.entry.decode()).begin()
