import asyncio

from farwatch.hub.live.streams import LiveEvent, Streams


def event(number: int) -> LiveEvent:
    return LiveEvent("change", "prod", b"%d" % number)


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
        assert batch[0] == LiveEvent("lost", "", b'{"events":3}')
        assert batch[1] == event(3)
        assert batch[-1] == event(1002)


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
        assert batches == [[event(1)]]


async def test_who_has_left_is_not_counted_nor_served() -> None:
    streams = Streams()
    with streams.listen():
        assert streams.listeners == 1
    assert streams.listeners == 0
    streams.publish(event(1))
    await asyncio.sleep(0)
