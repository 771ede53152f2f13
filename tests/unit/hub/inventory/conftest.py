from __future__ import annotations

from collections.abc import Callable

import msgspec
import pytest

from farwatch.hub.inventory import Inventory
from farwatch.kube.objects import Condition, ObjectMeta, Pod, PodStatus
from farwatch.link.frames import Item

NOW = 1_795_000_000.0

MakeItem = Callable[..., Item]


def make_pod(
    name: str,
    version: int = 1,
    *,
    namespace: str = "shop",
    uid: str = "u1",
    phase: str = "Running",
    **labels: str,
) -> Pod:
    ready = Condition(type="Ready", status="True" if phase == "Running" else "False")
    return Pod(
        metadata=ObjectMeta(
            name=name, namespace=namespace, uid=uid, resource_version=str(version), labels=labels or None
        ),
        status=PodStatus(phase=phase, conditions=(ready,)),
    )


def make_item(pod: Pod, *, observed_at: float = NOW, after_gap: bool = False) -> Item:
    meta = pod.metadata
    document = msgspec.msgpack.encode(pod)
    return Item(meta.namespace, meta.name, meta.uid, meta.resource_version, document, observed_at, after_gap)


@pytest.fixture
def pod() -> Callable[..., Pod]:
    return make_pod


@pytest.fixture
def item() -> MakeItem:
    """An item with a pod as an agent sends it."""

    def make(
        name: str, version: int = 1, *, observed_at: float = NOW, after_gap: bool = False, **rest: str
    ) -> Item:
        return make_item(make_pod(name, version, **rest), observed_at=observed_at, after_gap=after_gap)

    return make


@pytest.fixture
def gone() -> MakeItem:
    """An item that says that a pod was deleted."""

    def make(name: str, *, namespace: str = "shop", uid: str = "u1") -> Item:
        return Item(namespace, name, uid, "9", None, NOW)

    return make


@pytest.fixture
def inventory() -> Inventory:
    return Inventory(lambda: NOW)
