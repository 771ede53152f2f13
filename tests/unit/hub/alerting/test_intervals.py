from __future__ import annotations

import calendar
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from farwatch.hub.alerting.document import Section, parse_document
from farwatch.hub.alerting.intervals import (
    DayOfMonthRange,
    Intervals,
    Location,
    MonthRange,
    NamedInterval,
    Range,
    TimeInterval,
    TimeOfDay,
    TimeRange,
    WeekdayRange,
)


class Book(Section, frozen=True, kw_only=True):
    time_intervals: list[NamedInterval]


def read(text: str) -> Intervals:
    book, problems = parse_document(f"time_intervals: [{{name: x, time_intervals: [{text}]}}]", "f", Book)
    assert not problems, problems
    assert book
    return Intervals(book.time_intervals)


def problems_of(text: str) -> str:
    _, problems = parse_document(f"time_intervals: [{{name: x, time_intervals: [{text}]}}]", "f", Book)
    assert problems
    return "\n".join(map(str, problems))


def at(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    ("interval", "within", "without"),
    [
        ("{}", ["2026-03-01T03:00"], []),
        (
            "{times: [{start_time: '09:00', end_time: '17:00'}]}",
            ["2026-03-01T09:00", "2026-03-01T16:59:59"],
            ["2026-03-01T08:59:59", "2026-03-01T17:00"],
        ),
        ("{times: [{start_time: 22:00, end_time: 24:00}]}", ["2026-03-01T23:59"], ["2026-03-02T00:00"]),
        (
            "{weekdays: ['monday:friday']}",
            ["2026-03-02T00:00", "2026-03-06T23:59"],
            ["2026-03-01T12:00", "2026-03-07T12:00"],
        ),
        ("{weekdays: [Saturday, SUNDAY]}", ["2026-03-01T12:00", "2026-03-07T12:00"], ["2026-03-02T12:00"]),
        ("{days_of_month: ['1:5']}", ["2026-03-05T12:00"], ["2026-03-06T12:00"]),
        ("{days_of_month: ['-1']}", ["2026-02-28T12:00", "2024-02-29T12:00"], ["2024-02-28T12:00"]),
        ("{days_of_month: ['-3:-1']}", ["2026-04-28T12:00", "2026-04-30T12:00"], ["2026-04-27T12:00"]),
        ("{days_of_month: ['15:-1']}", ["2026-04-30T12:00"], ["2026-04-14T12:00"]),
        ("{days_of_month: ['29:31']}", ["2026-03-31T12:00", "2026-04-30T12:00"], ["2026-02-28T12:00"]),
        ("{months: ['january:march', '12']}", ["2026-03-01T12:00", "2026-12-01T12:00"], ["2026-04-01T12:00"]),
        ("{months: ['may:8']}", ["2026-05-01T12:00", "2026-08-31T12:00"], ["2026-09-01T12:00"]),
        ("{years: ['2020:2025', '2030']}", ["2025-12-31T12:00", "2030-01-01T00:00"], ["2026-03-01T12:00"]),
        (
            "{times: [{start_time: '09:00', end_time: '17:00'}], location: Europe/Berlin}",
            ["2026-03-01T08:00", "2026-07-01T07:00"],
            ["2026-03-01T07:59", "2026-07-01T15:00"],
        ),
        (
            "{weekdays: [monday], location: Australia/Sydney}",
            ["2026-03-01T13:00"],
            ["2026-03-02T13:00"],
        ),
        (
            "{weekdays: [sunday], times: [{start_time: 00:00, end_time: 01:00}]}",
            ["2026-03-01T00:30"],
            ["2026-03-01T01:30", "2026-03-02T00:30"],
        ),
    ],
)
def test_a_moment_is_within_if_every_key_contains_it(
    interval: str, within: list[str], without: list[str]
) -> None:
    intervals = read(interval)
    assert [intervals.containing(["x"], at(moment)) for moment in within] == [("x",)] * len(within)
    assert [intervals.containing(["x"], at(moment)) for moment in without] == [()] * len(without)


def test_any_of_several_intervals_of_a_name_is_enough() -> None:
    intervals = read("{months: [may]}, {weekdays: [sunday]}")
    assert intervals.containing(["x"], at("2026-03-01T12:00")) == ("x",)
    assert intervals.containing(["x"], at("2026-05-04T12:00")) == ("x",)
    assert intervals.containing(["x"], at("2026-03-02T12:00")) == ()


def test_a_name_without_intervals_contains_nothing() -> None:
    assert Intervals([NamedInterval(name="x")]).containing(["x"], 0) == ()


