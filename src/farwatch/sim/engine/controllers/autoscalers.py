"""HorizontalPodAutoscalers: replicas by load, within bounds (``pkg/controller/podautoscaler``).

Load is what a scenario says it is: a share of what the target's pods ask for, steady where nothing was said.
"""

from __future__ import annotations

import math
from typing import Any

from farwatch.sim.collection import Key
from farwatch.sim.engine.controllers.controller import Controller
from farwatch.sim.engine.world import World
from farwatch.sim.times import format_time

Document = dict[str, Any]

_COMPONENT = "horizontal-pod-autoscaler"
_PERIOD_SECONDS = 15.0
_TOLERANCE = 0.1
_VALID_METRIC = "the HPA was able to successfully calculate a replica count from cpu resource utilization (percentage of request)"
_STABILIZATION_SECONDS = 300
_RESOURCES = {"Deployment": "deployments", "StatefulSet": "statefulsets", "ReplicaSet": "replicasets"}


class AutoscalerController(Controller):
    """Keeps HorizontalPodAutoscalers in order."""

    resource = "horizontalpodautoscalers"
    owns_pods = False

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self._load: dict[Key, float] = {}
        self._planned: set[Key] = set()
        self._highest: dict[Key, list[tuple[float, int]]] = {}
        for key in self._keys.values():
            self._plan(key)

    def set_load(self, key: Key, load: float | None) -> None:
        """What the pods of an autoscaler's target use together, in replicas' worth of their target; None: as usual."""
        if load is None:
            self._load.pop(key, None)
        else:
            self._load[key] = load
        self.look_at(key)

    def _plan(self, key: Key) -> None:
        self._planned.add(key)
        self.world.timers.after(self.world.random.uniform(0, _PERIOD_SECONDS), lambda: self._round(key))

    def _round(self, key: Key) -> None:
        document = self.world.store.find(self.resource, *key)
        if document is None:
            self._planned.discard(key)
            return
        self.reconcile(document)
        self.world.timers.after(_PERIOD_SECONDS, lambda: self._round(key))

    def reconcile(self, document: Document) -> None:
        """Decide on the number of replicas, scale the target, and say why."""
        key = (document["metadata"]["namespace"], document["metadata"]["name"])
        if key not in self._planned:
            self._plan(key)
        target = self._target(document)
        if target is None:
            self._tell_lost(document)
            return
        current: int = target["spec"].get("replicas", 1)
        if not current:
            return
        goal = _utilization_goal(document)
        used = self._utilization(document, key, current, goal)
        wanted = current if abs(used / goal - 1) <= _TOLERANCE else math.ceil(current * used / goal)
        self._decide(document, key, target, wanted, used)

    def _target(self, document: Document) -> Document | None:
        reference = document["spec"]["scaleTargetRef"]
        resource = _RESOURCES.get(reference["kind"])
        return resource and self.world.store.find(
            resource, document["metadata"]["namespace"], reference["name"]
        )  # type: ignore[return-value]

    def _utilization(self, document: Document, key: Key, current: int, goal: int) -> float:
        """Percent of requests."""
        if key in self._load:
            return self._load[key] * goal / current
        # Steady, a little below the goal, different for each: nothing to be done.
        share = 0.91 + int(document["metadata"]["uid"][:2], 16) % 9 / 100
        return goal * share

    def _decide(self, document: Document, key: Key, target: Document, wanted: int, used: float) -> None:
        spec, current = document["spec"], target["spec"].get("replicas", 1)
        minimum = spec.get("minReplicas") or 1
        bounded = max(minimum, min(spec["maxReplicas"], wanted))
        stable = self._stabilize(document, key, current, bounded)
        able = ("ReadyForNewScale", "recommended size matches current size")
        if stable != bounded:
            able = (
                "ScaleDownStabilized",
                "recent recommendations were higher than current one, applying the highest recent recommendation",
            )
        limited = ("False", "DesiredWithinRange", "the desired count is within the acceptable range")
        if wanted > spec["maxReplicas"]:
            limited = (
                "True",
                "TooManyReplicas",
                "the desired replica count is more than the maximum replica count",
            )
        elif wanted < minimum:
            limited = (
                "True",
                "TooFewReplicas",
                "the desired replica count is less than the minimum replica count",
            )
        status = dict(document.get("status") or {})
        if stable != current:
            able = ("SucceededRescale", f"the HPA controller was able to update the target scale to {stable}")
            status["lastScaleTime"] = format_time(self.world.now)
            self._scale(document, target, stable, current, used)
        active = ("ValidMetricFound", _VALID_METRIC)
        status |= {"currentReplicas": current, "desiredReplicas": stable, "currentMetrics": _metrics(used)}
        status["conditions"] = self._conditions(
            document,
            ("AbleToScale", "True", *able),
            ("ScalingActive", "True", *active),
            ("ScalingLimited", *limited),
        )
        self.put_status(document, status)

    def _stabilize(self, document: Document, key: Key, current: int, wanted: int) -> int:
        """Going down waits until no higher number was wanted for a while."""
        behavior = (document["spec"].get("behavior") or {}).get("scaleDown") or {}
        window = behavior.get("stabilizationWindowSeconds", _STABILIZATION_SECONDS)
        recent = [
            (time, number) for time, number in self._highest.get(key, ()) if self.world.now - time < window
        ]
        self._highest[key] = [*recent, (self.world.now, wanted)]
        if wanted >= current:
            return wanted
        return min(current, max(number for _, number in self._highest[key]))

    def _scale(self, document: Document, target: Document, wanted: int, current: int, used: float) -> None:
        target["spec"]["replicas"] = wanted
        self.world.store.update(_RESOURCES[target["kind"]], target)
        spec = document["spec"]
        reason = "cpu resource utilization (percentage of request) above target"
        if current > spec["maxReplicas"]:
            reason = "Current number of replicas above Spec.MaxReplicas"
        elif current < (spec.get("minReplicas") or 1):
            reason = "Current number of replicas below Spec.MinReplicas"
        elif used < _utilization_goal(document):
            reason = "All metrics below target"
        message = f"New size: {wanted}; reason: {reason}"
        self.world.events.normal(document, _COMPONENT, "SuccessfulRescale", message)

    def _tell_lost(self, document: Document) -> None:
        """The target is not there."""
        name = document["spec"]["scaleTargetRef"]["name"]
        message = f'the HPA controller was unable to get the target\'s current scale: deployments/scale.apps "{name}" not found'
        condition = ("AbleToScale", "False", "FailedGetScale", message)
        status = dict(document.get("status") or {})
        status["conditions"] = self._conditions(document, condition)
        self.put_status(document, status)

    def _conditions(self, document: Document, *told: tuple[str, str, str, str]) -> list[Document]:
        known = {each["type"]: each for each in (document.get("status") or {}).get("conditions") or ()}
        conditions = []
        for kind, value, reason, message in told:
            since = format_time(self.world.now)
            if known.get(kind, {}).get("status") == value:
                since = known[kind]["lastTransitionTime"]
            condition = {"type": kind, "status": value, "lastTransitionTime": since}
            conditions.append(condition | {"reason": reason, "message": message})
        return conditions


def _utilization_goal(document: Document) -> int:
    """The CPU utilization aimed at, in percent of requests."""
    for metric in document["spec"].get("metrics") or ():
        goal = ((metric.get("resource") or {}).get("target") or {}).get("averageUtilization")
        if goal:
            return int(goal)
    return 80


def _metrics(used: float) -> list[Document]:
    current = {"averageUtilization": round(used), "averageValue": f"{round(used * 2)}m"}
    return [{"type": "Resource", "resource": {"name": "cpu", "current": current}}]
