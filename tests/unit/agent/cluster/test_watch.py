from __future__ import annotations

from typing import Any

import structlog

from farwatch.agent.cluster.watch import ClusterWatch, trim_memory
from farwatch.agent.state import AgentState
from farwatch.kube.access import ClusterAccess
from farwatch.kube.client import KubeClient
from farwatch.kube.clock import Clock
from farwatch.kube.comparison import ObservedChange
from farwatch.kube.kinds import KINDS
from farwatch.kube.sink import WatchState
from farwatch.link import frames
from farwatch.link.frames import Item


def make_watch(**options: Any) -> tuple[ClusterWatch, AgentState]:
    state = AgentState(KINDS)
    client = KubeClient(ClusterAccess(server="http://127.0.0.1:1"))
    return ClusterWatch(client, state, clock=Clock(time=lambda: 1000.0), **options), state


def test_it_gives_synced_kinds_owners_first_and_their_objects_as_they_are() -> None:
    watch, state = make_watch()
    watch._stores["Pod"].put("shop", "web", "uid-1", "7", b"document")
    watch.synced("Pod")
    watch.synced("Deployment")

    assert list(watch.kinds()) == ["Deployment", "Pod"]
    expected = Item("shop", "web", "uid-1", "7", b"document", 1000.0)
    assert list(watch.items("Pod")) == [expected]
    assert watch.item("Pod", "shop", "web") == expected
    assert watch.item("Pod", "shop", "other") is None
    assert state.objects["Pod"] == 1


def test_memory_is_given_back_once_when_every_kind_has_been_tried() -> None:
    trims: list[int] = []
    watch, _ = make_watch(trim=lambda: trims.append(1))
    *most, last = KINDS
    for kind in most:
        watch.status(kind, WatchState.SYNCED, "")
    assert trims == []
    watch.status(last, WatchState.DENIED, "forbidden")
    watch.status(last, WatchState.SYNCED, "")
    assert trims == [1]
    trim_memory()


def test_the_log_says_that_a_watch_is_well_again_as_it_said_that_it_was_not() -> None:
    watch, _ = make_watch()
    with structlog.testing.capture_logs() as lines:
        for state in (WatchState.SYNCED, WatchState.FAILING, WatchState.SYNCED, WatchState.SYNCED):
            watch.status("Pod", state, "no answer" if state is WatchState.FAILING else "")
    assert [(line["log_level"], line["event"]) for line in lines] == [
        ("warning", "cannot be watched for now"),
        ("info", "watched again"),
    ]


async def test_changes_and_news_are_handed_to_the_listener() -> None:
    told: list[object] = []

    class Listener:
        def kind_synced(self, kind: str) -> None:
            told.append(kind)

        def changed(self, kind: str, item: Item) -> None:
            told.append((kind, item))

        def status_changed(self) -> None:
            told.append("status")

    watch, state = make_watch()
    watch._listener = Listener()
    watch.synced("Pod")
    watch.status("Pod", WatchState.SYNCED, "")
    watch.status("Pod", WatchState.SYNCED, "")
    watch.changed("Pod", ObservedChange("shop", "web", "uid-1", "8", None, 5.0, after_gap=True))

    assert told == ["Pod", "status", ("Pod", Item("shop", "web", "uid-1", "8", None, 5.0, after_gap=True))]
    assert {kind.kind: kind.state for kind in state.kinds}["Pod"] is frames.WatchState.SYNCED


def test_being_denied_and_being_so_no_longer_is_told_to_who_looks_at_rights() -> None:
    doubts: list[int] = []
    watch, _ = make_watch(on_denial=lambda: doubts.append(1))

    for state, told in (
        (WatchState.SYNCED, 0),
        (WatchState.DENIED, 1),
        (WatchState.DENIED, 1),
        (WatchState.FAILING, 2),
        (WatchState.ABSENT, 2),
    ):
        watch.status("Pod", state, "why")
        assert len(doubts) == told
