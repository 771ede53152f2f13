from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

import msgspec
import pytest

from farwatch.hub.alerting import Alert
from farwatch.hub.detect import DETECTORS, DetectSettings, Engine
from farwatch.hub.detect.findings import Finding, View
from farwatch.hub.detect.state import ClusterState
from farwatch.hub.fleet import FleetChange, FleetChangeKind
from farwatch.hub.inventory import ObjectChange, Operation
from farwatch.kube.kinds import KINDS, KINDS_BY_PLURAL
from farwatch.kube.objects import KubeObject

RECORDING = Path(__file__).parents[3] / "data" / "recordings" / "cluster.jsonl.gz"
START = datetime(2026, 11, 20, 21, 14, 46, 600000, tzinfo=UTC).timestamp()
"""The recording's second 0 by its cluster's clock: `tick` ran at 21:15:00 and was seen at 13.4."""

OPERATIONS = {"ADDED": Operation.CREATED, "MODIFIED": Operation.UPDATED, "DELETED": Operation.DELETED}


@dataclass
class Bench:
    """An engine with a clock that stands still until it is moved, and everything the engine said."""

    settings: Mapping[str, Any] = field(default_factory=dict)
    now: float = START
    said: list[tuple[float, Alert]] = field(default_factory=list)
    objects: dict[tuple[str, str, str], KubeObject] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.engine = Engine(DetectSettings.parse(dict(self.settings)), lambda: self.now)

    def run_to(self, now: float) -> list[Alert]:
        """Lets time pass, waking the engine when it asks to be."""
        said = self.advance()
        while (due := self.engine.next_due()) is not None and due <= now:
            self.now = max(self.now, due)
            said += self.advance()
        self.now = max(self.now, now)
        return said + self.advance()

    def wait(self, seconds: float) -> list[Alert]:
        return self.run_to(self.now + seconds)

    def advance(self) -> list[Alert]:
        said = self.engine.advance(self.now)
        self.said += [(self.now, alert) for alert in said]
        return said

    def apply(self, *found: KubeObject, after_gap: bool = False) -> list[Alert]:
        """Creates or updates objects, and lets the engine speak."""
        self.engine.observe([self.change(one, after_gap=after_gap) for one in found])
        return self.advance()

    def apply_change(self, change: ObjectChange) -> list[Alert]:
        self.engine.observe([change])
        return self.advance()

    def delete(self, *found: KubeObject) -> list[Alert]:
        self.engine.observe([self.removal(one) for one in found])
        return self.advance()

    def change(self, found: KubeObject, *, after_gap: bool = False) -> ObjectChange:
        key = (type(found).__name__, found.metadata.namespace, found.metadata.name)
        before = self.objects.get(key)
        self.objects[key] = found
        return ObjectChange(
            cluster="prod",
            kind=key[0],
            operation=Operation.UPDATED if before else Operation.CREATED,
            time=self.now,
            before=before,
            after=found,
            after_gap=after_gap,
        )

    def removal(self, found: KubeObject) -> ObjectChange:
        key = (type(found).__name__, found.metadata.namespace, found.metadata.name)
        return ObjectChange(
            cluster="prod",
            kind=key[0],
            operation=Operation.DELETED,
            time=self.now,
            before=self.objects.pop(key, found),
            after=None,
        )

    def tell(self, kind: FleetChangeKind, subject: str = "", detail: str = "") -> list[Alert]:
        self.engine.observe_fleet(
            FleetChange(cluster="prod", kind=kind, time=self.now, subject=subject, detail=detail)
        )
        return self.advance()

    def firing(self) -> set[str]:
        """What fires now, as ``name_alert`` names it."""
        return {name_alert(alert) for alert in self.newest().values() if alert.ends_at is None}

    def newest(self) -> dict[str, Alert]:
        """The last that was said of each alert, by fingerprint."""
        return {alert.fingerprint: alert for _, alert in self.said}

    def story(self) -> list[tuple[str, str, str, float, float]]:
        """Every alert: name, subject, container, and the seconds after the start of raising and resolving."""
        raised: dict[str, float] = {}
        told = []
        for at, alert in self.said:
            key = alert.fingerprint
            if alert.ends_at is None:
                raised.setdefault(key, at)
            else:
                subject = name_alert(alert).partition(" ")[2]
                container = alert.labels.get("container", "")
                told.append(
                    (alert.labels["alertname"], subject, container, raised.pop(key) - START, at - START)
                )
        assert not raised, "never resolved"
        return sorted(told)


