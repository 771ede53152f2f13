from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from farwatch.sim.errors import StatusError
from farwatch.sim.resources import RESOURCES
from farwatch.sim.server.options import read_options
from farwatch.sim.server.watching import Watch
from farwatch.sim.store import Store

PODS = RESOURCES["pods"]


def open_watch(store: Store, namespace: str = "", **query: Any) -> Watch:
    asked = {"watch": "true"} | {key: str(value) for key, value in query.items()}
    return Watch(store, PODS, namespace, read_options(asked, PODS))


def take(watch: Watch) -> list[tuple[str, str]]:
    events = [msgspec.json.decode(line) for line in watch.take()]
    return [(event["type"], event["object"]["metadata"].get("name", "")) for event in events]


def relabel(store: Store, name: str, **labels: str) -> None:
    store.modify("pods", "shop", name, lambda pod: pod["metadata"].update(labels=labels))


def test_a_watch_from_now_begins_with_what_there_is(store: Store, pods: list[str]) -> None:
    watch = open_watch(store, "a")
    assert take(watch) == [("ADDED", "p0"), ("ADDED", "p1")]
    store.create("pods", {"metadata": {"name": "new", "namespace": "a"}, "spec": {}})
    store.create("pods", {"metadata": {"name": "other", "namespace": "shop"}, "spec": {}})
    assert take(watch) == [("ADDED", "new")]


def test_a_watch_from_a_version_replays_what_came_after_it(store: Store, pods: list[str]) -> None:
    version = store.resource_version
    relabel(store, "p2", app="x")
    store.delete("pods", "shop", "p3", grace_period=0)
    watch = open_watch(store, resourceVersion=version)
    assert take(watch) == [("MODIFIED", "p2"), ("MODIFIED", "p3"), ("DELETED", "p3")]


def test_every_event_is_one_line_with_the_whole_object(store: Store, pods: list[str]) -> None:
    watch = open_watch(store, resourceVersion=store.resource_version)
    relabel(store, "p2", app="x")
    (line,) = watch.take()
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    assert msgspec.json.decode(line) == {"type": "MODIFIED", "object": store.get("pods", "shop", "p2")}


def test_an_object_that_stops_matching_is_deleted_for_that_watcher(store: Store, pods: list[str]) -> None:
    watch = open_watch(store, resourceVersion=store.resource_version, labelSelector="app=web")
    everything = open_watch(store, resourceVersion=store.resource_version)
    relabel(store, "p2", app="db")
    deletion = msgspec.json.decode(watch.take()[0])
    assert deletion["type"] == "DELETED"
    assert deletion["object"]["metadata"]["labels"] == {"app": "web"}
    assert deletion["object"]["metadata"]["resourceVersion"] == str(store.resource_version)
    relabel(store, "p2", app="none")
    assert take(watch) == []
    relabel(store, "p2", app="web")
    assert take(watch) == [("ADDED", "p2")]
    assert take(everything) == [("MODIFIED", "p2")] * 3


def test_field_selectors_follow_the_object_too(store: Store, pods: list[str]) -> None:
    watch = open_watch(store, resourceVersion=store.resource_version, fieldSelector="status.phase=Running")
    store.modify("pods", "shop", "p2", lambda pod: pod["status"].update(phase="Failed"), "status")
    store.delete("pods", "shop", "p2", grace_period=0)
    assert take(watch) == [("DELETED", "p2")]


def test_a_streaming_list_ends_with_the_recorded_bookmark(store: Store, pods: list[str]) -> None:
    watch = open_watch(
        store,
        sendInitialEvents="true",
        resourceVersionMatch="NotOlderThan",
        allowWatchBookmarks="true",
    )
    lines = watch.take()
    assert len(lines) == len(pods) + 1
    assert msgspec.json.decode(lines[-1]) == {
        "type": "BOOKMARK",
        "object": {
            "kind": "Pod",
            "apiVersion": "v1",
            "metadata": {
                "resourceVersion": str(store.resource_version),
                "annotations": {"k8s.io/initial-events-end": "true"},
            },
            "spec": {"containers": None},
            "status": {},
        },
    }


