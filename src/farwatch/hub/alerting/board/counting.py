"""How many alerts have what: for the sides of a list, and for the completion of matchers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

import msgspec

from farwatch.hub.alerting.board.standing import Standing, severity_rank

MOST_VALUES = 100
"""Of each facet, those of the most alerts."""

FACETS = ("severity", "cluster", "alertname", "namespace")


class Count(msgspec.Struct, frozen=True):
    """A value, and how many alerts have it."""

    value: str
    count: int


class Facets(msgspec.Struct, frozen=True, kw_only=True):
    """How many alerts have each value, the most first; an empty value: they have none.

    Severities come with the worst first. `state` counts an alert for everything that is done about it.
    """

    severity: list[Count]
    cluster: list[Count]
    alertname: list[Count]
    namespace: list[Count]
    state: list[Count]


def count_facets(standings: Iterable[Standing]) -> Facets:
    """The facets of some alerts."""
    counters: dict[str, Counter[str]] = {name: Counter() for name in FACETS}
    states: Counter[str] = Counter()
    for standing in standings:
        labels = standing.alert.labels
        for name, counter in counters.items():
            counter[labels.get(name, "")] += 1
        states.update(standing.marks)
    found = {name: most_common(counter) for name, counter in counters.items()}
    found["severity"].sort(key=lambda count: severity_rank(count.value))
    return Facets(**found, state=most_common(states))


def count_names(label_sets: Iterable[Mapping[str, str]]) -> Counter[str]:
    """How many of some alerts have each label."""
    return Counter(name for labels in label_sets for name in labels)


def count_values(label_sets: Iterable[Mapping[str, str]], name: str) -> Counter[str]:
    """How many of some alerts have each value of a label; those without it are not counted."""
    return Counter(labels[name] for labels in label_sets if name in labels)


def most_common(counter: Mapping[str, int], most: int = MOST_VALUES, search: str = "") -> list[Count]:
    """The values of the most alerts that hold a text, whatever its case; those that begin with it first."""
    wanted = search.lower()
    found = [(value, count) for value, count in counter.items() if wanted in value.lower()]
    found.sort(key=lambda pair: (not pair[0].lower().startswith(wanted), -pair[1], pair[0]))
    return [Count(value, count) for value, count in found[:most]]
