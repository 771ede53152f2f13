"""How long to wait before trying again: decisions without any waiting."""

from __future__ import annotations

from dataclasses import dataclass

FIRST_SECONDS = 1.0
LONGEST_SECONDS = 30.0

LONGEST_ASKED_SECONDS = 300.0
"""What the other side may ask for at most: a proxy's maintenance page that says an hour is gone after a minute."""


@dataclass(frozen=True)
class Backoff:
    """Exponential back-off with full jitter: anywhere between nothing and a bound that doubles with each failure.

    Full jitter spreads the return of many clients best (AWS Architecture Blog, "Exponential Backoff And Jitter").

    Attributes:
        first: The bound after the first failure, seconds.
        longest: The bound that is never exceeded, seconds.
    """

    first: float = FIRST_SECONDS
    longest: float = LONGEST_SECONDS

    def delay(self, failures: int, chance: float, retry_after: float | None = None) -> float:
        """Seconds to wait before trying again.

        Args:
            failures: How many there were in a row, 1 or more.
            chance: A random number in [0, 1).
            retry_after: Seconds the other side asked for: the least, to which the jitter is added. Beyond
                ``LONGEST_ASKED_SECONDS`` they are not granted.
        """
        # 2**32 is beyond any bound; the exponent is held so that a long outage does not make a huge number.
        bound = min(self.longest, self.first * 2.0 ** min(failures - 1, 32))
        return min(retry_after or 0.0, LONGEST_ASKED_SECONDS) + chance * bound


def jittered(seconds: float, chance: float, share: float = 0.1) -> float:
    """A period, longer or shorter by up to that share, so that many who wait for it do not come at once."""
    return seconds * (1 - share + 2 * share * chance)
