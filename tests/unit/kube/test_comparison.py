from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from farwatch.kube.comparison import Comparison, ObservedChange, put_object, remove_object
from farwatch.kube.objects import ObjectMeta, Pod
from farwatch.kube.store import PackedStore

Key = tuple[str, str]
Version = tuple[str, str]

worlds = st.dictionaries(
    st.tuples(st.sampled_from(["x", "y"]), st.sampled_from("abcdef")),
    st.tuples(st.sampled_from(["u1", "u2"]), st.sampled_from(["1", "2"])),
)
"""What a cluster may have: uid and version by namespace and name."""


def pod(key: Key, version: Version) -> Pod:
    return Pod(
        metadata=ObjectMeta(namespace=key[0], name=key[1], uid=version[0], resource_version=version[1])
    )


def store_of(world: dict[Key, Version]) -> PackedStore:
    store = PackedStore()
    for key, version in world.items():
        put_object(store, pod(key, version), 0.0)
    return store


def held(store: PackedStore) -> dict[Key, Version]:
    return {(found.namespace, found.name): (found.uid, found.resource_version) for found in store}


def replay(world: dict[Key, Version], changes: list[ObservedChange]) -> dict[Key, Version]:
    """What somebody who only hears the changes makes of the world."""
    view = dict(world)
    for change in changes:
        key = (change.namespace, change.name)
        if change.document is None:
            assert view.pop(key)[0] == change.uid
        else:
            assert key not in view or view[key][0] == change.uid
            view[key] = (change.uid, change.resource_version)
    return view


@given(worlds, worlds)
def test_the_difference_turns_the_old_view_into_the_new_and_names_nothing_else(
    before: dict[Key, Version], after: dict[Key, Version]
) -> None:
    store = store_of(before)
    comparison = Comparison(store)
    changes = [change for key, version in after.items() for change in comparison.see(pod(key, version), 5.0)]
    changes += comparison.finish(6.0)

    assert held(store) == after
    assert replay(before, changes) == after
    assert all(change.after_gap for change in changes)
    unchanged = {key for key in before if before[key] == after.get(key)}
    assert not {(change.namespace, change.name) for change in changes} & unchanged


@given(worlds, worlds)
def test_a_list_of_one_namespace_says_nothing_of_the_others(
    before: dict[Key, Version], after: dict[Key, Version]
) -> None:
    store = store_of(before)
    comparison = Comparison(store, "x")
    for key, version in after.items():
        if key[0] == "x":
            comparison.see(pod(key, version), 5.0)
    for _ in comparison.finish(6.0):
        pass
    of_x = {key: version for key, version in after.items() if key[0] == "x"}
    assert held(store) == of_x | {key: version for key, version in before.items() if key[0] == "y"}


def test_an_end_carries_the_version_of_the_end_or_else_the_last_one_seen() -> None:
    store = store_of({("x", "a"): ("u1", "1"), ("x", "b"): ("u1", "1")})
    (known,) = remove_object(store, "x", "a", 5.0, resource_version="9")
    (unknown,) = remove_object(store, "x", "b", 5.0)
    assert (known.resource_version, unknown.resource_version) == ("9", "1")
    assert (known.document, known.observed_at, known.after_gap) == (None, 5.0, False)
    assert remove_object(store, "x", "a", 5.0) == []
