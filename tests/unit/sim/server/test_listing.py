from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from farwatch.sim.store import Store


def names(page: dict[str, Any]) -> list[str]:
    return [item["metadata"]["name"] for item in page["items"]]


def pages(ask: Any, path: str, limit: int, **query: Any) -> list[dict[str, Any]]:
    found = [ask.get(path, limit=limit, **query)]
    while token := found[-1]["metadata"].get("continue"):
        found.append(ask.get(path, limit=limit, continue_=token, **query))
    return found


def test_pages_together_are_the_list(ask: Any, pods: list[str]) -> None:
    found = pages(ask, "/api/v1/pods", 3)
    assert [names(page) for page in found] == [pods[:3], pods[3:6], pods[6:]]
    assert [page["metadata"].get("remainingItemCount") for page in found] == [4, 1, None]
    assert len({page["metadata"]["resourceVersion"] for page in found}) == 1


def test_pages_stay_in_their_namespace(ask: Any, pods: list[str]) -> None:
    found = pages(ask, "/api/v1/namespaces/a/pods", 1)
    assert [names(page) for page in found] == [["p0"], ["p1"]]
    assert found[0]["metadata"]["remainingItemCount"] == 1


def test_a_full_last_page_has_no_token(ask: Any, pods: list[str]) -> None:
    assert "continue" not in ask.get("/api/v1/pods", limit=7)["metadata"]


def test_selected_pages_do_not_say_how_many_remain(ask: Any, pods: list[str]) -> None:
    found = pages(ask, "/api/v1/pods", 2, labelSelector="app=web")
    assert [name for page in found for name in names(page)] == pods[2:]
    assert "remainingItemCount" not in found[0]["metadata"]


def test_pages_show_the_moment_of_the_first(ask: Any, store: Store, pods: list[str]) -> None:
    first = ask.get("/api/v1/pods", limit=3)
    store.delete("pods", "shop", "p4", grace_period=0)
    store.create("pods", {"metadata": {"name": "p3x", "namespace": "shop"}, "spec": {}})
    store.modify("pods", "shop", "p5", lambda pod: pod["metadata"].update(labels={"app": "changed"}))
    second = ask.get("/api/v1/pods", limit=9, continue_=first["metadata"]["continue"])
    assert names(second) == ["p3", "p4", "p5", "p6"]
    assert second["items"][2]["metadata"]["labels"] == {"app": "web"}
    assert second["metadata"]["resourceVersion"] == first["metadata"]["resourceVersion"]
    exact = ask.get(
        "/api/v1/pods",
        resourceVersion=first["metadata"]["resourceVersion"],
        resourceVersionMatch="Exact",
    )
    assert names(exact) == pods
    assert names(ask.get("/api/v1/pods")) == ["p0", "p1", "p2", "p3", "p3x", "p5", "p6"]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30, deadline=None)
@given(
    data=st.lists(st.tuples(st.sampled_from(["create", "delete", "touch"]), st.integers(0, 9)), max_size=12),
    limit=st.integers(1, 5),
)
def test_whatever_changes_between_pages_they_show_one_moment(
    ask: Any, store: Store, data: list[tuple[str, int]], limit: int
) -> None:
    namespace = f"n{store.resource_version}"
    store.create("namespaces", {"metadata": {"name": namespace}})
    for i in range(0, 10, 2):
        store.create("configmaps", {"metadata": {"name": f"c{i}", "namespace": namespace}})
    path = f"/api/v1/namespaces/{namespace}/configmaps"
    page = ask.get(path, limit=limit)
    whole = ask.get(path)["items"]
    collected = list(page["items"])
    steps = iter(data)
    while token := page["metadata"].get("continue"):
        for step, i in [next(steps, ("none", 0)), next(steps, ("none", 0))]:
            known = store.find("configmaps", namespace, f"c{i}")
            if step == "create" and not known:
                store.create("configmaps", {"metadata": {"name": f"c{i}", "namespace": namespace}})
            elif step == "delete" and known:
                store.delete("configmaps", namespace, f"c{i}")
            elif step == "touch" and known:
                store.update("configmaps", known | {"data": {"v": known["metadata"]["resourceVersion"]}})
        page = ask.get(path, limit=limit, continue_=token)
        collected += page["items"]
    assert collected == whole


def test_an_expired_token_is_gone_with_a_way_on(ask: Any, store: Store, pods: list[str]) -> None:
    first = ask.get("/api/v1/pods", limit=3)
    store.expire_history()
    store.delete("pods", "shop", "p4", grace_period=0)
    code, status = ask("GET", "/api/v1/pods", limit=9, continue_=first["metadata"]["continue"])
    assert (code, status["reason"]) == (410, "Expired")
    assert status["message"].startswith("The provided continue parameter is too old")
    rest = ask.get("/api/v1/pods", limit=9, continue_=status["metadata"]["continue"])
    assert names(rest) == ["p3", "p5", "p6"]
    assert rest["metadata"]["resourceVersion"] == str(store.resource_version)


def test_an_expired_moment_is_gone(ask: Any, store: Store, pods: list[str]) -> None:
    store.expire_history()
    code, status = ask("GET", "/api/v1/pods", resourceVersion=2, resourceVersionMatch="Exact")
    assert (code, status["message"]) == (410, "The resourceVersion for the provided list is too old.")


@pytest.mark.parametrize("version", ["0", "1"])
def test_any_version_not_from_the_future_will_do(ask: Any, pods: list[str], version: str) -> None:
    assert names(ask.get("/api/v1/pods", resourceVersion=version)) == pods


def test_a_version_from_the_future_times_out(ask: Any) -> None:
    code, status = ask("GET", "/api/v1/pods", resourceVersion=10**6)
    assert (code, status["reason"]) == (504, "Timeout")


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ({"resourceVersionMatch": "Exact"}, 422),
        ({"resourceVersionMatch": "Exact", "resourceVersion": "0"}, 422),
        ({"resourceVersionMatch": "Roughly", "resourceVersion": "1"}, 422),
        ({"resourceVersion": "abc"}, 422),
        ({"sendInitialEvents": "true"}, 422),
        ({"limit": "many"}, 400),
        ({"continue_": "e30"}, 400),
        ({"continue_": "eyJ2IjoieCIsInJ2IjoxLCJzdGFydCI6IiJ9"}, 400),
        ({"watch": "true", "resourceVersionMatch": "NotOlderThan"}, 422),
        ({"watch": "true", "sendInitialEvents": "true"}, 422),
    ],
)
def test_options_that_do_not_parse_or_go_together_are_refused(
    ask: Any, query: dict[str, str], code: int
) -> None:
    assert ask("GET", "/api/v1/pods", **query)[0] == code
