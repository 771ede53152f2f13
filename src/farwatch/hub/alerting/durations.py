"""Durations as Prometheus and Alertmanager write them: ``1h30m``, ``500ms``, ``2w``."""

from __future__ import annotations

import re
from typing import Self

_SECONDS = {"y": 365 * 86_400, "w": 7 * 86_400, "d": 86_400, "h": 3_600, "m": 60, "s": 1, "ms": 0.001}
_PATTERN = re.compile("".join(rf"(?:([0-9]+){unit})?" for unit in _SECONDS))
_LONGEST_SECONDS = 292 * 365 * 86_400  # what Go's 64 bits of nanoseconds hold


def parse_duration(text: str) -> float:
    """Seconds of a duration.

    Raises:
        ValueError: It is not one.
    """
    match = _PATTERN.fullmatch(text)
    if text != "0" and (not text or match is None):
        raise ValueError(f'"{text}" is not a duration: write it as 30s, 5m or 1h30m')
    numbers = match.groups(default="0") if match else ()
    seconds = sum(int(number) * unit for number, unit in zip(numbers, _SECONDS.values(), strict=False))
    if seconds > _LONGEST_SECONDS:
        raise ValueError(f'"{text}" is longer than 292 years')
    return seconds


def format_duration(seconds: float) -> str:
    """A duration as people read it, by its two largest units: ``1h30m``, ``2d4h``, ``45s``."""
    left = round(seconds)
    parts: list[str] = []
    for unit in ("d", "h", "m", "s"):
        count, left = divmod(left, int(_SECONDS[unit]))
        if count:
            parts.append(f"{count}{unit}")
    return "".join(parts[:2]) or "0s"


class Duration(float):
    """Seconds, written as ``1h30m``."""

    __slots__ = ()

    @classmethod
    def parse(cls, text: str) -> Self:
        """From its text."""
        return cls(parse_duration(text))
