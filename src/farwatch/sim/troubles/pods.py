"""Troubles of pods: what kubelets and the scheduler run into."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from typing import Any

from farwatch.sim.engine.ailments import Ailment, AilmentKind, Workload, pods_of
from farwatch.sim.engine.engine import Engine
from farwatch.sim.resources import RESOURCES
from farwatch.sim.times import format_time
from farwatch.sim.troubles.registry import Mend, Raise, Target, TroubleError

Document = dict[str, Any]
Change = Callable[[Document], None]

MISSING_IMAGE = "registry.example/does-not-exist:1"
PRIVATE_IMAGE = "registry.example/private:1"
_HOLD = "example.com/hold"
_EVICTION = (
    "The node was low on resource: memory. Threshold quantity: 100Mi, available: 52184Ki. "
    "Container {name} was using 311296Ki, request is 128Mi, has larger consumption of memory. "
)


def ailment(kind: AilmentKind, **details: Any) -> Raise:
    """A trouble that befalls running containers; mended, pods that are still down are replaced."""

    def bring_about(engine: Engine, target: Target) -> Mend:
        workload = workload_at(target)
        engine.world.ailments.afflict(workload, Ailment(kind, **details))

        def mend() -> None:
            engine.world.ailments.heal(workload)
            if kind in (AilmentKind.EXIT, AilmentKind.OUT_OF_MEMORY):
                replace_unready(engine, workload)

        return mend

    return bring_about


def template_change(change: Change) -> Raise:
    """A trouble that comes with a change of the pod template; mended by taking it back."""

    def bring_about(engine: Engine, target: Target) -> Mend:
        restore = change_template(engine, target, change)

        def mend() -> None:
            restore()
            if target.resource == "statefulsets":
                # A StatefulSet waits for a broken pod to get ready before it replaces it: someone has to delete it.
                replace_unready(engine, workload_at(target))

        return mend

    return bring_about


def use_image(image: str) -> Change:
    """Let the main container run another image."""

    def change(template: Document) -> None:
        template["spec"]["containers"][0]["image"] = image

    return change


def need_absent_configuration(template: Document) -> None:
    """Take the environment from a ConfigMap that is not there."""
    template["spec"]["containers"][0]["envFrom"] = [{"configMapRef": {"name": "absent"}}]


def need_absent_volume(template: Document) -> None:
    """Mount a ConfigMap that is not there."""
    template["spec"]["volumes"] = [
        *template["spec"].get("volumes", ()),
        {"name": "config", "configMap": {"name": "absent", "defaultMode": 420}},
    ]
    container = template["spec"]["containers"][0]
    mount = {"name": "config", "mountPath": "/etc/app"}
    container["volumeMounts"] = [*container.get("volumeMounts", ()), mount]


def need_special_node(template: Document) -> None:
    """Ask for a label that no node has."""
    template["spec"]["nodeSelector"] = {"disk": "nvme"}


def need_huge_node(template: Document) -> None:
    """Ask for more CPU than any node has."""
    resources = template["spec"]["containers"][0].setdefault("resources", {})
    resources["requests"] = resources.get("requests", {}) | {"cpu": "4096"}


def lose_network(engine: Engine, target: Target) -> Mend:
    """New pods get no network; a rollout makes some."""
    workload = workload_at(target)
    engine.world.ailments.afflict(workload, Ailment(AilmentKind.NO_NETWORK))
    restart(engine, target)
    return lambda: engine.world.ailments.heal(workload)


def evict_one(engine: Engine, target: Target) -> Mend:
    """The node of one pod runs short of memory; the evicted pod stays to be seen until mended."""
    workload = workload_at(target)
    pod = pick_pod(engine, target)
    key = (pod["metadata"]["namespace"], pod["metadata"]["name"])
    engine.kubelets.evict(key, _EVICTION.format(name=pod["spec"]["containers"][0]["name"]))

    def mend() -> None:
        for pod in pods_of(engine.world.store, engine.world.pods, workload):
            if pod["status"].get("reason") == "Evicted":
                engine.world.store.delete("pods", pod["metadata"]["namespace"], pod["metadata"]["name"])

    return mend


def hold_termination(engine: Engine, target: Target) -> Mend:
    """One pod is deleted, but somebody's finalizer holds it."""
    pod = pick_pod(engine, target)
    key = (pod["metadata"]["namespace"], pod["metadata"]["name"])
    store = engine.world.store

    def add(pod: Document) -> None:
        pod["metadata"]["finalizers"] = [*pod["metadata"].get("finalizers", ()), _HOLD]

    def remove(pod: Document) -> None:
        pod["metadata"]["finalizers"].remove(_HOLD)

    store.modify("pods", *key, add)
    store.delete("pods", *key)

    def mend() -> None:
        found = store.find("pods", *key)
        if found and _HOLD in found["metadata"].get("finalizers", ()):
            store.modify("pods", *key, remove)

    return mend


# --- what they have in common -----------------------------------------------------------------------------------


def workload_at(target: Target) -> Workload:
    """The workload that a target is."""
    return Workload(target.namespace, RESOURCES[target.resource].kind, target.name)


def change_template(engine: Engine, target: Target, change: Change) -> Mend:
    """Change a workload's pod template; the answer puts the old one back."""
    key = (target.namespace, target.name)
    before: Document = {}

    def apply(document: Document) -> None:
        before.update(deepcopy(document["spec"]["template"]))
        change(document["spec"]["template"])

    def put_back(document: Document) -> None:
        document["spec"]["template"] = before

    engine.world.store.modify(target.resource, *key, apply)

    def restore() -> None:
        if engine.world.store.find(target.resource, *key):
            engine.world.store.modify(target.resource, *key, put_back)

    return restore


def restart(engine: Engine, target: Target) -> None:
    """As ``kubectl rollout restart``."""

    def annotate(document: Document) -> None:
        notes = document["spec"]["template"]["metadata"].setdefault("annotations", {})
        notes["kubectl.kubernetes.io/restartedAt"] = format_time(engine.world.now)

    engine.world.store.modify(target.resource, target.namespace, target.name, annotate)


def replace_unready(engine: Engine, workload: Workload) -> None:
    """Delete the workload's pods that are not ready, as an operator would to be done with a back-off."""
    for pod in pods_of(engine.world.store, engine.world.pods, workload):
        facts = engine.world.pods.get((workload.namespace, pod["metadata"]["name"]))
        if facts is not None and facts.active and not facts.ready:
            engine.world.store.delete("pods", *facts.key)


def pick_pod(engine: Engine, target: Target) -> Document:
    """One of a workload's running pods; TroubleError when it has none."""
    pods = pods_of(engine.world.store, engine.world.pods, workload_at(target))
    running = [
        pod
        for pod in pods
        if pod["status"]["phase"] == "Running" and "deletionTimestamp" not in pod["metadata"]
    ]
    if not running:
        raise TroubleError(f"{target} has no running pod; choose a workload that has")
    return engine.world.random.choice(running)