@pytest.mark.parametrize(
    ("interval", "fault"),
    [
        ("{times: [{start_time: '9:00', end_time: '17:00'}]}", '"9:00" is not a time of day'),
        ("{times: [{start_time: '09:00', end_time: '24:01'}]}", '"24:01" is not a time of day'),
        ("{times: [{start_time: '17:00', end_time: '09:00'}]}", "write a span over midnight as two"),
        ("{times: [{start_time: '17:00', end_time: '17:00'}]}", "`end_time` is not after `start_time`"),
        ("{times: [{start_time: '17:00'}]}", "`end_time` is missing"),
        ("{weekdays: ['mon']}", '"mon" is none of sunday, monday'),
        ("{weekdays: ['friday:monday']}", "the week begins with sunday"),
        ("{weekdays: ['monday:tuesday:friday']}", "is not a range"),
        ("{days_of_month: ['0']}", "0 is no day of a month"),
        ("{days_of_month: ['1:32']}", "32 is no day of a month"),
        ("{days_of_month: ['-5:5']}", "then it must end there as well"),
        ("{days_of_month: ['-1:-5']}", "ends before it begins"),
        ("{days_of_month: ['31:-31']}", "ends before it begins"),
        ("{days_of_month: ['first']}", '"first" is not a number'),
        ("{months: ['mai']}", '"mai" is no month'),
        ("{months: ['']}", '"" is no month'),
        ("{months: ['december:january']}", "is not a range of months"),
        ("{months: ['13']}", "is not a range of months"),
        ("{years: ['2030:2020']}", "ends before it begins"),
        ("{years: ['99999999999999']}", "is not a number"),
        ("{location: Atlantis/Center}", '"Atlantis/Center" is not a time zone'),
        ("{location: ../../etc/passwd}", "is not a time zone"),
        ("{day: [monday]}", "unknown key `day`"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(interval: str, fault: str) -> None:
    found = problems_of(interval)
    assert fault in found
    assert found.startswith("f:1:")


@pytest.mark.parametrize("text", ["UTC", "", "Europe/Berlin", "Local"])
def test_locations_are_those_of_the_time_zone_database(text: str) -> None:
    assert datetime.now(Location.parse(text).zone).utcoffset() is not None


ranges_of_weekdays = st.tuples(st.integers(0, 6), st.integers(0, 6)).map(
    lambda pair: WeekdayRange(*sorted(pair))
)
ranges_of_months = st.tuples(st.integers(1, 12), st.integers(1, 12)).map(
    lambda pair: MonthRange(*sorted(pair))
)
ranges_of_days = st.one_of(
    st.tuples(st.integers(1, 31), st.integers(1, 31)).map(lambda pair: DayOfMonthRange(*sorted(pair))),
    st.tuples(st.integers(-31, -1), st.integers(-31, -1)).map(lambda pair: DayOfMonthRange(*sorted(pair))),
    st.tuples(st.integers(1, 14), st.integers(-14, -1)).map(lambda pair: DayOfMonthRange(*pair)),
)
spans = (
    st.tuples(st.integers(0, 1439), st.integers(1, 1440))
    .filter(lambda pair: pair[0] < pair[1])
    .map(lambda pair: TimeRange(start_time=TimeOfDay(pair[0]), end_time=TimeOfDay(pair[1])))
)
zones = st.sampled_from(["UTC", "Europe/Berlin", "Australia/Sydney", "Asia/Kolkata", "America/St_Johns"])
intervals_of_all_kinds = st.builds(
    TimeInterval,
    times=st.lists(spans, max_size=3),
    weekdays=st.lists(ranges_of_weekdays, max_size=2),
    days_of_month=st.lists(ranges_of_days, max_size=2),
    months=st.lists(ranges_of_months, max_size=2),
    years=st.lists(st.integers(2025, 2027).map(lambda year: Range(year, year)), max_size=1),
    location=st.none() | zones.map(Location),
)
moments = st.integers(int(at("2025-12-01T00:00")) // 60, int(at("2027-01-31T00:00")) // 60).map(
    lambda minute: minute * 60.0
)


def days(spans: list[DayOfMonthRange], local: datetime) -> bool:
    """Upstream's rule, by listing the days of the month."""
    month = list(range(1, calendar.monthrange(local.year, local.month)[1] + 1))
    for span in spans:
        padded = [0] * (31 - len(month)) + month  # so that -31 is there in every month
        first = padded[span.first] if span.first < 0 else span.first
        last = padded[span.last] if span.last < 0 else span.last
        if first <= local.day <= last:
            return True
    return not spans


@given(interval=intervals_of_all_kinds, moment=moments)
def test_an_interval_contains_what_each_of_its_keys_does(interval: TimeInterval, moment: float) -> None:
    local = datetime.fromtimestamp(moment, ZoneInfo(interval.location or "UTC"))
    minute, weekday = local.hour * 60 + local.minute, (local.weekday() + 1) % 7
    expected = (
        (not interval.times or any(minute in range(s.start_time, s.end_time) for s in interval.times))
        and (not interval.weekdays or any(weekday in range(s.first, s.last + 1) for s in interval.weekdays))
        and (not interval.months or any(local.month in range(s.first, s.last + 1) for s in interval.months))
        and (not interval.years or any(local.year in range(s.first, s.last + 1) for s in interval.years))
        and days(interval.days_of_month, local)
    )
    assert interval.contains(datetime.fromtimestamp(moment, UTC)) is expected


@given(several=st.lists(intervals_of_all_kinds, min_size=1, max_size=2), now=moments)
def test_the_next_change_is_the_first_moment_at_which_it_is_different(
    several: list[TimeInterval], now: float
) -> None:
    intervals = Intervals([NamedInterval(name="x", time_intervals=several)])
    inside = intervals.containing(["x"], now)
    change = intervals.next_change("x", now)
    if change is not None:
        assert change > now
        assert intervals.containing(["x"], change) != inside
        assert intervals.containing(["x"], change - 1) == inside
    until = min(change or now + 30 * 86_400, now + 3 * 86_400)
    moment = now
    while moment < until:
        assert intervals.containing(["x"], moment) == inside
        moment += timedelta(minutes=15).total_seconds()


def test_what_never_changes_has_no_next_change() -> None:
    assert read("{}").next_change("x", at("2026-03-01T03:00")) is None
    assert read("{years: ['2020']}").next_change("x", at("2026-03-01T03:00")) is None
