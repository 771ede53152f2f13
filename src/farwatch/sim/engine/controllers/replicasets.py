"""ReplicaSets: as many pods as asked for (``pkg/controller/replicaset``)."""

from __future__ import annotations

from typing import Any

from farwatch.sim.engine.controllers.controller import Controller, counts
from farwatch.sim.engine.index import PodFacts
from farwatch.sim.errors import StatusError

Document = dict[str, Any]

_COMPONENT = "replicaset-controller"


class ReplicaSetController(Controller):
    """Keeps ReplicaSets in order."""

    resource = "replicasets"

    def reconcile(self, document: Document) -> None:
        """Create or delete pods, and count them."""
        if "deletionTimestamp" not in document["metadata"]:
            self._fill(document)
        owned = self.world.pods.owned_by(document["metadata"]["uid"])
        active = [facts for facts in owned if facts.active]
        ready = sum(facts.ready for facts in active)
        status = {"replicas": len(active)} | counts(
            fullyLabeledReplicas=len(active), readyReplicas=ready, availableReplicas=ready
        )
        status["terminatingReplicas"] = sum(facts.deleting and not facts.ended for facts in owned)
        status["observedGeneration"] = document["metadata"]["generation"]
        old = document.get("status") or {}
        if old.get("observedGeneration") != status["observedGeneration"]:
            # The first sync after a change still tells the counts from before what it asked for.
            first = {"replicas": 0, "terminatingReplicas": 0} | old
            document = self.put_status(document, first | {"observedGeneration": status["observedGeneration"]})
        self.put_status(document, status)

    def _fill(self, document: Document) -> None:
        active = [facts for facts in self.world.pods.owned_by(document["metadata"]["uid"]) if facts.active]
        missing = document["spec"]["replicas"] - len(active)
        for _ in range(missing):
            try:
                pod = self.world.store.create("pods", self.new_pod(document, document["spec"]["template"]))
            except StatusError as error:
                self.world.events.warn(
                    document, _COMPONENT, "FailedCreate", f"Error creating: {error.message}"
                )
                return
            message = f"Created pod: {pod['metadata']['name']}"
            self.world.events.normal(document, _COMPONENT, "SuccessfulCreate", message)
        if missing < 0:
            for facts in sorted(active, key=_dispensability)[:-missing]:
                self.world.store.delete("pods", *facts.key)
                message = f"Deleted pod: {facts.entry.name}"
                self.world.events.normal(document, _COMPONENT, "SuccessfulDelete", message)


def _dispensability(facts: PodFacts) -> tuple[bool, bool, bool, float]:
    """What goes first: what is not bound, does not run, is not ready, is young."""
    return (bool(facts.node), facts.phase == "Running", facts.ready, -facts.created)
