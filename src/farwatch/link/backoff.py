"""How long an agent waits before it dials again."""

from __future__ import annotations

import random


class Backoff:
    """Full jitter: a random time below a ceiling that doubles with each failure.

    An outage of the hub ends for all its agents at once; spread over the whole interval, they do not all come back
    in the same second.

    Args:
        rng: The source of chance.
        first_seconds: The ceiling after the first failure.
        most_seconds: The ceiling it never exceeds.
    """

    def __init__(self, rng: random.Random, *, first_seconds: float = 1.0, most_seconds: float = 60.0) -> None:
        self._rng = rng
        self._first_seconds = first_seconds
        self._most_seconds = most_seconds
        self._ceiling = first_seconds

    def next_delay(self, retry_after_seconds: float | None = None) -> float:
        """Seconds to wait now, after one more failure.

        Args:
            retry_after_seconds: The least time the hub asked for; the random part comes on top of it.
        """
        delay = self._rng.uniform(0, self._ceiling)
        self._ceiling = min(self._ceiling * 2, self._most_seconds)
        return delay + (retry_after_seconds or 0.0)

    def reset(self) -> None:
        """The hub has welcomed us: the next failure counts as the first."""
        self._ceiling = self._first_seconds
