"""Timelines: alerts go in, notifications come out, in a time that only moves when told."""

from __future__ import annotations

from .conftest import FakeClock, Hub, Sink, alert, at, simple


async def test_tells_of_a_new_group_after_group_wait(hub: Hub, clock: FakeClock, sink: Sink) -> None:
    alerting = await hub.start(simple(sink.url))
    await alerting.put([alert("a")])
    await clock.advance(29.9)
    assert sink.told() == []
    await clock.advance(0.1)
    assert sink.told() == [(30, "firing", ["a"])]
