from __future__ import annotations

from datetime import UTC, datetime

import pytest

from farwatch.hub.detect.reading import MESSAGE_LIMIT, count_of, epoch, quote, show_span, show_time


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
