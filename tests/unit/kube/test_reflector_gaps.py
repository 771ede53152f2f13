"""Whatever interrupts a watch: what changed meanwhile is found by comparing, and told once."""

from __future__ import annotations

from typing import Any


def lists_around_a_gap(say: Any) -> list[Any]:
    """While nobody looked: ``a`` changed, ``b`` stayed, ``c`` went, ``d`` came, ``e`` was made anew."""
    before = say.page(*(say.pod(name) for name in "abce"), version="10")
    after = say.page(
        say.pod("a", "15"), say.pod("b"), say.pod("d", "16"), say.pod("e", "17", uid="new"), version="20"
    )
    return [before, after]


GAP = {("is", "a", True), ("gone", "c", True), ("is", "d", True), ("gone", "e", True), ("is", "e", True)}


async def test_after_410_as_an_event_only_the_difference_is_told(
    script: Any, say: Any, sink: Any, follower: Any
) -> None:
    script.lists = lists_around_a_gap(say)
    script.watches = [say.stream(say.expired()), say.stream(say.HANG)]
    reflector = follower.start()
    await sink.until(lambda: len(script.watch_versions) == 2)

    assert set(sink.told[4:]) == GAP
    assert len(sink.told) == 4 + len(GAP)
    assert script.watch_versions == ["10", "20"]
    assert reflector.counters.expired == 1
    assert sink.syncs == ["Pod"]


async def test_after_410_as_a_status_likewise(script: Any, say: Any, sink: Any, follower: Any) -> None:
    script.lists = lists_around_a_gap(say)
    script.watches = [say.refusal(410, "Gone", "too old resource version"), say.stream(say.HANG)]
    follower.start()
    await sink.until(lambda: len(script.watch_versions) == 2)
    assert set(sink.told[4:]) == GAP


async def test_with_streamed_lists_likewise(script: Any, say: Any, sink: Any, follower: Any) -> None:
    script.watches = [
        say.streamed_list(*(say.pod(name) for name in "abce"), then=(say.expired(),)),
        say.streamed_list(
            say.pod("a", "15"), say.pod("b"), say.pod("d", "16"), say.pod("e", "17", uid="new"), version="20"
        ),
    ]
    follower.start(streaming=True)
    await sink.until(lambda: len(sink.told) == 4 + len(GAP))
    assert set(sink.told[4:]) == GAP


async def test_an_object_made_anew_under_its_name_ends_first(
    script: Any, say: Any, sink: Any, follower: Any
) -> None:
    script.lists = [say.page(say.pod("a", "5", uid="old"))]
    script.watches = [say.stream(say.event("ADDED", say.pod("a", "11", uid="new")), say.HANG)]
    follower.start()
    await sink.until(lambda: len(sink.changes) == 3)

    _, gone, came = sink.changes
    assert (gone.uid, gone.document, gone.resource_version) == ("old", None, "5")
    assert (came.uid, came.resource_version) == ("new", "11")
    assert follower.store.uid("shop", "a") == "new"


async def test_a_list_whose_token_expires_begins_anew(
    script: Any, say: Any, sink: Any, follower: Any
) -> None:
    script.lists = [
        say.page(say.pod("a"), say.pod("gone-since"), version="10", more="token"),
        say.refusal(410, "Expired", "The provided continue parameter is too old"),
        say.page(say.pod("a"), version="20", more="token"),
        say.page(say.pod("b"), version="20"),
    ]
    script.watches = [say.stream(say.HANG)]
    follower.start()
    await sink.until(lambda: bool(script.watch_versions))

    assert follower.names == {"a", "b"}
    assert sink.told == [
        ("is", "a", True),
        ("is", "gone-since", True),
        ("is", "b", True),
        ("gone", "gone-since", True),
    ]
    assert sink.syncs == ["Pod"]


async def test_410_on_every_watch_is_not_asked_for_without_pause(
    script: Any, say: Any, sink: Any, follower: Any, fake_time: Any
) -> None:
    script.lists = [say.page()]
    script.watches = [*[say.stream(say.expired())] * 4, say.stream(say.HANG)]
    follower.start()
    await sink.until(lambda: len(script.watch_versions) == 5)
    assert fake_time.slept[:4] == [0, 1, 2, 4]  # half of 2, 4, 8 by chance, after one try at once


async def test_a_clock_that_jumps_changes_nothing_but_the_times_told(
    script: Any, say: Any, sink: Any, follower: Any, fake_time: Any
) -> None:
    script.lists = [say.page(say.pod("a"))]
    script.watches = [
        say.stream(say.event("MODIFIED", say.pod("a", "11"))),
        say.stream(say.event("MODIFIED", say.pod("a", "12")), say.HANG),
    ]
    original_sleep = fake_time.sleep
    real_wall = fake_time.wall

    async def sleep_through_a_jump(seconds: float) -> None:
        await original_sleep(seconds)
        fake_time.wall = real_wall - 86_400

    fake_time.sleep = sleep_through_a_jump
    fake_time.step = 0.0  # each watch ends at once, so that there is a sleep to jump in
    reflector = follower.start()
    await sink.until(lambda: len(sink.changes) == 3)

    assert sink.changes[-1].observed_at == real_wall - 86_400
    assert reflector.counters.lists == 1
    assert script.watch_versions == ["10", "11"]


async def test_what_cannot_be_read_on_a_list_is_not_taken_for_gone(
    script: Any, say: Any, sink: Any, follower: Any
) -> None:
    unreadable = say.pod("a", "15") | {"status": {"phase": {"not": "a string"}}}
    script.lists = [say.page(say.pod("a"), say.pod("b")), say.page(unreadable, version="20")]
    script.watches = [say.stream(say.expired()), say.stream(say.HANG)]
    reflector = follower.start()
    await sink.until(lambda: len(script.watch_versions) == 2)

    assert follower.names == {"a"}
    assert follower.store.resource_version("shop", "a") == "1"
    assert reflector.counters.malformed == 1


async def test_with_an_object_on_the_list_that_has_no_name_nothing_is_taken_for_gone(
    script: Any, say: Any, sink: Any, follower: Any
) -> None:
    script.lists = [say.page(say.pod("a")), say.page({"metadata": 5}, version="20")]
    script.watches = [say.stream(say.expired()), say.stream(say.HANG)]
    follower.start()
    await sink.until(lambda: len(script.watch_versions) == 2)
    assert follower.names == {"a"}
