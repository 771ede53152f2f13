"""Who has to wait before the next attempt to sign in."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from farwatch.hub.auth import limits as module
from farwatch.hub.auth.errors import TooManyAttemptsError
from farwatch.hub.auth.limits import ACCOUNT, ADDRESS, FREE_ATTEMPTS, LoginLimits, subscriber

from ...clocks import Clock


@pytest.fixture
def clock() -> Clock:
    return Clock(1000.0)


@pytest.fixture
def limits(clock: Clock) -> LoginLimits:
    return LoginLimits(clock)


def err(limits: LoginLimits, times: int, account: str = "ada", address: str = "192.0.2.1") -> None:
    for _ in range(times):
        limits.admit(account, address)


def wait_to_try(limits: LoginLimits, clock: Clock) -> int:
    """Try, if need be after waiting as long as told; for how many seconds."""
    try:
        limits.admit("ada", "192.0.2.1")
    except TooManyAttemptsError as refused:
        clock.now += refused.retry_seconds
        limits.admit("ada", "192.0.2.1")
        return refused.retry_seconds
    return 0


def test_each_error_after_the_free_ones_doubles_the_wait(limits: LoginLimits, clock: Clock) -> None:
    err(limits, FREE_ATTEMPTS)
    for wait in (1, 2, 4, 8, 16):
        with pytest.raises(TooManyAttemptsError, match=f"try again in {wait} s") as refused:
            limits.admit("ada", "192.0.2.1")
        assert refused.value.retry_seconds == wait
        clock.now += wait
        limits.admit("ada", "192.0.2.1")


def test_what_was_refused_does_not_lengthen_the_wait(limits: LoginLimits, clock: Clock) -> None:
    err(limits, FREE_ATTEMPTS)
    for _ in range(100):
        with pytest.raises(TooManyAttemptsError):
            limits.admit("ada", "192.0.2.1")
    clock.now += 1
    limits.admit("ada", "192.0.2.1")


def test_nobody_waits_for_longer_than_a_quarter_of_an_hour(limits: LoginLimits, clock: Clock) -> None:
    for _ in range(60):
        waited = wait_to_try(limits, clock)
        assert waited <= 900


def test_the_right_password_makes_the_errors_before_it_forgotten(limits: LoginLimits) -> None:
    for _ in range(20):
        err(limits, FREE_ATTEMPTS - 1)
        limits.admit("ada", "192.0.2.1")
        limits.forgive("ada", "192.0.2.1")
        limits._addresses.clear()


def test_an_attacker_does_not_keep_people_out_who_have_signed_in_from_where_they_are(
    limits: LoginLimits, clock: Clock
) -> None:
    limits.admit("ada", "198.51.100.7")
    limits.forgive("ada", "198.51.100.7")
    for host in range(200):
        try:
            limits.admit("ada", f"192.0.2.{host}")
        except TooManyAttemptsError:
            break
    with pytest.raises(TooManyAttemptsError):
        limits.admit("ada", "203.0.113.1")
    limits.admit("ada", "198.51.100.7")
    limits.admit("ada", "203.0.113.1", familiar=True)
    limits.admit("bob", "203.0.113.1")


def test_many_addresses_together_have_few_attempts_at_one_account(limits: LoginLimits, clock: Clock) -> None:
    admitted = 0
    begun = clock.now
    for host in range(5000):
        try:
            limits.admit("ada", f"10.0.{host // 250}.{host % 250}")
            admitted += 1
        except TooManyAttemptsError:
            clock.now += 1
    assert admitted <= ACCOUNT.burst + (clock.now - begun) / ACCOUNT.seconds + 1


def test_one_address_has_few_attempts_at_many_accounts(limits: LoginLimits) -> None:
    for number in range(ADDRESS.burst):
        limits.admit(f"user-{number}", "192.0.2.1")
    with pytest.raises(TooManyAttemptsError):
        limits.admit("another", "192.0.2.1")
    limits.admit("another", "192.0.2.2")


def test_a_network_of_ipv6_is_one_address() -> None:
    assert subscriber("2001:db8:1:2:3::4") == subscriber("2001:db8:1:2::9") != subscriber("2001:db8:1:3::9")
    assert subscriber("::ffff:192.0.2.1") == subscriber("192.0.2.1")
    assert subscriber("nonsense") == subscriber("") == "unknown"


def test_memory_is_bounded_whatever_names_and_addresses_come(
    limits: LoginLimits, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_KEPT", 50)
    for number in range(500):
        limits.admit(f"user-{number}", f"10.0.{number // 250}.{number % 250}")
        limits.forgive(f"user-{number}", f"10.0.{number // 250}.{number % 250}")
        limits.admit(f"user-{number}", f"10.0.{number // 250}.{number % 250}")
    for kept in (limits._pairs, limits._accounts, limits._addresses, limits._familiar):
        assert len(kept) <= 50


@given(st.lists(st.floats(min_value=0, max_value=4000), max_size=80))
@example([0.1] * 40 + [3599.0, 990.0, 1.217795576417302, 33.10144699430634, 3599.80599062245, 0.0])
def test_who_waits_as_long_as_told_is_heard(pauses: list[float]) -> None:
    clock = Clock()
    limits = LoginLimits(clock)
    for pause in pauses:
        clock.now += pause
        waited = wait_to_try(limits, clock)
        assert waited == 0 or 1 <= waited <= 900
