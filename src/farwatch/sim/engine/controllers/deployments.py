"""Deployments: a ReplicaSet per version, rolled from one to the next.

Follows ``pkg/controller/deployment`` (rolling.go, sync.go, progress.go) in what it decides and in the order in which it
writes, as recorded from v1.36.
"""

from __future__ import annotations

import math
from typing import Any

from farwatch.sim.collection import Change, ChangeType, Key
from farwatch.sim.engine.controllers.controller import Controller, counts, set_status_condition
from farwatch.sim.engine.names import template_hash
from farwatch.sim.engine.pods import owned_by
from farwatch.sim.engine.world import World
from farwatch.sim.times import format_time, parse_time

Document = dict[str, Any]

REVISION = "deployment.kubernetes.io/revision"
_DESIRED = "deployment.kubernetes.io/desired-replicas"
_MAXIMUM = "deployment.kubernetes.io/max-replicas"
_HASH = "pod-template-hash"


class DeploymentController(Controller):
    """Keeps Deployments in order."""

    resource = "deployments"
    owns_pods = False

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self._sets: dict[str, dict[Key, None]] = {}
        for entry in world.store.collection("replicasets").entries():
            self._index(entry.owners, entry.key)
        world.store.subscribe("replicasets", self._follow_set)

    def _index(self, owners: tuple[str, ...], key: Key) -> None:
        for owner in owners:
            self._sets.setdefault(owner, {})[key] = None

    def _follow_set(self, change: Change) -> None:
        for owner in change.entry.owners:
            if change.type is ChangeType.DELETED:
                self._sets.get(owner, {}).pop(change.entry.key, None)
                if not self._sets.get(owner):
                    self._sets.pop(owner, None)
            else:
                self._sets.setdefault(owner, {})[change.entry.key] = None
            if owner in self._keys:
                self.look_at(self._keys[owner])

    def reconcile(self, document: Document) -> None:
        """Create, scale or retire ReplicaSets, one step at a time, and tell how far it is."""
        sets = self._sets_of(document)
        wanted = template_hash(document["spec"]["template"])
        new = next((each for each in sets if each["metadata"]["labels"].get(_HASH) == wanted), None)
        if "deletionTimestamp" in document["metadata"] or document["spec"].get("paused"):
            self._tell(document, sets, new)
            return
        if new is None:
            self._begin_revision(document, sets, wanted)
            return
        document = self._take_up_revision(document, sets, new)
        if self._was_rescaled(document, sets):
            self._rescale(document, sets, new)
        elif document["spec"].get("strategy", {}).get("type") == "Recreate":
            self._recreate(document, sets, new)
        else:
            self._roll(document, sets, new)
        sets = self._sets_of(document)
        new = next(each for each in sets if each["metadata"]["uid"] == new["metadata"]["uid"])
        document = self._tell(document, sets, new)
        if _is_complete(document, document["status"]):
            self._retire(document, sets, new)

    def _sets_of(self, document: Document) -> list[Document]:
        """The Deployment's ReplicaSets, oldest revision first."""
        found = (
            self.world.store.find("replicasets", *key)
            for key in self._sets.get(document["metadata"]["uid"], ())
        )
        return sorted((each for each in found if each), key=_revision)

    # --- revisions ----------------------------------------------------------------------------------------------

    def _begin_revision(self, document: Document, sets: list[Document], wanted: str) -> None:
        """A template that no ReplicaSet has: make one."""
        meta, spec = document["metadata"], document["spec"]
        surge, _ = _fences(document)
        total = sum(each["spec"]["replicas"] for each in sets)
        recreating = spec.get("strategy", {}).get("type") == "Recreate"
        first = min(spec["replicas"], max(0, spec["replicas"] + surge - total))
        if recreating and total:
            first = 0
        revision = str(max((_revision(each) for each in sets), default=0) + 1)
        labels = (spec["template"]["metadata"].get("labels") or {}) | {_HASH: wanted}
        name = f"{meta['name']}-{wanted}"
        notes = {_DESIRED: str(spec["replicas"]), _MAXIMUM: str(spec["replicas"] + surge), REVISION: revision}
        self.world.store.create(
            "replicasets",
            {
                "metadata": {
                    "name": name,
                    "namespace": meta["namespace"],
                    "labels": labels,
                    "annotations": notes,
                    "ownerReferences": [owned_by(document)],
                },
                "spec": {
                    "replicas": first,
                    "selector": {"matchLabels": spec["selector"]["matchLabels"] | {_HASH: wanted}},
                    "template": spec["template"]
                    | {"metadata": spec["template"]["metadata"] | {"labels": labels}},
                },
                "status": {"replicas": 0},
            },
        )
        if first:
            self._report(document, f"Scaled up replica set {name} from 0 to {first}")
        document = self._note_revision(document, revision)
        status = dict(document["status"])
        self._condition(
            status, "Progressing", "True", "NewReplicaSetCreated", f'Created new replica set "{name}"'
        )
        self.put_status(document, status)

    def _take_up_revision(self, document: Document, sets: list[Document], new: Document) -> Document:
        """A template that an older ReplicaSet has, after a rollback: it becomes the newest."""
        newest = _revision(sets[-1])
        if sets[-1]["metadata"]["uid"] != new["metadata"]["uid"]:
            new["metadata"]["annotations"][REVISION] = str(newest + 1)
            new["metadata"] = self.world.store.update("replicasets", new)["metadata"]
        return self._note_revision(document, new["metadata"]["annotations"].get(REVISION, "1"))

    def _note_revision(self, document: Document, revision: str) -> Document:
        notes = document["metadata"].get("annotations") or {}
        if notes.get(REVISION) == revision:
            return document
        document["metadata"]["annotations"] = notes | {REVISION: revision}
        return self.world.store.update("deployments", document)

    def _retire(self, document: Document, sets: list[Document], new: Document) -> None:
        """Delete the oldest empty ReplicaSets beyond the history's limit."""
        old = [each for each in sets if each is not new and not each["spec"]["replicas"]]
        surplus = len(old) - document["spec"].get("revisionHistoryLimit", 10)
        for each in old[: max(0, surplus)]:
            if not each["status"].get("replicas"):
                self.world.store.delete(
                    "replicasets", each["metadata"]["namespace"], each["metadata"]["name"]
                )

    # --- scaling ------------------------------------------------------------------------------------------------

    def _was_rescaled(self, document: Document, sets: list[Document]) -> bool:
        """Whether the wish for replicas changed since the ReplicaSets were last scaled."""
        wanted = str(document["spec"]["replicas"])
        active = [each for each in sets if each["spec"]["replicas"]]
        return any(
            (each["metadata"].get("annotations") or {}).get(_DESIRED, wanted) != wanted for each in active
        )

    def _rescale(self, document: Document, sets: list[Document], new: Document) -> None:
        """Give or take replicas in proportion to what each ReplicaSet has; the newest gets the rest."""
        surge, _ = _fences(document)
        active = [each for each in sets if each["spec"]["replicas"]]
        wanted: int = document["spec"]["replicas"]
        if len(active) == 1:
            self._scale(document, active[0], wanted)
            return
        total = sum(each["spec"]["replicas"] for each in active)
        allowed = wanted + surge if wanted else 0
        left = allowed
        for each in active:
            if each["metadata"]["uid"] != new["metadata"]["uid"]:
                share = min(left, round(each["spec"]["replicas"] * allowed / total))
                left -= share
                self._scale(document, each, share)
        self._scale(document, new, left)

    def _scale(self, document: Document, replica_set: Document, replicas: int) -> bool:
        """Whether the ReplicaSet's size changed."""
        surge, _ = _fences(document)
        before = replica_set["spec"]["replicas"]
        notes = replica_set["metadata"].setdefault("annotations", {})
        wanted = document["spec"]["replicas"]
        notes |= {_DESIRED: str(wanted), _MAXIMUM: str(wanted + surge)}
        replica_set["spec"]["replicas"] = replicas
        replica_set["metadata"] = self.world.store.update("replicasets", replica_set)["metadata"]
        if before == replicas:
            return False
        how = "up" if replicas > before else "down"
        name = replica_set["metadata"]["name"]
        self._report(document, f"Scaled {how} replica set {name} from {before} to {replicas}")
        return True

    def _recreate(self, document: Document, sets: list[Document], new: Document) -> None:
        old = [each for each in sets if each["metadata"]["uid"] != new["metadata"]["uid"]]
        running = [each for each in old if each["spec"]["replicas"]]
        for each in running:
            self._scale(document, each, 0)
        pods = (facts for each in old for facts in self.world.pods.owned_by(each["metadata"]["uid"]))
        if not running and all(facts.ended for facts in pods):
            self._scale_if_needed(document, new, document["spec"]["replicas"])

    def _scale_if_needed(self, document: Document, replica_set: Document, replicas: int) -> bool:
        return replica_set["spec"]["replicas"] != replicas and self._scale(document, replica_set, replicas)

    def _roll(self, document: Document, sets: list[Document], new: Document) -> None:
        """One step up with the new, or if there is none to take, one down with the old."""
        wanted: int = document["spec"]["replicas"]
        surge, unavailable = _fences(document)
        old = [
            each
            for each in sets
            if each["metadata"]["uid"] != new["metadata"]["uid"] and each["spec"]["replicas"]
        ]
        total = sum(each["spec"]["replicas"] for each in (*old, new))
        size = new["spec"]["replicas"]
        target = min(wanted, size + max(0, wanted + surge - total)) if size < wanted else wanted
        if self._scale_if_needed(document, new, target) or not old:
            return
        new_unavailable = size - new["status"].get("availableReplicas", 0)
        room = total - (wanted - unavailable) - new_unavailable
        if room > 0:
            self._scale_down_old(document, old, new, room)

    def _scale_down_old(self, document: Document, old: list[Document], new: Document, room: int) -> None:
        """First what is broken anyway, then what works as far as enough others do."""
        wanted: int = document["spec"]["replicas"]
        _, unavailable = _fences(document)
        for each in old:
            broken = min(room, each["spec"]["replicas"] - each["status"].get("availableReplicas", 0))
            if broken > 0:
                self._scale(document, each, each["spec"]["replicas"] - broken)
                room -= broken
        available = sum(each["status"].get("availableReplicas", 0) for each in (*old, new))
        spare = available - (wanted - unavailable)
        for each in old:
            step = min(spare, each["spec"]["replicas"])
            if step > 0:
                self._scale(document, each, each["spec"]["replicas"] - step)
                spare -= step

    def _report(self, document: Document, message: str) -> None:
        self.world.events.normal(document, "deployment-controller", "ScalingReplicaSet", message)

    # --- telling ------------------------------------------------------------------------------------------------

    def _tell(self, document: Document, sets: list[Document], new: Document | None) -> Document:
        old = document.get("status") or {}
        status = _tally(document, sets, new)
        status["conditions"] = list(old.get("conditions") or ())
        _, unavailable = _fences(document)
        if status.get("availableReplicas", 0) >= document["spec"]["replicas"] - unavailable:
            message = "Deployment has minimum availability."
            self._condition(status, "Available", "True", "MinimumReplicasAvailable", message)
        else:
            message = "Deployment does not have minimum availability."
            self._condition(status, "Available", "False", "MinimumReplicasUnavailable", message)
        if new is not None and "deletionTimestamp" not in document["metadata"]:
            self._tell_progress(document, old, status, new)
        return self.put_status(document, status)

    def _tell_progress(self, document: Document, old: Document, status: Document, new: Document) -> None:
        deadline = document["spec"].get("progressDeadlineSeconds")
        known = _find_condition(status, "Progressing")
        settled = known and known["reason"] == "NewReplicaSetAvailable"
        if deadline is None or (settled and status.get("replicas", 0) == status.get("updatedReplicas", 0)):
            return
        name = f'ReplicaSet "{new["metadata"]["name"]}"'
        if _is_complete(document, status):
            self._condition(
                status,
                "Progressing",
                "True",
                "NewReplicaSetAvailable",
                f"{name} has successfully progressed.",
            )
        elif _has_advanced(old, status):
            if known and known["status"] == "True":
                status["conditions"] = [each for each in status["conditions"] if each is not known]
            self._condition(status, "Progressing", "True", "ReplicaSetUpdated", f"{name} is progressing.")
            if known and known["status"] == "True":
                status["conditions"][-1]["lastTransitionTime"] = known["lastTransitionTime"]
            self._look_at_deadline(document, deadline)
        elif known and known["status"] == "True" and not settled:
            if self.world.now - parse_time(known["lastUpdateTime"]) > deadline:
                message = f"{name} has timed out progressing."
                self._condition(status, "Progressing", "False", "ProgressDeadlineExceeded", message)
            else:
                self._look_at_deadline(document, deadline)

    def _look_at_deadline(self, document: Document, deadline: float) -> None:
        key = (document["metadata"]["namespace"], document["metadata"]["name"])
        self.look_at(key, deadline + 1.5)

    def _condition(self, status: Document, kind: str, value: str, reason: str, message: str) -> None:
        now = format_time(self.world.now)
        condition = {"type": kind, "status": value, "lastUpdateTime": now, "lastTransitionTime": now}
        set_status_condition(status, condition | {"reason": reason, "message": message})


