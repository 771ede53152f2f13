"""StatefulSets: numbered pods, one after the other, each with its volumes (``pkg/controller/statefulset``)."""

from __future__ import annotations

from typing import Any

from farwatch.sim.engine.controllers.controller import Controller, counts
from farwatch.sim.engine.index import PodFacts
from farwatch.sim.engine.manifests import claim
from farwatch.sim.engine.names import template_hash

Document = dict[str, Any]

_COMPONENT = "statefulset-controller"
_REVISION = "controller-revision-hash"


class StatefulSetController(Controller):
    """Keeps StatefulSets in order."""

    resource = "statefulsets"

    def reconcile(self, document: Document) -> None:
        """Create, replace or delete one pod at a time, and count them."""
        update = f"{document['metadata']['name']}-{template_hash(document['spec']['template'])}"
        status = self._tally(document, update)
        document = self.put_status(document, status)
        if "deletionTimestamp" not in document["metadata"]:
            self._step(document, update)
            self.put_status(document, self._tally(document, update))

    def _pods(self, document: Document) -> dict[int, PodFacts]:
        owned = self.world.pods.owned_by(document["metadata"]["uid"])
        return {int(facts.entry.name.rsplit("-", 1)[1]): facts for facts in owned}

    def _step(self, document: Document, update: str) -> None:
        pods = self._pods(document)
        wanted = document["spec"]["replicas"]
        parallel = document["spec"].get("podManagementPolicy") == "Parallel"
        for number in range(wanted):
            facts = pods.get(number)
            if facts is None:
                self._create(document, number, update)
            elif facts.ended and not facts.deleting:
                self.world.store.delete("pods", *facts.key)
            if not parallel and (facts is None or not facts.ready or facts.deleting):
                return
        surplus = [facts for number, facts in sorted(pods.items(), reverse=True) if number >= wanted]
        outdated = [
            facts
            for number, facts in sorted(pods.items(), reverse=True)
            if number < wanted and facts.entry.labels.get(_REVISION) != update
        ]
        rolling = document["spec"].get("updateStrategy", {}).get("type", "RollingUpdate") == "RollingUpdate"
        for facts in surplus or (outdated if rolling else []):
            if facts.active:
                self.world.store.delete("pods", *facts.key)
                message = (
                    f"delete Pod {facts.entry.name} in StatefulSet {document['metadata']['name']} successful"
                )
                self.world.events.normal(document, _COMPONENT, "SuccessfulDelete", message)
            return

    def _create(self, document: Document, number: int, update: str) -> None:
        meta, spec = document["metadata"], document["spec"]
        name = f"{meta['name']}-{number}"
        volumes = list(spec["template"]["spec"].get("volumes") or ())
        for each in spec.get("volumeClaimTemplates") or ():
            claim_name = f"{each['metadata']['name']}-{name}"
            volumes.append(
                {"name": each["metadata"]["name"], "persistentVolumeClaim": {"claimName": claim_name}}
            )
            if not self.world.store.find("persistentvolumeclaims", meta["namespace"], claim_name):
                labels = spec["selector"]["matchLabels"]
                self.world.store.create(
                    "persistentvolumeclaims", claim(meta["namespace"], claim_name, each["spec"], labels)
                )
                told = f"create Claim {claim_name} Pod {name} in StatefulSet {meta['name']} success"
                self.world.events.normal(document, _COMPONENT, "SuccessfulCreate", told)
        self.world.store.create("pods", self._numbered_pod(document, number, update, volumes))
        message = f"Create Pod {name} in StatefulSet {meta['name']} successful"
        self.world.events.normal(document, _COMPONENT, "SuccessfulCreate", message)

    def _numbered_pod(
        self, document: Document, number: int, update: str, volumes: list[Document]
    ) -> Document:
        name = f"{document['metadata']['name']}-{number}"
        return self.new_pod(
            document,
            document["spec"]["template"],
            metadata={"name": name},
            labels=ordinal_labels(name, number, update),
            spec={"volumes": volumes, "hostname": name, "subdomain": document["spec"].get("serviceName", "")},
        )

    def _tally(self, document: Document, update: str) -> Document:
        pods = list(self._pods(document).values())
        ready = sum(facts.ready and not facts.deleting for facts in pods)
        old = document.get("status") or {}
        updated = [
            facts for facts in pods if facts.entry.labels.get(_REVISION) == update and not facts.deleting
        ]
        current = old.get("currentRevision") or update
        if len(updated) == ready == document["spec"]["replicas"]:
            current = update
        holding = [
            facts for facts in pods if facts.entry.labels.get(_REVISION) == current and not facts.deleting
        ]
        status = {"observedGeneration": document["metadata"]["generation"], "replicas": len(pods)}
        status |= counts(readyReplicas=ready, currentReplicas=len(holding), updatedReplicas=len(updated))
        status |= {"currentRevision": current, "updateRevision": update, "collisionCount": 0}
        return status | {"availableReplicas": ready}


def ordinal_labels(name: str, number: int, revision: str) -> dict[str, str]:
    """The labels that tell a StatefulSet's pods apart."""
    return {
        "apps.kubernetes.io/pod-index": str(number),
        _REVISION: revision,
        "statefulset.kubernetes.io/pod-name": name,
    }
