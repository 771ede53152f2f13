"""What both ends do alike: number frames, notice what is missing, keep the link alive, say farewell."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, NamedTuple, TypeVar

from farwatch.link.codec import Decoder, Received, pack, seal
from farwatch.link.errors import LinkError
from farwatch.link.frames import Close, CloseCode, Heartbeat, Refused

HANDSHAKE_SECONDS = 30.0
"""How long each side waits for the other's first frame; a hub that all its agents dial at once needs its time."""

MISSED_HEARTBEATS = 3.5
"""Silence of so many heartbeats ends a link: three were missed, and the third had half an interval to be late."""

Clock = Callable[[], float]
"""Monotonic seconds."""

F = TypeVar("F")


class Sealed(NamedTuple):
    """A message to send, its frame's number, and its size before compression."""

    data: bytes
    number: int
    size: int


class Channel(Generic[F]):
    """One side of one connection, below what its frames mean.

    Args:
        frames: The union of frames the other side may send.
        clock: Monotonic seconds.
    """

    def __init__(self, frames: Any, clock: Clock) -> None:
        self._decoder: Decoder[F] = Decoder(frames)
        self._clock = clock
        self._received_number = 0
        self._sent_number = 0
        self._heard_at = self._spoke_at = clock()
        self._heartbeat_seconds: float | None = None
        self._heartbeat_due = False
        self._farewell: Close | Refused | None = None

    @property
    def received_number(self) -> int:
        """The number of the last frame that was taken."""
        return self._received_number

    @property
    def sent_number(self) -> int:
        """The number of the last frame that was sealed."""
        return self._sent_number

    def start(self) -> None:
        """Starts the wait for the other side's first frame."""
        self._heard_at = self._spoke_at = self._clock()

    def keep_alive(self, heartbeat_seconds: float) -> None:
        """From now on each side sends at least one frame in so many seconds."""
        self._heartbeat_seconds = heartbeat_seconds

    def take(self, data: bytes) -> Received[F]:
        """The frame in a message, if it is the next one.

        Raises:
            LinkError: ``BAD_FRAME``, ``FRAME_TOO_LARGE`` or ``OUT_OF_ORDER``.
        """
        received = self._decoder.decode(data)
        expected = self._received_number + 1
        if received.number != expected:
            raise LinkError(
                CloseCode.OUT_OF_ORDER, f"frame {received.number} came where {expected} was expected"
            )
        self._received_number = expected
        self._heard_at = self._clock()
        return received

    def seal(self, frame: object) -> Sealed:
        """The message for the next frame. A frame that is too large takes no number.

        Raises:
            LinkError: ``FRAME_TOO_LARGE``.
        """
        number = self._sent_number + 1
        payload = pack(number, frame)
        self._sent_number = number
        self._spoke_at = self._clock()
        self._heartbeat_due = False
        return Sealed(seal(payload), number, len(payload))

    def heartbeat(self) -> bytes | None:
        """The heartbeat, when one is due."""
        return self.seal(Heartbeat()).data if self._heartbeat_due else None

    def leave(self, farewell: Close | Refused | None) -> None:
        """Ends the channel; the farewell, if any, is the last frame to send."""
        self._farewell = farewell

    def farewell(self) -> bytes | None:
        """The last message, once."""
        frame, self._farewell = self._farewell, None
        return self.seal(frame).data if frame is not None else None

    def tick(self) -> None:
        """Looks at the clock.

        Raises:
            LinkError: ``HEARTBEAT_LOST``: the other side has been silent for too long.
        """
        now = self._clock()
        if now >= self._lost_at():
            raise LinkError(CloseCode.HEARTBEAT_LOST, f"nothing was heard for {now - self._heard_at:.1f} s")
        if self._heartbeat_seconds is not None and now >= self._spoke_at + self._heartbeat_seconds:
            self._heartbeat_due = True

    def next_tick(self) -> float:
        """When to look at the clock again."""
        if self._heartbeat_seconds is None or self._heartbeat_due:
            return self._lost_at()
        return min(self._lost_at(), self._spoke_at + self._heartbeat_seconds)

    def _lost_at(self) -> float:
        if self._heartbeat_seconds is None:
            return self._heard_at + HANDSHAKE_SECONDS
        return self._heard_at + MISSED_HEARTBEATS * self._heartbeat_seconds
