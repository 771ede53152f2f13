"""Who asks for links that do not exist, and how often."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable

WRONG_ALLOWED = 20
"""How many wrong links an address may ask for in a row."""

FORGIVEN_EVERY_SECONDS = 6.0
"""How long it takes until one more is allowed."""

MOST_ADDRESSES = 1024


class Strangers:
    """Counts wrong links by address, of the latest addresses alone.

    It keeps nobody from a link that is right: links are 256 random bits, and whoever shares an address with somebody who
    guesses, a proxy's perhaps, must not be locked out.

    Args:
        clock: Monotonic seconds.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._debts: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def note(self, address: str) -> float:
        """An address asked for a wrong link; gives for how many seconds it should stop, 0 if it need not."""
        now = self._clock()
        debt, since = self._debts.pop(address, (0.0, now))
        debt = max(debt - (now - since) / FORGIVEN_EVERY_SECONDS, 0.0) + 1
        self._debts[address] = (min(debt, WRONG_ALLOWED + 1.0), now)
        if len(self._debts) > MOST_ADDRESSES:
            self._debts.popitem(last=False)
        return max(debt - WRONG_ALLOWED, 0.0) * FORGIVEN_EVERY_SECONDS
