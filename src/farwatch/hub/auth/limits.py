"""How often passwords may be tried: decided from what was tried before, without I/O."""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Callable
from ipaddress import IPv6Address, ip_address
from typing import Generic, TypeVar

import msgspec

from farwatch.hub.auth.errors import TooManyAttemptsError

FREE_ATTEMPTS = 5
"""How often one address may err on one account before it has to wait."""

LONGEST_WAIT_SECONDS = 900.0
FORGET_SECONDS = 3600.0
"""After how long without an attempt an address is as good as new."""

ROUNDING_SECONDS = 1e-3
"""Waits are differences of times: what is left of rounding is no wait."""

IPV6_PREFIX = 64
"""What one subscriber has of IPv6, who would otherwise be 2**64 addresses."""

MAX_KEPT = 10_000
"""How many pairs, accounts and addresses are remembered of each; then the one that tried longest ago is forgotten."""

K = TypeVar("K")
V = TypeVar("V")


class Allowance(msgspec.Struct, frozen=True):
    """How many errors are forgiven at once, and in how many seconds one more is."""

    burst: int
    seconds: float


ACCOUNT = Allowance(20, 30.0)
"""For one account, from all addresses that nobody has signed in from with it."""

ADDRESS = Allowance(30, 10.0)
"""For one address, on all accounts."""


class _Streak(msgspec.Struct, frozen=True):
    errors: int
    last: float


class _Level(msgspec.Struct, frozen=True):
    errors: float
    at: float


class _Kept(OrderedDict[K, V], Generic[K, V]):
    """The entries used last."""

    def keep(self, key: K, value: V) -> None:
        self[key] = value
        self.move_to_end(key)
        if len(self) > MAX_KEPT:
            self.popitem(last=False)


class LoginLimits:
    """Who has to wait before the next attempt, and for how long.

    Each address has a few attempts at each account, and then waits twice as long after each. What many addresses try
    on one account is limited as well, and so is what one address tries on many. Nobody is locked out by others: of
    the limit on an account are free the addresses that somebody has signed in from with it.

    An attempt counts as an error until it is said to be right, so that many at once are no way around.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._pairs: _Kept[tuple[str, str], _Streak] = _Kept()
        self._accounts: _Kept[str, _Level] = _Kept()
        self._addresses: _Kept[str, _Level] = _Kept()
        self._familiar: _Kept[tuple[str, str], None] = _Kept()

    def admit(self, account: str, address: str, *, familiar: bool = False) -> None:
        """Let somebody try a password, and count it.

        Args:
            account: The name that they gave; whether there is such a user makes no difference.
            address: Where they are.
            familiar: Whether the account's owner is known to sign in from there.

        Raises:
            TooManyAttemptsError: They have to wait first; nothing was counted.
        """
        now, place = self._clock(), subscriber(address)
        pair = (account, place)
        familiar = familiar or pair in self._familiar
        streak = self._streak(pair, now)
        wait = max(
            streak.last + _delay(streak.errors) - now,
            0.0 if familiar else _wait(self._accounts.get(account), ACCOUNT, now),
            _wait(self._addresses.get(place), ADDRESS, now),
        )
        if wait > ROUNDING_SECONDS:
            seconds = math.ceil(wait - ROUNDING_SECONDS)
            raise TooManyAttemptsError(f"too many attempts to sign in: try again in {seconds} s", seconds)
        self._pairs.keep(pair, _Streak(streak.errors + 1, now))
        if not familiar:
            self._accounts.keep(account, _add(self._accounts.get(account), 1, ACCOUNT, now))
        self._addresses.keep(place, _add(self._addresses.get(place), 1, ADDRESS, now))

    def forgive(self, account: str, address: str) -> None:
        """The attempt was right, after all: it does not count, nor do the errors of that address before it."""
        now, place = self._clock(), subscriber(address)
        self._pairs.pop((account, place), None)
        self._familiar.keep((account, place), None)
        for levels, key, allowance in (
            (self._accounts, account, ACCOUNT),
            (self._addresses, place, ADDRESS),
        ):
            if key in levels:
                levels.keep(key, _add(levels[key], -1, allowance, now))

    def forget(self, account: str) -> None:
        """Whatever was tried on an account: it has another password now."""
        for pair in [pair for pair in self._pairs if pair[0] == account]:
            del self._pairs[pair]
        self._accounts.pop(account, None)

    def _streak(self, pair: tuple[str, str], now: float) -> _Streak:
        streak = self._pairs.get(pair)
        if streak is None or now - streak.last >= FORGET_SECONDS:
            return _Streak(0, now)
        return streak


def subscriber(address: str) -> str:
    """Whose address it is, as far as that can be told: a network of IPv6, an address of IPv4."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return "unknown"
    if isinstance(parsed, IPv6Address):
        if parsed.ipv4_mapped is not None:
            return str(parsed.ipv4_mapped)
        return str(IPv6Address(int(parsed) >> (128 - IPV6_PREFIX) << (128 - IPV6_PREFIX)))
    return str(parsed)


def _delay(errors: int) -> float:
    """How long to wait after so many errors in a row, in seconds."""
    if errors < FREE_ATTEMPTS:
        return 0.0
    return min(2.0 ** min(errors - FREE_ATTEMPTS, 32), LONGEST_WAIT_SECONDS)


def _wait(level: _Level | None, allowance: Allowance, now: float) -> float:
    if level is None:
        return 0.0
    return (_drained(level, allowance, now) + 1 - allowance.burst) * allowance.seconds


def _add(level: _Level | None, errors: int, allowance: Allowance, now: float) -> _Level:
    before = 0.0 if level is None else _drained(level, allowance, now)
    return _Level(max(0.0, before + errors), now)


def _drained(level: _Level, allowance: Allowance, now: float) -> float:
    return max(0.0, level.errors - max(0.0, now - level.at) / allowance.seconds)
