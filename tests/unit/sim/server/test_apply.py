from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from farwatch.sim.server.apply import apply_document, owned_fields

HEAD = {"apiVersion": "v1", "kind": "ConfigMap"}
NOW = "2027-01-15T08:00:00Z"


def document(**data: str) -> dict[str, Any]:
    return {**HEAD, "metadata": {"name": "c"}, "data": data}


def test_identifying_fields_are_not_owned_and_items_count_by_key() -> None:
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "p", "namespace": "n", "labels": {"a": "b"}},
        "spec": {"containers": [{"name": "c", "args": ["x"]}]},
    }
    assert owned_fields(pod) == {
        "f:metadata": {"f:labels": {"f:a": {}}},
        "f:spec": {"f:containers": {'k:{"name":"c"}': {".": {}, "f:name": {}, "f:args": {}}}},
    }


def test_an_item_that_is_no_longer_named_is_removed() -> None:
    def pod(*names: str) -> dict[str, Any]:
        containers = [{"name": name, "image": "i"} for name in names]
        return {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": "p"},
            "spec": {"containers": containers},
        }

    first = apply_document({**HEAD, "metadata": {}}, pod("a", "b"), "me", NOW)
    second = apply_document(first, pod("a"), "me", NOW)
    assert second["spec"]["containers"] == [{"name": "a", "image": "i"}]


def test_what_another_manager_also_named_stays() -> None:
    first = apply_document({**HEAD, "metadata": {}}, document(x="1", y="1"), "me", NOW)
    both = apply_document(first, document(x="1"), "other", NOW)
    left = apply_document(both, document(), "me", NOW)
    assert left["data"] == {"x": "1"}
    assert [entry["manager"] for entry in left["metadata"]["managedFields"]] == ["other", "me"]


keys = st.sampled_from("abc")
maps = st.dictionaries(keys, st.sampled_from(["1", "2"]))


@given(maps, maps, maps)
def test_the_last_word_of_one_manager_is_what_stays_beside_the_rest(
    unmanaged: dict[str, str], first: dict[str, str], second: dict[str, str]
) -> None:
    start = document(**unmanaged)
    applied = apply_document(start, document(**first), "me", NOW)
    applied = apply_document(applied, document(**second), "me", NOW)
    untouched = {key: value for key, value in unmanaged.items() if key not in first}
    assert applied["data"] == untouched | second
    assert start == document(**unmanaged)
    again = apply_document(applied, document(**second), "me", NOW)
    assert again == applied
