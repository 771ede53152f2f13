"""Entries of the audit log, and what may stand in them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any

import msgspec

from farwatch.hub.audit.actions import Result
from farwatch.hub.times import to_time

MAX_TEXT = 500
"""The most characters of a text in an entry."""
MAX_MEMBERS = 1000
"""The most members of a list or a mapping in an entry's details."""
MAX_DEPTH = 4
MAX_NUMBER = 2**53
MAX_DETAILS_BYTES = 32 * 1024
"""The most bytes of an entry's details in JSON."""

HIDDEN = "<hidden>"
CUT = "…"

_SECRET_NAME = re.compile(
    r"passw|secret|credential|authorization|cookie|private_?key|^(api_?)?key$|^token$", re.IGNORECASE
)
_SECRET_VALUE = re.compile(r"\bfw[a-z]{1,3}_[A-Za-z0-9_-]{16,}")


class ActorKind(StrEnum):
    """Who does things."""

    USER = "user"
    TOKEN = "token"  # noqa: S105 - a kind, not a token
    ANONYMOUS = "anonymous"
    SYSTEM = "system"
    """The hub itself, or who has its machine: a signal, a changed file, a command."""


class Actor(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Who did something.

    Attributes:
        kind: What they are.
        id: Their id.
        name: As they were called then.
        token: The id of the API token that they showed.
        session: The id of the session that they were in; it opens nothing.
    """

    kind: ActorKind
    id: str = ""
    name: str = ""
    token: str = ""
    session: str = ""


ANONYMOUS = Actor(kind=ActorKind.ANONYMOUS)
SYSTEM = Actor(kind=ActorKind.SYSTEM, name="system")


class Source(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, rename="camel"):
    """From where something was asked: the address, and what the client calls itself."""

    address: str = ""
    user_agent: str = ""


class Target(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What something was done to.

    Attributes:
        kind: What it is: ``silence``, ``cluster``.
        cluster: The cluster that it is of.
        namespace: The namespace that it is in.
        id: Its id.
        name: Its name.
    """

    kind: str = ""
    cluster: str = ""
    namespace: str = ""
    id: str = ""
    name: str = ""


class Entry(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, rename="camel"):
    """One act.

    Attributes:
        sequence: Its place in the log: 1, 2, 3 and so on.
        former: The hash of the entry before; of the first, 64 zeros.
        time: When it was written down, in UTC, to the millisecond.
        actor: Who did it.
        action: What they did.
        result: How it ended.
        status: The HTTP status of the answer; 0 where nothing was asked over HTTP.
        source: From where.
        target: What it was done to.
        permission: What they needed for it.
        request: The id of the request, as in the answer's header ``X-Request-Id``.
        details: What else there is to know, such as what was changed.
    """

    sequence: int
    former: str
    time: datetime
    actor: Actor
    action: str
    result: Result
    status: int = 0
    source: Source = Source()
    target: Target = Target()
    permission: str = ""
    request: str = ""
    details: dict[str, Any] = {}


class AuditEntry(Entry, frozen=True, kw_only=True, omit_defaults=True, rename="camel"):
    """An entry with its seal: the SHA-256, in hex, of all the rest of it."""

    hash: str


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """What is to become an entry; attributes as there."""

    action: str
    actor: Actor = ANONYMOUS
    result: Result = Result.OK
    status: int = 0
    source: Source = Source()
    target: Target = Target()
    permission: str = ""
    request: str = ""
    details: dict[str, Any] = {}

    def bounded(self) -> Event:
        """The same, with texts that are not too long and no secret in it."""
        return msgspec.structs.replace(
            self,
            actor=_bound_texts(self.actor),
            source=_bound_texts(self.source),
            target=_bound_texts(self.target),
            permission=bound_text(self.permission),
            request=bound_text(self.request),
            details=bound_details(self.details),
        )


def bound_details(details: Mapping[str, Any]) -> dict[str, Any]:
    """Details with nothing in them that is too long, too deep, or looks like a secret."""
    found = _bound(details, MAX_DEPTH)
    size = len(msgspec.json.encode(found))
    if size <= MAX_DETAILS_BYTES:
        return dict(found)
    kept: dict[str, Any] = {"cut": f"the details were {size} bytes long"}
    room = MAX_DETAILS_BYTES - 200
    for name, value in found.items():
        room -= len(msgspec.json.encode({name: value}))
        if room < 0:
            break
        kept[name] = value
    return kept


def bound_text(text: str) -> str:
    """A text that is not too long, without what looks like a token of ours, and without broken characters."""
    text = _SECRET_VALUE.sub(
        HIDDEN, text.encode(errors="replace").decode().replace("\0", "\N{REPLACEMENT CHARACTER}")
    )
    return text if len(text) <= MAX_TEXT else text[: MAX_TEXT - 1] + CUT


def milliseconds(time: float) -> datetime:
    """A time in seconds since the epoch, as entries have it."""
    return to_time(int(time * 1000) / 1000)


def _bound_texts(part: Any) -> Any:
    fields = {
        name: bound_text(value)
        for name, value in msgspec.structs.asdict(part).items()
        if isinstance(value, str) and not isinstance(value, StrEnum)
    }
    return msgspec.structs.replace(part, **fields)


def _bound(value: Any, depth: int) -> Any:
    if isinstance(value, str):
        return bound_text(value)
    if value is None or isinstance(value, bool | int | float):
        # JSON has no such numbers, or none that everybody reads back alike.
        return value if value is None or abs(value) <= MAX_NUMBER else str(value)
    if depth == 0:
        return CUT
    if isinstance(value, Mapping):
        pairs = list(value.items())[:MAX_MEMBERS]
        return {bound_text(str(name)): _bound_member(str(name), member, depth - 1) for name, member in pairs}
    if isinstance(value, Sequence | set | frozenset) and not isinstance(value, bytes):
        members = sorted(value, key=str) if isinstance(value, set | frozenset) else list(value)
        kept = [_bound(member, depth - 1) for member in members[:MAX_MEMBERS]]
        return kept if len(members) <= MAX_MEMBERS else [*kept, f"{CUT} {len(members) - MAX_MEMBERS} more"]
    return _bound(msgspec.to_builtins(value, str_keys=True, enc_hook=str), depth)


def _bound_member(name: str, value: Any, depth: int) -> Any:
    if _SECRET_NAME.search(name) and isinstance(value, str) and value:
        return HIDDEN
    return _bound(value, depth)
