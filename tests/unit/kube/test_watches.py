from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import pytest

from farwatch.kube.kinds import KINDS
from farwatch.kube.reflector import Timing
from farwatch.kube.sink import WatchState
from farwatch.kube.watches import NOT_GRANTED, Watches


class Runner:
    def __init__(self, client: Any, sink: Any, fake_time: Any) -> None:
        self._client, self._sink, self._fake_time = client, sink, fake_time
        self._task: asyncio.Task[None] | None = None

    def start(
        self, kinds: list[str], *namespaces: str, exclude: tuple[str, ...] = (), **timing: Any
    ) -> Watches:
        watches = Watches(
            self._client,
            self._sink,
            kinds=[KINDS[name] for name in kinds],
            namespaces=namespaces,
            exclude=exclude,
            timing=Timing(**timing),
            clock=self._fake_time.clock,
        )
        self._task = asyncio.create_task(watches.run())
        return watches

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task


@pytest.fixture
async def runner(client: Any, sink: Any, fake_time: Any) -> AsyncIterator[Runner]:
    made = Runner(client, sink, fake_time)
    yield made
    await made.stop()


def listed(say: Any, *pods: Any) -> list[Any]:
    """A kind's streamed list; nothing happens after it."""
    return [say.streamed_list(*pods)]


async def test_without_namespaces_each_kind_is_followed_in_the_whole_cluster(
    script: Any, say: Any, sink: Any, runner: Any
) -> None:
    script.others["GET /api/v1/pods"] = listed(say, say.pod("a"), say.pod("b", namespace="other"))
    script.others["GET /api/v1/nodes"] = listed(say, say.pod("node", namespace=""))
    watches = runner.start(["Node", "Pod"])
    await sink.until(lambda: len(sink.syncs) == 2)

    assert sink.syncs == ["Node", "Pod"]
    assert {kind: len(store) for kind, store in watches.stores.items()} == {"Node": 1, "Pod": 2}


async def test_what_is_there_at_first_is_not_told_as_changes_and_what_comes_later_is(
    script: Any, say: Any, sink: Any, runner: Any
) -> None:
    script.watches = [
        say.streamed_list(say.pod("a"), then=(say.event("ADDED", say.pod("b", "11")), say.HANG))
    ]
    runner.start(["Pod"])
    await sink.until(lambda: bool(sink.changes))
    assert sink.told == [("is", "b", False)]


async def test_with_namespaces_a_kind_is_synced_when_the_last_of_them_is(
    script: Any, say: Any, sink: Any, runner: Any
) -> None:
    a_may_list = asyncio.Event()
    stream = say.streamed_list(say.pod("x", namespace="a"))

    async def late(request: Any) -> Any:
        await a_may_list.wait()
        return await stream(request)

    script.others["GET /api/v1/namespaces/b/pods"] = listed(say, say.pod("y", namespace="b"))
    script.others["GET /api/v1/namespaces/a/pods"] = [late]
    script.others["GET /api/v1/nodes"] = listed(say)
    watches = runner.start(["Node", "Pod"], "b", "a")
    await sink.until(lambda: len(watches.stores["Pod"]) == 1)
    assert sink.syncs == ["Node"]
    a_may_list.set()
    await sink.until(lambda: len(sink.syncs) == 2)

    assert sorted(watches.stores["Pod"].keys()) == [("a", "x"), ("b", "y")]
    assert sink.changes == []
    assert [told for told in sink.statuses if told[0] == "Pod"] == [
        ("Pod", WatchState.SYNCING, ""),
        ("Pod", WatchState.SYNCED, ""),
    ]


async def test_a_namespace_that_is_named_twice_is_followed_once(runner: Any) -> None:
    watches = runner.start(["Node", "Pod"], "a", "b", "a")
    assert [(each.kind.name, each.namespace) for each in watches.reflectors] == [
        ("Node", ""),
        ("Pod", "a"),
        ("Pod", "b"),
    ]


async def test_one_denied_namespace_is_told_and_the_others_go_on(
    script: Any, say: Any, sink: Any, runner: Any
) -> None:
    forbidden = say.refusal(403, "Forbidden", 'cannot list resource "pods" in the namespace "a"')
    script.others["GET /api/v1/namespaces/a/pods"] = [forbidden]
    script.others["GET /api/v1/namespaces/b/pods"] = listed(say, say.pod("y", namespace="b"))
    watches = runner.start(["Pod"], "a", "b")
    await sink.until(lambda: sink.syncs == ["Pod"])

    assert sink.statuses[-1] == (
        "Pod",
        WatchState.DENIED,
        'a: cannot list resource "pods" in the namespace "a"',
    )
    assert len(watches.stores["Pod"]) == 1


