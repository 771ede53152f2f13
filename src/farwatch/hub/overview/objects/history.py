"""What an object went through, and what is different between two times."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from farwatch.hub.evidence import describe_update
from farwatch.hub.inventory import FieldChange, LoggedChange, Operation, Status, diff, status_of
from farwatch.hub.times import to_time
from farwatch.kube.kinds import KINDS
from farwatch.kube.objects import KubeObject


class _View(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """The base of what is shown. Times are UTC."""


class Moment(_View, frozen=True):
    """One change of an object.

    Attributes:
        sequence: The order in which the hub learned of changes.
        time: When the agent saw it.
        operation: What happened.
        words: What an update amounts to, with old and new: ``image of app web:1 → web:2``; empty where that is only a state.
        status: How the object stood after it; when deleted, as it last did.
        fields: What an update changed.
        after_gap: It was found by comparing after a gap: it happened at some time before ``time``.
        uid: Tells an object from its successor of the same name.
        object: As it then was, if asked for.
    """

    sequence: int
    time: datetime
    operation: Operation
    uid: str
    words: str = ""
    status: Status | None = None
    fields: list[FieldChange] = []
    after_gap: bool = False
    object: dict[str, Any] | None = None


class ObjectHistory(_View, frozen=True):
    """What an object went through, the newest first.

    `before` asks for the next page, and is absent on the last one; of times before `knownSince`, nothing is kept.
    """

    items: list[Moment]
    before: int | None = None
    known_since: datetime | None = None


class Version(_View, frozen=True):
    """An object at a time: absent `object` says that it was not there."""

    time: datetime
    status: Status | None = None
    uid: str = ""
    object: dict[str, Any] | None = None


class ObjectDiff(_View, frozen=True):
    """What is different in an object between two times.

    `replaced` says that it is another object of the same name; `words` is what the difference amounts to.
    """

    before: Version = msgspec.field(name="from")
    after: Version = msgspec.field(name="to")
    fields: list[FieldChange]
    replaced: bool = False
    words: list[str] = []
    known_since: datetime | None = None


def show_change(change: LoggedChange, *, documents: bool) -> Moment:
    """A change as it is shown."""
    found = _decode(change)
    effects = describe_update(change.kind, change.fields) if change.fields else []
    return Moment(
        sequence=change.sequence,
        time=to_time(change.time),
        operation=change.operation,
        uid=change.uid,
        words="; ".join(effect.words for effect in effects),
        status=status_of(change.kind, found) if found else None,
        fields=change.fields,
        after_gap=change.after_gap,
        object=msgspec.json.decode(change.document) if documents else None,
    )


def compare(
    kind: str,
    before: tuple[datetime, KubeObject | None],
    after: tuple[datetime, KubeObject | None],
    known_since: datetime | None,
) -> ObjectDiff:
    """What is different between an object at two times."""
    old, new = _show_version(kind, *before), _show_version(kind, *after)
    both = old.object is not None and new.object is not None
    fields = diff(old.object, new.object) if both else []
    return ObjectDiff(
        before=old,
        after=new,
        fields=fields,
        replaced=both and old.uid != new.uid,
        words=[effect.words for effect in describe_update(kind, fields)],
        known_since=known_since,
    )


def _show_version(kind: str, time: datetime, found: KubeObject | None) -> Version:
    if found is None:
        return Version(time=time)
    # By way of JSON, as the log does: tuples are lists there, and times are texts.
    document = msgspec.json.decode(msgspec.json.encode(found))
    return Version(time=time, status=status_of(kind, found), uid=found.metadata.uid, object=document)


def _decode(change: LoggedChange) -> KubeObject | None:
    try:
        return KINDS[change.kind].json_decoder.decode(change.document)
    except (KeyError, msgspec.MsgspecError):  # an older version of the hub wrote it
        return None
