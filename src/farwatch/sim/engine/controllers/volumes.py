"""PersistentVolumeClaims: bound to a volume of their class, or waiting for one (``pkg/controller/volume``)."""

from __future__ import annotations

from typing import Any

from farwatch.sim.collection import Change, ChangeType
from farwatch.sim.engine.controllers.controller import Controller
from farwatch.sim.engine.manifests import bind_claim, volume_for
from farwatch.sim.engine.world import World

Document = dict[str, Any]

_COMPONENT = "persistentvolume-controller"
_RETRY_SECONDS = 15.0
_PROVISION_SECONDS = 1.0
_DEFAULT_CLASS = "standard"


class ClaimController(Controller):
    """Keeps PersistentVolumeClaims in order."""

    resource = "persistentvolumeclaims"
    owns_pods = False

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self._retrying: set[str] = set()
        world.store.subscribe("persistentvolumeclaims", self._follow_deletion)

    def _follow_deletion(self, change: Change) -> None:
        """With a claim its volume goes: the class reclaims by deleting."""
        if change.type is not ChangeType.DELETED:
            return
        name = change.entry.decode()["spec"].get("volumeName")
        volume = name and self.world.store.find("persistentvolumes", "", name)
        if volume:
            volume["metadata"].pop("finalizers", None)
            self.world.store.update("persistentvolumes", volume)
            self.world.store.delete("persistentvolumes", "", name)

    def reconcile(self, document: Document) -> None:
        """Provide a volume, or say why there is none."""
        meta = document["metadata"]
        if "deletionTimestamp" in meta or document["status"].get("phase") != "Pending":
            return
        name = document["spec"].get("storageClassName") or _DEFAULT_CLASS
        if self.world.store.find("storageclasses", "", name):
            self.world.timers.after(_PROVISION_SECONDS, lambda: self._provide(document))
        elif meta["uid"] not in self._retrying:
            self._retrying.add(meta["uid"])
            self._fail(document, name)

    def _fail(self, document: Document, storage_class: str) -> None:
        meta = document["metadata"]
        found = self.world.store.find("persistentvolumeclaims", meta["namespace"], meta["name"])
        if found is None or found["metadata"]["uid"] != meta["uid"] or found["status"]["phase"] != "Pending":
            self._retrying.discard(meta["uid"])
            return
        if self.world.store.find("storageclasses", "", storage_class):
            self._retrying.discard(meta["uid"])
            self._provide(found)
            return
        message = f'storageclass.storage.k8s.io "{storage_class}" not found'
        self.world.events.warn(found, _COMPONENT, "ProvisioningFailed", message)
        self.world.timers.after(_RETRY_SECONDS, lambda: self._fail(found, storage_class))

    def _provide(self, document: Document) -> None:
        meta = document["metadata"]
        found = self.world.store.find("persistentvolumeclaims", meta["namespace"], meta["name"])
        if found is None or found["metadata"]["uid"] != meta["uid"] or found["status"]["phase"] != "Pending":
            return
        found["spec"].setdefault("storageClassName", _DEFAULT_CLASS)
        volume = volume_for(found)
        self.world.store.create("persistentvolumes", volume)
        message = f"Successfully provisioned volume {volume['metadata']['name']}"
        self.world.events.normal(found, "csi.sim.example", "ProvisioningSucceeded", message)
        bind_claim(found)
        self.world.store.update("persistentvolumeclaims", found)
        self.world.store.update("persistentvolumeclaims", found | {"metadata": _unversioned(found)}, "status")


def _unversioned(document: Document) -> Document:
    return {key: value for key, value in document["metadata"].items() if key != "resourceVersion"}
