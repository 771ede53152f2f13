"""Times at which people are not told, or only at which they are: ``time_intervals``.

The rules are Alertmanager's (``timeinterval/timeinterval.go``): an interval contains a moment if the moment is within one
of the ranges of each kind that the interval sets, as the clocks of its location show it.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Self
from zoneinfo import ZoneInfo

import msgspec

from farwatch.hub.alerting.document import Fault, Section
from farwatch.hub.times import to_time

DAY_MINUTES = 24 * 60
LOOK_AHEAD_DAYS = 366
"""How far ahead ``next_change`` looks."""

_MACHINE = Path("/etc/localtime")
_TIME = re.compile(r"(?:([01][0-9]|2[0-3]):([0-5][0-9]))|24:00")
_WEEKDAYS = ("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday")
_MONTHS = tuple(name.lower() for name in calendar.month_name)  # the first is empty: months count from 1
_SHORTEST_MONTH, _LONGEST_MONTH = 28, 31


class TimeOfDay(int):
    """Minutes since midnight, written as ``HH:MM``; ``24:00`` is the end of the day."""

    __slots__ = ()

    @classmethod
    def parse(cls, text: str) -> Self:
        """From its text."""
        found = _TIME.fullmatch(text)
        if found is None:
            raise ValueError(f'"{text}" is not a time of day: write it as 09:00, up to 24:00')
        return cls(DAY_MINUTES if found[1] is None else int(found[1]) * 60 + int(found[2]))


class Range(msgspec.Struct, frozen=True):
    """From one number to another, both within."""

    first: int
    last: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """From ``a`` or ``a:b``.

        Raises:
            ValueError: It is neither, or ends before it begins.
        """
        first, *others = text.lower().split(":")
        if others[1:]:
            raise ValueError(f'"{text}" is not a range: write it as a:b')
        found = cls(cls._member(first), cls._member(others[0] if others else first))
        found._check(text)
        return found

    def contains(self, number: int) -> bool:
        """Whether a number is within."""
        return self.first <= number <= self.last

    @classmethod
    def _member(cls, text: str) -> int:
        if not re.fullmatch(r"[+-]?[0-9]{1,9}", text):
            raise ValueError(f'"{text}" is not a number')
        return int(text)

    def _check(self, text: str) -> None:
        if self.first > self.last:
            raise ValueError(f'"{text}" ends before it begins')


class WeekdayRange(Range, frozen=True):
    """Days of the week by name; 0 is Sunday, with which the week begins."""

    @classmethod
    def _member(cls, text: str) -> int:
        if text not in _WEEKDAYS:
            raise ValueError(f'"{text}" is none of {", ".join(_WEEKDAYS)}')
        return _WEEKDAYS.index(text)

    def _check(self, text: str) -> None:
        if self.first > self.last:
            raise ValueError(
                f'"{text}" ends before it begins: the week begins with sunday, so write it as two'
            )


class MonthRange(Range, frozen=True):
    """Months by name or number; 1 is January."""

    @classmethod
    def _member(cls, text: str) -> int:
        if text and text in _MONTHS:
            return _MONTHS.index(text)
        if not text.isdecimal():
            raise ValueError(f'"{text}" is no month: write january or 1')
        return int(text)

    def _check(self, text: str) -> None:
        # Stricter than upstream, which takes a thirteenth month that never comes.
        if not 1 <= self.first <= self.last <= len(_MONTHS) - 1:
            raise ValueError(f'"{text}" is not a range of months within one year')


class DayOfMonthRange(Range, frozen=True):
    """Days of the month from 1; negative ones count from its end: -1 is the last."""

    def within(self, day: int, length: int) -> bool:
        """Whether it contains a day of a month of so many days."""
        first = self.first if self.first > 0 else length + self.first + 1
        last = self.last if self.last > 0 else length + self.last + 1
        return first <= day <= last

    def _check(self, text: str) -> None:
        for number in (self.first, self.last):
            if not 1 <= abs(number) <= _LONGEST_MONTH:
                raise ValueError(f"{number} is no day of a month: they go from 1 to 31, and from -31 to -1")
        if self.first < 0 < self.last:
            raise ValueError(f'"{text}" begins at the end of the month: then it must end there as well')
        first, last = (
            number if number > 0 else _SHORTEST_MONTH + number for number in (self.first, self.last)
        )
        if first > last:
            raise ValueError(f'"{text}" ends before it begins')


class Location(str):
    """A place whose clocks count: ``Europe/Berlin``."""

    __slots__ = ()

    @classmethod
    def parse(cls, text: str) -> Self:
        """From its name in the time zone database."""
        location = cls(text)
        try:
            _ = location.zone
        except (ValueError, OSError, KeyError):  # its error for an unknown name is a KeyError
            raise ValueError(f'"{text}" is not a time zone: write it as Europe/Berlin, or UTC') from None
        return location

    @property
    def zone(self) -> ZoneInfo:
        """Its time zone. As in Go, ``Local`` is that of the machine."""
        if self == "Local" and _MACHINE.exists():
            with _MACHINE.open("rb") as file:
                return ZoneInfo.from_file(file)
        return ZoneInfo("UTC" if self in {"", "Local"} else self)


class TimeRange(Section, frozen=True, kw_only=True):
    """A part of the day; the minute of ``end_time`` is not within."""

    start_time: TimeOfDay
    end_time: TimeOfDay

    def faults(self) -> Iterator[Fault]:
        """A beginning before the end."""
        if self.start_time >= self.end_time:
            yield Fault(
                ("end_time",), "`end_time` is not after `start_time`: write a span over midnight as two"
            )


class TimeInterval(Section, frozen=True, kw_only=True):
    """An interval: what all of its keys contain; a key that is not set contains everything."""

    times: list[TimeRange] = msgspec.field(default_factory=list)
    weekdays: list[WeekdayRange] = msgspec.field(default_factory=list)
    days_of_month: list[DayOfMonthRange] = msgspec.field(default_factory=list)
    months: list[MonthRange] = msgspec.field(default_factory=list)
    years: list[Range] = msgspec.field(default_factory=list)
    location: Location | None = None

    def contains(self, moment: datetime) -> bool:
        """Whether a moment (with its time zone) is within."""
        local = moment.astimezone(self.zone)
        minute = local.hour * 60 + local.minute
        return self.contains_day(local.date()) and (
            not self.times or any(span.start_time <= minute < span.end_time for span in self.times)
        )

    def contains_day(self, day: date) -> bool:
        """Whether any of a day in the interval's location is within."""
        length = calendar.monthrange(day.year, day.month)[1]
        return (
            _any(self.weekdays, day.isoweekday() % len(_WEEKDAYS))
            and _any(self.months, day.month)
            and _any(self.years, day.year)
            and (not self.days_of_month or any(days.within(day.day, length) for days in self.days_of_month))
        )

    @property
    def zone(self) -> ZoneInfo:
        """The time zone that counts."""
        return (self.location or Location()).zone


