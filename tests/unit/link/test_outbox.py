from __future__ import annotations

from typing import Any

import pytest

from farwatch.link.frames import Changes, Item, SnapshotBegin, SnapshotEnd, SnapshotItems
from farwatch.link.outbox import MAX_ITEM_BYTES, Outbox, OutboxLimits, StateFrame

SMALL = OutboxLimits(page_bytes=250, hold_bytes=450, spill_objects=3)


def drain(outbox: Outbox) -> list[StateFrame]:
    return list(iter(outbox.next_frame, None))


def names(frame: StateFrame | None) -> list[str]:
    assert isinstance(frame, SnapshotItems | Changes)
    return [item.name for item in frame.items]


def versions(frames: list[StateFrame]) -> list[tuple[str, str, bool]]:
    return [
        (item.name, item.resource_version, item.document is None)
        for frame in frames
        if isinstance(frame, SnapshotItems | Changes)
        for item in frame.items
    ]


@pytest.fixture
def pods(source: Any) -> Any:
    source.objects["Pod"] = {}
    for name in "abcdef":
        source.put("Pod", name)
    return source


@pytest.fixture
def live(pods: Any) -> tuple[Outbox, Any]:
    """An outbox whose snapshot of six pods was sent."""
    outbox = Outbox(pods, SMALL)
    outbox.add_kind("Pod")
    drain(outbox)
    return outbox, pods


def test_a_snapshot_is_read_page_by_page_as_it_is_sent(pods: Any) -> None:
    outbox = Outbox(pods, SMALL)
    outbox.add_kind("Pod")
    assert outbox.next_frame() == SnapshotBegin(kind="Pod")
    assert pods.reads == 0
    assert names(outbox.next_frame()) == ["a", "b", "c"]
    assert pods.reads == 3
    assert names(outbox.next_frame()) == ["d", "e", "f"]
    assert outbox.next_frame() == SnapshotEnd(kind="Pod", count=6)
    assert outbox.next_frame() is None
    assert outbox.empty


def test_kinds_are_shown_one_after_the_other_in_the_order_they_synced(pods: Any) -> None:
    pods.objects["Node"] = {}
    outbox = Outbox(pods, SMALL)
    outbox.add_kind("Node")
    outbox.add_kind("Pod")
    outbox.add_kind("Node")
    begun = [frame.kind for frame in drain(outbox) if isinstance(frame, SnapshotBegin)]
    assert begun == ["Node", "Pod"]


def test_every_version_is_sent_in_order_while_there_is_room(live: tuple[Outbox, Any]) -> None:
    outbox, pods = live
    told = [pods.put("Pod", "a"), pods.put("Pod", "b"), pods.put("Pod", "a"), pods.delete("Pod", "a")]
    for item in told:
        outbox.put("Pod", item)
    sent = [item for frame in drain(outbox) if isinstance(frame, Changes) for item in frame.items]
    assert sent == told
    assert outbox.held_bytes == 0


def test_changes_and_pages_take_turns(pods: Any) -> None:
    pods.objects["Node"] = {}
    outbox = Outbox(pods, SMALL)
    outbox.add_kind("Node")
    drain(outbox)
    outbox.add_kind("Pod")
    outbox.next_frame()
    for name in ("n1", "n2", "n3", "n4"):
        outbox.put("Node", pods.put("Node", name))
    kinds = [type(frame).__name__ for frame in drain(outbox)]
    assert kinds == ["Changes", "SnapshotItems", "Changes", "SnapshotItems", "SnapshotEnd"]


def test_kinds_with_changes_take_turns(live: tuple[Outbox, Any]) -> None:
    outbox, pods = live
    pods.objects["Node"] = {}
    outbox.add_kind("Node")
    drain(outbox)
    for kind, name in (("Pod", "a"), ("Pod", "b"), ("Pod", "c"), ("Node", "n")):
        outbox.put(kind, pods.put(kind, name))
    outbox.put("Pod", pods.delete("Pod", "f"))
    assert [(frame.kind, names(frame)) for frame in drain(outbox)] == [
        ("Pod", ["a", "b", "c"]),
        ("Node", ["n"]),
        ("Pod", ["f"]),
    ]


def test_before_its_snapshot_a_change_needs_no_attention(pods: Any) -> None:
    outbox = Outbox(pods, SMALL)
    outbox.add_kind("Pod")
    outbox.put("Pod", pods.delete("Pod", "a"))
    outbox.put("Node", Item("", "n", "u", "1", b"{}", 0.0))
    frames = drain(outbox)
    assert not any(isinstance(frame, Changes) for frame in frames)
    assert frames[-1] == SnapshotEnd(kind="Pod", count=5)


def test_an_object_is_shown_as_it_was_at_its_first_queued_change(pods: Any) -> None:
    outbox = Outbox(pods, SMALL)
    outbox.add_kind("Pod")
    outbox.next_frame()
    outbox.put("Pod", pods.put("Pod", "f"))
    outbox.put("Pod", pods.put("Pod", "f"))
    sent = [entry for entry in versions(drain(outbox)) if entry[0] == "f"]
    assert sent == [("f", "7", False), ("f", "7", False), ("f", "8", False)]


def test_an_object_that_was_replaced_is_not_shown_before_its_successor_is_told(pods: Any) -> None:
    outbox = Outbox(pods, SMALL)
    outbox.add_kind("Pod")
    outbox.next_frame()
    outbox.put("Pod", pods.delete("Pod", "f"))
    outbox.put("Pod", pods.put("Pod", "f"))
    frames = drain(outbox)
    assert SnapshotEnd(kind="Pod", count=5) in frames
    assert versions(frames)[-2:] == [("f", "7", True), ("f", "8", False)]


