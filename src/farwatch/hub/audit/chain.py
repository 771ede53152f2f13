"""The chain of the audit log: each entry is sealed together with the seal of the one before.

The canonical bytes of an entry are its JSON in UTF-8 without white space, its members sorted by name, those that are
empty left out; its hash is their SHA-256. An entry names the hash of the one before, so that no entry can be changed,
taken out, put in or moved without every later hash being another one. Who may write to the database can make all of
these anew, or take entries off the end: that shows where a hash that was noted elsewhere is not there any more.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from typing import Any

import msgspec

from farwatch.hub.audit.entries import AuditEntry, Entry, Event

GENESIS = "0" * 64
"""What stands in the first entry for the hash of the one before."""

MAX_GAPS = 1000
"""So many missing entries are looked out for further on, to tell whether they were only moved."""

_encoder = msgspec.json.Encoder(order="sorted")


class FaultKind(StrEnum):
    """What was done to a log."""

    CHANGED = "changed"
    MISSING = "missing"
    REORDERED = "reordered"
    INSERTED = "inserted"


class Fault(msgspec.Struct, frozen=True):
    """Where a chain is broken first.

    Attributes:
        sequence: The first entry that is not as it was written.
        kind: What was done to it.
        detail: That in words.
    """

    sequence: int
    kind: FaultKind
    detail: str


class Head(msgspec.Struct, frozen=True):
    """The last entry of a log: note it elsewhere, and later see whether it is still there."""

    sequence: int
    hash: str
    time: datetime | None = None


class Verdict(msgspec.Struct, frozen=True):
    """What verifying a log found.

    Attributes:
        ok: Whether the whole chain holds.
        entries: How many entries were looked at.
        head: The last one; None if there is none.
        fault: What is wrong first; None if nothing is.
    """

    ok: bool
    entries: int
    head: Head | None = None
    fault: Fault | None = None


def canonical(entry: Entry | dict[str, Any]) -> bytes:
    """The bytes of an entry that its hash is of."""
    return _encoder.encode(entry)


def seal(body: bytes) -> str:
    """The hash of an entry's canonical bytes."""
    return hashlib.sha256(body).hexdigest()


def link(event: Event, former: Head, time: datetime) -> tuple[bytes, AuditEntry]:
    """The entry that comes after another one: its canonical bytes, and itself with its seal."""
    members = {name: getattr(event, name) for name in Event.__struct_fields__}
    plain = Entry(sequence=former.sequence + 1, former=former.hash, time=time, **members)
    body = canonical(plain)
    sealed = {name: getattr(plain, name) for name in Entry.__struct_fields__}
    return body, AuditEntry(**sealed, hash=seal(body))


class Link(msgspec.Struct, frozen=True):
    """One entry as it is found.

    Attributes:
        sequence: The place that it claims; None where that cannot be read.
        former: The hash of the one before that it claims.
        hash: Its own, as it is written.
        fault: What is wrong with it by itself; empty if nothing is.
        time: When it was written down.
    """

    sequence: int | None
    former: str
    hash: str
    fault: str = ""
    time: datetime | None = None


class _Claims(msgspec.Struct):
    sequence: int
    former: str
    time: datetime | None = None


_claims = msgspec.json.Decoder(_Claims)


def read_link(body: bytes, hash_: str) -> Link:
    """An entry out of its canonical bytes and its hash."""
    try:
        claims = _claims.decode(body)
        strict = canonical(msgspec.json.decode(body)) == body
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        return Link(None, "", hash_, f"it is no entry any more: {str(error)[:200]}")
    fault = ""
    if seal(body) != hash_:
        fault = "its hash is not that of what stands in it"
    elif not strict:
        fault = "it is not in the form in which entries are written"
    return Link(claims.sequence, claims.former, hash_, fault, claims.time)


