"""Where alerts go, remembered: most alerts differ from others in labels that no route asks for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from farwatch.hub.alerting.routing import Route

REMEMBERED = 10_000
"""So many different combinations of the labels that routes ask for; beyond it, all are forgotten."""


class Destinations:
    """The routes that alerts take."""

    def __init__(self, route: Route) -> None:
        self._route = route
        self._names = tuple(sorted({matcher.name for one in walk(route) for matcher in one.matchers}))
        self._found: dict[tuple[str, ...], tuple[Route, ...]] = {}

    def of(self, labels: Mapping[str, str]) -> tuple[Route, ...]:
        """The routes that an alert takes, in their order."""
        key = tuple([labels.get(name, "") for name in self._names])
        found = self._found.get(key)
        if found is None:
            if len(self._found) >= REMEMBERED:
                self._found.clear()
            found = self._found[key] = tuple(self._route.match(labels))
        return found


def walk(route: Route) -> Iterator[Route]:
    """A route, and all below it."""
    yield route
    for below in route.routes:
        yield from walk(below)
