"""Finds things of the fleet by a few letters: clusters, workloads, nodes, namespaces, alerts, pods. Pure."""

from __future__ import annotations

import heapq
import re
from collections.abc import Iterable, Iterator, Sequence
from enum import IntEnum, StrEnum
from typing import NamedTuple, Self

import msgspec

from farwatch.hub.alerting import Alert
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


_MOST_TEXTS = 20_000
_texts: dict[str, str] = {}

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


class Probe(NamedTuple):
    """What was typed: its words, and its letters in their order; None where these are too few to look for."""

    words: tuple[str, ...]
    letters: re.Pattern[str] | None

    @classmethod
    def of(cls, query: str) -> Self:
        """What a query asks for, in any case."""
        words = tuple(query.lower().split())
        letters = "".join(words)
        if len(letters) < _LEAST_FOR_SUBSEQUENCE:
            return cls(words, None)
        # Each letter, and between them anything but the next one: nothing is ever tried twice.
        between = "".join(f"[^{re.escape(letter)}]*{re.escape(letter)}" for letter in letters[1:])
        return cls(words, re.compile(re.escape(letters[0]) + between))


def find_hits(
    query: str, ground: Ground, limit: int, types: frozenset[HitType] = frozenset(HitType)
) -> list[Hit]:
    """The things that fit best, ``limit`` at most.

    Each word must be found: in the name, or in the namespace, the cluster, the labels or an alert's labels. The best fit of
    a word with the name counts: the whole name, its beginning, the beginning of a part of it, anywhere in it. Only where
    that gives fewer than ``limit``, names that have the letters in their order are added.

    Args:
        query: Words, in any case; none finds nothing.
        ground: Where to search.
        limit: How many at most.
        types: Of which types.
    """
    probe = Probe.of(query)
    if not probe.words:
        return []
    found = heapq.nsmallest(limit, _by_words(probe, ground, types))
    if len(found) < limit and probe.letters is not None:
        found += heapq.nsmallest(limit - len(found), _by_letters(probe, ground, types))
    return [_tell(one) for one in found]


def _by_words(probe: Probe, ground: Ground, types: frozenset[HitType]) -> Iterator[_Ranked]:
    """What has all the words."""
    for cluster in ground.clusters if HitType.CLUSTER in types else ():
        if all(word in cluster for word in probe.words):
            yield _rank(_match_name(cluster, probe.words), HitType.CLUSTER, cluster, None)
    for alert in ground.alerts if HitType.ALERT in types else ():
        text = _text_of(alert)
        if all(word in text for word in probe.words):
            name = text.partition("\n")[0]
            yield _rank(_match_name(name, probe.words), HitType.ALERT, "", alert)
    for kind, hit_type, cluster, entries in _objects(ground, types):
        chosen = entries
        for word in probe.words:
            if word not in cluster:
                chosen = [entry for entry in chosen if word in entry.text]
        for entry in _visible(ground.sees, hit_type, cluster, chosen):
            yield _rank(_match_name(entry.row.name, probe.words), hit_type, kind, entry)


def _by_letters(probe: Probe, ground: Ground, types: frozenset[HitType]) -> Iterator[_Ranked]:
    """Whose name has the letters in their order, and which has not all the words."""
    if probe.letters is None:
        return
    has_letters = probe.letters.search
    for cluster in ground.clusters if HitType.CLUSTER in types else ():
        if has_letters(cluster) and not all(word in cluster for word in probe.words):
            yield _rank(Match.SUBSEQUENCE, HitType.CLUSTER, cluster, None)
    for alert in ground.alerts if HitType.ALERT in types else ():
        text = _text_of(alert)
        if has_letters(text.partition("\n")[0]) and not all(word in text for word in probe.words):
            yield _rank(Match.SUBSEQUENCE, HitType.ALERT, "", alert)
    for kind, hit_type, cluster, entries in _objects(ground, types):
        rest = [word for word in probe.words if word not in cluster]
        chosen = [
            entry
            for entry in entries
            if has_letters(entry.row.name) and not all(word in entry.text for word in rest)
        ]
        for entry in _visible(ground.sees, hit_type, cluster, chosen):
            yield _rank(Match.SUBSEQUENCE, hit_type, kind, entry)


def _objects(
    ground: Ground, types: frozenset[HitType]
) -> Iterator[tuple[str, HitType, str, Sequence[Entry]]]:
    for kind, hit_type in _TYPES.items():
        if hit_type in types:
            for cluster, entries in ground.rows.entries(kind).items():
                yield kind, hit_type, cluster, entries


def _visible(sees: Sees | None, hit_type: HitType, cluster: str, entries: Iterable[Entry]) -> Iterable[Entry]:
    if sees is None:
        return entries
    # Who sees what is in a namespace sees the Namespace as well.
    is_namespace = hit_type is HitType.NAMESPACE
    return (
        entry for entry in entries if sees(cluster, entry.row.name if is_namespace else entry.row.namespace)
    )


def _text_of(alert: Alert) -> str:
    """What is looked at of an alert, its name first. Labels never change, and a fingerprint stands for them."""
    text = _texts.get(alert.fingerprint)
    if text is None:
        if len(_texts) >= _MOST_TEXTS:
            _texts.clear()
        words = (alert.labels.get("alertname", ""), *alert.labels.values())
        text = _texts[alert.fingerprint] = "\n".join(words).lower()
    return text


def _rank(match: Match, hit_type: HitType, key: str, source: Entry | Alert | None) -> _Ranked:
    """Something that was found; ``key`` is an object's kind, or a cluster's name."""
    if isinstance(source, Entry):
        row = source.row
        name, cluster, namespace = row.name, row.cluster, row.namespace
        is_over = row.status.level is Level.DONE
    elif source is None:
        name, cluster, namespace, is_over = key, key, "", False
    else:
        labels = source.labels
        name, cluster = labels.get("alertname", ""), labels.get("cluster", "")
        namespace, is_over, key = labels.get("namespace", ""), False, source.fingerprint
    return _Ranked(match, _PLACES[hit_type], is_over, len(name), name, cluster, namespace, key, source)


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