def _tally(document: Document, sets: list[Document], new: Document | None) -> Document:
    def total(field: str) -> int:
        return sum(each["status"].get(field, 0) for each in sets)

    available = total("availableReplicas")
    asked = sum(each["spec"]["replicas"] for each in sets)
    status = counts(
        observedGeneration=document["metadata"]["generation"],
        replicas=total("replicas"),
        updatedReplicas=new["status"].get("replicas", 0) if new else 0,
        readyReplicas=total("readyReplicas"),
        availableReplicas=available,
        unavailableReplicas=max(0, asked - available),
    )
    return status | {"terminatingReplicas": total("terminatingReplicas")}


def _is_complete(document: Document, status: Document) -> bool:
    wanted = document["spec"]["replicas"]
    fields = ("updatedReplicas", "replicas", "availableReplicas")
    return all(status.get(field, 0) == wanted for field in fields)


def _has_advanced(old: Document, status: Document) -> bool:
    def outdated(each: Document) -> int:
        replicas: int = each.get("replicas", 0) - each.get("updatedReplicas", 0)
        return replicas

    grown = ("updatedReplicas", "readyReplicas", "availableReplicas")
    return outdated(status) < outdated(old) or any(
        status.get(field, 0) > old.get(field, 0) for field in grown
    )


def _find_condition(status: Document, kind: str) -> Document | None:
    return next((each for each in status.get("conditions") or () if each["type"] == kind), None)


def _revision(replica_set: Document) -> int:
    return int((replica_set["metadata"].get("annotations") or {}).get(REVISION, "0"))


def _fences(document: Document) -> tuple[int, int]:
    """How many pods there may be too many (rounded up) and too few (rounded down) during a rollout."""
    strategy = document["spec"].get("strategy") or {}
    if strategy.get("type") == "Recreate":
        return 0, 0
    rolling = strategy.get("rollingUpdate") or {}
    wanted = document["spec"]["replicas"]
    surge = math.ceil(share_of(rolling.get("maxSurge", "25%"), wanted))
    unavailable = math.floor(share_of(rolling.get("maxUnavailable", "25%"), wanted))
    return surge, unavailable if surge or unavailable else 1


def share_of(value: int | str, total: int) -> float:
    """A number of pods, or a percentage of ``total``."""
    return int(value.rstrip("%")) * total / 100 if isinstance(value, str) else value
