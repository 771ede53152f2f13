"""Servers and networks that misbehave."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from aiohttp.test_utils import unused_port

from farwatch.kube.access import ClusterAccess
from farwatch.kube.client import KubeClient
from farwatch.kube.kinds import KINDS
from farwatch.kube.reflector import Reflector
from farwatch.kube.sink import WatchState
from farwatch.kube.store import PackedStore

DISCOVERY = "GET /api/v1"


def served(*plurals: str) -> dict[str, Any]:
    return {"kind": "APIResourceList", "resources": [{"name": plural} for plural in plurals]}


# --- answers that say no --------------------------------------------------------------------------------------


async def test_denied_is_told_in_the_servers_words_and_asked_again_slowly(
    script: Any, say: Any, sink: Any, follower: Any, fake_time: Any
) -> None:
    script.lists = [say.forbidden(), say.forbidden(), say.page(say.pod("a"))]
    script.watches = [say.stream(say.HANG)]
    reflector = follower.start(denied_retry=60)
    await sink.until(lambda: WatchState.SYNCED in sink.states)

    assert sink.statuses[1] == (
        "Pod",
        WatchState.DENIED,
        'pods is forbidden: User "nobody" cannot list resource "pods" in API group "" at the cluster scope',
    )
    assert sink.states == [WatchState.SYNCING, WatchState.DENIED, WatchState.SYNCED]
    assert fake_time.slept[:2] == [60, 60]
    assert reflector.settled.is_set()


async def test_where_listing_is_allowed_but_watching_is_not_the_objects_still_come(
    script: Any, say: Any, sink: Any, follower: Any, fake_time: Any
) -> None:
    script.lists = [say.page(say.pod("a")), say.page(say.pod("b"), version="20")]
    script.watches = [say.forbidden()]
    follower.start(streaming=True)
    await sink.until(lambda: len(sink.changes) == 3)

    assert sink.syncs == ["Pod"]
    assert sink.states == [WatchState.SYNCING, WatchState.DENIED]
    assert follower.names == {"b"}


async def test_a_kind_that_the_cluster_does_not_have_is_absent_and_looked_for_rarely(
    script: Any, say: Any, sink: Any, follower: Any, fake_time: Any
) -> None:
    gone = say.refusal(404, "NotFound", "the server could not find the requested resource")
    script.lists = [gone, say.page(say.pod("a"))]
    script.watches = [say.stream(say.HANG)]
    script.others[DISCOVERY] = [say.reply(served("nodes"))]
    follower.start(absent_retry=600)
    await sink.until(lambda: WatchState.SYNCED in sink.states)

    assert sink.statuses[1] == (
        "Pod",
        WatchState.ABSENT,
        "the server could not find the requested resource",
    )
    assert fake_time.slept[0] == 600


async def test_a_404_of_a_kind_that_discovery_names_is_a_failure(
    script: Any, say: Any, sink: Any, follower: Any, fake_time: Any
) -> None:
    script.lists = [say.reply(b"<html>no such site</html>", 404), say.page()]
    script.watches = [say.stream(say.HANG)]
    script.others[DISCOVERY] = [say.reply(served("pods"))]
    follower.start()
    await sink.until(lambda: WatchState.SYNCED in sink.states)

    assert sink.statuses[1] == ("Pod", WatchState.FAILING, "404 Not Found: <html>no such site</html>")
    assert fake_time.slept[0] == 0.5


async def test_a_404_to_every_question_is_a_proxys_and_no_kind_is_absent_for_it(
    script: Any, say: Any, sink: Any, follower: Any, fake_time: Any
) -> None:
    lost = say.reply(b"<html>no such site</html>", 404)
    script.lists = [lost, say.page()]
    script.watches = [say.stream(say.HANG)]
    script.others[DISCOVERY] = script.others["GET /version"] = [lost]
    follower.start()
    await sink.until(lambda: WatchState.SYNCED in sink.states)

    assert sink.states == [WatchState.SYNCING, WatchState.FAILING, WatchState.SYNCED]


async def test_429_is_honoured_with_its_retry_after(
    script: Any, say: Any, sink: Any, follower: Any, fake_time: Any
) -> None:
    busy = say.refusal(429, "TooManyRequests", "The apiserver is shutting down", Retry_After="7")
    script.lists = [busy, say.page()]
    script.watches = [busy, say.stream(say.HANG)]
    follower.start()
    await sink.until(lambda: len(script.watch_versions) == 2)
    assert fake_time.slept[:2] == [7.5, 8]


async def test_5xx_is_asked_again_with_growing_patience_and_full_jitter(
    script: Any, say: Any, sink: Any, follower: Any, fake_time: Any
) -> None:
    broken = say.refusal(500, "InternalError", "etcdserver: request timed out")
    script.lists = [*[broken] * 8, say.page()]
    script.watches = [say.stream(say.HANG)]
    reflector = follower.start()
    await sink.until(lambda: WatchState.SYNCED in sink.states)

    assert fake_time.slept[:8] == [0.5, 1, 2, 4, 8, 15, 15, 15]
    assert sink.statuses[1] == ("Pod", WatchState.FAILING, "500 InternalError: etcdserver: request timed out")
    assert reflector.counters.failures == 8


async def test_an_error_event_is_told_after_the_second_and_the_watch_resumes_where_it_was(
    script: Any, say: Any, sink: Any, follower: Any
) -> None:
    failed = say.event(
        "ERROR", say.status(500, "InternalError", "unable to decode an event from the watch stream")
    )
    script.lists = [say.page()]
    script.watches = [
        say.stream(say.event("ADDED", say.pod("a", "11")), failed),
        say.stream(failed),
        say.stream(say.HANG),
    ]
    reflector = follower.start()
    await sink.until(lambda: len(script.watch_versions) == 3)

    assert script.watch_versions == ["10", "11", "11"]
    assert reflector.counters.lists == 1
    assert reflector.counters.failures == 2
    assert sink.states.count(WatchState.FAILING) == 1


# --- answers that are none ------------------------------------------------------------------------------------


async def test_a_body_that_is_not_json_is_a_failure_and_not_an_empty_list(
    script: Any, say: Any, sink: Any, follower: Any
) -> None:
    follower.store.put("shop", "a", "uid-of-a", "1", b"known")
    script.lists = [
        say.reply(b"<html>please log in</html>"),
        say.reply({}),
        say.reply({"kind": "PodList", "metadata": {}}),
        say.page(say.pod("a")),
    ]
    script.watches = [say.stream(say.HANG)]
    follower.start()
    await sink.until(lambda: WatchState.SYNCED in sink.states)

    assert sink.changes == []
    assert "the answer is not a list of pods" in sink.statuses[1][2]


async def test_a_line_that_is_no_event_makes_the_reflector_list_again(
    script: Any, say: Any, sink: Any, follower: Any
) -> None:
    script.lists = [say.page(say.pod("a")), say.page(say.pod("a", "12"), version="20")]
    script.watches = [
        say.stream(say.event("ADDED", say.pod("b", "11")), b"<html>bad gateway</html>\n"),
        say.stream(say.HANG),
    ]
    follower.start()
    await sink.until(lambda: len(script.watch_versions) == 2)

    assert sink.told[1:] == [("is", "b", False), ("is", "a", True), ("gone", "b", True)]
    assert script.watch_versions == ["10", "20"]


async def test_a_malformed_object_in_a_watch_costs_that_object_only(
    script: Any, say: Any, sink: Any, follower: Any
) -> None:
    malformed = say.pod("a", "11") | {"status": {"containerStatuses": "none"}}
    script.lists = [say.page(say.pod("a"))]
    script.watches = [
        say.stream(say.event("MODIFIED", malformed), say.event("ADDED", say.pod("b", "12")), say.HANG)
    ]
    reflector = follower.start()
    await sink.until(lambda: len(sink.changes) == 2)

    assert sink.told[1:] == [("is", "b", False)]
    assert follower.store.resource_version("shop", "a") == "1"
    assert reflector.counters.malformed == 1


async def test_half_a_line_at_the_end_of_a_stream_comes_again_from_the_last_version(
    script: Any, say: Any, sink: Any, follower: Any
) -> None:
    second = say.event("ADDED", say.pod("b", "12"))
    script.lists = [say.page()]
    script.watches = [
        say.stream(say.event("ADDED", say.pod("a", "11")), second[:40]),
        say.stream(second, say.HANG),
    ]
    reflector = follower.start()
    await sink.until(lambda: len(sink.changes) == 2)

    assert script.watch_versions == ["10", "11"]
    assert sink.told == [("is", "a", False), ("is", "b", False)]
    assert reflector.counters.truncated == 1


# --- networks -------------------------------------------------------------------------------------------------


async def test_a_stream_that_is_cut_resumes_where_it_was(
    script: Any, say: Any, sink: Any, follower: Any
) -> None:
    script.lists = [say.page()]
    script.watches = [
        say.stream(say.event("ADDED", say.pod("a", "11")), say.CUT),
        say.stream(say.event("ADDED", say.pod("b", "12")), say.HANG),
    ]
    reflector = follower.start()
    await sink.until(lambda: len(sink.changes) == 2)

    assert script.watch_versions == ["10", "11"]
    assert sink.told == [("is", "a", False), ("is", "b", False)]
    assert reflector.counters.lists == 1
    assert WatchState.FAILING not in sink.states


async def test_a_frozen_stream_is_given_up_and_resumed(
    script: Any, say: Any, sink: Any, follower: Any
) -> None:
    script.lists = [say.page()]
    script.watches = [
        say.stream(say.event("ADDED", say.pod("a", "11")), say.HANG),
        say.stream(say.event("ADDED", say.pod("b", "12"))),
        say.stream(say.HANG),
    ]
    reflector = follower.start(idle=0.5)
    await sink.until(lambda: len(sink.changes) == 2)

    assert script.watch_versions[:2] == ["10", "11"]
    assert reflector.counters.idle >= 1
    assert sink.told == [("is", "a", False), ("is", "b", False)]


async def test_a_watch_that_freezes_again_after_being_resumed_is_told_and_listed_anew(
    script: Any, say: Any, sink: Any, follower: Any, fake_time: Any
) -> None:
    # So does a server whose etcd was restored from a backup: its versions are below ours for hours.
    fake_time.step = 100.0
    script.lists = [say.page(say.pod("a")), say.page(say.pod("b"), version="7")]
    script.watches = [say.stream(say.HANG)]
    follower.start(idle=0.05)
    await sink.until(lambda: len(script.watch_versions) >= 3)

    assert script.watch_versions[:3] == ["10", "10", "7"]
    assert "nothing came for" in next(m for _, state, m in sink.statuses if state is WatchState.FAILING)
    assert follower.names == {"b"}


async def test_a_server_that_does_not_answer_is_told_and_asked_again(sink: Any, fake_time: Any) -> None:
    access = ClusterAccess(server=f"http://127.0.0.1:{unused_port()}")
    async with KubeClient(access) as client:
        reflector = Reflector(client, KINDS["Pod"], PackedStore(), sink, clock=fake_time.clock)
        task = asyncio.create_task(reflector.run())
        await sink.until(lambda: reflector.counters.failures >= 3)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    assert sink.states[:2] == [WatchState.SYNCING, WatchState.FAILING]
    assert f"{access.server} does not answer" in sink.statuses[1][2]
    assert fake_time.slept[:3] == [0.5, 1, 2]


async def test_a_server_that_ends_each_watch_at_once_is_not_asked_without_pause(
    script: Any, say: Any, sink: Any, follower: Any, fake_time: Any
) -> None:
    fake_time.step = 0.0
    script.lists = [say.page()]
    script.watches = [*[say.stream()] * 3, say.stream(say.HANG)]
    follower.start()
    await sink.until(lambda: len(script.watch_versions) == 4)

    assert fake_time.slept[:3] == [0.5, 1, 2]
    assert "ended a watch as soon as it began" in sink.statuses[2][2]


async def test_a_stream_that_lived_long_makes_earlier_failures_forgotten(
    script: Any, say: Any, sink: Any, follower: Any, fake_time: Any
) -> None:
    fake_time.step = 100.0
    broken = say.refusal(503, "ServiceUnavailable", "not now")
    script.lists = [say.page()]
    script.watches = [broken, broken, say.stream(), broken, say.stream(say.HANG)]
    follower.start()
    await sink.until(lambda: len(script.watch_versions) == 5)
    assert fake_time.slept[:3] == [0.5, 1, 0.5]


# --- servers that do not stream lists -------------------------------------------------------------------------


@pytest.mark.parametrize("code", [400, 422])
async def test_a_refused_streamed_list_falls_back_to_pages_for_good(
    script: Any, say: Any, follower: Any, fake_time: Any, code: int
) -> None:
    script.lists = [say.page(say.pod("a"))]
    script.watches = [
        say.refusal(code, "Invalid", "sendInitialEvents is forbidden for watch"),
        say.refusal(410, "Gone", "too old"),
        say.stream(say.HANG),
    ]
    reflector = follower.start(streaming=True)
    await follower.sink.until(lambda: WatchState.SYNCED in follower.sink.states)

    asked = ["sendInitialEvents" in sent.query for sent in script.requests if "watch" in sent.query]
    assert asked == [True, False, False]
    assert fake_time.slept == [0]
    assert reflector.counters.failures == 0
    assert follower.sink.states == [WatchState.SYNCING, WatchState.SYNCED]


async def test_a_server_that_ignores_the_wish_is_noticed_by_its_silence(
    script: Any, say: Any, sink: Any, follower: Any
) -> None:
    script.lists = [say.page(say.pod("a"))]
    script.watches = [say.stream(say.event("ADDED", say.pod("a")), say.HANG)]
    follower.start(streaming=True, initial_idle=0.1)
    await sink.until(lambda: WatchState.SYNCED in sink.states)
    assert script.watch_versions == [None, "10"]
    assert sink.told == [("is", "a", True)]


async def test_a_server_that_ignores_the_wish_is_noticed_by_an_ordinary_bookmark(
    script: Any, say: Any, sink: Any, follower: Any
) -> None:
    script.lists = [say.page(say.pod("a"))]
    script.watches = [
        say.stream(say.event("ADDED", say.pod("a")), say.bookmark("10"), say.HANG),
        say.stream(say.HANG),
    ]
    follower.start(streaming=True)
    await sink.until(lambda: WatchState.SYNCED in sink.states)
    assert script.watch_versions == [None, "10"]


async def test_a_streamed_list_that_ends_too_soon_falls_back_to_pages(
    script: Any, say: Any, sink: Any, follower: Any
) -> None:
    script.lists = [say.page(say.pod("a"), say.pod("b"))]
    script.watches = [say.stream(say.event("ADDED", say.pod("a"))), say.stream(say.HANG)]
    follower.start(streaming=True)
    await sink.until(lambda: WatchState.SYNCED in sink.states)
    assert follower.names == {"a", "b"}
    assert sink.syncs == ["Pod"]