def _any(ranges: Sequence[Range], number: int) -> bool:
    return not ranges or any(span.contains(number) for span in ranges)


class NamedInterval(Section, frozen=True, kw_only=True):
    """An entry of ``time_intervals``: a name for what any of its intervals contains."""

    name: str
    time_intervals: list[TimeInterval] = msgspec.field(default_factory=list)

    def faults(self) -> Iterator[Fault]:
        """A name that is one."""
        if not self.name:
            yield Fault(("name",), "`name` is empty")


class Intervals:
    """All intervals, by name."""

    def __init__(self, named: Iterable[NamedInterval] = ()) -> None:
        self._intervals: Mapping[str, tuple[TimeInterval, ...]] = {
            entry.name: tuple(entry.time_intervals) for entry in named
        }

    def __contains__(self, name: object) -> bool:
        return name in self._intervals

    def containing(self, names: Iterable[str], now: float) -> tuple[str, ...]:
        """Which of the names' intervals contain a moment (seconds since the epoch), in the order of the names."""
        moment = to_time(now)
        return tuple(
            name for name in names if any(interval.contains(moment) for interval in self._intervals[name])
        )

    def next_change(self, name: str, now: float) -> float | None:
        """When a name's intervals begin or cease to contain the present; seconds since the epoch.

        None if that is more than a year away, or never.
        """
        intervals = self._intervals[name]
        inside = bool(self.containing([name], now))
        for moment in sorted({moment for interval in intervals for moment in _edges(interval, now)}):
            if bool(self.containing([name], moment)) != inside:
                return moment
        return None


def _edges(interval: TimeInterval, now: float) -> Iterator[float]:
    """The moments to come at which an interval may begin or end: midnights, and the ends of its spans."""
    zone = interval.zone
    today = datetime.fromtimestamp(now, zone).date()
    minutes = {0, *(minute for span in interval.times for minute in (span.start_time, span.end_time))}
    was_within = interval.contains_day(today)
    for ahead in range(LOOK_AHEAD_DAYS + 1):
        day = today + timedelta(days=ahead)
        within = interval.contains_day(day)
        for minute in sorted(minutes) if within else [0] * was_within:
            # Clocks that are set back show a time twice; either may be the edge.
            for fold in (0, 1):
                local = datetime(day.year, day.month, day.day, tzinfo=zone, fold=fold) + timedelta(
                    minutes=minute
                )
                moment = local.replace(fold=fold).timestamp()
                if moment > now:
                    yield moment
        was_within = within
