from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from farwatch.hub.inventory.routes import find_kind
from farwatch.hub.store import QueryError
from farwatch.kube.kinds import KINDS
from farwatch.kube.objects import Node, ObjectMeta


@pytest.fixture
def far_east(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The local time of the process is that of Auckland."""
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "Pacific/Auckland")
        time.tzset()
        yield
    time.tzset()


class TestObjects:
    @pytest.mark.parametrize("name", ["Pod", "pod", "pods", "PODS"])
    def test_a_kind_goes_by_its_name_and_plural_in_any_case(self, name: str) -> None:
        assert find_kind(name) is KINDS["Pod"]

    async def test_are_listed_across_the_fleet_in_the_shape_of_kubernetes(self, api: Any, pod: Any) -> None:
        await api.tell("prod", pod("web-1", app="web"))
        await api.tell("dev", pod("web-2"))
        found = await api.get("/objects/pods")
        assert [(item["cluster"], item["object"]["metadata"]["name"]) for item in found["items"]] == [
            ("dev", "web-2"),
            ("prod", "web-1"),
        ]
        assert found["items"][1]["kind"] == "Pod"
        assert found["items"][1]["object"]["metadata"]["labels"] == {"app": "web"}
        assert found["items"][1]["object"]["status"]["phase"] == "Running"
        assert (found["continue"], found["remaining"]) == ("", 0)

    async def test_come_in_pages_that_never_repeat_nor_skip(self, api: Any, pod: Any) -> None:
        await api.tell("prod", *(pod(f"web-{number}") for number in range(7)))
        names, token = [], ""
        for expected in (4, 1, 0):
            page = await api.get("/objects/Pod", limit=3, **{"continue": token})
            names += [item["object"]["metadata"]["name"] for item in page["items"]]
            token = page["continue"]
            assert page["remaining"] == expected
        assert names == [f"web-{number}" for number in range(7)]
        assert token == ""

    @pytest.mark.parametrize(
        ("query", "expected"),
        [
            ({}, ["api-1", "db-1", "web-1", "web-2"]),
            ({"labels": "app=web"}, ["web-1", "web-2"]),
            ({"labels": "app in (web,db),tier!=back"}, ["web-1", "web-2"]),
            ({"labels": "!app"}, ["api-1"]),
            ({"namespace": "data"}, ["db-1"]),
            ({"namespace": ""}, []),
            ({"name": "EB-1"}, ["web-1"]),
            ({"cluster": "dev"}, ["web-2"]),
            ({"cluster": "unknown"}, []),
        ],
    )
    async def test_are_selected(self, api: Any, pod: Any, query: dict[str, str], expected: list[str]) -> None:
        await api.tell("prod", pod("web-1", app="web"), pod("api-1"))
        await api.tell("prod", pod("db-1", namespace="data", app="db", tier="back"))
        await api.tell("dev", pod("web-2", app="web"))
        found = await api.get("/objects/Pod", **query)
        assert sorted(item["object"]["metadata"]["name"] for item in found["items"]) == expected

    async def test_one_is_found_by_its_place(self, api: Any, pod: Any) -> None:
        await api.tell("prod", pod("web-1"), Node(metadata=ObjectMeta(name="node-1", uid="n")))
        found = await api.get("/clusters/prod/objects/pods/web-1", namespace="shop")
        assert found["object"]["metadata"]["uid"] == "u1"
        found = await api.get("/clusters/prod/objects/Node/node-1")
        assert (found["cluster"], found["kind"]) == ("prod", "Node")

    async def test_one_is_found_as_it_was(self, api: Any, pod: Any) -> None:
        await api.add_cluster("prod")
        await api.tell("prod", pod("web-1"))
        then = (await api.get("/table/pods"))["at"]
        await api.get("/table/pods")  # some milliseconds go by
        await api.tell("prod", pod("web-1", 2, phase="Failed"))
        path = "/clusters/prod/objects/pods/web-1"
        found = await api.get(path, namespace="shop", at=then)
        assert found["object"]["status"]["phase"] == "Running"
        await api.tell("prod", gone=[pod("web-1", 3)])
        assert await api.get(path, namespace="shop", at=then) == found
        fault = await api.fault("GET", path, namespace="shop", at="2020-01-01T00:00:00Z")
        assert fault[0] == 404
        assert "has no Pod 'web-1' in namespace 'shop', as far as is known, then" in fault[1]

    @pytest.mark.parametrize(
        ("path", "query", "status", "detail"),
        [
            ("/objects/Secret", {}, 400, "'Secret' is not a kind that is watched; those are ConfigMap, "),
            ("/objects/" + "x" * 3000, {}, 400, "is not a kind"),
            ("/objects/Pod", {"labels": "app=="}, 200, ""),
            ("/objects/Pod", {"labels": "app=web,,"}, 400, "label selector"),
            ("/objects/Pod", {"labels": "x" * 5000}, 400, "at most 4096"),
            ("/objects/Pod", {"continue": "bogus!"}, 400, "is not one that a page gave"),
            ("/objects/Pod", {"limit": 0}, 400, "limit: Expected `int` >= 1"),
            ("/objects/Pod", {"limit": 1001}, 400, "limit: Expected `int` <= 1000"),
            (
                "/clusters/prod/objects/Pod/web-9",
                {"namespace": "shop"},
                404,
                "no Pod 'web-9' in namespace 'shop'",
            ),
            ("/clusters/nope/objects/Node/n", {}, 404, "cluster 'nope' has no Node 'n'"),
        ],
    )
    async def test_a_question_that_makes_no_sense_is_told_so(
        self, api: Any, path: str, query: dict[str, Any], status: int, detail: str
    ) -> None:
        if status == 200:
            await api.get(path, **query)
            return
        found = await api.fault("GET", path, **query)
        assert found[0] == status
        assert detail in found[1]
        assert len(found[1]) < 600


class TestChanges:
    async def test_tell_what_an_update_changed_newest_first(self, api: Any, pod: Any) -> None:
        await api.tell("prod", pod("web-1"))
        await api.tell("prod", pod("web-1", 2, phase="Failed"))
        await api.tell("prod", gone=[pod("web-1", 3)])
        found = (await api.get("/clusters/prod/changes"))["items"]
        assert [change["operation"] for change in found] == ["deleted", "updated", "created"]
        assert {"path": "status.phase", "before": "Running", "after": "Failed"} in found[1]["fields"]
        assert "object" not in found[1]
        assert "fields" not in found[0]
        assert [change["sequence"] for change in found] == sorted(
            (change["sequence"] for change in found), reverse=True
        )

    async def test_come_with_the_object_as_it_then_was_if_asked(self, api: Any, pod: Any) -> None:
        await api.tell("prod", pod("web-1"))
        await api.tell("prod", pod("web-1", 2, phase="Failed"))
        found = (await api.get("/clusters/prod/changes", documents="true"))["items"]
        assert [change["object"]["status"]["phase"] for change in found] == ["Failed", "Running"]

    async def test_come_in_pages_by_sequence(self, api: Any, pod: Any) -> None:
        await api.tell("prod", *(pod(f"web-{number}") for number in range(5)))
        names: list[str] = []
        before: dict[str, int] = {}
        for count in (2, 2, 1, 0):
            page = (await api.get("/clusters/prod/changes", limit=2, **before))["items"]
            assert len(page) == count
            names += [change["name"] for change in page]
            before = {"before": page[-1]["sequence"]} if page else before
        assert names == [f"web-{number}" for number in (4, 3, 2, 1, 0)]

    @pytest.mark.parametrize(
        ("query", "expected"),
        [
            ({"kind": "pods"}, 2),
            ({"kind": "Node"}, 1),
            ({"namespace": ""}, 1),
            ({"namespace": "shop"}, 2),
            ({"name": "web-1"}, 1),
            ({"name": "we"}, 0),
            ({"since": "2000-01-01T00:00:00Z"}, 3),
            ({"since": "2000-01-01T00:00:00"}, 3),
            ({"until": "2000-01-01T00:00:00Z"}, 0),
            ({"since": "0001-01-01T00:00:00Z", "until": "9999-12-31T23:59:59Z"}, 3),
            ({"since": "9999-12-31T23:59:59Z"}, 0),
            ({"until": "0001-01-01T00:00:00"}, 0),
            ({"before": 0}, 0),
            ({"before": 2**63 - 1}, 3),
        ],
    )
    async def test_are_selected(self, api: Any, pod: Any, query: dict[str, Any], expected: int) -> None:
        await api.tell("prod", pod("web-1"), pod("web-2"), Node(metadata=ObjectMeta(name="n", uid="n")))
        await api.tell("dev", pod("web-1"))
        assert len((await api.get("/clusters/prod/changes", **query))["items"]) == expected

    @pytest.mark.usefixtures("far_east")
    async def test_times_without_a_zone_are_utc_wherever_the_hub_runs(self, api: Any, pod: Any) -> None:
        await api.tell("prod", pod("web-1"))
        hour_ago = (datetime.now(UTC) - timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%S")
        assert len((await api.get("/clusters/prod/changes", since=hour_ago))["items"]) == 1
        assert (await api.get("/clusters/prod/changes", until=hour_ago))["items"] == []

    @pytest.mark.parametrize(
        ("query", "detail"),
        [
            ({"kind": "Secret"}, "'Secret' is not a kind"),
            ({"since": "yesterday"}, "since: Invalid RFC3339"),
            ({"before": -1}, "before: Expected `int` >= 0"),
            ({"before": 2**64}, "before: "),
            ({"limit": 5000}, "limit: Expected `int` <= 1000"),
            ({"documents": "maybe"}, "documents: "),
        ],
    )
    async def test_a_question_that_makes_no_sense_is_told_so(
        self, api: Any, query: dict[str, Any], detail: str
    ) -> None:
        status, found = await api.fault("GET", "/clusters/prod/changes", **query)
        assert status == 400
        assert detail in found

    async def test_of_an_unknown_cluster_are_none(self, api: Any) -> None:
        assert await api.get("/clusters/nope/changes") == {"items": []}

    async def test_names_with_anything_in_them_are_only_names(self, api: Any) -> None:
        for name in ("'; DROP TABLE changes --", "\x00", "\\", "{cluster:String}", "é" * 2000):
            assert await api.get("/clusters/prod/changes", name=name) == {"items": []}

    async def test_a_store_that_does_not_answer_is_a_passing_fault(
        self, api: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async def fail(_query: object) -> None:
            raise QueryError("the store took too long")

        monkeypatch.setattr(api.hub.change_log, "changes", fail)
        assert await api.fault("GET", "/clusters/prod/changes") == (503, "the store took too long")


class TestActivity:
    async def test_counts_what_changed_in_each_part_of_a_time(self, api: Any, pod: Any) -> None:
        await api.tell("prod", pod("web-1"), pod("web-2"))
        await api.tell("dev", pod("web-1"))
        now = datetime.now(UTC)
        span = {"since": str(now - timedelta(hours=3)), "until": str(now + timedelta(hours=1)), "buckets": 4}
        found = await api.get("/clusters/prod/activity", **span)
        assert found["counts"] == [0, 0, 0, 2] or found["counts"] == [0, 0, 2, 0]
        one = await api.get("/clusters/prod/activity", **span, kind="pods", namespace="shop", name="web-2")
        assert sum(one["counts"]) == 1
        assert sum((await api.get("/clusters/prod/activity", **span, kind="Node"))["counts"]) == 0

    async def test_names_the_changes_before_and_after_a_time(self, api: Any, pod: Any) -> None:
        await api.tell("prod", pod("web-1"))
        await api.tell("prod", pod("web-1", 2, phase="Failed"))
        later, earlier = (change["time"] for change in (await api.get("/clusters/prod/changes"))["items"])
        hour = timedelta(hours=1)
        span = {"since": str(datetime.now(UTC) - hour), "until": str(datetime.now(UTC) + hour)}
        found = await api.get("/clusters/prod/activity", **span, at=str(datetime.now(UTC) + hour / 2))
        assert (found["previous"], found.get("next")) == (later, None)
        found = await api.get("/clusters/prod/activity", **span, at=str(datetime.now(UTC) - hour / 2))
        assert (found.get("previous"), found["next"]) == (None, earlier)

    async def test_of_a_cluster_that_told_nothing_is_none(self, api: Any) -> None:
        await api.add_cluster("prod")
        found = await api.get("/clusters/prod/activity", buckets=3)
        assert found["counts"] == [0, 0, 0]
        assert "knownSince" not in found

    async def test_of_a_time_that_ends_before_it_begins_is_told_so(self, api: Any) -> None:
        span = {"since": "2026-01-02T00:00:00Z", "until": "2026-01-01T00:00:00Z"}
        status, detail = await api.fault("GET", "/clusters/prod/activity", **span)
        assert (status, detail) == (400, "since: it must be before until")
