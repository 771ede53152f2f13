"""Live events for whoever listens: one publisher, many bounded queues, and a memory for who comes back."""

from __future__ import annotations

import asyncio
import re
import secrets
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple, Self

import msgspec

_QUEUE_SIZE = 1000

RESUME_SECONDS = 300.0
"""For so long after the last listener has left, what happens is remembered for its return."""

MOST_REMEMBERED = 10_000
MOST_REMEMBERED_BYTES = 16 * 1024 * 1024

_ID = re.compile(r"([0-9a-z]{1,32})-([0-9]{1,18})")


class LostReason(msgspec.Struct, frozen=True, omit_defaults=True):
    """Why a listener missed events: read the current state again.

    Attributes:
        reason: ``slow``: it read too slowly; ``too_old``: it was away for too long; ``restarted``: the hub was restarted, or
            another took over.
        events: How many it missed, where that is known.
    """

    reason: str
    events: int = 0


class LiveEvent(msgspec.Struct, frozen=True):
    """One event.

    Attributes:
        type: ``alert``, ``change``, ``cluster`` ...
        cluster: The cluster it is of; empty for what is of none, or of several.
        data: Its body in JSON.
        namespace: The namespace it is of; empty for what is in none.
        kind: The kind of object that a ``change`` is of; empty for other types.
        name: That object's name.
        sequence: Its number; 0 for what is for one listener alone.
    """

    type: str
    cluster: str
    data: bytes
    namespace: str = ""
    kind: str = ""
    name: str = ""
    sequence: int = 0


Wants = Callable[[LiveEvent], bool]
"""Whether a listener is to have an event."""


class EventId(NamedTuple):
    """Names an event: the life of the hub that it was published in, and its number there."""

    epoch: str
    sequence: int

    @classmethod
    def read(cls, text: str) -> Self:
        """The id that a text is.

        Raises:
            EventIdError: It is none.
        """
        found = _ID.fullmatch(text)
        if found is None:
            raise EventIdError(
                f"{text[:80]!r} is not the id of an event, as the stream gives them: leave it out to begin anew"
            )
        return cls(found[1], int(found[2]))

    def __str__(self) -> str:
        return f"{self.epoch}-{self.sequence}"


class EventIdError(ValueError):
    """A text that is no event's id."""


class Streams:
    """Hands each event to every listener that wants it, and never waits for one.

    A listener that falls behind loses its oldest events and is told so by an event of type ``lost``, so that it can read
    the current state again. Events are numbered; who was away for a short while and names the last one it had is given
    those that it missed, or the same ``lost``.

    Args:
        epoch: Tells this hub's life from others: letters and digits.
        monotonic: Monotonic seconds.
    """

    def __init__(self, epoch: str | None = None, monotonic: Callable[[], float] = time.monotonic) -> None:
        self.epoch = epoch or secrets.token_hex(4)
        self._monotonic = monotonic
        self._listeners: set[Listener] = set()
        self._sequence = 0
        self._remembered: deque[LiveEvent] = deque()
        self._remembered_bytes = 0
        self._forgotten = 0  # the last event that is not remembered
        self._followed_until = -1.0

    @property
    def listeners(self) -> int:
        """How many listen now."""
        return len(self._listeners)

    @property
    def followed(self) -> bool:
        """Whether somebody listens or may come back; else a publisher may ``skip`` its work."""
        return bool(self._listeners) or self._monotonic() < self._followed_until

    @property
    def sequence(self) -> int:
        """The number of the last event."""
        return self._sequence

    def publish(self, event: LiveEvent) -> None:
        """Hand an event to everybody who listens and wants it."""
        self._sequence += 1
        numbered = msgspec.structs.replace(event, sequence=self._sequence)
        self._remember(numbered)
        for listener in self._listeners:
            listener.offer(numbered)

    def skip(self) -> None:
        """Something happened and was not published, as nobody follows: who comes back later has missed it."""
        self._sequence += 1
        self._forgotten = self._sequence
        self._remembered.clear()
        self._remembered_bytes = 0

    def id_of(self, sequence: int) -> EventId:
        """The id of an event."""
        return EventId(self.epoch, sequence)

    @contextmanager
    def listen(self, wants: Wants | None = None, after: EventId | None = None) -> Iterator[Listener]:
        """Listen until the block is left.

        Args:
            wants: Which events are wanted; None: all.
            after: The last event that the listener had; None: what comes from now on is wanted.
        """
        missed = self._missed(after) if after else []
        listener = Listener(wants, self._sequence, missed)
        self._listeners.add(listener)
        try:
            yield listener
        finally:
            self._listeners.discard(listener)
            self._followed_until = self._monotonic() + RESUME_SECONDS

    def close(self) -> None:
        """End every listener's iteration."""
        for listener in self._listeners:
            listener.end()

    def _missed(self, after: EventId) -> list[LiveEvent]:
        """What came after an event, or that it is not known."""
        epoch, sequence = after
        if epoch != self.epoch or sequence > self._sequence:
            return [_lost("restarted")]
        if sequence < self._forgotten:
            return [_lost("too_old", self._sequence - sequence)]
        return [event for event in self._remembered if event.sequence > sequence]

    def _remember(self, event: LiveEvent) -> None:
        self._remembered.append(event)
        self._remembered_bytes += len(event.data)
        while len(self._remembered) > MOST_REMEMBERED or self._remembered_bytes > MOST_REMEMBERED_BYTES:
            oldest = self._remembered.popleft()
            self._remembered_bytes -= len(oldest.data)
            self._forgotten = oldest.sequence


class Listener:
    """One listener's events, oldest first.

    Attributes:
        position: The number of the last event that it was given or did not want.
    """

    def __init__(
        self, wants: Wants | None = None, position: int = 0, missed: Sequence[LiveEvent] = ()
    ) -> None:
        self.position = position
        self._wants = wants
        self._events = deque(event for event in missed if self._is_for_it(event))
        self._latest = position
        self._lost = 0
        self._ended = False
        self._arrived = asyncio.Event()
        if self._events:
            self._arrived.set()

    def offer(self, event: LiveEvent) -> None:
        """Add an event if it is wanted; the oldest makes room when there are too many."""
        self._latest = event.sequence
        if not self._is_for_it(event):
            return
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
                if not self._arrived.is_set():
                    self.position = self._latest
                    yield []
                continue
            self._arrived.clear()
            batch = list(self._events)
            self._events.clear()
            self.position = self._latest
            if self._lost:
                batch.insert(0, _lost("slow", self._lost))
                self._lost = 0
            if batch:
                yield batch
            if self._ended:
                return

    def _is_for_it(self, event: LiveEvent) -> bool:
        return event.type == "lost" or self._wants is None or self._wants(event)


def _lost(reason: str, events: int = 0) -> LiveEvent:
    return LiveEvent("lost", "", msgspec.json.encode(LostReason(reason, events)))
