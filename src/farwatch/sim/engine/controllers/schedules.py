"""Cron schedules: ``*/5 * * * *``."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

_BOUNDS = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 6))
_SHORTHANDS = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
}
_HORIZON = timedelta(days=366)


class Schedule:
    """A cron schedule in UTC; ValueError when it cannot be read."""

    def __init__(self, text: str) -> None:
        fields = _SHORTHANDS.get(text, text).split()
        if len(fields) != len(_BOUNDS):
            raise ValueError(f"cron schedule {text!r} has {len(fields)} fields, not {len(_BOUNDS)}")
        self._sets = [_read_field(field, *bounds) for field, bounds in zip(fields, _BOUNDS, strict=True)]
        self._any_day = fields[2].startswith("*") or fields[4].startswith("*")

    def next_after(self, time: float) -> float | None:
        """The first time it is due after ``time``, seconds since the epoch; None when not within a year."""
        moment = datetime.fromtimestamp(time, UTC).replace(second=0, microsecond=0) + timedelta(minutes=1)
        end = moment + _HORIZON
        while moment < end:
            if not self._is_due_on(moment):
                moment = moment.replace(hour=0, minute=0) + timedelta(days=1)
            elif moment.hour not in self._sets[1]:
                moment = moment.replace(minute=0) + timedelta(hours=1)
            elif moment.minute not in self._sets[0]:
                moment += timedelta(minutes=1)
            else:
                return moment.timestamp()
        return None

    def _is_due_on(self, day: datetime) -> bool:
        if day.month not in self._sets[3]:
            return False
        in_month, in_week = day.day in self._sets[2], day.isoweekday() % 7 in self._sets[4]
        return (in_month and in_week) if self._any_day else (in_month or in_week)


def _read_field(field: str, low: int, high: int) -> set[int]:
    values: set[int] = set()
    for part in field.split(","):
        span, _, step = part.partition("/")
        first, _, last = span.partition("-")
        start = low if span == "*" else int(first)
        end = high if span == "*" or (step and not last) else int(last or first)
        values.update(range(start, end + 1, int(step or 1)))
    if not values or not values <= set(range(low, high + 2)):
        raise ValueError(f"cron field {field!r} is not within {low}-{high}")
    return values
