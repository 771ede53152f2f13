"""Live events for whoever listens: one publisher, many bounded queues."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager

import msgspec

_QUEUE_SIZE = 1000


class LiveEvent(msgspec.Struct, frozen=True):
    """One event: ``alert``, ``change`` or ``cluster``, with its body in JSON."""

    type: str
    cluster: str
    data: bytes


class Streams:
    """Hands each event to every listener, and never waits for one.

    A listener that falls behind loses its oldest events and is told how many with an event of type ``lost``, so that
    it can read the current state again.
    """

    def __init__(self) -> None:
        self._listeners: set[Listener] = set()

    @property
    def listeners(self) -> int:
        """How many listen now; a publisher may skip its work when nobody does."""
        return len(self._listeners)

    def publish(self, event: LiveEvent) -> None:
        """Hand an event to everybody who listens."""
        for listener in self._listeners:
            listener.offer(event)

    @contextmanager
    def listen(self) -> Iterator[Listener]:
        """Listen until the block is left."""
        listener = Listener()
        self._listeners.add(listener)
        try:
            yield listener
        finally:
            self._listeners.discard(listener)

    def close(self) -> None:
        """End every listener's iteration."""
        for listener in self._listeners:
            listener.end()


class Listener:
    """One listener's events, oldest first."""

    def __init__(self) -> None:
        self._events: deque[LiveEvent] = deque()
        self._lost = 0
        self._ended = False
        self._arrived = asyncio.Event()

    def offer(self, event: LiveEvent) -> None:
        """Add an event; the oldest makes room when there are too many."""
        if len(self._events) >= _QUEUE_SIZE:
            self._events.popleft()
            self._lost += 1
        self._events.append(event)
        self._arrived.set()

    def end(self) -> None:
        """End the iteration once the events at hand are read."""
        self._ended = True
        self._arrived.set()

    async def batches(self, keepalive_seconds: float) -> AsyncIterator[list[LiveEvent]]:
        """Events as they come; an empty batch when none came for so long, to keep the connection alive."""
        while True:
            try:
                async with asyncio.timeout(keepalive_seconds):
                    await self._arrived.wait()
            except TimeoutError:
                yield []
                continue
            self._arrived.clear()
            batch = list(self._events)
            self._events.clear()
            if self._lost:
                batch.insert(0, LiveEvent("lost", "", b'{"events":%d}' % self._lost))
                self._lost = 0
            if batch:
                yield batch
            if self._ended:
                return
