"""How far matchers reach: which clusters and namespaces the alerts that fulfil them are in."""

from __future__ import annotations

import re
from collections.abc import Iterable

import msgspec

from farwatch.hub.alerting.matchers import Matcher, Matchers, Operator
from farwatch.hub.auth.areas import Area, Areas, covers

MAX_NAMES = 100
"""An alternative of more names than this is not looked into."""

_NAME = re.compile(r"[A-Za-z0-9_-]*")


class Extent(msgspec.Struct, frozen=True):
    """Where alerts that fulfil some matchers can be.

    Attributes:
        clusters: In these clusters alone, an empty name for none; None: that is open.
        namespaces: In these namespaces alone, likewise.
    """

    clusters: tuple[str, ...] | None
    namespaces: tuple[str, ...] | None

    @classmethod
    def of(cls, matchers: Matchers) -> Extent:
        """Read it from the matchers for the labels ``cluster`` and ``namespace``.

        Only those count that spell out names: ``cluster="a"``, ``namespace=~"a|b"``.
        """
        return cls(_names(matchers, "cluster"), _names(matchers, "namespace"))

    def within(self, areas: Areas) -> bool:
        """Whether no alert outside of the areas can fulfil the matchers."""
        return all(
            covers(areas, cluster, namespace)
            for cluster in _each(self.clusters)
            for namespace in _each(self.namespaces)
        )


def reaches(matchers: Matchers, areas: Areas) -> bool:
    """Whether an alert in one of the areas may fulfil the matchers."""
    of_cluster = [matcher for matcher in matchers if matcher.name == "cluster"]
    of_namespace = [matcher for matcher in matchers if matcher.name == "namespace"]
    return any(_fit(of_cluster, area.clusters) and _fit(of_namespace, area.namespaces) for area in areas)


def spell(areas: Areas) -> str:
    """Matchers that keep within each of the areas, in words: how a silence can be told to."""
    return ", or ".join(
        " and ".join(_spell(area)) for area in areas if () not in (area.clusters, area.namespaces)
    )


def _spell(area: Area) -> Iterable[str]:
    for name, values in (("cluster", area.clusters), ("namespace", area.namespaces)):
        match values:
            case None:
                continue
            case (one,):
                yield f'{name}="{one}"'
            case _:
                yield f'{name}=~"{"|".join(values)}"'


def _names(matchers: Matchers, label: str) -> tuple[str, ...] | None:
    found = [names for matcher in matchers if matcher.name == label if (names := _spelled(matcher))]
    return min(found, key=len, default=None)


def _spelled(matcher: Matcher) -> tuple[str, ...]:
    """The values that a matcher spells out; none if it does not."""
    if matcher.operator is Operator.EQUAL:
        return (matcher.value,)
    if matcher.operator is not Operator.REGEX:
        return ()
    names = tuple(matcher.value.split("|"))
    return names if len(names) <= MAX_NAMES and all(map(_NAME.fullmatch, names)) else ()


def _each(names: tuple[str, ...] | None) -> Iterable[str | None]:
    return (None,) if names is None else names


def _fit(matchers: list[Matcher], values: tuple[str, ...] | None) -> bool:
    return values is None or any(all(matcher.matches(value) for matcher in matchers) for value in values)