def test_bookmarks_come_to_those_who_allow_them(store: Store, pods: list[str]) -> None:
    version = store.resource_version
    plain, marked = (
        open_watch(store, resourceVersion=version, allowWatchBookmarks=allow) for allow in ("false", "true")
    )
    store.create("configmaps", {"metadata": {"name": "c", "namespace": "shop"}})
    plain.bookmark()
    marked.bookmark()
    assert plain.take() == []
    (line,) = marked.take()
    bookmark = msgspec.json.decode(line)["object"]
    assert bookmark["metadata"] == {"resourceVersion": str(store.resource_version)}


def test_a_forgotten_version_is_expired(store: Store, pods: list[str]) -> None:
    version = store.resource_version
    store.expire_history("pods")
    with pytest.raises(StatusError, match="too old resource version") as caught:
        open_watch(store, resourceVersion=version)
    assert caught.value.code == 410


def test_a_closed_watch_takes_no_more(store: Store, pods: list[str]) -> None:
    watch = open_watch(store, resourceVersion=store.resource_version)
    watch.close()
    relabel(store, "p2", app="x")
    assert watch.take() == []


def test_a_watch_is_taken_in_pieces_and_in_order(store: Store, pods: list[str]) -> None:
    watch = open_watch(store)
    taken = [name for _ in range(4) for line in watch.take(2) for name in [msgspec.json.decode(line)]]
    assert [event["object"]["metadata"]["name"] for event in taken] == pods


def test_a_watcher_that_does_not_read_is_cut_off(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("farwatch.sim.server.watching._MOST_WAITING", 2)
    woken: list[None] = []
    options = read_options({"watch": "true"}, PODS)
    watch = Watch(store, PODS, "", options, wake=lambda: woken.append(None))
    for i in range(4):
        store.create("pods", {"metadata": {"name": f"p{i}", "namespace": "shop"}, "spec": {}})
    assert watch.overrun
    assert [name for _, name in take(watch)] == ["p0", "p1"]
    assert len(woken) == 3


steps = st.lists(
    st.tuples(
        st.sampled_from(["create", "label", "phase", "delete", "look"]),
        st.integers(0, 3),
        st.sampled_from(["web", "db"]),
    ),
    max_size=25,
)


@given(steps, st.sampled_from(["", "app=web", "app!=web", "app in (web,db)", "!app"]))
def test_events_lead_from_an_earlier_list_to_a_later_one(
    history: list[tuple[str, int, str]], selector: str
) -> None:
    store = Store(lambda: 1_800_000_000.0)
    store.create("namespaces", {"metadata": {"name": "shop"}})
    watches = [open_watch(store, labelSelector=selector)]
    versions = [store.resource_version]
    for step, number, app in history:
        name = f"p{number}"
        known = store.find("pods", "shop", name)
        if step == "create" and not known:
            metadata = {"name": name, "namespace": "shop", "labels": {"app": app}}
            store.create("pods", {"metadata": metadata, "spec": {}})
        elif step == "label" and known:
            relabel(store, name, app=app)
        elif step == "phase" and known:
            store.update("pods", known | {"status": {"phase": app}}, "status")
        elif step == "delete" and known:
            store.delete("pods", "shop", name)
        elif step == "look":
            versions.append(store.resource_version)
    options = read_options({"labelSelector": selector}, PODS)
    collection = store.collection("pods")
    now = {entry.name: entry.decode() for entry in collection.entries() if options.selects(entry)}
    watches += [open_watch(store, labelSelector=selector, resourceVersion=v) for v in versions]
    for watch, version in zip(watches, [versions[0], *versions], strict=True):
        seen = {e.name: e.decode() for e in collection.entries_at(version) if options.selects(e)}
        for event in map(msgspec.json.decode, watch.take()):
            name = event["object"]["metadata"]["name"]
            assert (event["type"] == "ADDED") == (name not in seen)
            if event["type"] == "DELETED":
                del seen[name]
            else:
                seen[name] = event["object"]
        assert seen == now
