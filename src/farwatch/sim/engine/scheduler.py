"""The scheduler: binds pods to nodes that can take them, or says in its own words why none can.

Filters (``pkg/scheduler/framework/plugins``): unschedulable nodes, taints, node selector and affinity, resources. The
least loaded of a sample of the fitting nodes wins, which spreads pods well enough and costs little with thousands of
nodes.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

import msgspec

from farwatch.sim.collection import Change, ChangeType, Key
from farwatch.sim.engine.index import PodFacts
from farwatch.sim.engine.quantities import read_quantity
from farwatch.sim.engine.world import World
from farwatch.sim.resources import RESOURCES
from farwatch.sim.times import format_time

Document = dict[str, Any]

_SAMPLE = 40
_RETRY_SECONDS = 0.2
_RESOURCES = ("cpu", "memory")
_EPSILON = 1e-9


class NodeRoom(msgspec.Struct):
    """What a node offers and what of it is asked for."""

    name: str
    labels: dict[str, str]
    taints: list[dict[str, Any]]
    unschedulable: bool
    allocatable: dict[str, float]
    requested: dict[str, float]
    pods: int = 0


class Scheduler:
    """Binds the pods of a world to its nodes."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._nodes: dict[str, NodeRoom] = {}
        self._waiting: dict[Key, None] = {}
        self._retry_set = False
        for entry in world.store.collection("nodes").entries():
            self._learn_node(entry.decode())
        for facts in world.pods.all():
            self._account(facts, +1)
            if not facts.node and facts.active:
                self._attempt_soon(facts.key)
        world.store.subscribe("nodes", self._follow_node)
        world.pods.subscribe(self._follow_pod)

    # --- knowing the cluster ----------------------------------------------------------------------------------

    def _follow_node(self, change: Change) -> None:
        if change.type is ChangeType.DELETED:
            self._nodes.pop(change.entry.name, None)
            return
        if self._learn_node(change.entry.decode()):
            self._retry_waiting()

    def _learn_node(self, node: Document) -> bool:
        """Whether the node may take other pods than before."""
        name, spec = node["metadata"]["name"], node.get("spec") or {}
        offered = (node.get("status") or {}).get("allocatable") or {}
        known = self._nodes.get(name)
        room = NodeRoom(
            name=name,
            labels=node["metadata"].get("labels") or {},
            taints=spec.get("taints") or [],
            unschedulable=spec.get("unschedulable", False),
            allocatable={key: read_quantity(value) for key, value in offered.items()},
            requested=known.requested if known else {},
            pods=known.pods if known else 0,
        )
        self._nodes[name] = room
        return room != known

    def _follow_pod(self, before: PodFacts | None, after: PodFacts | None) -> None:
        held = before is not None and bool(before.node) and not before.ended
        holds = after is not None and bool(after.node) and not after.ended
        if held != holds:
            if before is not None and held:
                self._account(before, -1)
                self._retry_waiting()
            if after is not None and holds:
                self._account(after, +1)
        if after is not None and not after.node and after.active and before is None:
            self._attempt_soon(after.key)
        elif after is None and before is not None:
            self._waiting.pop(before.key, None)

    def _account(self, facts: PodFacts, sign: int) -> None:
        room = self._nodes.get(facts.node)
        if room is None or (sign > 0 and facts.ended):
            return
        room.pods += sign
        for name in _RESOURCES:
            room.requested[name] = room.requested.get(name, 0.0) + sign * facts.requests.get(name, 0.0)

    # --- scheduling -------------------------------------------------------------------------------------------

    def _attempt_soon(self, key: Key) -> None:
        self._world.timers.after(0.01, lambda: self._attempt(key))

    def _retry_waiting(self) -> None:
        if self._waiting and not self._retry_set:
            self._retry_set = True
            self._world.timers.after(_RETRY_SECONDS, self._attempt_waiting)

    def _attempt_waiting(self) -> None:
        self._retry_set = False
        for key in list(self._waiting):
            self._attempt(key)

    def _attempt(self, key: Key) -> None:
        facts = self._world.pods.get(key)
        if facts is None or facts.node or not facts.active:
            self._waiting.pop(key, None)
            return
        pod = facts.entry.decode()
        fitting = self._fitting(pod, facts)
        if fitting:
            self._waiting.pop(key, None)
            self._bind(pod, facts, fitting)
        else:
            self._waiting[key] = None
            self._report_failure(pod, facts)

    def _fitting(self, pod: Document, facts: PodFacts) -> NodeRoom | None:
        """The least loaded of some nodes that can take the pod."""
        names = _only_nodes(pod["spec"]) or list(self._nodes)
        start = self._world.random.randrange(len(names)) if names else 0
        best: NodeRoom | None = None
        seen = 0
        for name in names[start:] + names[:start]:
            room = self._nodes.get(name)
            if room is None or why_not(room, pod, facts.requests):
                continue
            if best is None or _load(room) < _load(best):
                best = room
            seen += 1
            if seen >= _SAMPLE:
                break
        return best

    def _bind(self, pod: Document, facts: PodFacts, room: NodeRoom) -> None:
        namespace, name = pod["metadata"]["namespace"], pod["metadata"]["name"]
        bound = {"type": "PodScheduled", "status": "True", "lastProbeTime": None}
        bound["lastTransitionTime"] = format_time(self._world.now)
        # A binding is one write in the API server: the node and the condition together.
        labels = pod["metadata"].setdefault("labels", {})
        for label in ("topology.kubernetes.io/region", "topology.kubernetes.io/zone"):
            if label in room.labels:
                labels[label] = room.labels[label]
        pod["spec"]["nodeName"] = room.name
        pod["status"]["conditions"] = [bound]
        self._world.store.write(RESOURCES["pods"], pod, facts.entry)
        message = f"Successfully assigned {namespace}/{name} to {room.name}"
        self._world.events.scheduler(pod, "Normal", "Scheduled", message, "Binding")

    def _report_failure(self, pod: Document, facts: PodFacts) -> None:
        reasons: Counter[str] = Counter()
        helpless = 0
        for room in self._nodes.values():
            found = why_not(room, pod, facts.requests)
            reasons.update(found)
            # Evicting others helps only where resources are all that lacks.
            helpless += any(not reason.startswith(("Insufficient", "Too many")) for reason in found)
        total = len(self._nodes)
        why = ", ".join(sorted(f"{count} {reason}" for reason, count in reasons.items()))
        preemption = {"No preemption victims found for incoming pod": total - helpless}
        preemption["Preemption is not helpful for scheduling"] = helpless
        unhelpful = ", ".join(sorted(f"{count} {reason}" for reason, count in preemption.items() if count))
        message = f"0/{total} nodes are available: {why or 'no nodes available to schedule pods'}. no new claims to deallocate, "
        message += f"preemption: 0/{total} nodes are available: {unhelpful}."

        def tell(pod: Document) -> None:
            condition = {"type": "PodScheduled", "observedGeneration": pod["metadata"].get("generation", 1)}
            condition |= {
                "status": "False",
                "lastProbeTime": None,
                "lastTransitionTime": format_time(self._world.now),
            }
            for known in pod["status"].get("conditions") or ():
                if known["status"] == "False":
                    condition["lastTransitionTime"] = known["lastTransitionTime"]
            pod["status"]["conditions"] = [condition | {"reason": "Unschedulable", "message": message}]

        self._world.store.modify("pods", *facts.key, tell, "status")
        self._world.events.scheduler(pod, "Warning", "FailedScheduling", message, "Scheduling")


