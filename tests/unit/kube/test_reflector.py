"""The normal course: lists, watches, and what is told of both."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from aiohttp import web

from farwatch.kube.kinds import KINDS
from farwatch.kube.pacing import LONGEST_PAUSE_SECONDS
from farwatch.kube.sink import WatchState


async def test_a_list_in_pages_fills_the_store_and_the_watch_goes_on_from_its_version(
    script: Any, say: Any, sink: Any, follower: Any
) -> None:
    script.lists = [say.page(say.pod("a"), version="10", more="token"), say.page(say.pod("b"), version="10")]
    script.watches = [say.stream(say.event("ADDED", say.pod("c", "11")), say.HANG)]
    reflector = follower.start()
    await sink.until(lambda: len(sink.changes) == 3)

    assert follower.names == {"a", "b", "c"}
    assert sink.told == [("is", "a", True), ("is", "b", True), ("is", "c", False)]
    assert sink.syncs == ["Pod"]
    assert sink.states == [WatchState.SYNCING, WatchState.SYNCED]
    assert script.watch_versions == ["10"]
    first, second = script.requests[:2]
    assert first.query == {"limit": "100"}
    assert second.query == {"limit": "100", "continue": "token"}
    assert reflector.counters.lists == 1


async def test_a_streamed_list_is_one_request_with_the_watch(
    script: Any, say: Any, sink: Any, follower: Any
) -> None:
    script.watches = [
        say.streamed_list(
            say.pod("a"), say.pod("b"), then=(say.event("MODIFIED", say.pod("a", "11")), say.HANG)
        )
    ]
    follower.start(streaming=True)
    await sink.until(lambda: len(sink.changes) == 3)

    assert sink.told == [("is", "a", True), ("is", "b", True), ("is", "a", False)]
    assert sink.syncs == ["Pod"]
    assert sink.states == [WatchState.SYNCING, WatchState.SYNCED]
    (request,) = script.requests
    assert request.query["sendInitialEvents"] == "true"
    assert request.query["resourceVersionMatch"] == "NotOlderThan"
    assert request.query["allowWatchBookmarks"] == "true"
    assert "resourceVersion" not in request.query


async def test_an_object_that_goes_while_a_list_is_streamed_is_gone(
    script: Any, say: Any, sink: Any, follower: Any
) -> None:
    script.watches = [
        say.stream(
            say.event("ADDED", say.pod("a")),
            say.event("ADDED", say.pod("b")),
            say.event("DELETED", say.pod("a", "9")),
            say.bookmark("10", ends_initial=True),
            say.HANG,
        )
    ]
    follower.start(streaming=True)
    await sink.until(lambda: bool(sink.syncs))
    assert follower.names == {"b"}


async def test_events_update_the_store_and_carry_the_document(
    script: Any, say: Any, sink: Any, follower: Any, fake_time: Any
) -> None:
    script.lists = [say.page(say.pod("a"))]
    script.watches = [
        say.stream(
            say.event("MODIFIED", say.pod("a", "11", phase="Failed")),
            say.event("DELETED", say.pod("a", "12")),
            say.HANG,
        )
    ]
    follower.start()
    await sink.until(lambda: len(sink.changes) == 3)

    _, changed, gone = sink.changes
    assert KINDS["Pod"].msgpack_decoder.decode(changed.document).status.phase == "Failed"
    assert changed.observed_at == fake_time.wall
    assert (gone.document, gone.uid, gone.resource_version) == (None, "uid-of-a", "12")
    assert len(follower.store) == 0


async def test_a_watch_that_the_server_ends_is_resumed_from_the_last_event_or_bookmark(
    script: Any, say: Any, sink: Any, follower: Any
) -> None:
    script.lists = [say.page(version="10")]
    script.watches = [
        say.stream(say.event("ADDED", say.pod("a", "11"))),
        say.stream(say.bookmark("20")),
        say.stream(say.event("MODIFIED", say.pod("a", "21")), say.HANG),
    ]
    reflector = follower.start()
    await sink.until(lambda: len(sink.changes) == 2)

    assert script.watch_versions == ["10", "11", "20"]
    assert sink.told == [("is", "a", False), ("is", "a", False)]
    assert reflector.counters.lists == 1
    assert reflector.counters.failures == 0


async def test_the_age_of_a_watch_is_drawn_at_random(
    script: Any, say: Any, sink: Any, follower: Any, fake_time: Any
) -> None:
    fake_time.chance = 0.25
    script.lists = [say.page()]
    script.watches = [say.stream(say.HANG)]
    follower.start(watch_least=400)
    await sink.until(lambda: bool(script.watch_versions))
    assert script.requests[-1].query["timeoutSeconds"] == "500"


async def test_events_that_are_known_already_are_not_told_again(
    script: Any, say: Any, sink: Any, follower: Any
) -> None:
    script.lists = [say.page(say.pod("a", "9"))]
    script.watches = [
        say.stream(
            say.event("ADDED", say.pod("a", "9")),
            say.event("DELETED", say.pod("never-seen", "9")),
            say.event("ADDED", say.pod("b", "11")),
            say.HANG,
        )
    ]
    follower.start()
    await sink.until(lambda: len(sink.changes) == 2)
    assert [change.name for change in sink.changes] == ["a", "b"]


async def test_fields_that_nobody_knows_are_skipped(script: Any, say: Any, sink: Any, follower: Any) -> None:
    novelty = say.pod("a") | {"future": {"deep": [1, {"x": None}]}}
    script.lists = [say.page(novelty)]
    script.watches = [
        say.stream(
            say.event("MODIFIED", say.pod("a", "11") | {"future": ["other"], "spec": {"new": 1}}), say.HANG
        )
    ]
    reflector = follower.start()
    await sink.until(lambda: len(sink.changes) == 2)
    assert reflector.counters.malformed == 0


async def test_only_the_given_namespace_is_asked_for_and_compared(
    script: Any, say: Any, sink: Any, follower: Any
) -> None:
    follower.store.put("other", "x", "uid", "1", b"kept")
    follower.store.put("shop", "y", "uid", "1", b"gone")
    script.lists = [say.page(say.pod("a"))]
    script.watches = [say.stream(say.HANG)]
    follower.start(namespace="shop")
    await sink.until(lambda: bool(sink.syncs))

    assert {request.path for request in script.requests} == {"/api/v1/namespaces/shop/pods"}
    assert follower.names == {"x", "a"}


# --- polling --------------------------------------------------------------------------------------------------


async def test_polling_lists_again_and_again_and_tells_the_differences(
    script: Any, say: Any, sink: Any, follower: Any, fake_time: Any
) -> None:
    script.lists = [
        say.page(say.pod("a", "1"), say.pod("b", "1")),
        say.page(say.pod("a", "2"), say.pod("c", "1"), version="20"),
    ]
    reflector = follower.start(poll=60)
    await sink.until(lambda: len(fake_time.slept) >= 2)

    assert sink.told == [
        ("is", "a", True),
        ("is", "b", True),
        ("is", "a", True),
        ("is", "c", True),
        ("gone", "b", True),
    ]
    assert sink.syncs == ["Pod"]
    assert sink.states == [WatchState.SYNCING, WatchState.SYNCED]
    assert reflector.counters.watches == 0
    assert not script.watch_versions
    assert fake_time.slept[:2] == [60, 60]


async def test_polls_of_many_spread_out(
    script: Any, say: Any, sink: Any, follower: Any, fake_time: Any
) -> None:
    fake_time.chance = 0.0
    script.lists = [say.page()]
    follower.start(poll=60)
    await sink.until(lambda: bool(fake_time.slept))
    assert fake_time.slept[0] == pytest.approx(54)


# --- load -----------------------------------------------------------------------------------------------------


async def test_a_busy_watch_is_read_in_gulps_and_loses_nothing(
    script: Any, say: Any, sink: Any, follower: Any, fake_time: Any
) -> None:
    async def one_by_one(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        for number in range(30):
            await response.write(say.event("ADDED", say.pod(f"pod-{number}", str(100 + number))))
            await sink.until(lambda seen=number: len(sink.changes) > seen)
        await asyncio.Event().wait()
        return response

    fake_time.step = 0.001
    script.lists = [say.page()]
    script.watches = [one_by_one]
    follower.start()
    await sink.until(lambda: len(sink.changes) == 30)
    assert fake_time.slept
    assert all(0 < pause <= LONGEST_PAUSE_SECONDS for pause in fake_time.slept)
