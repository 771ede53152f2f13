from __future__ import annotations

from typing import Any

import pytest

from farwatch.kube.errors import ApiUnreachable, StreamIdle
from farwatch.kube.kinds import KINDS
from farwatch.kube.stream import describe_network_error

POD = KINDS["Pod"]


async def test_a_stream_ends_where_the_server_ends_it(script: Any, say: Any, client: Any) -> None:
    first = say.event("ADDED", say.pod("a"))
    script.watches = [say.stream(first)]
    async with client.watch(POD) as stream:
        read = [event async for events in stream for event in events]
        assert stream.last_read_bytes == len(first)
        assert not stream.ended_in_line
    assert len(read) == 1


async def test_an_end_within_a_line_is_told(script: Any, say: Any, client: Any) -> None:
    script.watches = [say.stream(say.event("ADDED", say.pod("a"))[:-5])]
    async with client.watch(POD) as stream:
        assert [events async for events in stream] == [[]]
        assert stream.ended_in_line


async def test_a_stream_that_is_cut_is_told_from_one_that_ends(script: Any, say: Any, client: Any) -> None:
    script.watches = [say.stream(say.event("ADDED", say.pod("a")), say.CUT)]
    async with client.watch(POD) as stream:
        with pytest.raises(ApiUnreachable, match="the stream broke") as broken:
            async for _ in stream:
                pass
    assert not isinstance(broken.value, StreamIdle)


async def test_how_long_a_stream_may_stand_still_can_be_set_anew(script: Any, say: Any, client: Any) -> None:
    script.watches = [say.stream(say.event("ADDED", say.pod("a")), say.HANG)]
    async with client.watch(POD, idle_seconds=60) as stream:
        assert await anext(stream)
        stream.idle_seconds = 0.05
        with pytest.raises(StreamIdle, match=r"nothing came for 0\.05 s"):
            await anext(stream)


async def test_what_comes_during_a_pause_is_read_after_it(script: Any, say: Any, client: Any) -> None:
    script.watches = [say.stream(*(say.event("ADDED", say.pod(name)) for name in "abc"), say.HANG)]
    async with client.watch(POD) as stream:
        stream.pause()
        stream.pause()
        stream.resume()
        names: list[str] = []
        while len(names) < 3:
            names += [event.object.metadata.name for event in await anext(stream)]
    assert names == ["a", "b", "c"]
    stream.pause()  # after its end: nothing to do, and no fault
    stream.resume()


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (TimeoutError(), "timed out"),
        (ConnectionResetError(104, "whatever the loop adds"), "connection reset by peer"),
        (ConnectionResetError(), "ConnectionResetError"),
        (OSError("several\nlines"), "several lines"),
    ],
)
def test_faults_of_the_network_are_told_in_a_line(error: Exception, words: str) -> None:
    assert describe_network_error(error) == words
