from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from farwatch.cli.views.printing import age
from farwatch.terminal import plain

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("ago", "shown"),
    [
        (timedelta(seconds=-5), "0s"),
        (timedelta(seconds=59), "59s"),
        (timedelta(seconds=60), "1m"),
        (timedelta(minutes=59, seconds=59), "59m"),
        (timedelta(hours=1), "1h00m"),
        (timedelta(hours=23, minutes=59), "23h59m"),
        (timedelta(days=1), "1d00h"),
        (timedelta(days=400, hours=7), "400d07h"),
    ],
)
def test_ages_have_the_two_units_that_matter(ago: timedelta, shown: str) -> None:
    assert age(NOON - ago, NOON) == shown


def test_what_others_wrote_stays_in_its_line() -> None:
    assert plain("one\ntwo\tthree\r\n").plain == "one two three� "
