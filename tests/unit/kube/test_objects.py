"""What objects say of themselves."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from farwatch.kube.objects import Event, EventSeries, ObjectMeta


def at(minute: int) -> datetime:
    return datetime(2026, 3, 1, 12, minute, tzinfo=UTC)


def of(**fields: Any) -> Event:
    return Event(**({"metadata": ObjectMeta(name="web.1")} | fields))


class TestEvent:
    @pytest.mark.parametrize(
        ("event", "seen"),
        [
            (
                of(
                    series=EventSeries(count=4, last_observed_time=at(9)),
                    last_timestamp=at(8),
                    event_time=at(7),
                ),
                at(9),
            ),
            (of(series=EventSeries(count=4), event_time=at(7)), at(7)),
            (of(last_timestamp=at(8), event_time=at(7), first_timestamp=at(6)), at(8)),
            (of(first_timestamp=at(6), metadata=ObjectMeta(name="web.1", creation_timestamp=at(5))), at(6)),
            (of(metadata=ObjectMeta(name="web.1", creation_timestamp=at(5))), at(5)),
            (of(), None),
        ],
    )
    def test_was_last_seen_when_its_reporter_says_latest(self, event: Event, seen: datetime | None) -> None:
        assert event.last_seen == seen

    @pytest.mark.parametrize(
        ("event", "times"),
        [
            (of(count=3), 3),
            (of(count=3, series=EventSeries(count=5)), 5),
            (of(count=0), 1),
            (of(), 1),
        ],
    )
    def test_was_seen_as_often_as_its_series_says_and_at_least_once(self, event: Event, times: int) -> None:
        assert event.times_seen == times
