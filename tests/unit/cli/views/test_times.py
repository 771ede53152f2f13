from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from farwatch.cli.views.times import lasting, read_time
from farwatch.client import ClientError

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "distance"),
    [
        ("30s", timedelta(seconds=30)),
        ("2h30m", timedelta(hours=2, minutes=30)),
        ("1d", timedelta(days=1)),
        ("1w2d", timedelta(days=9)),
        (" 5m ", timedelta(minutes=5)),
    ],
)
def test_a_span_leads_forwards_or_back(text: str, distance: timedelta) -> None:
    assert read_time(text, NOON, back=False) == NOON + distance
    assert read_time(text, NOON, back=True) == NOON - distance


def test_a_time_is_taken_as_it_is() -> None:
    assert read_time("2026-01-02T03:04:05+01:00", NOON, back=True) == datetime(
        2026, 1, 2, 2, 4, 5, tzinfo=UTC
    )


@pytest.mark.parametrize("text", ["", " ", "soon", "2h ago", "5", "-5m", "1h1d", "2026-13-01", "999999w"])
def test_anything_else_is_refused_with_what_is_meant(text: str) -> None:
    with pytest.raises(ClientError):
        read_time(text, NOON, back=True)


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(None, "-"), (0, "0s"), (59.6, "1m"), (90, "1m30s"), (3_661, "1h1m"), (200_000, "2d7h")],
)
def test_how_long_something_took_is_told_by_its_two_largest_units(seconds: float | None, shown: str) -> None:
    assert lasting(seconds) == shown
