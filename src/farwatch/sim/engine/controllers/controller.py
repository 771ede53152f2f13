"""What all controllers share: being told of changes, and looking at an object soon after, once."""

from __future__ import annotations

from typing import Any, ClassVar

import structlog

from farwatch.sim.collection import Change, ChangeType, Key
from farwatch.sim.engine.index import PodFacts
from farwatch.sim.engine.pods import new_pod
from farwatch.sim.engine.world import World
from farwatch.sim.errors import StatusError
from farwatch.sim.times import format_time

Document = dict[str, Any]

REACTION_SECONDS = 0.01
_RETRY_SECONDS = 5.0

_log = structlog.get_logger(__name__)


class Controller:
    """Brings the objects of one resource in line with what they ask for.

    An object is reconciled shortly after it, or a pod that it owns, changed; several changes at once lead to one look.
    """

    resource: ClassVar[str]
    owns_pods: ClassVar[bool] = True

    def __init__(self, world: World) -> None:
        self.world = world
        self._due: set[Key] = set()
        self._keys: dict[str, Key] = {}
        for entry in world.store.collection(self.resource).entries():
            self._keys[entry.uid] = entry.key
        world.store.subscribe(self.resource, self._follow)
        if self.owns_pods:
            world.pods.subscribe(self._follow_pod)

    def reconcile(self, document: Document) -> None:
        """Do what is next for an object as it is stored now."""
        raise NotImplementedError

    def look_at(self, key: Key, delay: float = REACTION_SECONDS) -> None:
        """Reconcile an object in ``delay`` seconds; a look that is due at once already is not doubled."""
        if delay > REACTION_SECONDS:
            self.world.timers.after(delay, lambda: self.look_at(key))
        elif key not in self._due:
            self._due.add(key)
            self.world.timers.after(delay, lambda: self._look(key))

    def look_at_all(self) -> None:
        """Reconcile every object now."""
        for key in list(self._keys.values()):
            self._look(key)

    def _look(self, key: Key) -> None:
        self._due.discard(key)
        document = self.world.store.find(self.resource, *key)
        if document is None:
            return
        try:
            self.reconcile(document)
        except StatusError as error:
            # What the server refuses, for one in a namespace that goes away, is tried again, as real controllers do.
            _log.info(
                "sync refused", resource=self.resource, namespace=key[0], name=key[1], why=error.message
            )
            self.look_at(key, _RETRY_SECONDS)

    def _follow(self, change: Change) -> None:
        if change.type is ChangeType.DELETED:
            self._keys.pop(change.entry.uid, None)
            return
        self._keys[change.entry.uid] = change.entry.key
        self.look_at(change.entry.key)

    def _follow_pod(self, before: PodFacts | None, after: PodFacts | None) -> None:
        facts = after or before
        if facts is not None and facts.owner in self._keys and not _same(before, after):
            self.look_at(self._keys[facts.owner])

    # --- what most of them do -----------------------------------------------------------------------------------

    def put_status(self, document: Document, status: Document) -> Document:
        """Write an object's status if it differs; the object as stored then."""
        if document.get("status") == status:
            return document
        return self.world.store.update(self.resource, document | {"status": status}, "status")

    def new_pod(self, owner: Document, template: Document, **changes: Document) -> Document:
        """A pod for an owner; see ``farwatch.sim.engine.pods.new_pod``."""
        return new_pod(owner, template, self.world.random, format_time(self.world.now), **changes)


def _same(before: PodFacts | None, after: PodFacts | None) -> bool:
    """Whether nothing changed that a controller counts."""
    if before is None or after is None:
        return False
    old = (before.phase, before.ready, before.deleting, before.node)
    return old == (after.phase, after.ready, after.deleting, after.node)


def counts(**numbers: int) -> Document:
    """Status fields; those that are zero are left out, as ``omitempty`` does."""
    return {name: number for name, number in numbers.items() if number}


def set_status_condition(status: Document, condition: Document) -> None:
    """Replace a condition by one of its type, at the end of the list, unless it says the same already.

    As ``SetDeploymentCondition``: with the same status the time of the last transition stays.
    """
    conditions = status.get("conditions") or []
    known = next((each for each in conditions if each["type"] == condition["type"]), None)
    if known and (known["status"], known["reason"]) == (condition["status"], condition["reason"]):
        return
    if known and known["status"] == condition["status"]:
        condition["lastTransitionTime"] = known["lastTransitionTime"]
    status["conditions"] = [each for each in conditions if each is not known] + [condition]
