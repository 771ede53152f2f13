"""What a table shows of an object, beside its name and status. Pure.

A cell is what kubectl prints, but times are times and not ages, so that a row stays true while nothing changes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple

from farwatch.hub.inventory.statuses import utc
from farwatch.kube.objects import KubeObject, LabelSelector, LoadBalancerStatus

Cell = str | int | datetime | None
"""A cell's value; None where there is nothing to show."""

MOST_LISTED = 20
"""How many names, hosts or images one cell lists."""

_ACCESS_MODES = {
    "ReadWriteOnce": "RWO",
    "ReadOnlyMany": "ROX",
    "ReadWriteMany": "RWX",
    "ReadWriteOncePod": "RWOP",
}


class CellType(StrEnum):
    """How a column's cells are to be read, shown and sorted.

    ``ratio`` is ``1/2``, ``time`` is RFC 3339, ``quantity`` is ``10Gi`` as the Kubernetes API writes it, ``seconds`` is a
    length of time.
    """

    STRING = "string"
    INTEGER = "integer"
    RATIO = "ratio"
    TIME = "time"
    QUANTITY = "quantity"
    SECONDS = "seconds"


class ColumnSource(NamedTuple):
    """A column, and where its cells come from.

    Attributes:
        id: For machines, and to sort by.
        title: For people.
        type: How its cells are to be read.
        cell: What it shows of an object.
        wide: It is shown only when asked for, as with ``kubectl get -o wide``.
    """

    id: str
    title: str
    type: CellType
    cell: Callable[[Any], Cell]
    wide: bool = False


def string(name: str, title: str, cell: Callable[[Any], str | None], *, wide: bool = False) -> ColumnSource:
    """A column of words."""
    return ColumnSource(name, title, CellType.STRING, cell, wide)


def integer(name: str, title: str, cell: Callable[[Any], int | None], *, wide: bool = False) -> ColumnSource:
    """A column of counts."""
    return ColumnSource(name, title, CellType.INTEGER, cell, wide)


def ratio(name: str, title: str, cell: Callable[[Any], str | None]) -> ColumnSource:
    """A column of so many of so many."""
    return ColumnSource(name, title, CellType.RATIO, cell)


def time(
    name: str, title: str, cell: Callable[[Any], datetime | None], *, wide: bool = False
) -> ColumnSource:
    """A column of moments."""
    return ColumnSource(name, title, CellType.TIME, lambda found: utc(cell(found)), wide)


def quantity(name: str, title: str, cell: Callable[[Any], str | None]) -> ColumnSource:
    """A column of quantities."""
    return ColumnSource(name, title, CellType.QUANTITY, cell)


def created(found: KubeObject) -> datetime | None:
    """When an object was created."""
    return found.metadata.creation_timestamp


def join(words: Iterable[str | None]) -> str | None:
    """Words with commas between, none of them twice; None where there are none."""
    listed = [word for word in dict.fromkeys(words) if word]
    if len(listed) > MOST_LISTED:
        listed = [*listed[:MOST_LISTED], f"… {len(listed) - MOST_LISTED} more"]
    return ",".join(listed) or None


def pairs(labels: Mapping[str, str] | None) -> str | None:
    """Labels as kubectl prints them, ``app=web,tier=front``."""
    return join(f"{key}={value}" for key, value in sorted((labels or {}).items()))


def selector(asked: LabelSelector | None) -> str | None:
    """The labels that a selector wants."""
    return pairs(asked.match_labels) if asked else None


def access_modes(modes: Iterable[str] | None) -> str | None:
    """How a volume may be mounted, in kubectl's letters."""
    return join(_ACCESS_MODES.get(mode, mode) for mode in modes or ())


def addresses(balancer: LoadBalancerStatus | None) -> str | None:
    """The addresses that a load balancer gave."""
    given = (balancer.ingress if balancer else None) or ()
    return join(address.ip or address.hostname for address in given)


def images(template: Any) -> str | None:
    """The images of a pod template's containers."""
    return join(container.image for container in _containers(template))


def container_names(template: Any) -> str | None:
    """The names of a pod template's containers."""
    return join(container.name for container in _containers(template))


def _containers(template: Any) -> Any:
    return (template.spec.containers if template else None) or ()
