"""Times as the API shows them, and as the hub counts with them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from farwatch.hub.times import to_seconds, to_seconds_or_none, to_time, to_time_or_none, zoned

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


@given(st.integers(0, 2**33))
def test_seconds_become_a_time_in_utc_and_the_same_seconds_again(seconds: int) -> None:
    assert to_time(seconds).tzinfo is UTC
    assert to_seconds(to_time(seconds)) == seconds


def test_a_time_without_a_zone_is_in_utc() -> None:
    assert zoned(NOON.replace(tzinfo=None)) == NOON
    assert to_seconds(NOON.replace(tzinfo=None)) == NOON.timestamp()


def test_a_time_with_a_zone_keeps_it() -> None:
    there = timezone(timedelta(hours=2))

    assert zoned(NOON.astimezone(there)).tzinfo is there
    assert to_seconds(NOON.astimezone(there)) == NOON.timestamp()


def test_nothing_stays_nothing_and_the_epoch_is_a_time() -> None:
    assert to_time_or_none(None) is None
    assert to_seconds_or_none(None) is None
    assert to_time_or_none(0.0) == datetime(1970, 1, 1, tzinfo=UTC)
