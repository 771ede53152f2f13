from __future__ import annotations

from typing import Any

import pytest

from farwatch.kube.kinds import KINDS
from farwatch.kube.objects import Deployment, DeploymentSpec, DeploymentStatus, ObjectMeta


@pytest.fixture
async def fleet(api: Any, pod: Any) -> Any:
    """Two clusters with a few pods."""
    await api.ask("POST", "/api/v1/clusters", {"name": "prod", "labels": {"env": "prod"}})
    await api.ask("POST", "/api/v1/clusters", {"name": "dev", "labels": {"env": "test"}})
    await api.tell("prod", pod("web-1", app="web"), pod("web-2", app="web", phase="Failed"))
    await api.tell("prod", pod("db-1", namespace="data", app="db"))
    await api.tell("dev", pod("web-1", app="web"))
    return api


async def names(api: Any, **query: Any) -> list[str]:
    table = await api.get("/table/pods", **query)
    return [f"{row['cluster']}/{row['namespace']}/{row['name']}" for row in table["rows"]]


async def test_a_table_has_a_row_for_each_object_with_a_cell_for_each_column(fleet: Any) -> None:
    table = await fleet.get("/table/pods", cluster="prod", namespace="data")
    assert (table["kind"], table["namespaced"], table["total"]) == ("Pod", True, 1)
    (row,) = table["rows"]
    assert (row["cluster"], row["namespace"], row["name"], row["uid"]) == ("prod", "data", "db-1", "u1")
    assert row["status"] == {"word": "Running", "level": "ok"}
    assert len(row["cells"]) == len(table["columns"])
    assert table["columns"][0] == {"id": "ready", "title": "Ready", "type": "ratio"}


QUESTIONS: list[tuple[dict[str, Any], list[str]]] = [
    ({}, ["dev/shop/web-1", "prod/data/db-1", "prod/shop/web-1", "prod/shop/web-2"]),
    ({"cluster": "dev"}, ["dev/shop/web-1"]),
    ({"cluster": "nope"}, []),
    ({"clusterLabels": "env=prod", "search": "web"}, ["prod/shop/web-1", "prod/shop/web-2"]),
    ({"clusterLabels": "env=prod", "cluster": "dev"}, []),
    ({"namespace": "data,other"}, ["prod/data/db-1"]),
    ({"labels": "app=db"}, ["prod/data/db-1"]),
    ({"search": "WEB fail"}, ["prod/shop/web-2"]),
    ({"search": "app=db"}, ["prod/data/db-1"]),
    ({"level": "bad"}, ["prod/shop/web-2"]),
    ({"status": "failed"}, ["prod/shop/web-2"]),
    ({"sort": "-name,cluster", "limit": 2}, ["prod/shop/web-2", "dev/shop/web-1"]),
    ({"sort": "status", "limit": 1}, ["prod/shop/web-2"]),
    ({"sort": "label:app", "offset": 1, "limit": 1}, ["dev/shop/web-1"]),
    ({"offset": 99}, []),
    ({"limit": 0}, []),
]


async def test_rows_are_filtered_sorted_and_cut(fleet: Any) -> None:
    for query, expected in QUESTIONS:
        assert await names(fleet, **query) == expected, query


async def test_labels_are_shown_as_columns(fleet: Any) -> None:
    table = await fleet.get("/table/pods", labelColumns="app,tier", namespace="data")
    assert [column["title"] for column in table["columns"][-2:]] == ["app", "tier"]
    assert table["rows"][0]["cells"][-2:] == ["db", None]


async def test_facets_say_what_another_choice_would_give(fleet: Any) -> None:
    table = await fleet.get("/table/pods", facets=True, level="bad", cluster="prod")
    assert table["total"] == 1
    assert table["facets"] == {
        "levels": {"ok": 2, "bad": 1},
        "statuses": {"Running": 2, "Failed": 1},
        "clusters": {"prod": 1},
        "namespaces": {"shop": 1},
    }
    assert "facets" not in await fleet.get("/table/pods")


