"""How long to leave a busy watch unread, so that one wake-up serves several events."""

from __future__ import annotations

QUIET_GAP_SECONDS = 0.2
"""Reads that come further apart than this are quiet: each is served at once."""

LONGEST_PAUSE_SECONDS = 0.04
"""Under load an event waits at most this long: well below the 50 ms that the median from event to notification may
take, as the mean wait is half of it."""

FULL_READ_BYTES = 32 * 1024
"""A read this large may have been all that the system's buffer could hold, with more waiting at the server: pausing
would save no wake-up and slow the server down to a buffer for each pause. The smallest buffer, where a connection
begins, is 64 KiB less headers; half of that leaves room for what a TLS record or a proxy holds back."""

_WEIGHT = 0.25


class Pacer:
    """Decides after each read how long to pause before the next.

    Wake-ups, not decoding, are what a steady trickle of events costs. The pause grows from nothing at one read each
    ``QUIET_GAP_SECONDS`` to ``LONGEST_PAUSE_SECONDS`` when reads follow one another closely.
    """

    def __init__(self) -> None:
        self._gap = QUIET_GAP_SECONDS
        self._last: float | None = None

    def pause(self, read_bytes: int, now: float) -> float:
        """Seconds to pause after a read of that size at that (monotonic) time; 0: read on."""
        if self._last is not None:
            # One long silence must not outweigh what comes after it.
            gap = min(now - self._last, 2 * QUIET_GAP_SECONDS)
            self._gap += _WEIGHT * (gap - self._gap)
        self._last = now
        if read_bytes >= FULL_READ_BYTES or self._gap >= QUIET_GAP_SECONDS:
            return 0.0
        return LONGEST_PAUSE_SECONDS * (1 - self._gap / QUIET_GAP_SECONDS)
