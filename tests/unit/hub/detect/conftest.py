from __future__ import annotations

import gzip
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from farwatch.hub.alerting import Alert
from farwatch.hub.detect import DetectSettings, Engine
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

    def firing(self) -> dict[str, Alert]:
        """What fires now, by alert name and subject."""
        last = {alert.fingerprint: alert for _, alert in self.said}
        return {name_alert(alert): alert for alert in last.values() if alert.ends_at is None}


def name_alert(alert: Alert) -> str:
    labels = alert.labels
    subject = labels.get("workload") or labels.get("node") or labels.get("namespace") or labels["cluster"]
    kind = labels.get("workload_kind", "")
    return f"{labels['alertname']} {kind}{'/' if kind else ''}{subject}"


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


@pytest.fixture(scope="session")
def recording() -> list[RecordedEvent]:
    return list(read_recording())


@pytest.fixture
def bench() -> Bench:
    return Bench()


def build(kind: str, document: Mapping[str, Any]) -> KubeObject:
    """An object from what the API server would send."""
    return msgspec.convert(dict(document), KINDS[kind].type)
