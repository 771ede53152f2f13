from __future__ import annotations

from typing import Any

import pytest

from farwatch.hub.inventory import ContinueTokenError, Inventory, Query
from farwatch.kube.selectors import Selector


def names(inventory: Inventory, **query: Any) -> list[str]:
    page = inventory.select(Query(kind="Pod", **query), limit=100)
    return [
        f"{found.cluster}/{found.object.metadata.namespace}/{found.object.metadata.name}"
        for found in page.items
    ]


@pytest.fixture
def fleet(inventory: Inventory, item: Any) -> Inventory:
    inventory.apply("b", "Pod", [item("Web-1", app="web"), item("db-1", app="db")])
    inventory.apply("a", "Pod", [item("web-2", namespace="z", app="web"), item("web-1", app="web")])
    return inventory


def test_objects_are_ordered_by_cluster_namespace_and_name(fleet: Inventory) -> None:
    assert names(fleet) == ["a/shop/web-1", "a/z/web-2", "b/shop/Web-1", "b/shop/db-1"]


def test_each_condition_narrows_the_choice(fleet: Inventory) -> None:
    assert names(fleet, cluster="b") == ["b/shop/Web-1", "b/shop/db-1"]
    assert names(fleet, cluster="none") == []
    assert names(fleet, namespace="z") == ["a/z/web-2"]
    assert names(fleet, selector=Selector.parse("app=db")) == ["b/shop/db-1"]
    assert names(fleet, name="WEB-1") == ["a/shop/web-1", "b/shop/Web-1"]
    assert names(fleet, cluster="a", namespace="shop", name="web") == ["a/shop/web-1"]


def test_pages_follow_one_another_until_the_last(fleet: Inventory) -> None:
    first = fleet.select(Query(kind="Pod"), limit=3)
    assert (len(first.items), first.remaining) == (3, 1)
    last = fleet.select(Query(kind="Pod"), 3, first.continue_token)
    assert [found.object.metadata.name for found in last.items] == ["db-1"]
    assert (last.continue_token, last.remaining) == ("", 0)


def test_a_page_is_not_upset_by_what_comes_and_goes_meanwhile(fleet: Inventory, item: Any, gone: Any) -> None:
    first = fleet.select(Query(kind="Pod"), limit=2)
    fleet.apply("a", "Pod", [gone("web-2", namespace="z"), item("early", namespace="a")])
    rest = fleet.select(Query(kind="Pod"), 10, first.continue_token)
    assert [found.object.metadata.name for found in rest.items] == ["Web-1", "db-1"]


@pytest.mark.parametrize("token", ["nonsense", "ä", "kA", "=", "k6FhAaFj"])
def test_a_token_that_no_page_gave_is_refused(fleet: Inventory, token: str) -> None:
    with pytest.raises(ContinueTokenError, match="begin again without it"):
        fleet.select(Query(kind="Pod"), 10, token)
