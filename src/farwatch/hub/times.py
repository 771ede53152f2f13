"""Times as people and the API show them, and as the hub counts with them: seconds since the epoch."""

from __future__ import annotations

from datetime import UTC, datetime


def to_time(seconds: float) -> datetime:
    """A time, in UTC, of seconds since the epoch."""
    return datetime.fromtimestamp(seconds, UTC)


def to_time_or_none(seconds: float | None) -> datetime | None:
    """The same, of what may be nothing."""
    return None if seconds is None else to_time(seconds)


def to_seconds(time: datetime) -> float:
    """Seconds since the epoch; a time without a zone is in UTC."""
    return zoned(time).timestamp()


def to_seconds_or_none(time: datetime | None) -> float | None:
    """The same, of what may be nothing."""
    return None if time is None else to_seconds(time)


def zoned(time: datetime) -> datetime:
    """A time with its zone: UTC where it has none, so that any two can be compared."""
    return time if time.tzinfo else time.replace(tzinfo=UTC)
