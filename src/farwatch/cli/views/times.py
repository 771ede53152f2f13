"""Times as people give them, and as they are shown."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from farwatch.client import ClientError

_LASTING = re.compile(
    r"(?:([0-9]{1,6})w)?(?:([0-9]{1,6})d)?(?:([0-9]{1,6})h)?(?:([0-9]{1,6})m)?(?:([0-9]{1,6})s)?"
)


def read_time(text: str, now: datetime, *, back: bool) -> datetime:
    """A time given as an ISO time (its zone is the machine's where it has none) or by its distance from now: ``2h30m``.

    Args:
        text: As it was given.
        now: The present.
        back: Whether a distance leads into the past.

    Raises:
        ClientError: It is neither.
    """
    found = _LASTING.fullmatch(text.strip())
    if text.strip() and found:
        parts = zip(("weeks", "days", "hours", "minutes", "seconds"), found.groups(default="0"), strict=True)
        distance = timedelta(**{name: int(number) for name, number in parts})
        try:
            return now - distance if back else now + distance
        except OverflowError as error:
            raise ClientError(f"{text!r} is too far away") from error
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise ClientError(
            f"{text[:50]!r} is neither a span of time such as 2h30m nor a time such as 2026-03-01T12:00"
        ) from error


def local(time: datetime) -> str:
    """A time to the second, on the machine's clock."""
    return f"{time.astimezone():%Y-%m-%d %H:%M:%S}"


def lasting(seconds: float | None) -> str:
    """How long something took, by its two largest units: ``45s``, ``1h30m``; ``-`` if that is not known."""
    if seconds is None:
        return "-"
    left = round(seconds)
    parts = []
    for unit, size in (("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1)):
        count, left = divmod(left, size)
        if count:
            parts.append(f"{count}{unit}")
    return "".join(parts[:2]) or "0s"
