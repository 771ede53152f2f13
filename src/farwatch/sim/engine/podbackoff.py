"""How long a kubelet waits before it tries again."""

from __future__ import annotations

FIRST_BACKOFF_SECONDS = 10.0
_MAX_BACKOFF_SECONDS = 300.0


class BackOff:
    """How long to wait before the next attempt: ``first`` seconds, then 10 s, 20 s, 40 s ... 5 min."""

    def __init__(self, first: float) -> None:
        self.seconds = 0.0
        self.until = 0.0
        self._next = first

    def fail(self, now: float) -> None:
        """An attempt failed: the wait begins, and the next one will be longer."""
        self.seconds = self._next
        self.until = now + self.seconds
        self._next = min(max(self.seconds * 2, FIRST_BACKOFF_SECONDS), _MAX_BACKOFF_SECONDS)