class Verifier:
    """Looks at entries one after the other, in the order in which they stand.

    Args:
        anchor: The hash of an entry that was noted once; empty: none was.
        part: Whether the log may begin later than with its first entry.
    """

    def __init__(self, anchor: str = "", *, part: bool = False) -> None:
        self._anchor = anchor.strip().lower()
        self._anchored = not anchor
        self._part = part
        self._count = 0
        self._last: Link | None = None
        self._fault: Fault | None = None
        self._sought: set[int] = set()

    def add(self, links: Iterable[Link]) -> None:
        """Look at more of them."""
        for found in links:
            self._count += 1
            self._anchored = self._anchored or found.hash == self._anchor
            if self._fault is None:
                self._fault = self._judge(found)
            elif found.sequence in self._sought:
                self._sought.discard(found.sequence)
                self._tell_moved(found)
            if self._fault is None:
                self._last = found

    def conclude(self, known: Head | None = None) -> Verdict:
        """What was found, when all have been looked at.

        Args:
            known: The last entry that there must be, as far as is known apart from the log itself.
        """
        last = self._last
        head = Head(last.sequence or 0, last.hash, last.time) if last else None
        fault = self._fault or self._find_end(head, known)
        return Verdict(ok=fault is None, entries=self._count, head=head, fault=fault)

    def _judge(self, found: Link) -> Fault | None:
        wanted = self._last.sequence + 1 if self._last and self._last.sequence else 1
        if found.sequence is None:
            return Fault(wanted, FaultKind.CHANGED, f"entry {wanted} was changed: {found.fault}")
        if self._last is None and self._part and found.sequence > 1:
            wanted = found.sequence
        if found.sequence > wanted:
            self._sought = set(range(wanted, min(found.sequence, wanted + MAX_GAPS)))
            return Fault(wanted, FaultKind.MISSING, _missing(wanted, found.sequence - 1))
        if found.sequence < wanted:
            return Fault(
                found.sequence,
                FaultKind.INSERTED,
                f"a second entry {found.sequence} stands after entry {wanted - 1}",
            )
        change = found.fault or self._find_break(found, wanted)
        return Fault(wanted, FaultKind.CHANGED, f"entry {wanted} was changed: {change}") if change else None

    def _find_break(self, found: Link, sequence: int) -> str:
        """How an entry that holds by itself does not continue the one before; empty if it does."""
        if self._last is None:
            claims = sequence == 1 and found.former != GENESIS
            return "it says that another one came before" if claims else ""
        if found.former == self._last.hash:
            return ""
        return f"it does not continue entry {sequence - 1}: one of the two was written anew"

    def _tell_moved(self, found: Link) -> None:
        """An entry that was taken for missing is there after all, only later."""
        if self._fault and self._fault.kind is FaultKind.MISSING and self._fault.sequence == found.sequence:
            self._fault = Fault(
                found.sequence,
                FaultKind.REORDERED,
                f"entry {found.sequence} does not stand in its place, but later",
            )

    def _find_end(self, head: Head | None, known: Head | None) -> Fault | None:
        """What is wrong with the end of a chain that holds in itself."""
        end = head.sequence if head else 0
        if known is not None and (end < known.sequence):
            return Fault(end + 1, FaultKind.MISSING, _missing(end + 1, known.sequence))
        if known is not None and head is not None and end == known.sequence and head.hash != known.hash:
            return Fault(end, FaultKind.CHANGED, f"entry {end} was written anew: its hash was another one")
        if end == 0 and not self._part:
            return Fault(1, FaultKind.MISSING, "there is no entry at all: a log begins with one")
        if not self._anchored:
            return Fault(
                end + 1,
                FaultKind.MISSING,
                f"no entry has the hash {self._anchor[:80]}: entries were taken off the end, after entry {end}, or the "
                "whole log was written anew",
            )
        return None


def _missing(first: int, last: int) -> str:
    if first == last:
        return f"entry {first} is missing"
    return f"entries {first} to {last} are missing"