def name_alert(alert: Alert) -> str:
    """``KubePodCrashLooping Deployment/web``."""
    labels = alert.labels
    if "workload" in labels:
        subject = f"{labels['workload_kind']}/{labels['workload']}"
    elif "node" in labels:
        subject = f"Node/{labels['node']}"
    elif "namespace" in labels:
        subject = f"Namespace/{labels['namespace']}"
    else:
        subject = f"Cluster/{labels['cluster']}"
    return f"{labels['alertname']} {subject}"


@dataclass(frozen=True)
class RecordedEvent:
    at: float
    change: ObjectChange


def read_recording() -> Iterator[RecordedEvent]:
    """The recording as the inventory would tell it, in its own order of time."""
    known: dict[tuple[str, str, str], KubeObject] = {}
    with gzip.open(RECORDING, "rt") as lines:
        events = sorted((json.loads(line) for line in lines), key=lambda event: event["t"])
    for event in events:
        kind = KINDS_BY_PLURAL.get(event["kind"])
        if kind is None or event["type"] == "BOOKMARK":
            continue
        found = msgspec.convert(event["object"], kind.type)
        key = (kind.name, found.metadata.namespace, found.metadata.name)
        before = known.get(key)
        is_deleted = event["type"] == "DELETED"
        if is_deleted:
            known.pop(key, None)
        else:
            known[key] = found
        yield RecordedEvent(
            event["t"],
            ObjectChange(
                cluster="prod",
                kind=kind.name,
                operation=OPERATIONS[event["type"]],
                time=START + event["t"],
                before=found if is_deleted else before,
                after=None if is_deleted else found,
            ),
        )