def why_not(room: NodeRoom, pod: Document, requests: dict[str, float]) -> list[str]:
    """Why a node cannot take a pod, in the scheduler's words; empty when it can."""
    spec = pod["spec"]
    tolerations = spec.get("tolerations") or ()
    if room.unschedulable and not tolerates(tolerations, _UNSCHEDULABLE_TAINT):
        return ["node(s) were unschedulable"]
    for taint in room.taints:
        if taint["effect"] in ("NoSchedule", "NoExecute") and not tolerates(tolerations, taint):
            return ["node(s) had untolerated taint(s)"]
    if not _selects(spec, room):
        return ["node(s) didn't match Pod's node affinity/selector"]
    lacking = ["Too many pods"] if room.pods >= room.allocatable.get("pods", 110) else []
    for name in _RESOURCES:
        free = room.allocatable.get(name, 0.0) - room.requested.get(name, 0.0)
        if requests.get(name, 0.0) > free + _EPSILON:
            lacking.append(f"Insufficient {name}")
    return lacking


_UNSCHEDULABLE_TAINT = {"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule"}


def tolerates(tolerations: Any, taint: Document) -> bool:
    """Whether one of a pod's tolerations covers a taint."""
    return any(
        each.get("key") in (None, "", taint["key"])
        and each.get("effect") in (None, "", taint["effect"])
        and (each.get("operator") == "Exists" or each.get("value", "") == taint.get("value", ""))
        for each in tolerations
    )


def _selects(spec: Document, room: NodeRoom) -> bool:
    selector = spec.get("nodeSelector") or {}
    if any(room.labels.get(key) != value for key, value in selector.items()):
        return False
    affinity = ((spec.get("affinity") or {}).get("nodeAffinity") or {}).get(
        "requiredDuringSchedulingIgnoredDuringExecution"
    )
    if not affinity:
        return True
    return any(_term_fits(term, room) for term in affinity["nodeSelectorTerms"])


def _term_fits(term: Document, room: NodeRoom) -> bool:
    fields = all(room.name in expression["values"] for expression in term.get("matchFields") or ())
    labels = all(
        (room.labels.get(expression["key"]) in (expression.get("values") or ()))
        == (expression["operator"] == "In")
        for expression in term.get("matchExpressions") or ()
        if expression["operator"] in ("In", "NotIn")
    )
    return fields and labels


def _only_nodes(spec: Document) -> list[str]:
    """The nodes a pod is made for by name, as a DaemonSet's are; empty when it may go to others."""
    affinity = (spec.get("affinity") or {}).get("nodeAffinity") or {}
    terms = (affinity.get("requiredDuringSchedulingIgnoredDuringExecution") or {}).get(
        "nodeSelectorTerms"
    ) or ()
    return [
        value
        for term in terms
        for expression in term.get("matchFields") or ()
        for value in expression["values"]
        if expression["key"] == "metadata.name"
    ]


def _load(room: NodeRoom) -> float:
    shares = (
        room.requested.get(name, 0.0) / room.allocatable[name]
        for name in _RESOURCES
        if room.allocatable.get(name)
    )
    return room.pods / room.allocatable.get("pods", 110) + sum(shares)
