"""How the cells of ``kubectl get``'s tables are filled: times, paths, fractions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from farwatch.sim.times import parse_time

Document = dict[str, Any]
Cell = Callable[[Document, float], Any]
"""Fills a cell from an object and the time now, seconds since the epoch."""

NONE = "<none>"
UNKNOWN = "<unknown>"


def human_duration(seconds: float) -> str:
    """``5m30s``, ``3h``, ``12d``: two units at most, as k8s.io/apimachinery/pkg/util/duration writes it."""
    whole = max(0, int(seconds))
    minutes, hours, days = whole // 60, whole // 3600, whole // 86400
    steps: tuple[tuple[bool, str], ...] = (
        (whole < 2 * 60, f"{whole}s"),
        (minutes < 10, _two(minutes, "m", whole % 60, "s")),  # noqa: PLR2004 - the source's steps
        (minutes < 3 * 60, f"{minutes}m"),
        (hours < 8, _two(hours, "h", minutes % 60, "m")),  # noqa: PLR2004 - the source's steps
        (hours < 2 * 24, f"{hours}h"),
        (days < 8, _two(days, "d", hours % 24, "h")),  # noqa: PLR2004 - the source's steps
        (days < 2 * 365, f"{days}d"),
    )
    return next((text for fits, text in steps if fits), _two(days // 365, "y", days % 365, "d"))


def _two(large: int, large_unit: str, small: int, small_unit: str) -> str:
    return f"{large}{large_unit}{small}{small_unit}" if small else f"{large}{large_unit}"


def age(text: str | None, now: float) -> str:
    """How long ago a time was."""
    return human_duration(now - parse_time(text)) if text else UNKNOWN


def read_path(document: Document, path: str, default: Any = None) -> Any:
    """The value at a dotted path, or ``default`` when it is absent or null."""
    value: Any = document
    for part in path.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return default if value is None else value


def path_cell(path: str, default: Any = NONE) -> Cell:
    """The value at a path."""
    return lambda document, _: read_path(document, path, default)


def count_cell(path: str) -> Cell:
    """How many items there are at a path."""
    return lambda document, _: len(read_path(document, path, ()))


def since_cell(path: str) -> Cell:
    """How long ago the time at a path was."""
    return lambda document, now: age(read_path(document, path), now)


def fraction_cell(part: str, whole: str) -> Cell:
    """``part/whole`` of the numbers at two paths."""
    return lambda document, _: f"{read_path(document, part, 0)}/{read_path(document, whole, 0)}"


def selector_cell(path: str) -> Cell:
    """The labels at a path, as ``key=value``."""
    return lambda document, _: _join_labels(read_path(document, path, {}))


def _join_labels(labels: dict[str, str]) -> str:
    return ",".join(f"{key}={value}" for key, value in sorted(labels.items())) or NONE


def containers_cell(path: str, field: str) -> Cell:
    """One field of each container of the pod spec at a path."""
    return lambda document, _: ",".join(
        container[field] for container in read_path(document, f"{path}.containers", ())
    )
