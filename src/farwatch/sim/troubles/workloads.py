"""Troubles of workloads, their storage, and namespaces: what controllers run into."""

from __future__ import annotations

import math
from typing import Any

from farwatch.sim.engine import manifests
from farwatch.sim.engine.ailments import Ailment, AilmentKind, Workload
from farwatch.sim.engine.engine import Engine
from farwatch.sim.engine.names import suffix
from farwatch.sim.troubles.pods import change_template, use_image
from farwatch.sim.troubles.registry import Mend, Target

Document = dict[str, Any]

_DEADLINE_SECONDS = 60
_OVERLOAD = 1.5
_ALMOST_FULL = 0.97
_HOLD = "example.com/archive"


def fail_rollout(engine: Engine, target: Target) -> Mend:
    """A new version whose pods never get ready; the Deployment gives up after a minute."""
    store, key = engine.world.store, (target.namespace, target.name)
    document = store.get("deployments", *key)
    deadline = document["spec"].get("progressDeadlineSeconds", 600)
    image = document["spec"]["template"]["spec"]["containers"][0]["image"] + "-rc1"
    engine.world.ailments.afflict_image(image, Ailment(AilmentKind.NOT_READY))

    def set_deadline(seconds: int) -> None:
        def change(document: Document) -> None:
            document["spec"]["progressDeadlineSeconds"] = seconds

        if store.find("deployments", *key):
            store.modify("deployments", *key, change)

    set_deadline(_DEADLINE_SECONDS)
    restore = change_template(engine, target, use_image(image))

    def mend() -> None:
        restore()
        set_deadline(deadline)
        engine.world.ailments.heal_image(image)

    return mend


def fail_job(engine: Engine, target: Target) -> Mend:
    """A new Job in the namespace fails until its back-off limit; mended by deleting it."""
    name = f"migrate-{suffix(engine.world.random)}"
    workload = Workload(target.name, "Job", name)
    engine.world.ailments.afflict(workload, Ailment(AilmentKind.EXIT))
    container = manifests.container("job", "registry.example/migrate:5.0.1", cpu="50m", memory="64Mi")
    template = manifests.template({"app.kubernetes.io/name": "migrate"}, [container], restartPolicy="Never")
    spec = manifests.job_spec(template, backoff_limit=1)
    store = engine.world.store
    store.create("jobs", manifests.job(target.name, name, spec, store.new_uid()))

    def mend() -> None:
        engine.world.ailments.heal(workload)
        if store.find("jobs", target.name, name):
            store.delete("jobs", target.name, name)

    return mend


def fail_cron_job(engine: Engine, target: Target) -> Mend:
    """The CronJob's runs fail, the first one now; mended, the next one succeeds at once."""
    workload = Workload(target.namespace, "CronJob", target.name)
    engine.world.ailments.afflict(workload, Ailment(AilmentKind.EXIT))
    _run_now(engine, target)

    def mend() -> None:
        engine.world.ailments.heal(workload)
        _run_now(engine, target)

    return mend


def _run_now(engine: Engine, target: Target) -> None:
    document = engine.world.store.find("cronjobs", target.namespace, target.name)
    if document is not None:
        engine.cron_jobs.run(document, engine.world.now // 60 * 60)


def overload(engine: Engine, target: Target) -> Mend:
    """More load than the autoscaler's maximum can bear; mended, the load is as before."""
    key = (target.namespace, target.name)
    document = engine.world.store.get("horizontalpodautoscalers", *key)
    usual = (document.get("status") or {}).get("currentReplicas") or 1
    engine.autoscalers.set_load(key, document["spec"]["maxReplicas"] * _OVERLOAD)
    return lambda: engine.autoscalers.set_load(key, usual * 0.95)


def claim_absent_class(engine: Engine, target: Target) -> Mend:
    """A new PersistentVolumeClaim of a class that is not there; mended by deleting it."""
    store = engine.world.store
    name = f"data-{suffix(engine.world.random)}"
    store.create(
        "persistentvolumeclaims", manifests.claim(target.name, name, manifests.claim_spec("1Gi", "absent"))
    )

    def mend() -> None:
        if store.find("persistentvolumeclaims", target.name, name):
            store.delete("persistentvolumeclaims", target.name, name)

    return mend


def fill_quota(engine: Engine, target: Target) -> Mend:
    """The namespace's quota for pods is cut down to little more than is used."""
    store, key = engine.world.store, (target.name, "quota")
    used = int(engine.quotas.used(target.name, "pods", "1"))
    bound = {"pods": str(max(1, math.ceil(used / _ALMOST_FULL)))}
    found = store.find("resourcequotas", *key)
    if found is None:
        store.create("resourcequotas", manifests.quota(target.name, "quota", bound))
        return lambda: _delete_quota(engine, target)
    before = found["spec"]["hard"]

    def limit(hard: Document) -> None:
        def change(document: Document) -> None:
            document["spec"]["hard"] = hard

        if store.find("resourcequotas", *key):
            store.modify("resourcequotas", *key, change)

    limit(before | bound)
    return lambda: limit(before)


def _delete_quota(engine: Engine, target: Target) -> None:
    if engine.world.store.find("resourcequotas", target.name, "quota"):
        engine.world.store.delete("resourcequotas", target.name, "quota")


def hold_namespace(engine: Engine, target: Target) -> Mend:  # noqa: ARG001 - the namespace is a new one
    """A new namespace is deleted, but a finalizer holds what is in it."""
    store = engine.world.store
    name = f"legacy-{suffix(engine.world.random)}"
    store.create("namespaces", manifests.namespace(name))
    held = manifests.config_map(name, "archive", {"state": "pending"})
    held["metadata"]["finalizers"] = [_HOLD]
    store.create("configmaps", held)
    store.delete("namespaces", "", name)

    def mend() -> None:
        found = store.find("configmaps", name, "archive")
        if found:
            found["metadata"]["finalizers"] = []
            store.update("configmaps", found)

    return mend
