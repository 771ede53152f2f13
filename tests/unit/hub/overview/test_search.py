from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from farwatch.hub.alerting import Alert
from farwatch.hub.inventory import ObjectChange, Operation, Rows
from farwatch.hub.overview.search import Ground, HitType, find_hits
from farwatch.kube.objects import Deployment, KubeObject, Namespace, Node, ObjectMeta, Pod

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


def meta(name: str, namespace: str = "", **labels: str) -> ObjectMeta:
    return ObjectMeta(name=name, namespace=namespace, uid=name, labels=labels or None)


def rows_of(cluster: str, *found: KubeObject) -> Rows:
    rows = Rows()
    rows.observe(
        [
            ObjectChange(
                cluster=cluster,
                kind=type(one).__name__,
                operation=Operation.CREATED,
                time=0.0,
                before=None,
                after=one,
            )
            for one in found
        ]
    )
    return rows


@pytest.fixture
def ground() -> Ground:
    rows = rows_of(
        "prod-eu",
        Namespace(metadata=meta("checkout")),
        Node(metadata=meta("node-1")),
        Deployment(metadata=meta("checkout", "shop")),
        Deployment(metadata=meta("old-checkout", "shop")),
        Deployment(metadata=meta("precheckout", "shop")),
        Deployment(metadata=meta("cart", "shop", team="checkout")),
        Pod(metadata=meta("checkout-5d9f-x2x", "shop")),
        Pod(metadata=meta("chat-eck-out", "chat")),
    )
    alert = Alert(
        labels={
            "alertname": "KubePodCrashLooping",
            "severity": "warning",
            "cluster": "prod-eu",
            "namespace": "shop",
            "workload": "checkout",
            "workload_kind": "Deployment",
        },
        annotations={"summary": "Deployment shop/checkout is crash looping"},
        starts_at=NOON,
    )
    return Ground(["prod-eu", "checkout-test"], rows, [alert])


def names(query: str, ground: Ground, limit: int = 20, **rest: Any) -> list[tuple[str, str]]:
    return [(hit.type.value, hit.name) for hit in find_hits(query, ground, limit, **rest)]


def test_the_better_the_fit_the_earlier_the_hit(ground: Ground) -> None:
    assert names("Checkout", ground) == [
        ("workload", "checkout"),
        ("namespace", "checkout"),
        ("cluster", "checkout-test"),
        ("pod", "checkout-5d9f-x2x"),
        ("workload", "old-checkout"),
        ("workload", "precheckout"),
        ("workload", "cart"),
        ("alert", "KubePodCrashLooping"),
        ("pod", "chat-eck-out"),
    ]


def test_each_word_must_be_found_somewhere(ground: Ground) -> None:
    assert ("workload", "checkout") in names("checkout shop", ground)
    assert ("namespace", "checkout") not in names("checkout shop", ground)
    assert ("pod", "checkout-5d9f-x2x") in names("prod-eu x2x", ground)
    assert names("checkout zzz", ground) == []


def test_letters_in_their_order_are_found_where_nothing_better_fills_the_list(ground: Ground) -> None:
    assert ("workload", "checkout") in names("chkot", ground)
    assert ("pod", "chat-eck-out") not in names("checkout", ground, limit=3)


def test_only_the_wanted_types_are_found(ground: Ground) -> None:
    only = frozenset({HitType.NODE})
    assert names("node", ground, types=only) == [("node", "node-1")]


def test_what_may_not_be_seen_is_not_found(ground: Ground) -> None:
    hidden = ground._replace(sees=lambda _, namespace: namespace != "shop", alerts=[])
    assert {name for _, name in names("checkout", hidden)} == {"checkout", "checkout-test", "chat-eck-out"}
    assert ("workload", "checkout") not in names("checkout", hidden)


def test_an_alert_comes_with_what_it_takes_to_show_it(ground: Ground) -> None:
    (hit,) = find_hits("crashloop", ground, 1)
    assert (hit.severity, hit.summary) == ("warning", "Deployment shop/checkout is crash looping")
    assert hit.fingerprint == ground.alerts[0].fingerprint


@given(query=st.text(max_size=20), limit=st.integers(1, 10))
def test_any_query_gives_at_most_so_many_hits_each_once(query: str, limit: int) -> None:
    rows = rows_of(
        "a", *(Pod(metadata=meta(name, "n")) for name in ("web-1", "web-2", "db.x", "a(b", "ab-ab"))
    )
    found = find_hits(query, Ground(["a"], rows, []), limit)
    assert len(found) <= limit
    assert len({(hit.type, hit.cluster, hit.namespace, hit.name) for hit in found}) == len(found)
    if not query.split():
        assert found == []


async def test_is_served(api: Any) -> None:
    await api.add_cluster("prod")
    await api.tell("prod", Pod(metadata=meta("web-1", "shop")))
    found = await api.get("/search", q="web")
    assert found["items"][0]["name"] == "web-1"
    assert (await api.get("/search"))["items"] == []
    for query, fault in (({"types": "pods"}, "types: 'pods' is none of cluster"), ({"q": "x" * 201}, "q: ")):
        status, detail = await api.fault("GET", "/search", **query)
        assert status == 400
        assert fault in detail
