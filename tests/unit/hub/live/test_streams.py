import asyncio

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from farwatch.hub.live.streams import (
    MOST_REMEMBERED,
    RESUME_SECONDS,
    EventId,
    EventIdError,
    LiveEvent,
    Streams,
)

from ...clocks import Clock


def event(number: int) -> LiveEvent:
    return LiveEvent("change", "prod", b"%d" % number)


def published(number: int) -> LiveEvent:
    """The same with its number; the first is 1."""
    return msgspec.structs.replace(event(number), sequence=number + 1)


async def test_every_listener_gets_every_event_in_order() -> None:
    streams = Streams()
    with streams.listen() as one, streams.listen() as other:
        for number in range(5):
            streams.publish(event(number))
        for listener in (one, other):
            batch = await anext(listener.batches(keepalive_seconds=60))
            assert [item.data for item in batch] == [b"0", b"1", b"2", b"3", b"4"]


async def test_a_slow_listener_loses_the_oldest_and_is_told_how_many() -> None:
    streams = Streams()
    with streams.listen() as slow:
        for number in range(1003):
            streams.publish(event(number))
        batch = await anext(slow.batches(keepalive_seconds=60))
        assert batch[0] == LiveEvent("lost", "", b'{"reason":"slow","events":3}')
        assert batch[1] == published(3)
        assert batch[-1] == published(1002)


async def test_silence_gives_empty_batches_to_keep_the_connection_alive() -> None:
    streams = Streams()
    with streams.listen() as listener:
        assert await anext(listener.batches(keepalive_seconds=0)) == []


async def test_closing_ends_every_listener_after_its_last_event() -> None:
    streams = Streams()
    with streams.listen() as listener:
        streams.publish(event(1))
        streams.close()
        batches = [batch async for batch in listener.batches(keepalive_seconds=60)]
        assert batches == [[msgspec.structs.replace(event(1), sequence=1)]]


async def test_who_has_left_is_not_counted_nor_served() -> None:
    streams = Streams()
    with streams.listen():
        assert streams.listeners == 1
    assert streams.listeners == 0
    streams.publish(event(1))
    await asyncio.sleep(0)


async def read(streams: Streams, after: EventId | None = None) -> list[LiveEvent]:
    """What a listener that comes back has at once."""
    with streams.listen(after=after) as listener:
        streams.close()
        return [event async for batch in listener.batches(keepalive_seconds=60) for event in batch]


async def test_who_comes_back_is_given_what_it_missed() -> None:
    streams = Streams("a")
    with streams.listen():
        streams.publish(event(0))
    streams.publish(event(1))
    streams.publish(event(2))
    assert await read(streams, EventId("a", 1)) == [published(1), published(2)]
    assert await read(streams, EventId("a", 3)) == []


async def test_who_comes_back_is_given_only_what_it_wants() -> None:
    streams = Streams("a")
    streams.publish(event(0))
    streams.publish(event(1))
    with streams.listen(lambda event: event.data == b"1", EventId("a", 0)) as listener:
        batch = await anext(listener.batches(keepalive_seconds=60))
    assert batch == [published(1)]


@pytest.mark.parametrize("after", [EventId("b", 1), EventId("a", 99)])
async def test_who_comes_back_to_another_life_of_the_hub_has_lost_something(after: EventId) -> None:
    streams = Streams("a")
    streams.publish(event(0))
    assert await read(streams, after) == [LiveEvent("lost", "", b'{"reason":"restarted"}')]


async def test_who_was_away_for_too_long_has_lost_something() -> None:
    streams = Streams("a")
    for number in range(MOST_REMEMBERED + 10):
        streams.publish(event(number))
    (lost,) = await read(streams, EventId("a", 9))
    assert lost == LiveEvent("lost", "", b'{"reason":"too_old","events":%d}' % (MOST_REMEMBERED + 1))
    assert (await read(streams, EventId("a", 10)))[0] == published(10)


async def test_large_events_are_remembered_for_less_long() -> None:
    streams = Streams("a")
    for _ in range(20):
        streams.publish(LiveEvent("alert", "prod", b" " * 2**20))
    assert (await read(streams, EventId("a", 3)))[0].type == "lost"
    assert len(await read(streams, EventId("a", 4))) == 16


async def test_events_are_remembered_while_somebody_listens_or_may_come_back() -> None:
    clock = Clock(0.0)
    streams = Streams("a", clock)
    assert not streams.followed
    with streams.listen():
        assert streams.followed
    clock.now = RESUME_SECONDS - 1
    assert streams.followed
    clock.now = RESUME_SECONDS
    assert not streams.followed
    streams.publish(event(0))
    streams.skip()
    assert (await read(streams, EventId("a", 1)))[0].type == "lost"
    assert await read(streams, EventId("a", 2)) == []


async def test_what_is_not_wanted_moves_a_listener_on_and_costs_it_nothing() -> None:
    streams = Streams("a")
    with streams.listen(lambda _: False) as listener:
        for number in range(1005):
            streams.publish(event(number))
        assert await anext(listener.batches(keepalive_seconds=0)) == []
        assert listener.position == 1005


@pytest.mark.parametrize("text", ["", "a", "a-", "-1", "a-b", "a-1-2", "A-1", "a-" + "1" * 19, "x" * 10_000])
def test_a_text_that_is_no_id_is_told_so(text: str) -> None:
    with pytest.raises(EventIdError, match="is not the id of an event") as caught:
        EventId.read(text)
    assert len(str(caught.value)) < 300


def test_an_id_is_read_as_it_is_written() -> None:
    assert EventId.read(str(EventId("0af3", 12))) == EventId("0af3", 12)


@given(st.lists(st.sampled_from(["publish", "skip", "leave"]), max_size=40), st.integers(0, 40))
def test_who_comes_back_misses_nothing_without_being_told(steps: list[str], after: int) -> None:
    streams = Streams("a", lambda: 0.0)
    happened: list[int] = []
    for step in steps:
        if step == "publish":
            streams.publish(event(0))
            happened.append(streams.sequence)
        elif step == "skip":
            streams.skip()
            happened.append(streams.sequence)
        else:
            with streams.listen():
                pass
    after = min(after, streams.sequence)
    found = asyncio.run(read(streams, EventId("a", after)))
    told = [event.sequence for event in found]
    assert told == [number for number in happened if number > after] or found[0].type == "lost"
