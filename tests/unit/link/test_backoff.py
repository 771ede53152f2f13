from __future__ import annotations

import random

from farwatch.link.backoff import Backoff


class Highest(random.Random):
    """Chance that always gives the ceiling."""

    def uniform(self, a: float, b: float) -> float:
        assert a == 0
        return b


def test_the_ceiling_doubles_from_one_second_to_a_minute() -> None:
    backoff = Backoff(Highest())
    assert [backoff.next_delay() for _ in range(9)] == [1, 2, 4, 8, 16, 32, 60, 60, 60]


def test_a_welcome_begins_anew() -> None:
    backoff = Backoff(Highest())
    for _ in range(5):
        backoff.next_delay()
    backoff.reset()
    assert backoff.next_delay() == 1


def test_the_hubs_retry_time_is_kept_and_still_spread() -> None:
    delays = {Backoff(random.Random(seed)).next_delay(30) for seed in range(100)}  # noqa: S311 - repeatable
    assert min(delays) >= 30
    assert max(delays) <= 31
    assert len(delays) == 100


def test_delays_spread_over_the_whole_interval() -> None:
    backoffs = [Backoff(random.Random(seed), first_seconds=60) for seed in range(200)]  # noqa: S311 - repeatable
    delays = sorted(backoff.next_delay() for backoff in backoffs)
    assert delays[0] < 6
    assert delays[-1] > 54
