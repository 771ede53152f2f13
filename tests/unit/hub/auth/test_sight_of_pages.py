"""What the console's pages show to somebody who may see a part of the fleet."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from farwatch.hub.alerting import Alert
from farwatch.hub.auth.policy import Permission
from farwatch.hub.auth.principal import Grant, Principal, PrincipalKind, Role, Scope
from farwatch.hub.auth.visibility import ClusterDirectory, Visibility
from farwatch.hub.live.routes import _shows
from farwatch.hub.live.streams import LiveEvent
from farwatch.kube.objects import KubeObject, Namespace, Node, ObjectMeta, Pod
from farwatch.link.frames import Item

SHOP = Scope(("prod",), namespaces=("shop",))


def pod(namespace: str, name: str) -> Pod:
    return Pod(metadata=ObjectMeta(name=name, namespace=namespace, uid=f"{namespace}-{name}"))


@pytest.fixture
async def reader(people: Any) -> Any:
    """Somebody who may see the namespace shop of the cluster prod, where there is more."""
    hub = people.hub
    for cluster in ("prod", "test"):
        await hub.fleet.add(cluster, {})
        things: tuple[KubeObject, ...] = (
            Node(metadata=ObjectMeta(name="n1", uid="n1")),
            Namespace(metadata=ObjectMeta(name="shop", uid="ns1")),
            Namespace(metadata=ObjectMeta(name="bank", uid="ns2")),
            pod("shop", "cart"),
            pod("bank", "vault"),
        )
        changes = []
        for thing in things:
            meta = thing.metadata
            item = Item(meta.namespace, meta.name, meta.uid, "", msgspec.msgpack.encode(thing), 0.0)
            changes += hub.inventory.apply(cluster, type(thing).__name__, [item])
        hub.change_log.append(changes)
    await hub.telemetry.flush()
    begun = datetime.now(UTC) - timedelta(minutes=1)
    await hub.alerting.put(
        [
            Alert(
                labels={
                    "alertname": "Bad",
                    "severity": "critical",
                    "cluster": cluster,
                    "namespace": namespace,
                },
                annotations={},
                starts_at=begun,
            )
            for cluster in ("prod", "test")
            for namespace in ("shop", "bank")
        ]
    )
    return people.holder("reader", Grant(Role.VIEWER, SHOP))


async def test_tables_hold_and_count_what_they_may_see(reader: Any) -> None:
    now = datetime.now(UTC).isoformat()
    for query in ({}, {"at": now}):
        pods = await reader.get("/table/pods", facets=True, **query)
        assert [(row["cluster"], row["namespace"]) for row in pods["rows"]] == [("prod", "shop")]
        assert pods["total"] == 1
        assert pods["facets"]["namespaces"] == {"shop": 1}
        spaces = await reader.get("/table/namespaces", **query)
        assert [(row["cluster"], row["name"]) for row in spaces["rows"]] == [("prod", "shop")]
        assert (await reader.get("/table/nodes", **query))["total"] == 0


async def test_the_overview_tells_and_counts_what_they_may_see(reader: Any) -> None:
    found = await reader.get("/overview")
    (tile,) = found["clusters"]
    assert (tile["name"], tile["pods"]["total"], tile["nodes"]["total"]) == ("prod", 1, 0)
    assert tile["alerts"] == found["total"]["alerts"] == {"critical": 1}
    assert len(found["trouble"]) == 1


async def test_a_search_finds_what_they_may_see(reader: Any) -> None:
    for query, expected in (
        ("cart", [("pod", "prod")]),
        ("vault", []),
        ("shop", [("namespace", "prod"), ("alert", "prod"), ("pod", "prod")]),
        ("test", []),
        ("n1", []),
        ("Bad", [("alert", "prod")]),
    ):
        items = (await reader.get("/search", q=query))["items"]
        assert [(item["type"], item["cluster"]) for item in items] == expected


async def test_objects_out_of_sight_are_not_there_nor_were_they(reader: Any) -> None:
    now = datetime.now(UTC).isoformat()
    pods = "/api/v1/clusters/prod/objects/pods"
    for path, query in (
        (f"{pods}/vault/detail", {"namespace": "bank"}),
        (f"{pods}/vault/detail", {"namespace": "bank", "at": now}),
        (f"{pods}/vault/history", {"namespace": "bank"}),
        (f"{pods}/vault/diff", {"namespace": "bank", "from": now}),
        ("/api/v1/clusters/test/objects/pods/cart/detail", {"namespace": "shop"}),
        ("/api/v1/clusters/prod/objects/nodes/n1/detail", {}),
    ):
        answer = await reader.ask("GET", path, **query)
        assert answer.status_code == 404, (path, query)
    found = await reader.get("/clusters/prod/objects/pods/cart/detail", namespace="shop")
    assert found["name"] == "cart"


@pytest.mark.parametrize(
    ("permission", "event", "shown"),
    [
        (Permission.OBJECTS_READ, LiveEvent("change", "prod", b"", "shop", "Pod", "cart"), True),
        (Permission.OBJECTS_READ, LiveEvent("change", "prod", b"", "bank", "Pod", "vault"), False),
        (Permission.OBJECTS_READ, LiveEvent("change", "test", b"", "shop", "Pod", "cart"), False),
        (Permission.OBJECTS_READ, LiveEvent("change", "prod", b"", "", "Namespace", "shop"), True),
        (Permission.OBJECTS_READ, LiveEvent("change", "prod", b"", "", "Node", "n1"), False),
        (Permission.ALERTS_READ, LiveEvent("alert", "prod", b"", "shop"), True),
        (Permission.ALERTS_READ, LiveEvent("alert", "prod", b""), False),
        (Permission.ALERTS_READ, LiveEvent("notification", "", b""), False),
        (Permission.CLUSTERS_READ, LiveEvent("cluster", "prod", b""), True),
        (Permission.CLUSTERS_READ, LiveEvent("cluster", "test", b""), False),
        (Permission.ALERTING_READ, LiveEvent("configuration", "", b""), False),
        (Permission.SILENCES_READ, LiveEvent("silence", "", b'{"matchers":"{namespace=\\"shop\\"}"}'), True),
        (Permission.SILENCES_READ, LiveEvent("silence", "", b'{"matchers":"{namespace=\\"bank\\"}"}'), False),
    ],
)
async def test_the_stream_tells_what_they_may_see(
    permission: Permission, event: LiveEvent, shown: bool
) -> None:
    directory = ClusterDirectory()
    for cluster in ("prod", "test"):
        await directory.keep(cluster, {})
    principal = Principal(PrincipalKind.USER, "id", "reader", (Grant(Role.VIEWER, SHOP),))
    assert _shows(Visibility(principal, permission, directory), event) is shown
