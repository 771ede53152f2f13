"""What changed before an alert began, the likeliest cause first.

What changes amount to is noted in memory as they happen: rows of the change log reach the store only after a second, and
an alert that is to be told within milliseconds cannot wait for a query. After a restart of the hub the notes are made
anew from the change log.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterable, Sequence
from typing import NamedTuple, Protocol

import structlog

from farwatch.hub.evidence.effects import NOTED_KINDS, Effect, describe_update, effects_of
from farwatch.hub.evidence.evidence import EffectKind, RelatedChange, Relation
from farwatch.hub.evidence.scope import ObjectRef, Scope
from farwatch.hub.fleet import FleetChange, FleetChangeKind
from farwatch.hub.inventory import ChangeQuery, LoggedChange, ObjectChange, Operation
from farwatch.hub.store import TelemetryError
from farwatch.hub.times import to_time

LOOKBACK_SECONDS = 6 * 3600.0
"""How long a change is thought to be a possible cause."""

MOST_NOTES = 2_000
"""Of each cluster, the latest."""

MOST_LOADED = 500
"""How many changes of each kind are read from the log of each cluster after a restart."""

MOST_CHANGES = 10
"""How many are kept with an alert."""

HALF_LIFE_SECONDS = 1_800.0
"""A change that came this much earlier is half as likely the cause."""

SLACK_SECONDS = 10.0
"""A change may be seen this much after the alert began and still be before it: the clocks are different ones."""

SAME_ROLLOUT_SECONDS = 30.0
"""A new revision within this time is the rollout that was seen before."""

LEAST_SCORE = 0.01

CLOSENESS = {
    Relation.SUBJECT: 1.0,
    Relation.OWNER: 0.9,
    Relation.CONFIGURATION: 0.8,
    Relation.NODE: 0.5,
    Relation.SCALER: 0.4,
    Relation.NAMESPACE: 0.15,
}
"""How near to the subject an object is; the subject itself is 1."""

FORCE = {
    EffectKind.ROLLOUT: 1.0,
    EffectKind.CREATED: 0.9,
    EffectKind.CONTENT: 0.9,
    EffectKind.CONDITION: 0.8,
    EffectKind.DELETED: 0.8,
    EffectKind.SCALE: 0.6,
    EffectKind.SETTING: 0.5,
    EffectKind.CORDON: 0.3,
}
"""How often such a change breaks something, as far as experience goes; new code breaks most."""

_log = structlog.get_logger(__name__)


class Note(NamedTuple):
    """An effect that was noted."""

    time: float
    ref: ObjectRef
    effect: Effect
    after_gap: bool


class History(Protocol):
    """The log of changes."""

    async def changes(self, query: ChangeQuery) -> list[LoggedChange]:
        """What changed, newest first."""


class RecentChanges:
    """What changed in every cluster within the last hours and may explain trouble."""

    def __init__(self) -> None:
        self._notes: dict[str, deque[Note]] = {}
        self._loading: asyncio.Task[None] | None = None

    def start(self, history: History, clusters: Iterable[str], now: float) -> None:
        """Take up, in the background, what changed before this process began."""
        self._loading = asyncio.create_task(
            self._load_or_tell(history, list(clusters), now), name="recent changes"
        )

    async def stop(self) -> None:
        """Take up nothing more."""
        if self._loading is not None:
            self._loading.cancel()
            await asyncio.gather(self._loading, return_exceptions=True)

    def observe(self, changes: Sequence[ObjectChange]) -> None:
        """Subscribes to the inventory."""
        for change in changes:
            effects = effects_of(change)
            if effects:
                meta = change.object.metadata
                ref = ObjectRef(change.kind, meta.namespace, meta.name)
                self._note(change.cluster, ref, effects, change.time, after_gap=change.after_gap)

    def observe_fleet(self, changes: Sequence[FleetChange]) -> None:
        """Subscribes to the links: another cluster may come under the name of one that left."""
        for change in changes:
            if change.kind is FleetChangeKind.CLUSTER_REMOVED:
                self._notes.pop(change.cluster, None)

    async def load(self, history: History, clusters: Iterable[str], now: float) -> None:
        """Note what the log says of the time before this process. What was noted meanwhile comes after it.

        Raises:
            TelemetryError: The log cannot be read.
        """
        for cluster in clusters:
            logged: list[LoggedChange] = []
            for kind in NOTED_KINDS:
                since = now - LOOKBACK_SECONDS
                logged += await history.changes(
                    ChangeQuery(cluster=cluster, kind=kind, since=since, until=now, limit=MOST_LOADED)
                )
            noted = self._notes.pop(cluster, ())
            seen = {(note.ref, note.time) for note in noted}
            for change in sorted(logged, key=lambda change: change.sequence):
                ref = ObjectRef(change.kind, change.namespace, change.name)
                if (ref, change.time) not in seen:
                    effects = _effects_of_logged(change)
                    self._note(cluster, ref, effects, change.time, after_gap=change.after_gap)
            self._notes.setdefault(cluster, deque(maxlen=MOST_NOTES)).extend(noted)

    def find(self, cluster: str, since: float, until: float) -> list[Note]:
        """What was noted of a cluster in a span of time, seconds since the epoch; the oldest first."""
        return [note for note in self._notes.get(cluster, ()) if since <= note.time <= until]

    async def _load_or_tell(self, history: History, clusters: Sequence[str], now: float) -> None:
        try:
            await self.load(history, clusters, now)
        except TelemetryError as error:
            _log.warning("changes of before the restart are missing in evidence", detail=str(error))

    def _note(
        self, cluster: str, ref: ObjectRef, effects: Iterable[Effect], time: float, *, after_gap: bool
    ) -> None:
        notes = self._notes.setdefault(cluster, deque(maxlen=MOST_NOTES))
        for effect in effects:
            if not (effect.vague and _is_explained(notes, ref, effect, time)):
                notes.append(Note(time, ref, effect, after_gap))


def rank(notes: Iterable[Note], scope: Scope, starts_at: float) -> tuple[RelatedChange, ...]:
    """The changes that may have brought the trouble about, the likeliest first.

    The score of a change is ``CLOSENESS`` of its object times ``FORCE`` of its effect, halved for each
    ``HALF_LIFE_SECONDS`` that lie between it and the alert's start. What came later is no cause.
    """
    found = []
    for note in notes:
        relation = scope.relation(note.ref)
        age = starts_at - note.time
        if relation is None or not -SLACK_SECONDS <= age <= LOOKBACK_SECONDS:
            continue
        if relation is Relation.SUBJECT and note.effect.kind is EffectKind.CONDITION:
            continue  # that a node is not ready is what its alert says, and not why
        score = CLOSENESS[relation] * FORCE[note.effect.kind] * 0.5 ** (max(age, 0.0) / HALF_LIFE_SECONDS)
        if score >= LEAST_SCORE:
            found.append(_to_related(note, relation, score))
    return tuple(sorted(found, key=lambda change: (-change.score, -change.time.timestamp()))[:MOST_CHANGES])


def _to_related(note: Note, relation: Relation, score: float) -> RelatedChange:
    return RelatedChange(
        time=to_time(note.time),
        kind=note.ref.kind,
        namespace=note.ref.namespace,
        name=note.ref.name,
        relation=relation,
        effect=note.effect.kind,
        words=note.effect.words,
        score=round(score, 3),
        after_gap=note.after_gap,
    )


def _is_explained(notes: Iterable[Note], ref: ObjectRef, effect: Effect, time: float) -> bool:
    """Whether a change of the same sort just before says what this vague one does not."""
    return any(
        note.ref == ref and note.effect.kind is effect.kind and time - note.time <= SAME_ROLLOUT_SECONDS
        for note in notes
    )


def _effects_of_logged(change: LoggedChange) -> list[Effect]:
    match change.operation:
        case Operation.CREATED:
            return [] if change.after_gap else [Effect(EffectKind.CREATED, "created")]
        case Operation.DELETED:
            return [Effect(EffectKind.DELETED, "deleted")]
        case Operation.UPDATED:
            return describe_update(change.kind, change.fields)
