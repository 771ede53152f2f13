"""ResourceQuotas: how much of what is allowed is used (``pkg/controller/resourcequota``)."""

from __future__ import annotations

from typing import Any

from farwatch.sim.collection import Change
from farwatch.sim.engine.controllers.controller import Controller
from farwatch.sim.engine.index import PodFacts
from farwatch.sim.engine.quantities import write_quantity
from farwatch.sim.engine.world import World
from farwatch.sim.resources import RESOURCES

Document = dict[str, Any]

_DELAY_SECONDS = 0.05
_COUNTED = ("configmaps", "persistentvolumeclaims", "secrets", "services")


class QuotaController(Controller):
    """Keeps ResourceQuotas in order."""

    resource = "resourcequotas"
    owns_pods = False

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self._waiting: set[str] = set()
        world.pods.subscribe(self._follow_use)
        for resource in _COUNTED:
            world.store.subscribe(resource, self._follow_count)

    def _follow_use(self, before: PodFacts | None, after: PodFacts | None) -> None:
        counted = before is not None and not before.ended
        counts = after is not None and not after.ended
        facts = after or before
        if counted != counts and facts is not None:
            self._look_into(facts.entry.namespace)

    def _follow_count(self, change: Change) -> None:
        self._look_into(change.entry.namespace)

    def _look_into(self, namespace: str) -> None:
        if namespace not in self._waiting:
            self._waiting.add(namespace)
            self.world.timers.after(_DELAY_SECONDS, lambda: self._recount(namespace))

    def _recount(self, namespace: str) -> None:
        self._waiting.discard(namespace)
        for key in list(self._keys.values()):
            if key[0] == namespace:
                self.look_at(key)

    def reconcile(self, document: Document) -> None:
        """Sum up what the namespace uses of what is limited."""
        namespace, hard = document["metadata"]["namespace"], document["spec"].get("hard") or {}
        used = {name: self.used(namespace, name, like) for name, like in hard.items()}
        self.put_status(document, {"hard": hard, "used": used})

    def used(self, namespace: str, name: str, like: str) -> str:
        """What a namespace uses of a resource, written in the unit of ``like``."""
        resource = name.removeprefix("count/").split(".", 1)[0]
        if name == "pods":
            return str(sum(not facts.ended for facts in self.world.pods.in_namespace(namespace)))
        if name in ("cpu", "memory") or name.startswith(("requests.", "limits.")):
            what, _, resource = name.rpartition(".")
            return write_quantity(self._sum(namespace, what or "requests", resource), like)
        if resource in RESOURCES:
            return str(sum(1 for _ in self.world.store.collection(resource).entries(namespace)))
        return "0"

    def _sum(self, namespace: str, what: str, resource: str) -> float:
        pods = (facts for facts in self.world.pods.in_namespace(namespace) if not facts.ended)
        return sum(
            (facts.limits if what == "limits" else facts.requests).get(resource, 0.0) for facts in pods
        )