async def test_what_a_namespace_holds_that_is_allowed_later_comes_as_changes(
    script: Any, say: Any, sink: Any, runner: Any
) -> None:
    allowed = asyncio.Event()
    stream = say.streamed_list(say.pod("x", namespace="a"))

    async def by_permission(request: Any) -> Any:
        return await (stream if allowed.is_set() and "watch" in request.query else listing)(request)

    async def listing(request: Any) -> Any:
        answer = say.page(say.pod("x", namespace="a")) if allowed.is_set() else say.forbidden()
        return await answer(request)

    script.others["GET /api/v1/namespaces/a/pods"] = [by_permission]
    script.others["GET /api/v1/namespaces/b/pods"] = listed(say, say.pod("y", namespace="b"))
    runner.start(["Pod"], "a", "b")
    await sink.until(lambda: sink.syncs == ["Pod"])
    allowed.set()
    await sink.until(lambda: bool(sink.changes))

    assert sink.told == [("is", "x", True)]
    await sink.until(lambda: sink.states[-1] is WatchState.SYNCED)


async def test_a_denied_kind_does_not_hold_up_the_others(
    script: Any, say: Any, sink: Any, runner: Any
) -> None:
    script.others["GET /api/v1/nodes"] = [say.forbidden()]
    script.others["GET /api/v1/pods"] = listed(say, say.pod("a"))
    runner.start(["Node", "Pod"])
    await sink.until(lambda: bool(sink.syncs))
    assert sink.syncs == ["Pod"]
    assert ("Node", WatchState.DENIED) in [told[:2] for told in sink.statuses]


async def test_a_kind_that_cannot_be_read_anywhere_is_never_synced(
    script: Any, say: Any, sink: Any, runner: Any, fake_time: Any
) -> None:
    script.lists = script.watches = [say.forbidden()]
    runner.start(["Pod"], "a", "b")
    await sink.until(lambda: len(fake_time.slept) > 4)
    assert sink.syncs == []
    assert sink.states == [WatchState.SYNCING, WatchState.DENIED]


async def test_a_sink_that_fails_ends_everything(script: Any, say: Any, sink: Any, runner: Any) -> None:
    def fail(kind: str) -> None:
        raise ZeroDivisionError(kind)

    sink.synced = fail
    script.watches = listed(say)
    runner.start(["Pod"])
    task, runner._task = runner._task, None
    with pytest.raises(ExceptionGroup) as failed:
        await task
    assert failed.group_contains(ZeroDivisionError)


async def test_a_namespace_that_fails_at_first_is_waited_for_since_what_it_holds_would_seem_gone(
    script: Any, say: Any, sink: Any, runner: Any
) -> None:
    answers = asyncio.Event()
    stream = say.streamed_list(say.pod("x", namespace="a"))

    async def by_health(request: Any) -> Any:
        broken = say.refusal(500, "InternalError", "etcdserver: request timed out")
        return await (stream if answers.is_set() else broken)(request)

    script.others["GET /api/v1/namespaces/a/pods"] = [by_health]
    script.others["GET /api/v1/namespaces/b/pods"] = listed(say, say.pod("y", namespace="b"))
    watches = runner.start(["Pod"], "a", "b")
    await sink.until(lambda: len(watches.stores["Pod"]) == 1)
    assert (sink.syncs, sink.states[-1]) == ([], WatchState.FAILING)

    answers.set()
    await sink.until(lambda: bool(sink.syncs))
    assert len(watches.stores["Pod"]) == 2


async def test_where_namespaces_are_named_a_kind_without_one_may_be_denied_and_is_done_without(
    script: Any, say: Any, sink: Any, runner: Any
) -> None:
    script.others["GET /api/v1/nodes"] = [say.forbidden()]
    script.others["GET /api/v1/namespaces/a/pods"] = listed(say, say.pod("x", namespace="a"))
    runner.start(["Node", "Pod"], "a")
    await sink.until(lambda: bool(sink.syncs))

    (message,) = [told[2] for told in sink.statuses if told[:2] == ("Node", WatchState.ABSENT)]
    assert message.startswith(NOT_GRANTED)
    assert 'cannot list resource "pods"' in message
    assert WatchState.DENIED not in sink.states


async def test_where_namespaces_are_named_a_kind_without_one_is_followed_if_that_is_granted(
    script: Any, say: Any, sink: Any, runner: Any
) -> None:
    script.others["GET /api/v1/nodes"] = listed(say, say.pod("node", namespace=""))
    watches = runner.start(["Node"], "a")
    await sink.until(lambda: sink.syncs == ["Node"])

    assert len(watches.stores["Node"]) == 1


async def test_the_server_is_asked_to_leave_out_what_is_excluded(
    script: Any, say: Any, sink: Any, runner: Any
) -> None:
    for plural in ("namespaces", "nodes", "pods"):
        unstreamed = say.refusal(422, "Invalid", "no streamed lists here")
        script.others[f"GET /api/v1/{plural}"] = [unstreamed, say.page(), say.stream(say.HANG)]
    runner.start(["Namespace", "Node", "Pod"], exclude=("x", "y", "x"))
    await sink.until(lambda: len(sink.syncs) == 3)

    asked = {(sent.path, sent.query.get("fieldSelector")) for sent in script.requests}
    assert asked == {
        ("/api/v1/namespaces", "metadata.name!=x,metadata.name!=y"),
        ("/api/v1/nodes", None),
        ("/api/v1/pods", "metadata.namespace!=x,metadata.namespace!=y"),
    }
