"""Finds things of the fleet by a few letters: clusters, workloads, nodes, namespaces, alerts, pods. Pure."""

from __future__ import annotations

import heapq
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from enum import IntEnum, StrEnum
from typing import NamedTuple

import msgspec

from farwatch.hub.alerting import Alert
from farwatch.hub.detect import read_subject
from farwatch.hub.inventory import Level, Rows, Sees, Status
from farwatch.hub.inventory.table.rows import Entry
from farwatch.hub.overview.tiles import WORKLOAD_KINDS
from farwatch.hub.overview.trouble import severity_of

LONGEST_QUERY = 200
MOST_HITS = 100

_LEAST_FOR_SUBSEQUENCE = 2
"""Fewer letters are found in order in nearly everything."""


class HitType(StrEnum):
    """What was found; the order is that in which equal hits are shown."""

    CLUSTER = "cluster"
    WORKLOAD = "workload"
    NODE = "node"
    NAMESPACE = "namespace"
    ALERT = "alert"
    POD = "pod"


class Match(IntEnum):
    """How well a name fits what was typed; the best first."""

    EXACT = 0
    PREFIX = 1
    WORD_START = 2
    SUBSTRING = 3
    ELSEWHERE = 4
    SUBSEQUENCE = 5


class Hit(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Something that was found.

    Attributes:
        type: What it is.
        kind: The object's kind; empty for clusters and alerts.
        cluster: The cluster it is in, or is.
        namespace: Its namespace; empty for what lives in none.
        name: Its name; an alert's ``alertname``.
        status: How it stands; absent for clusters and alerts.
        fingerprint: An alert's.
        severity: An alert's.
        summary: An alert's words.
    """

    type: HitType
    cluster: str
    name: str
    kind: str = ""
    namespace: str = ""
    status: Status | None = None
    fingerprint: str = ""
    severity: str = ""
    summary: str = ""


class _Ranked(NamedTuple):
    """What was found, and its rank; no two are of the same type, name, cluster, namespace and kind."""

    match: Match
    place: int
    is_over: bool
    length: int
    name: str
    cluster: str
    namespace: str
    key: str
    source: Entry | Alert | None


class _Thing(NamedTuple):
    """What may be found: its name and, in lower case, all that is looked at, the name first."""

    type: HitType
    name: str
    text: str
    cluster: str
    namespace: str
    key: str
    source: Entry | Alert | None


Fit = Callable[[str, str], Match | None]
"""How well a text (the name on its first line) and its cluster fit what was typed; None: not at all."""

_PLACES = {kind: place for place, kind in enumerate(HitType)}
_TYPES = {
    **dict.fromkeys(WORKLOAD_KINDS, HitType.WORKLOAD),
    "Node": HitType.NODE,
    "Namespace": HitType.NAMESPACE,
    "Pod": HitType.POD,
}


class Ground(NamedTuple):
    """Where to search: what may be seen of the fleet.

    Attributes:
        clusters: The clusters' names.
        rows: How objects stand.
        alerts: What fires.
        sees: Which objects may be seen; None: all.
    """

    clusters: Sequence[str]
    rows: Rows
    alerts: Sequence[Alert]
    sees: Sees | None = None


def find_hits(
    query: str, ground: Ground, limit: int, types: frozenset[HitType] = frozenset(HitType)
) -> list[Hit]:
    """The things that fit best, ``limit`` at most.

    Each word must be found: in the name, or in the namespace, the cluster, the labels or an alert's words. The best fit of
    a word with the name counts: the whole name, its beginning, the beginning of a part of it, anywhere in it. Only where
    that gives fewer than ``limit``, names that have the letters in their order are added.

    Args:
        query: Words, in any case; none finds nothing.
        ground: Where to search.
        limit: How many at most.
        types: Of which types.
    """
    words = query.lower().split()
    if not words:
        return []
    found = heapq.nsmallest(limit, _rank(_things(ground, types), _fit_words(words)))
    letters = "".join(words)
    if len(found) < limit and len(letters) >= _LEAST_FOR_SUBSEQUENCE:
        loose = _fit_letters(letters, words)
        found += heapq.nsmallest(limit - len(found), _rank(_things(ground, types), loose))
    return [_tell(one) for one in found]


def _things(ground: Ground, types: frozenset[HitType]) -> Iterator[_Thing]:
    if HitType.CLUSTER in types:
        for name in ground.clusters:
            yield _Thing(HitType.CLUSTER, name, name.lower(), name, "", "", None)
    if HitType.ALERT in types:
        for alert in ground.alerts:
            yield _of_alert(alert)
    for kind, hit_type in _TYPES.items():
        if hit_type in types:
            for cluster, by_key in ground.rows.entries(kind).items():
                yield from _of_objects(kind, hit_type, cluster, by_key.values(), ground.sees)


def _of_alert(alert: Alert) -> _Thing:
    subject = read_subject(alert.labels)
    name = alert.labels.get("alertname", "")
    words = (name, subject.name, subject.namespace, alert.annotations.get("summary", ""))
    return _Thing(
        HitType.ALERT,
        name,
        "\n".join(words).lower(),
        alert.labels.get("cluster", ""),
        alert.labels.get("namespace", ""),
        alert.fingerprint,
        alert,
    )


def _of_objects(
    kind: str, hit_type: HitType, cluster: str, entries: Iterable[Entry], sees: Sees | None
) -> Iterator[_Thing]:
    visible: dict[str, bool] = {}
    for entry in entries:
        row = entry.row
        if sees is not None:
            # Who sees what is in a namespace sees the Namespace as well.
            namespace = row.name if hit_type is HitType.NAMESPACE else row.namespace
            if namespace not in visible:
                visible[namespace] = sees(cluster, namespace)
            if not visible[namespace]:
                continue
        yield _Thing(hit_type, row.name, entry.text, cluster, row.namespace, kind, entry)


def _rank(things: Iterable[_Thing], fit: Fit) -> Iterator[_Ranked]:
    for thing in things:
        match = fit(thing.text, thing.cluster)
        if match is not None:
            is_over = isinstance(thing.source, Entry) and thing.source.row.status.level is Level.DONE
            yield _Ranked(
                match,
                _PLACES[thing.type],
                is_over,
                len(thing.name),
                thing.name,
                thing.cluster,
                thing.namespace,
                thing.key,
                thing.source,
            )


def _fit_words(words: Sequence[str]) -> Fit:
    def fit(text: str, cluster: str) -> Match | None:
        for word in words:
            if word not in text and word not in cluster:
                return None
        return _match_name(text.partition("\n")[0], words)

    return fit


def _fit_letters(letters: str, words: Sequence[str]) -> Fit:
    """What fits the words was found before."""
    in_order = re.compile("[^\n]*?".join(map(re.escape, letters))).search
    by_words = _fit_words(words)

    def fit(text: str, cluster: str) -> Match | None:
        name = text.partition("\n")[0]
        return Match.SUBSEQUENCE if in_order(name) and by_words(text, cluster) is None else None

    return fit


def _match_name(name: str, words: Sequence[str]) -> Match:
    return min(_match(name, word) for word in words)


def _match(name: str, word: str) -> Match:
    place = name.find(word)
    if place < 0:
        return Match.ELSEWHERE
    if place == 0:
        return Match.EXACT if len(name) == len(word) else Match.PREFIX
    while place > 0:
        if not name[place - 1].isalnum():
            return Match.WORD_START
        place = name.find(word, place + 1)
    return Match.SUBSTRING


def _tell(found: _Ranked) -> Hit:
    source = found.source
    if source is None:
        return Hit(type=HitType.CLUSTER, cluster=found.cluster, name=found.name)
    if isinstance(source, Entry):
        return Hit(
            type=_TYPES[found.key],
            kind=found.key,
            cluster=found.cluster,
            namespace=found.namespace,
            name=found.name,
            status=source.row.status,
        )
    return Hit(
        type=HitType.ALERT,
        cluster=found.cluster,
        namespace=found.namespace,
        name=found.name,
        fingerprint=source.fingerprint,
        severity=severity_of(source),
        summary=source.annotations.get("summary", ""),
    )