def test_an_object_that_changed_and_went_is_still_shown_with_its_change(pods: Any) -> None:
    outbox = Outbox(pods, SMALL)
    outbox.add_kind("Pod")
    outbox.next_frame()
    outbox.put("Pod", pods.put("Pod", "f"))
    outbox.put("Pod", pods.delete("Pod", "f"))
    frames = drain(outbox)
    assert SnapshotEnd(kind="Pod", count=6) in frames
    assert [entry for entry in versions(frames) if entry[0] == "f"] == [
        ("f", "7", False),
        ("f", "7", False),
        ("f", "8", True),
    ]


def test_beyond_the_bound_the_latest_version_is_read_when_it_is_sent(live: tuple[Outbox, Any]) -> None:
    outbox, pods = live
    for _ in range(20):
        outbox.put("Pod", pods.put("Pod", "a"))
        outbox.put("Pod", pods.put("Pod", "b"))
        assert outbox.held_bytes <= SMALL.hold_bytes
    assert outbox.spilled_objects == 2
    reads = versions(drain(outbox))
    held = len(reads) - 2
    assert [version for _, version, _ in reads[:held]] == [str(7 + i) for i in range(held)]
    assert reads[held:] in (
        [("a", "45", False), ("b", "46", False)],
        [("b", "46", False), ("a", "45", False)],
    )
    assert outbox.spilled_objects == 0


def test_a_spilled_change_keeps_its_time_and_its_gap(live: tuple[Outbox, Any]) -> None:
    outbox, pods = live
    outbox.put("Pod", pods.put("Pod", "a", size=400))
    changed = pods.put("Pod", "b")
    outbox.put("Pod", _after_gap(changed, 123.5))
    items = [item for frame in drain(outbox) if isinstance(frame, Changes) for item in frame.items]
    last = items[-1]
    assert (last.document, last.observed_at, last.after_gap) == (changed.document, 123.5, True)


def _after_gap(item: Item, observed_at: float) -> Item:
    return Item(item.namespace, item.name, item.uid, item.resource_version, item.document, observed_at, True)


def test_a_spilled_replacement_is_seen_by_its_new_uid(live: tuple[Outbox, Any]) -> None:
    outbox, pods = live
    old = pods.objects["Pod"]["shop", "b"].uid
    outbox.put("Pod", pods.put("Pod", "a", size=400))
    outbox.put("Pod", pods.delete("Pod", "b"))
    outbox.put("Pod", pods.put("Pod", "b"))
    items = [item for frame in drain(outbox) if isinstance(frame, Changes) for item in frame.items]
    assert items[-1].name == "b"
    assert items[-1].document is not None
    assert items[-1].uid != old


def test_a_spilled_deletion_is_sent(live: tuple[Outbox, Any]) -> None:
    outbox, pods = live
    outbox.put("Pod", pods.put("Pod", "a", size=400))
    outbox.put("Pod", pods.put("Pod", "b"))
    gone = pods.delete("Pod", "b")
    outbox.put("Pod", gone)
    assert versions(drain(outbox))[-1] == ("b", gone.resource_version, True)


def test_once_some_are_spilled_later_changes_queue_behind_them(live: tuple[Outbox, Any]) -> None:
    outbox, pods = live
    outbox.put("Pod", pods.put("Pod", "a", size=300))
    outbox.put("Pod", pods.put("Pod", "b", size=300))
    outbox.put("Pod", pods.put("Pod", "c", size=1))
    assert [name for name, _, _ in versions(drain(outbox))] == ["a", "b", "c"]


def test_too_many_spilled_objects_begin_the_kind_anew(live: tuple[Outbox, Any]) -> None:
    outbox, pods = live
    outbox.put("Pod", pods.put("Pod", "a", size=400))
    for name in ("b", "c", "d", "e"):
        outbox.put("Pod", pods.delete("Pod", name))
    assert outbox.spilled_objects == outbox.held_bytes == 0
    frames = drain(outbox)
    assert frames[0] == SnapshotBegin(kind="Pod")
    assert frames[-1] == SnapshotEnd(kind="Pod", count=2)


def test_a_snapshot_under_way_is_ended_before_another_begins(pods: Any) -> None:
    outbox = Outbox(pods, SMALL)
    outbox.add_kind("Pod")
    begin = outbox.next_frame()
    for name in "abcdefghi":
        outbox.put("Pod", pods.put("Pod", name, size=200))
    frames = [begin, *drain(outbox)]
    marks = [type(frame).__name__ for frame in frames if isinstance(frame, SnapshotBegin | SnapshotEnd)]
    assert marks == ["SnapshotBegin", "SnapshotEnd", "SnapshotBegin", "SnapshotEnd"]
    assert frames[-1] == SnapshotEnd(kind="Pod", count=9)
    assert not any(isinstance(frame, Changes) for frame in frames)


def test_an_object_that_no_frame_can_hold_is_counted(live: tuple[Outbox, Any]) -> None:
    outbox, pods = live
    giant = pods.put("Pod", "giant", size=MAX_ITEM_BYTES)
    outbox.put("Pod", giant)
    assert (drain(outbox), outbox.oversized) == ([], 1)
    again = Outbox(pods, SMALL)
    again.add_kind("Pod")
    assert drain(again)[-1] == SnapshotEnd(kind="Pod", count=6)
    assert again.oversized == 1
