import copy
from typing import Any

import jsonpatch
import pytest
from hypothesis import given
from hypothesis import strategies as st

from farwatch.sim.errors import PatchError
from farwatch.sim.jsonpatch import apply_json_patch

scalars = st.none() | st.booleans() | st.integers(-5, 5) | st.text("ab~/", max_size=3)
keys = st.text("ab~/", min_size=1, max_size=2)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=4),
    max_leaves=12,
)
documents = st.dictionaries(keys, values, max_size=4)


@given(documents, documents)
def test_a_patch_made_by_another_library_leads_from_one_document_to_the_other(
    before: dict[str, Any], after: dict[str, Any]
) -> None:
    patch = jsonpatch.make_patch(before, after).patch
    assert apply_json_patch(before, patch) == after


def _pointers(document: Any, prefix: str = "") -> list[str]:
    found = [prefix]
    if isinstance(document, dict):
        for key, value in document.items():
            found += _pointers(value, f"{prefix}/{key.replace('~', '~0').replace('/', '~1')}")
    elif isinstance(document, list):
        found.append(f"{prefix}/-")
        for i, value in enumerate(document):
            found += _pointers(value, f"{prefix}/{i}")
    return found


@st.composite
def operations(draw: st.DrawFn) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    document = draw(documents)
    paths = [pointer for pointer in _pointers(document) if pointer] or ["/new"]
    steps = []
    for _ in range(draw(st.integers(1, 3))):
        path = draw(st.sampled_from(paths)) + draw(st.sampled_from(["", "", "", "/x", "/0"]))
        step: dict[str, Any] = {
            "op": draw(st.sampled_from(["add", "remove", "replace", "move", "copy"])),
            "path": path,
        }
        if step["op"] in ("add", "replace"):
            step["value"] = draw(values)
        elif step["op"] in ("move", "copy"):
            step["from"] = draw(st.sampled_from(paths))
        steps.append(step)
    return document, steps


@given(operations())
def test_any_patch_does_what_another_library_does_and_leaves_its_arguments_alone(
    case: tuple[dict[str, Any], list[dict[str, Any]]],
) -> None:
    document, patch = case
    original = copy.deepcopy(document)
    try:
        expected = jsonpatch.apply_patch(document, patch)
    except (jsonpatch.JsonPatchException, jsonpatch.JsonPointerException):
        with pytest.raises(PatchError):
            apply_json_patch(document, patch)
    else:
        assert apply_json_patch(document, patch) == expected
    assert document == original


def test_a_failed_test_operation_stops_the_patch() -> None:
    patch = [{"op": "replace", "path": "/a", "value": 2}, {"op": "test", "path": "/a", "value": 1}]
    with pytest.raises(PatchError, match="testing value /a failed"):
        apply_json_patch({"a": 1}, patch)


def test_true_is_not_one() -> None:
    with pytest.raises(PatchError):
        apply_json_patch({"a": 1}, [{"op": "test", "path": "/a", "value": True}])
    with pytest.raises(PatchError):
        apply_json_patch({"a": [{"b": 0}]}, [{"op": "test", "path": "/a", "value": [{"b": False}]}])


@pytest.mark.parametrize(
    "patch",
    [
        {},
        ["x"],
        [{"op": "sing"}],
        [{"op": "add", "path": "/a"}],
        [{"op": "remove", "path": "a"}],
        [{"op": "remove", "path": ""}],
        [{"op": "remove", "path": "/l/01"}],
        [{"op": "add", "path": "/l/9", "value": 1}],
        [{"op": "add", "path": "/a/b", "value": 1}],
        [{"op": "move", "from": "/l", "path": "/l/0"}],
    ],
)
def test_a_malformed_or_unfit_patch_is_refused(patch: Any) -> None:
    with pytest.raises(PatchError):
        apply_json_patch({"a": 1, "l": [1, 2]}, patch)
