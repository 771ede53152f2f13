"""DaemonSets: one pod on every node that takes it (``pkg/controller/daemon``)."""

from __future__ import annotations

import math
from typing import Any

from farwatch.sim.collection import Change
from farwatch.sim.engine.controllers.controller import Controller, counts
from farwatch.sim.engine.controllers.deployments import share_of
from farwatch.sim.engine.index import PodFacts
from farwatch.sim.engine.names import template_hash
from farwatch.sim.engine.pods import DAEMON_TOLERATIONS
from farwatch.sim.engine.scheduler import tolerates
from farwatch.sim.engine.world import World

Document = dict[str, Any]

_COMPONENT = "daemonset-controller"
_REVISION = "controller-revision-hash"


class DaemonSetController(Controller):
    """Keeps DaemonSets in order."""

    resource = "daemonsets"

    def __init__(self, world: World) -> None:
        super().__init__(world)
        world.store.subscribe("nodes", self._follow_node)

    def _follow_node(self, change: Change) -> None:
        """A node that came, went or changed whom it takes concerns every DaemonSet; a heartbeat does not."""
        before = change.previous and change.previous.decode().get("spec")
        if before != change.entry.decode().get("spec"):
            for key in self._keys.values():
                self.look_at(key)

    def reconcile(self, document: Document) -> None:
        """Create the missing pods, replace outdated ones, and count."""
        revision = template_hash(document["spec"]["template"])
        nodes = self._nodes_for(document)
        if "deletionTimestamp" not in document["metadata"]:
            self._fill(document, nodes, revision)
            self._roll(document, nodes, revision)
        self.put_status(document, self._tally(document, nodes, revision))

    def _nodes_for(self, document: Document) -> dict[str, bool]:
        """The nodes that pods may stay on; True where new ones may go, too."""
        spec = document["spec"]["template"]["spec"]
        tolerations = [*DAEMON_TOLERATIONS, *(spec.get("tolerations") or ())]
        selector = spec.get("nodeSelector") or {}
        nodes = {}
        for entry in self.world.store.collection("nodes").entries():
            node = entry.decode()
            taints = [
                taint
                for taint in (node.get("spec") or {}).get("taints") or ()
                if not tolerates(tolerations, taint)
            ]
            fits = all(entry.labels.get(key) == value for key, value in selector.items())
            if fits and not any(taint["effect"] == "NoExecute" for taint in taints):
                nodes[entry.name] = not taints
        return nodes

    def _by_node(self, document: Document) -> dict[str, PodFacts]:
        owned = self.world.pods.owned_by(document["metadata"]["uid"])
        return {target_node(facts): facts for facts in owned if not facts.ended}

    def _fill(self, document: Document, nodes: dict[str, bool], revision: str) -> None:
        placed = self._by_node(document)
        for node, wanted in nodes.items():
            if not wanted or node in placed:
                continue
            pod = self.new_pod(
                document, document["spec"]["template"], **daemon_changes(document, node, revision)
            )
            created = self.world.store.create("pods", pod)
            message = f"Created pod: {created['metadata']['name']}"
            self.world.events.normal(document, _COMPONENT, "SuccessfulCreate", message)
        for node, facts in placed.items():
            if node not in nodes and facts.active:
                self._delete(document, facts)

    def _roll(self, document: Document, nodes: dict[str, bool], revision: str) -> None:
        strategy = document["spec"].get("updateStrategy") or {}
        if strategy.get("type") == "OnDelete":
            return
        limit = (strategy.get("rollingUpdate") or {}).get("maxUnavailable", 1)
        placed = self._by_node(document)
        unavailable = sum(not facts.ready or facts.deleting for facts in placed.values())
        room = max(1, math.ceil(share_of(limit, len(nodes)))) - unavailable
        outdated = [
            facts
            for facts in placed.values()
            if facts.active and facts.entry.labels.get(_REVISION) != revision
        ]
        for facts in sorted(outdated, key=lambda facts: facts.ready):
            if facts.ready:
                room -= 1
                if room < 0:
                    return
            self._delete(document, facts)

    def _delete(self, document: Document, facts: PodFacts) -> None:
        self.world.store.delete("pods", *facts.key)
        message = f"Deleted pod: {facts.entry.name}"
        self.world.events.normal(document, _COMPONENT, "SuccessfulDelete", message)

    def _tally(self, document: Document, nodes: dict[str, bool], revision: str) -> Document:
        placed = {node: facts for node, facts in self._by_node(document).items() if not facts.deleting}
        wanted = [node for node, takes in nodes.items() if takes]
        here = [placed[node] for node in wanted if node in placed]
        ready = sum(facts.ready for facts in here)
        status = {
            "currentNumberScheduled": len(here),
            "numberMisscheduled": len(placed) - len(here),
            "desiredNumberScheduled": len(wanted),
            "numberReady": ready,
            "observedGeneration": document["metadata"]["generation"],
        }
        updated = sum(facts.entry.labels.get(_REVISION) == revision for facts in here)
        return status | counts(
            updatedNumberScheduled=updated, numberAvailable=ready, numberUnavailable=len(wanted) - ready
        )


def target_node(facts: PodFacts) -> str:
    """The node a DaemonSet's pod is made for, bound to it already or not."""
    if facts.node:
        return facts.node
    affinity = facts.entry.decode()["spec"]["affinity"]["nodeAffinity"]
    terms = affinity["requiredDuringSchedulingIgnoredDuringExecution"]["nodeSelectorTerms"]
    name: str = terms[0]["matchFields"][0]["values"][0]
    return name


def daemon_changes(document: Document, node: str, revision: str) -> dict[str, Document]:
    """What sets a DaemonSet's pod for one node apart from its template."""
    spec = document["spec"]["template"]["spec"]
    term = {"matchFields": [{"key": "metadata.name", "operator": "In", "values": [node]}]}
    required = {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [term]}}
    tolerations = [*(spec.get("tolerations") or ()), *DAEMON_TOLERATIONS]
    return {
        "labels": {
            _REVISION: revision,
            "pod-template-generation": str(document["metadata"].get("generation", 1)),
        },
        "spec": {"affinity": {"nodeAffinity": required}, "tolerations": tolerations},
    }