class Kube:
    """Objects as API servers and kubelets write them."""

    def at(self, seconds: float) -> str:
        """A moment of the bench's clock, as objects carry it."""
        return datetime.fromtimestamp(START + seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

    def build(self, kind: str, document: Mapping[str, Any]) -> KubeObject:
        return msgspec.convert(dict(document), KINDS[kind].type)

    def meta(self, name: str, namespace: str = "shop", owner: str = "", **more: Any) -> dict[str, Any]:
        """Metadata; ``owner`` is ``Kind/name``."""
        meta = {
            "name": name,
            "namespace": namespace,
            "uid": f"uid-{name}",
            "creationTimestamp": self.at(0),
            **more,
        }
        if owner:
            kind, _, owner_name = owner.partition("/")
            meta["ownerReferences"] = [
                {"kind": kind, "name": owner_name, "uid": f"uid-{owner_name}", "controller": True}
            ]
        return meta

    def pod(
        self,
        name: str = "web-6d4f-x2",
        *,
        owner: str = "ReplicaSet/web-6d4f",
        phase: str = "Running",
        node: str = "node-1",
        ready: bool = True,
        since: float = 0,
        containers: Sequence[Mapping[str, Any]] = ({"running": {}},),
        init: Sequence[Mapping[str, Any]] = (),
        conditions: Sequence[Mapping[str, Any]] = (),
        meta: Mapping[str, Any] | None = None,
        **status: Any,
    ) -> KubeObject:
        """A pod of Deployment web. Each container is its state, with ``last``, ``restarts`` and ``name`` if given."""
        reason = (
            {}
            if ready
            else {"reason": "ContainersNotReady", "message": "containers with unready status: [app]"}
        )
        known = {
            "PodScheduled": {"status": "True"},
            "Ready": {"status": "True" if ready else "False", **reason},
        } | {one["type"]: dict(one) for one in conditions}
        return self.build(
            "Pod",
            {
                "metadata": self.meta(name, owner=owner, labels={"pod-template-hash": "6d4f"})
                | dict(meta or {}),
                "spec": {
                    "nodeName": node,
                    "containers": [
                        {"name": "app", "image": "web:1", "resources": {"limits": {"memory": "64Mi"}}}
                    ],
                },
                "status": {
                    "phase": phase,
                    "conditions": [
                        {"lastTransitionTime": self.at(since)} | one | {"type": kind}
                        for kind, one in known.items()
                    ],
                    "containerStatuses": [self.container(one, ready=ready) for one in containers],
                    "initContainerStatuses": [self.container(one, name="init") for one in init],
                    **status,
                },
            },
        )

    def container(self, told: Mapping[str, Any], name: str = "app", *, ready: bool = False) -> dict[str, Any]:
        told = dict(told)
        last, restarts = told.pop("last", None), told.pop("restarts", 0)
        return {
            "name": told.pop("name", name),
            "image": "web:1",
            "ready": ready,
            "restartCount": restarts,
            "lastState": {"terminated": last} if last else {},
            "state": told,
        }

    def ended(
        self, code: int = 1, reason: str = "Error", began: float = 0, ended: float = 3
    ) -> dict[str, Any]:
        return {
            "exitCode": code,
            "reason": reason,
            "startedAt": self.at(began),
            "finishedAt": self.at(ended),
        }

    def crash_looping(self, name: str = "web-6d4f-x2", restarts: int = 4, **more: Any) -> KubeObject:
        waiting = {"reason": "CrashLoopBackOff", "message": "back-off 40s restarting failed container=app"}
        state = {"waiting": waiting, "restarts": restarts, "last": self.ended()}
        return self.pod(name, ready=False, containers=[state], **more)

    def node(self, name: str = "node-1", ready: str = "True", since: float = 0, **more: Any) -> KubeObject:
        reasons = {"True": "KubeletReady", "False": "KubeletNotReady", "Unknown": "NodeStatusUnknown"}
        conditions = [
            {"type": "Ready", "status": ready, "reason": reasons[ready]},
            *more.pop("conditions", ()),
        ]
        return self.build(
            "Node",
            {
                "metadata": self.meta(name, "", **more.pop("meta", {})),
                "spec": more,
                "status": {
                    "conditions": [{"lastTransitionTime": self.at(since), **one} for one in conditions],
                },
            },
        )

    def workload(
        self, kind: str, spec: Mapping[str, Any], status: Mapping[str, Any], name: str = "web", **meta: Any
    ) -> KubeObject:
        return self.build(
            kind, {"metadata": self.meta(name, **meta), "spec": dict(spec), "status": dict(status)}
        )

    def condition(
        self, kind: str, status: str, reason: str, message: str = "", since: float = 0
    ) -> dict[str, Any]:
        return {
            "type": kind,
            "status": status,
            "reason": reason,
            "message": message,
            "lastTransitionTime": self.at(since),
        }

    def event(self, about: KubeObject, reason: str, message: str, kind: str = "Warning") -> KubeObject:
        met = about.metadata
        return self.build(
            "Event",
            {
                "metadata": self.meta(f"{met.name}.{reason}"),
                "involvedObject": {
                    "kind": type(about).__name__,
                    "namespace": met.namespace,
                    "name": met.name,
                },
                "reason": reason,
                "message": message,
                "type": kind,
            },
        )


class Look(Protocol):
    """Has one detector look at one object; ``at`` is in seconds after the bench's start."""

    def __call__(
        self, name: str, found: object, *, at: float = 0, state: ClusterState | None = None, **limits: float
    ) -> Finding | None: ...


def look_with(
    name: str, found: object, *, at: float = 0, state: ClusterState | None = None, **limits: float
) -> Finding | None:
    detector = DETECTORS[name]
    return detector.check(found, View(state or ClusterState(), START + at, {**detector.limits, **limits}))


@pytest.fixture(scope="session")
def look() -> Look:
    return look_with


@pytest.fixture(scope="session")
def kube() -> Kube:
    return Kube()


@pytest.fixture(scope="session")
def start() -> float:
    return START


@pytest.fixture(scope="session")
def make_bench() -> type[Bench]:
    return Bench


@pytest.fixture
def bench() -> Bench:
    return Bench()


@pytest.fixture(scope="session")
def recording() -> list[RecordedEvent]:
    return list(read_recording())


@pytest.fixture(scope="session")
def recorded(recording: list[RecordedEvent]) -> Callable[[str, str, float], KubeObject]:
    """The newest version of an object, by kind and the beginning of its name, at a second of the recording."""

    def find(kind: str, name: str, at: float) -> KubeObject:
        return [
            event.change.object
            for event in recording
            if event.at <= at
            and event.change.kind == kind
            and event.change.object.metadata.name.startswith(name)
        ][-1]

    return find