async def test_rows_follow_their_objects(fleet: Any, pod: Any) -> None:
    await fleet.tell("dev", pod("web-1", 2, phase="Failed", app="web"))
    assert await names(fleet, cluster="dev", level="bad") == ["dev/shop/web-1"]
    await fleet.tell("dev", gone=[pod("web-1", 3)])
    assert await names(fleet, cluster="dev") == []
    await fleet.ask("DELETE", "/api/v1/clusters/prod")
    assert await names(fleet) == []


async def test_a_deployment_stands_by_its_rollout(api: Any) -> None:
    status = DeploymentStatus(replicas=3, updated_replicas=1, ready_replicas=3, available_replicas=3)
    meta = ObjectMeta(name="web", namespace="shop", uid="d")
    await api.tell("prod", Deployment(metadata=meta, spec=DeploymentSpec(replicas=3), status=status))
    (row,) = (await api.get("/table/deployments"))["rows"]
    assert row["status"] == {
        "word": "Progressing",
        "level": "warn",
        "reason": "1 of 3 replicas are of the latest revision",
    }
    assert row["cells"][:3] == ["3/3", 1, 3]


async def test_every_kind_that_is_watched_has_a_table(api: Any) -> None:
    for kind in KINDS:
        table = await api.get(f"/table/{kind}")
        assert table["kind"] == kind
        assert "created" in [column["id"] for column in table["columns"]] or kind == "Event"


FAULTS: list[tuple[str, dict[str, Any], str]] = [
    ("/table/secrets", {}, "'secrets' is not a kind that is watched; those are ConfigMap"),
    (
        "/table/pods",
        {"sort": "age"},
        "sort: 'age' is no column of Pod; those are cluster, namespace, name",
    ),
    ("/table/pods", {"sort": "a,b,c,d,e"}, "sort: 5 columns are more than the 4"),
    ("/table/pods", {"level": "ok,worse"}, "level: 'worse' is none of ok, warn, bad, done, unknown"),
    ("/table/pods", {"labels": "app=web,,"}, "label selector"),
    ("/table/pods", {"clusterLabels": "=x"}, "label selector"),
    ("/table/pods", {"search": "x" * 201}, "search: 201 characters are more than the 200"),
    ("/table/pods", {"cluster": ",".join(map(str, range(101)))}, "cluster: 101 names are more than"),
    ("/table/pods", {"labelColumns": ",".join(map(str, range(101)))}, "labelColumns: 101 names"),
    ("/table/pods", {"limit": 1001}, "limit: Expected `int` <= 1000"),
    ("/table/pods", {"offset": -1}, "offset: Expected `int` >= 0"),
]


async def test_a_question_that_makes_no_sense_is_told_so(api: Any) -> None:
    for path, query, detail in FAULTS:
        status, said = await api.fault("GET", path, **query)
        assert status == 400
        assert detail in said
        assert len(said) < 600


async def test_a_table_is_read_as_it_was(fleet: Any, pod: Any) -> None:
    then = (await fleet.get("/table/pods"))["at"]
    await fleet.get("/table/pods")  # some milliseconds go by
    await fleet.tell("dev", pod("web-1", 2, phase="Failed", app="web"), pod("new", 2))
    await fleet.tell("prod", gone=[pod("web-1", 3)])
    table = await fleet.get("/table/pods", at=then, sort="name", search="web-1", facets=True)
    assert [(row["cluster"], row["status"]["word"]) for row in table["rows"]] == [
        ("dev", "Running"),
        ("prod", "Running"),
    ]
    assert table["facets"]["clusters"] == {"dev": 1, "prod": 1}
    assert table["knownSince"] < table["at"] == then
    assert (await fleet.get("/table/pods", at="2020-01-01T00:00:00Z"))["rows"] == []
    await fleet.ask("DELETE", "/api/v1/clusters/prod")
    assert len((await fleet.get("/table/pods", at=then))["rows"]) == 1
    for at, fault in (("2100-01-01T00:00:00Z", "at: the time is to come"), ("noon", "at: ")):
        status, detail = await fleet.fault("GET", "/table/pods", at=at)
        assert status == 400
        assert fault in detail
