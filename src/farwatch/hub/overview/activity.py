"""What changed lately across the fleet, the weightiest first, told once however often it happened. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

import msgspec

from farwatch.hub.evidence import FORCE, EffectKind, Note
from farwatch.hub.inventory import Rows, Sees, Status
from farwatch.hub.times import to_time

LOOKBACK_SECONDS = 6 * 3600.0
"""What happened earlier is history."""

HALF_LIFE_SECONDS = 3600.0
"""What happened this much earlier weighs half as much."""

MOST_CLUSTERS_NAMED = 20
"""How many clusters one line names."""


class Happening(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """Something that changed, in one cluster or in many at about the same time.

    Attributes:
        time: When it last happened.
        effect: What it amounts to.
        words: What changed, with old and new, the last time.
        kind: The object's kind.
        namespace: Its namespace; empty for kinds that live in none.
        name: Its name.
        clusters: Where, the latest first; the first twenty.
        cluster_count: In how many.
        times: How often, over all clusters.
        first_time: When it first happened.
        status: How the object stands now in the first cluster; absent where it is gone.
    """

    time: datetime
    effect: EffectKind
    words: str
    kind: str
    namespace: str
    name: str
    clusters: list[str]
    cluster_count: int
    times: int
    first_time: datetime
    status: Status | None = None


class Seen(NamedTuple):
    """A note, and the cluster it is of."""

    cluster: str
    note: Note


def rank_happenings(
    seen: Iterable[Seen], rows: Rows, sees: Sees | None, now: float, limit: int
) -> list[Happening]:
    """What changed lately, ``limit`` lines at most.

    What happened to objects of one kind, namespace and name, in whatever clusters, is one line by its effect: a rollout
    over the fleet is one thing, and so is a ConfigMap that is written each minute. The weight of a line is that of its
    effect (``FORCE``), halved for each ``HALF_LIFE_SECONDS`` since it last happened.
    """
    lines: dict[tuple[str, str, str, EffectKind], list[Seen]] = {}
    for one in seen:
        note = one.note
        if note.time <= now - LOOKBACK_SECONDS or not (sees is None or sees(one.cluster, note.ref.namespace)):
            continue
        lines.setdefault((*note.ref, note.effect.kind), []).append(one)
    ordered = sorted(
        (sorted(line, key=lambda one: one.note.time, reverse=True) for line in lines.values()),
        key=lambda line: (_weigh(line[0].note, now), line[0].note.time, line[0].note.ref),
        reverse=True,
    )
    return [_tell(line, rows) for line in ordered[:limit]]


def _weigh(latest: Note, now: float) -> float:
    halvings = max(now - latest.time, 0.0) / HALF_LIFE_SECONDS
    return FORCE[latest.effect.kind] * math.pow(0.5, halvings)


def _tell(line: list[Seen], rows: Rows) -> Happening:
    """One line; ``line`` is what it is made of, the latest first."""
    latest, first = line[0], line[-1]
    ref = latest.note.ref
    clusters = list(dict.fromkeys(one.cluster for one in line))
    row = rows.get(latest.cluster, ref.kind, ref.namespace, ref.name)
    return Happening(
        time=to_time(latest.note.time),
        effect=latest.note.effect.kind,
        words=latest.note.effect.words,
        kind=ref.kind,
        namespace=ref.namespace,
        name=ref.name,
        clusters=clusters[:MOST_CLUSTERS_NAMED],
        cluster_count=len(clusters),
        times=len(line),
        first_time=to_time(first.note.time),
        status=row.status if row else None,
    )
