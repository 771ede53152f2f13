"""What is gathered about an alert, as it is kept and shown. Times are UTC."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import msgspec


class Relation(StrEnum):
    """What an object that changed is to an alert's subject."""

    SUBJECT = "subject"
    OWNER = "owner"
    CONFIGURATION = "configuration"
    NODE = "node"
    SCALER = "scaler"
    NAMESPACE = "namespace"


class EffectKind(StrEnum):
    """What a change of an object amounts to."""

    ROLLOUT = "rollout"
    CONTENT = "content"
    SCALE = "scale"
    SETTING = "setting"
    CONDITION = "condition"
    CORDON = "cordon"
    CREATED = "created"
    DELETED = "deleted"


class Part(StrEnum):
    """A part of the evidence."""

    CHANGES = "changes"
    EVENTS = "events"
    LOGS = "logs"


class _Kept(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """The base of what is kept."""


class RelatedChange(_Kept, frozen=True):
    """Something that changed before the alert began.

    Attributes:
        time: When the agent saw it.
        kind: The object's kind.
        namespace: Its namespace; empty for kinds that live in none.
        name: Its name.
        relation: What it is to the alert's subject.
        effect: What the change amounts to.
        words: What changed, with old and new.
        score: How likely it is the cause, from 0 to 1; only to compare with the others.
        after_gap: It was found by comparing after a gap: it happened at some time before ``time``.
    """

    time: datetime
    kind: str
    namespace: str
    name: str
    relation: Relation
    effect: EffectKind
    words: str
    score: float
    after_gap: bool = False


class WarningEvent(_Kept, frozen=True):
    """A warning of the cluster's about one of the objects.

    Attributes:
        time: When it was last seen.
        kind: The kind of the object it is about.
        name: The object's name.
        reason: For machines, ``BackOff``.
        message: For people.
        count: How often it was seen.
    """

    time: datetime
    kind: str
    name: str
    reason: str
    message: str
    count: int = 1


class Run(StrEnum):
    """Which run of a container wrote a log."""

    CURRENT = "current"
    PREVIOUS = "previous"


class ContainerLog(_Kept, frozen=True):
    """The last lines of one run of a container.

    Attributes:
        pod: The pod's name.
        container: The container's.
        run: Which of its runs.
        text: The lines, the latest last.
        truncated: Whether earlier ones of the lines asked for were left out.
        masked: How many secrets the agent masked.
        failed: Whether this is the run that failed, as far as can be told.
    """

    pod: str
    container: str
    run: Run
    text: str
    truncated: bool = False
    masked: int = 0
    failed: bool = False


class Gap(_Kept, frozen=True):
    """What could not be gathered.

    Attributes:
        part: Of which part something is missing.
        code: Why, for machines.
        words: Why, for people, and what to do where something can be done.
    """

    part: Part
    code: str
    words: str


class Evidence(_Kept, frozen=True):
    """Everything that was gathered about one alert.

    Attributes:
        fingerprint: The alert's.
        starts_at: When the alert began: the same labels may come again.
        gathered_at: When the last of it was there.
        seconds: How long gathering took.
        changes: The likeliest cause first.
        events: The latest last.
        logs: Of the failing container.
        missing: What could not be gathered.
    """

    fingerprint: str
    starts_at: datetime
    gathered_at: datetime
    seconds: float
    changes: tuple[RelatedChange, ...] = ()
    events: tuple[WarningEvent, ...] = ()
    logs: tuple[ContainerLog, ...] = ()
    missing: tuple[Gap, ...] = ()
