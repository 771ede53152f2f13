import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from farwatch.sim.errors import PatchError
from farwatch.sim.strategic import merge_strategically


def merged(field: str, current: list[Any], patch: list[Any], **directives: Any) -> list[Any]:
    result: list[Any] = merge_strategically({field: current}, {field: patch, **directives})[field]
    return result


def test_items_are_matched_by_the_lists_key() -> None:
    env = [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}]
    assert merged("env", env, [{"name": "B", "value": "3"}, {"name": "C", "value": "4"}]) == [
        {"name": "A", "value": "1"},
        {"name": "B", "value": "3"},
        {"name": "C", "value": "4"},
    ]


def test_a_container_port_and_a_service_port_have_keys_of_their_own() -> None:
    assert merged("ports", [{"containerPort": 80}], [{"containerPort": 80, "name": "http"}]) == [
        {"containerPort": 80, "name": "http"}
    ]
    assert merged("ports", [{"port": 80}], [{"port": 81}]) == [{"port": 80}, {"port": 81}]


def test_a_list_without_a_key_is_replaced() -> None:
    assert merged("args", ["a"], ["b"]) == ["b"]
    assert merged("tolerations", [{"key": "a"}], [{"key": "b"}]) == [{"key": "b"}]


def test_finalizers_are_united_and_can_be_taken_out() -> None:
    assert merged("finalizers", ["a", "b"], ["b", "c"]) == ["a", "b", "c"]
    patch = {"$deleteFromPrimitiveList/finalizers": ["a"]}
    assert merge_strategically({"finalizers": ["a", "b"]}, patch) == {"finalizers": ["b"]}


def test_directives_delete_replace_retain_and_order() -> None:
    containers = [{"name": "a"}, {"name": "b"}]
    assert merged("containers", containers, [{"name": "a", "$patch": "delete"}]) == [{"name": "b"}]
    assert merged("containers", containers, [{"$patch": "replace"}, {"name": "c"}]) == [{"name": "c"}]
    order = {"$setElementOrder/containers": [{"name": "c"}, {"name": "a"}]}
    assert merged("containers", containers, [{"name": "c"}], **order) == [
        {"name": "c"},
        {"name": "a"},
        {"name": "b"},
    ]
    strategy = {"strategy": {"type": "RollingUpdate", "rollingUpdate": {}}}
    retain = {"strategy": {"$retainKeys": ["type"], "type": "Recreate"}}
    assert merge_strategically(strategy, retain) == {"strategy": {"type": "Recreate"}}
    assert merge_strategically(strategy, {"strategy": {"$patch": "replace", "type": "x"}}) == {
        "strategy": {"type": "x"}
    }
    assert merge_strategically(strategy, {"strategy": {"$patch": "delete"}}) == {}


def test_null_removes() -> None:
    assert merge_strategically({"a": 1, "b": {"c": 1, "d": 2}}, {"a": None, "b": {"c": None}}) == {
        "b": {"d": 2}
    }


def test_an_item_without_its_key_is_refused() -> None:
    with pytest.raises(PatchError, match="does not contain declared merge key: name"):
        merged("containers", [{"name": "a"}], [{"name": "b"}, {"image": "x"}])


names = st.sampled_from(["a", "b", "c", "d"])
lists = st.lists(
    st.fixed_dictionaries({"name": names}, optional={"image": st.integers(0, 3)}),
    max_size=4,
    unique_by=lambda c: c["name"],
)


@given(lists, lists)
def test_merged_lists_hold_each_key_once_and_the_patchs_values(
    current: list[dict[str, Any]], patch: list[dict[str, Any]]
) -> None:
    before = copy.deepcopy((current, patch))
    result = {item["name"]: item for item in merged("containers", current, patch)}
    assert len(result) == len(merged("containers", current, patch))
    assert result.keys() == {item["name"] for item in [*current, *patch]}
    for item in patch:
        assert item.items() <= result[item["name"]].items()
    assert (current, patch) == before
