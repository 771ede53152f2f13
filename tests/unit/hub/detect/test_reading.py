from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from farwatch.hub.detect.reading import (
    MESSAGE_LIMIT,
    count_of,
    epoch,
    quote,
    seconds_of,
    show_span,
    show_time,
)


def test_a_moment_is_never_in_the_future() -> None:
    moment = datetime(2026, 11, 20, tzinfo=UTC)
    assert epoch(moment, moment.timestamp() + 5) == moment.timestamp()
    assert epoch(moment, moment.timestamp() - 5) == moment.timestamp() - 5
    assert epoch(None, 5) is None


def test_a_message_is_quoted_on_one_line_without_its_full_stop() -> None:
    assert quote("node was\n\tlow on memory.") == ": node was low on memory"
    assert quote(None) == quote(" \n") == ""


def test_a_long_message_is_cut() -> None:
    assert len(quote("x" * 10_000)) == MESSAGE_LIMIT + 2


@pytest.mark.parametrize(
    ("seconds", "shown"), [(0, "0s"), (3.4, "3s"), (90, "1m30s"), (3600, "1h"), (90061, "1d1h")]
)
def test_spans_are_shown_with_their_two_largest_units(seconds: float, shown: str) -> None:
    assert show_span(seconds) == shown


def test_times_and_counts_are_shown() -> None:
    assert show_time(0) == "1970-01-01T00:00:00Z"
    assert (count_of(1, "pod"), count_of(2, "pod")) == ("1 pod", "2 pods")


@pytest.mark.parametrize(
    "moment",
    [
        datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=14))),
        datetime(1, 1, 1),  # noqa: DTZ001 - a zone may be missing in what a cluster sends
        datetime(9999, 12, 31, 23, 59, tzinfo=timezone(-timedelta(hours=14))),
    ],
)
def test_moments_that_no_date_can_show_are_brought_within(moment: datetime) -> None:
    assert datetime.fromtimestamp(seconds_of(moment), UTC)
