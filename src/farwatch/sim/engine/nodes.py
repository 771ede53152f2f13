"""Nodes: their kubelets' heartbeats, and the controllers that judge them by these.

Recorded from v1.36: a kubelet renews its Lease every 10 s and posts its status when it changes and every 5 min. When
the Lease is older than 50 s, the node controller says so in the node's conditions, taints the node and marks its pods
as not ready; pods that do not tolerate the taint for longer than 300 s are deleted.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from farwatch.sim.collection import Change, ChangeType
from farwatch.sim.engine import status
from farwatch.sim.engine.conditions import PRESSURE_TAINTS, READY, SOUND, Health, Pressure, node_condition
from farwatch.sim.engine.index import PodFacts
from farwatch.sim.engine.kubelet import Kubelets
from farwatch.sim.engine.timers import Timer
from farwatch.sim.engine.world import World
from farwatch.sim.times import format_micro_time, format_time

Document = dict[str, Any]

LEASE_SECONDS = 10.0
_STATUS_SECONDS = 300.0
_GRACE_SECONDS = (50.0, 55.0)  # node-monitor-grace-period, seen at the next round of the 5 s monitor
_ORPHAN_SECONDS = 40.0  # pod garbage collection: after a quarantine
_LEASE_NAMESPACE = "kube-node-lease"
_UNREACHABLE = "node.kubernetes.io/unreachable"
_NOT_READY = "node.kubernetes.io/not-ready"
_UNSCHEDULABLE = "node.kubernetes.io/unschedulable"


class Nodes:
    """Heartbeats of all nodes, and the controllers that watch over them."""

    def __init__(self, world: World, kubelets: Kubelets) -> None:
        self._world = world
        self._kubelets = kubelets
        self._lost: dict[str, Timer] = {}
        self._evictions: dict[str, Timer] = {}
        world.store.subscribe("nodes", self._follow)
        for entry in world.store.collection("nodes").entries():
            self._expect_heartbeats(entry.name)

    # --- what a scenario does ---------------------------------------------------------------------------------

    def stop_kubelet(self, node: str) -> None:
        """A node's kubelet stops, as on a crash of the machine: no Lease, no status."""
        self._kubelets.stop(node)
        delay = self._world.random.uniform(*_GRACE_SECONDS)
        self._lost[node] = self._world.timers.after(delay, lambda: self._declare_lost(node))

    def start_kubelet(self, node: str) -> None:
        """A node's kubelet is back."""
        if timer := self._lost.pop(node, None):
            timer.cancel()
        self._kubelets.start(node)
        self._renew(node)
        self.post(node, *SOUND)

    def post(self, node: str, *healths: Health) -> None:
        """The kubelet posts these conditions, and reports those that are new as Events."""
        now = self._world.now
        changed: list[Health] = []

        def tell(document: Document) -> None:
            conditions = document["status"]["conditions"]
            for health in healths:
                place = next(i for i, each in enumerate(conditions) if each["type"] == health.type)
                condition = node_condition(health, now)
                if conditions[place]["status"] == health.status:
                    condition["lastTransitionTime"] = conditions[place]["lastTransitionTime"]
                else:
                    changed.append(health)
                conditions[place] = condition

        if not self._world.store.find("nodes", "", node):
            return
        document = self._world.store.modify("nodes", "", node, tell, "status")
        for health in changed:
            message = f"Node {node} status is now: {health.event}"
            self._world.events.normal(document, "kubelet", health.event, message, host=node)
        for health in changed:
            self._judge(document, health)

    # --- heartbeats -------------------------------------------------------------------------------------------

    def _follow(self, change: Change) -> None:
        name = change.entry.name
        if change.type is ChangeType.ADDED:
            self._expect_heartbeats(name)
        elif change.type is ChangeType.MODIFIED:
            before, after = (
                each.decode().get("spec") or {} for each in (change.previous or change.entry, change.entry)
            )
            cordoned = after.get("unschedulable", False)
            if cordoned != before.get("unschedulable", False):
                self._world.timers.after(0.02, lambda: self._cordon(name, cordoned=cordoned))
        else:
            if timer := self._lost.pop(name, None):
                timer.cancel()
            self._world.timers.after(_ORPHAN_SECONDS, lambda: self._collect_orphans(name))

    def _collect_orphans(self, node: str) -> None:
        """Delete the pods of a node that is gone."""
        if not self._world.store.collection("nodes").get(("", node)):
            for facts in self._world.pods.on_node(node):
                self._world.store.delete("pods", *facts.key, grace_period=0)

    def _expect_heartbeats(self, node: str) -> None:
        random = self._world.random
        self._world.timers.after(random.uniform(0, LEASE_SECONDS), lambda: self._beat(node))
        self._world.timers.after(random.uniform(0, _STATUS_SECONDS), lambda: self._post_regularly(node))

    def _beat(self, node: str) -> None:
        if not self._world.store.collection("nodes").get(("", node)):
            return
        if self._kubelets.is_running(node):
            self._renew(node)
        self._world.timers.after(LEASE_SECONDS + self._world.random.uniform(0, 0.4), lambda: self._beat(node))

    def _renew(self, node: str) -> None:
        lease = self._world.store.find("leases", _LEASE_NAMESPACE, node)
        now = format_micro_time(self._world.now)
        if lease is None:
            self._world.store.create("leases", new_lease(self._world.store.get("nodes", "", node), now))
        else:
            lease["spec"]["renewTime"] = now
            self._world.store.update("leases", lease)

    def _post_regularly(self, node: str) -> None:
        found = self._world.store.find("nodes", "", node)
        if found is None:
            return
        if self._kubelets.is_running(node):
            now = format_time(self._world.now)
            for condition in (found.get("status") or {}).get("conditions") or ():
                condition["lastHeartbeatTime"] = now
            self._world.store.update("nodes", found, "status")
        self._world.timers.after(_STATUS_SECONDS, lambda: self._post_regularly(node))

    # --- the node controllers ---------------------------------------------------------------------------------

    def _declare_lost(self, node: str) -> None:
        self._lost.pop(node, None)
        if not self._world.store.find("nodes", "", node):
            return
        now = format_time(self._world.now)

        def tell(document: Document) -> None:
            for condition in (document.get("status") or {}).get("conditions") or ():
                if condition["status"] != "Unknown":
                    condition |= {
                        "status": "Unknown",
                        "lastTransitionTime": now,
                        "reason": "NodeStatusUnknown",
                    }
                    condition["message"] = "Kubelet stopped posting node status."

        document = self._world.store.modify("nodes", "", node, tell, "status")
        self._give_up_on(document, _UNREACHABLE)

    def _judge(self, document: Document, health: Health) -> None:
        """Draw the consequences of a condition that changed."""
        node = document["metadata"]["name"]
        if health.type != READY.type:
            self._taint(
                node, PRESSURE_TAINTS[Pressure(health.type)], "NoSchedule", present=health.status == "True"
            )
        elif health.status == "True":
            self._recover(node)
        else:
            self._give_up_on(document, _NOT_READY)

    def _give_up_on(self, document: Document, taint: str) -> None:
        """A node is not ready, or cannot be reached: keep pods off it, mark those on it, evict them in time."""
        node = document["metadata"]["name"]
        self._taint(node, taint, "NoSchedule", present=True)
        message = f"Node {node} status is now: NodeNotReady"
        about = {
            "kind": "Node",
            "apiVersion": "v1",
            "metadata": {"name": node, "uid": document["metadata"]["uid"]},
        }
        self._world.events.normal(about, "node-controller", "NodeNotReady", message)
        for facts in self._world.pods.on_node(node):
            if facts.ready:
                self._mark_not_ready(facts)
        self._world.timers.after(0.05, lambda: self._expel_from(node, taint))

    def _mark_not_ready(self, facts: PodFacts) -> None:
        def tell(pod: Document) -> None:
            status.set_condition(pod, "Ready", "False", self._world.now)

        pod = self._world.store.modify("pods", *facts.key, tell, "status")
        self._world.events.warn(pod, "node-controller", "NodeNotReady", "Node is not ready")

    def _expel_from(self, node: str, taint: str) -> None:
        self._taint(node, taint, "NoExecute", present=True)
        for facts in self._world.pods.on_node(node):
            seconds = _tolerated_seconds(facts.entry.decode(), taint)
            if seconds is not None and facts.active:
                self._evictions[facts.entry.uid] = self._world.timers.after(
                    seconds, partial(self._expel, facts)
                )

    def _expel(self, seen: PodFacts) -> None:
        self._evictions.pop(seen.entry.uid, None)
        key = seen.key
        facts = self._world.pods.get(key)
        if facts is None or not facts.active or facts.entry.uid != seen.entry.uid:
            return

        def tell(pod: Document) -> None:
            message = "Taint manager: deleting due to NoExecute taint"
            status.set_condition(
                pod,
                "DisruptionTarget",
                "True",
                self._world.now,
                reason="DeletionByTaintManager",
                message=message,
            )

        pod = self._world.store.modify("pods", *key, tell, "status")
        message = f"Marking for deletion Pod {key[0]}/{key[1]}"
        self._world.events.normal(pod, "taint-eviction-controller", "TaintManagerEviction", message)
        self._world.store.delete("pods", *key)

    def _recover(self, node: str) -> None:
        for taint in (_UNREACHABLE, _NOT_READY):
            self._taint(node, taint, "NoSchedule", present=False)
        self._world.timers.after(1.2, lambda: self._readmit(node))

    def _readmit(self, node: str) -> None:
        for taint in (_UNREACHABLE, _NOT_READY):
            self._taint(node, taint, "NoExecute", present=False)
        for facts in self._world.pods.on_node(node):
            if timer := self._evictions.pop(facts.entry.uid, None):
                timer.cancel()
                message = f"Cancelling deletion of Pod {facts.key[0]}/{facts.key[1]}"
                pod = facts.entry.decode()
                self._world.events.normal(pod, "taint-eviction-controller", "TaintManagerEviction", message)
            if self._kubelets.is_running(node) and not facts.ready and not facts.ended and not facts.deleting:
                worker = self._kubelets.worker(facts.entry.decode())
                worker.later(self._world.random.uniform(0.2, 1.0), worker.tell_again)

    def _cordon(self, node: str, *, cordoned: bool) -> None:
        self._taint(node, _UNSCHEDULABLE, "NoSchedule", present=cordoned)
        document = self._world.store.find("nodes", "", node)
        if document is not None:
            reason = "NodeNotSchedulable" if cordoned else "NodeSchedulable"
            report = f"Node {node} status is now: {reason}"
            self._kubelets.run_or_park(
                node, lambda: self._world.events.normal(document, "kubelet", reason, report, host=node)
            )

    def _taint(self, node: str, key: str, effect: str, *, present: bool) -> None:
        document = self._world.store.find("nodes", "", node)
        if document is None:
            return
        taints = document["spec"].get("taints") or []
        kept = [taint for taint in taints if (taint["key"], taint["effect"]) != (key, effect)]
        if present == (len(kept) < len(taints)):
            return
        if present:
            kept.append({"key": key, "effect": effect, "timeAdded": format_time(self._world.now)})
        document["spec"]["taints"] = kept
        if not kept:
            del document["spec"]["taints"]
        self._world.store.update("nodes", document)


def new_lease(node: Document, now: str) -> Document:
    """A node's Lease as its kubelet makes it; ``now`` in microseconds."""
    name = node["metadata"]["name"]
    owner = {"apiVersion": "v1", "kind": "Node", "name": name, "uid": node["metadata"]["uid"]}
    return {
        "kind": "Lease",
        "apiVersion": "coordination.k8s.io/v1",
        "metadata": {"name": name, "namespace": _LEASE_NAMESPACE, "ownerReferences": [owner]},
        "spec": {"holderIdentity": name, "leaseDurationSeconds": 40, "renewTime": now},
    }


def _tolerated_seconds(pod: Document, taint: str) -> float | None:
    """How long a pod stays on a node with a NoExecute taint; None: for ever."""
    for toleration in pod["spec"].get("tolerations") or ():
        if toleration.get("effect") in (None, "", "NoExecute") and toleration.get("key") in (None, "", taint):
            seconds = toleration.get("tolerationSeconds")
            return None if seconds is None else float(seconds)
    return 0.0
