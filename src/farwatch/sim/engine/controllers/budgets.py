"""PodDisruptionBudgets: how many pods may be away (``pkg/controller/disruption``)."""

from __future__ import annotations

import math
from typing import Any

from farwatch.sim.collection import Change, ChangeType, Key
from farwatch.sim.engine.controllers.controller import Controller
from farwatch.sim.engine.controllers.deployments import share_of
from farwatch.sim.engine.index import PodFacts
from farwatch.sim.engine.world import World
from farwatch.sim.times import format_time

Document = dict[str, Any]


class BudgetController(Controller):
    """Keeps PodDisruptionBudgets in order."""

    resource = "poddisruptionbudgets"
    owns_pods = False

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self._selectors: dict[str, dict[Key, dict[str, str]]] = {}
        for entry in world.store.collection(self.resource).entries():
            self._learn(entry.key, entry.decode())
        world.store.subscribe(self.resource, self._follow_budget)
        world.pods.subscribe(self._follow_selected)

    def _learn(self, key: Key, document: Document) -> None:
        labels = (document["spec"].get("selector") or {}).get("matchLabels") or {}
        self._selectors.setdefault(key[0], {})[key] = labels

    def _follow_budget(self, change: Change) -> None:
        if change.type is ChangeType.DELETED:
            self._selectors.get(change.entry.namespace, {}).pop(change.entry.key, None)
        else:
            self._learn(change.entry.key, change.entry.decode())

    def _follow_selected(self, before: PodFacts | None, after: PodFacts | None) -> None:
        facts = after or before
        if facts is None or (
            before and after and (before.ready, before.active) == (after.ready, after.active)
        ):
            return
        for key, labels in self._selectors.get(facts.entry.namespace, {}).items():
            if labels.items() <= facts.entry.labels.items():
                self.look_at(key)

    def reconcile(self, document: Document) -> None:
        """Count the pods that are well."""
        meta, spec = document["metadata"], document["spec"]
        labels = (spec.get("selector") or {}).get("matchLabels") or {}
        pods = [
            facts
            for facts in self.world.pods.in_namespace(meta["namespace"])
            if not facts.ended and labels.items() <= facts.entry.labels.items()
        ]
        healthy = sum(facts.ready and not facts.deleting for facts in pods)
        if "maxUnavailable" in spec:
            desired = len(pods) - math.ceil(share_of(spec["maxUnavailable"], len(pods)))
        else:
            desired = math.ceil(share_of(spec.get("minAvailable", 1), len(pods)))
        allowed = max(0, healthy - desired) if pods else 0
        self.put_status(document, self._status(document, healthy, desired, len(pods), allowed))

    def _status(
        self, document: Document, healthy: int, desired: int, expected: int, allowed: int
    ) -> Document:
        value, reason = ("True", "SufficientPods") if allowed else ("False", "InsufficientPods")
        known: Document = next(iter((document.get("status") or {}).get("conditions") or ()), {})
        since = known["lastTransitionTime"] if known.get("status") == value else format_time(self.world.now)
        generation = document["metadata"]["generation"]
        condition = {"type": "DisruptionAllowed", "status": value, "observedGeneration": generation}
        condition |= {"lastTransitionTime": since, "reason": reason, "message": ""}
        return {
            "observedGeneration": generation,
            "disruptionsAllowed": allowed,
            "currentHealthy": healthy,
            "desiredHealthy": desired,
            "expectedPods": expected,
            "conditions": [condition],
        }
