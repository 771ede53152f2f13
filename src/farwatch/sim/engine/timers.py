"""Things to do later, by simulated time: one heap for a whole cluster, so that nothing polls.

The same heap runs in tests, which set the time by hand, and in the demo, where time is the wall clock's, faster by a
factor if wished.
"""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable

from farwatch.sim.times import Clock

Action = Callable[[], None]


class Timer:
    """Something to do at ``due``, seconds since the epoch, unless it is cancelled before."""

    __slots__ = ("action", "due")

    def __init__(self, due: float, action: Action) -> None:
        self.due = due
        self.action: Action | None = action

    def cancel(self) -> None:
        """Let it not happen."""
        self.action = None


class Timers:
    """A heap of timers on a clock. Of two timers due at one time the one set first goes first."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self._heap: list[tuple[float, int, Timer]] = []
        self._numbers = itertools.count()

    def after(self, delay: float, action: Action) -> Timer:
        """Do ``action`` in ``delay`` seconds."""
        timer = Timer(self.clock() + delay, action)
        heapq.heappush(self._heap, (timer.due, next(self._numbers), timer))
        return timer

    def next_due(self) -> float | None:
        """When the next timer is due, seconds since the epoch; None when there is none."""
        while self._heap and self._heap[0][2].action is None:
            heapq.heappop(self._heap)
        return self._heap[0][0] if self._heap else None

    def pop_due(self) -> Action | None:
        """What is due now, earliest first and one at a time; None when nothing is."""
        due = self.next_due()
        if due is None or due > self.clock():
            return None
        return heapq.heappop(self._heap)[2].action


class ManualClock:
    """Time that stands still until it is moved; for tests and for building a cluster's past."""

    def __init__(self, now: float) -> None:
        self.now = now

    def __call__(self) -> float:
        """Seconds since the epoch."""
        return self.now

    def move_to(self, time: float) -> None:
        """Let it be ``time``; never earlier than it is."""
        self.now = max(self.now, time)


class FastClock:
    """Time that runs ``speed`` times as fast as the source it follows, from the moment of its making."""

    def __init__(self, source: Clock, speed: float = 1.0) -> None:
        self._source = source
        self._start = source()
        self.speed = speed

    def __call__(self) -> float:
        """Seconds since the epoch, simulated."""
        return self._start + (self._source() - self._start) * self.speed

    def real_delay(self, until: float) -> float:
        """How many of the source's seconds pass until it is ``until`` here; 0 when it is already."""
        return max(0.0, (until - self()) / self.speed)
