"""The calls that are under way on one side of a link."""

from __future__ import annotations

MAX_CALLS = 64
"""How many calls one agent serves at a time; more are answered with ``CallErrorCode.OVERLOADED``."""


class CallTable:
    """Calls without a final answer, each with its deadline on the session's clock."""

    def __init__(self) -> None:
        self._deadlines: dict[int, float] = {}

    def __contains__(self, call: int) -> bool:
        return call in self._deadlines

    def __len__(self) -> int:
        return len(self._deadlines)

    def add(self, call: int, deadline: float) -> None:
        """A call has begun."""
        self._deadlines[call] = deadline

    def discard(self, call: int) -> bool:
        """A call has ended; whether it was under way."""
        return self._deadlines.pop(call, None) is not None

    def expire(self, now: float) -> list[int]:
        """Ends and names the calls whose deadline has passed."""
        expired = [call for call, deadline in self._deadlines.items() if deadline <= now]
        for call in expired:
            del self._deadlines[call]
        return expired

    def next_deadline(self) -> float | None:
        """The next moment at which a call expires."""
        return min(self._deadlines.values(), default=None)
