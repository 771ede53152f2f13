"""How an object stands: a word of the field's, how bad that is, and why."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import msgspec

from farwatch.hub.times import zoned
from farwatch.kube.objects import Condition, KubeObject

LONGEST_REASON = 300
"""How many characters of somebody's message are quoted."""


class Level(StrEnum):
    """How bad a status is: as it should be, not as it should be yet or in part, bad, over, nobody knows."""

    OK = "ok"
    WARN = "warn"
    BAD = "bad"
    DONE = "done"
    UNKNOWN = "unknown"


class Status(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """How an object stands.

    Attributes:
        word: What kubectl prints where it prints one: ``Running``, ``CrashLoopBackOff``, ``Init:1/2``, ``NotReady``.
        level: How bad that is.
        reason: Why it is not as it should be, in words; empty where it is.
    """

    word: str
    level: Level
    reason: str = ""


TERMINATING = Status("Terminating", Level.WARN, "its deletion was asked for and has not ended")


def utc(moment: datetime | None) -> datetime | None:
    """A moment with its zone: UTC where a cluster tells none, so that any two can be compared."""
    return None if moment is None else zoned(moment)


def is_terminating(found: KubeObject) -> bool:
    """Whether the object's deletion was asked for."""
    return found.metadata.deletion_timestamp is not None


def find(conditions: tuple[Condition, ...] | None, kind: str) -> Condition | None:
    """The condition of that type, if the object has it."""
    for condition in conditions or ():
        if condition.type == kind:
            return condition
    return None


def holds(conditions: tuple[Condition, ...] | None, kind: str) -> bool:
    """Whether the object has the condition and it is true."""
    condition = find(conditions, kind)
    return condition is not None and condition.status == "True"


def quote(*words: str | None) -> str:
    """Words of the cluster's, joined by a colon, on one line, cut where they go on too long."""
    text = ": ".join(" ".join(word.split()) for word in words if word and word.strip()).rstrip(".")
    return text if len(text) <= LONGEST_REASON else text[: LONGEST_REASON - 1] + "…"
