from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from farwatch.hub.alerting import Alert
from farwatch.hub.inventory import ObjectChange, Operation
from farwatch.kube.kinds import KINDS, KINDS_BY_PLURAL
from farwatch.kube.objects import KubeObject

RECORDING = Path(__file__).parents[3] / "data" / "recordings" / "cluster.jsonl.gz"
START = datetime(2026, 11, 20, 21, 15, tzinfo=UTC)
OPERATIONS = {"ADDED": Operation.CREATED, "MODIFIED": Operation.UPDATED, "DELETED": Operation.DELETED}


class Kube:
    """Objects as API servers write them; moments are seconds after the start."""

    start = START.timestamp()

    def at(self, seconds: float) -> str:
        return (START + timedelta(seconds=seconds)).isoformat()

    def build(self, kind: str, name: str, *, owner: str = "", created: float = 0, **parts: Any) -> KubeObject:
        """An object in the namespace shop, or in none; ``owner`` is ``Kind/name``."""
        metadata: dict[str, Any] = {
            "name": name,
            "namespace": "shop" if KINDS[kind].namespaced else "",
            "uid": f"uid-{name}",
            "creationTimestamp": self.at(created),
        } | parts.pop("metadata", {})
        if owner:
            owner_kind, _, owner_name = owner.partition("/")
            metadata["ownerReferences"] = [
                {"kind": owner_kind, "name": owner_name, "uid": f"uid-{owner_name}", "controller": True}
            ]
        return msgspec.convert({"metadata": metadata, **parts}, KINDS[kind].type)

    def pod(
        self,
        name: str = "web-6d4f-x2",
        *,
        owner: str = "ReplicaSet/web-6d4f",
        node: str = "node-1",
        created: float = 0,
        phase: str = "Running",
        statuses: Sequence[Mapping[str, Any]] = (),
        **metadata: Any,
    ) -> KubeObject:
        """A pod of Deployment web, with the statuses of its containers."""
        return self.build(
            "Pod",
            name,
            owner=owner,
            created=created,
            metadata={"labels": {"pod-template-hash": "6d4f"}, **metadata},
            spec={"nodeName": node},
            status={"phase": phase, "containerStatuses": [{"name": "app", **one} for one in statuses]},
        )

    def crashed(self, seconds: float = 0, code: int = 1) -> dict[str, Any]:
        """How a run ended in failure."""
        return {"terminated": {"exitCode": code, "reason": "Error", "finishedAt": self.at(seconds)}}

    def looping(self, seconds: float = 0, **more: Any) -> dict[str, Any]:
        """The status of a container that waits to be restarted."""
        waiting = {"waiting": {"reason": "CrashLoopBackOff"}}
        return {"state": waiting, "lastState": self.crashed(seconds), "restartCount": 3, **more}

    def deployment(self, image: str = "web:1", replicas: int = 3, **parts: Any) -> KubeObject:
        containers = [{"name": "app", "image": image}]
        spec = {"replicas": replicas, "template": {"spec": {"containers": containers}}}
        return self.build("Deployment", parts.pop("name", "web"), spec=spec | parts.pop("spec", {}), **parts)

    def event(
        self, about: str, reason: str, message: str = "it went wrong", seconds: float = 0, **parts: Any
    ) -> KubeObject:
        """A warning about ``Kind/name``."""
        kind, _, name = about.partition("/")
        namespace = "shop" if KINDS[kind].namespaced else ""
        told = {
            "type": "Warning",
            "reason": reason,
            "message": message,
            "lastTimestamp": self.at(seconds),
            "involvedObject": {"kind": kind, "namespace": namespace, "name": name},
        }
        return self.build("Event", f"{name}.{reason}.{seconds}", **(told | parts))

    def change(self, before: KubeObject | None, after: KubeObject | None, seconds: float = 0) -> ObjectChange:
        operation = (
            Operation.CREATED if before is None else Operation.DELETED if after is None else Operation.UPDATED
        )
        return ObjectChange(
            cluster="prod",
            kind=type(before or after).__name__,
            operation=operation,
            time=self.start + seconds,
            before=before,
            after=after,
        )

    def alert(self, alertname: str = "KubePodCrashLooping", seconds: float = 0, **labels: str) -> Alert:
        """An alert of a detector's, by default about Deployment web."""
        about = {"namespace": "shop", "workload_kind": "Deployment", "workload": "web"}
        found = {"alertname": alertname, "severity": "warning", "cluster": "prod", **(labels or about)}
        return Alert(labels=found, annotations={}, starts_at=START + timedelta(seconds=seconds))


@pytest.fixture
def kube() -> Kube:
    return Kube()


class Objects:
    """What the inventory knows of the cluster prod."""

    def __init__(self) -> None:
        self._objects: dict[str, dict[tuple[str, str], KubeObject]] = {"Event": {}}

    def put(self, *found: KubeObject) -> None:
        for one in found:
            known = self._objects.setdefault(type(one).__name__, {})
            known[one.metadata.namespace, one.metadata.name] = one

    def clear(self, kind: str) -> None:
        self._objects.pop(kind, None)

    def objects(self, cluster: str, kind: str) -> Iterator[KubeObject]:
        return iter(list(self._objects.get(kind, {}).values()) if cluster == "prod" else [])

    def get(self, cluster: str, kind: str, namespace: str, name: str) -> KubeObject | None:
        return self._objects.get(kind, {}).get((namespace, name)) if cluster == "prod" else None

    def kinds(self, cluster: str) -> dict[str, int]:
        return {kind: len(found) for kind, found in self._objects.items()} if cluster == "prod" else {}


@pytest.fixture
def objects() -> Objects:
    return Objects()


@pytest.fixture
def recording() -> Callable[[], Iterator[ObjectChange]]:
    """The changes of a real cluster, in their order, with the seconds of the recording as their time."""

    def read() -> Iterator[ObjectChange]:
        known: dict[tuple[str, str, str], KubeObject] = {}
        with gzip.open(RECORDING, "rt") as lines:
            told = sorted((json.loads(line) for line in lines), key=lambda line: line["t"])
        for line in told:
            kind = KINDS_BY_PLURAL.get(line["kind"])
            if kind is None or line["type"] == "BOOKMARK":
                continue
            found = msgspec.convert(line["object"], kind.type)
            key = (kind.name, found.metadata.namespace, found.metadata.name)
            before, is_gone = known.pop(key, None), line["type"] == "DELETED"
            if not is_gone:
                known[key] = found
            yield ObjectChange(
                cluster="prod",
                kind=kind.name,
                operation=OPERATIONS[line["type"]],
                time=line["t"],
                before=found if is_gone else before,
                after=None if is_gone else found,
            )

    return read
