"""The audit log as a file: lines of JSON that can be verified anywhere, or a table."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum

import msgspec

from farwatch.hub.audit.chain import Link, Verdict, Verifier, read_link
from farwatch.hub.audit.entries import AuditEntry
from farwatch.hub.audit.errors import AuditFileError

MAX_LINE_BYTES = 64 * 1024

_COLUMNS = (
    "sequence", "time", "actor_kind", "actor_id", "actor", "token", "session", "action", "result", "status", "address",
    "user_agent", "target_kind", "cluster", "namespace", "target_id", "target", "permission", "request", "details",
    "hash",
)  # fmt: skip

_FORMULA = ("=", "+", "-", "@", "\t", "\r")

_encoder = msgspec.json.Encoder(order="sorted")


class Form(StrEnum):
    """How entries are written into a file."""

    NDJSON = "ndjson"
    CSV = "csv"

    @property
    def media_type(self) -> str:
        """The type of such a file."""
        return "application/x-ndjson" if self is Form.NDJSON else "text/csv"


def to_lines(entries: Sequence[AuditEntry]) -> bytes:
    """One line of JSON per entry: its canonical bytes, and its hash as one more member."""
    return b"".join(_encoder.encode(entry) + b"\n" for entry in entries)


def to_csv(entries: Sequence[AuditEntry], *, head: bool) -> bytes:
    """One row per entry, after the names of the columns if they are wanted.

    A value that a spreadsheet would take for a formula has an apostrophe before it.
    """
    written = io.StringIO()
    table = csv.writer(written)
    if head:
        table.writerow(_COLUMNS)
    for entry in entries:
        table.writerow([_plain(value) for value in _row(entry)])
    return written.getvalue().encode()


def read_lines(lines: Iterable[bytes]) -> Iterator[Link]:
    """Entries out of the lines of an export.

    Raises:
        AuditFileError: A line is longer than any entry.
    """
    for number, line in enumerate(lines, 1):
        if len(line) > MAX_LINE_BYTES:
            raise AuditFileError(f"line {number} is longer than {MAX_LINE_BYTES} bytes: this is no audit log")
        yield _read_line(line.rstrip(b"\r\n"))


def verify_lines(lines: Iterable[bytes], anchor: str = "", *, part: bool = False) -> Verdict:
    """Look at the whole of an export.

    Args:
        lines: Its lines.
        anchor: The hash of an entry that was noted once; empty: none was.
        part: Whether it may begin later than with the first entry.

    Raises:
        AuditFileError: It is no export.
    """
    verifier = Verifier(anchor, part=part)
    verifier.add(read_lines(lines))
    return verifier.conclude()


def _read_line(line: bytes) -> Link:
    try:
        members = msgspec.json.decode(line, type=dict[str, msgspec.Raw])
        found = msgspec.json.decode(members.pop("hash", b'""'), type=str)
        strict = _encoder.encode(msgspec.json.decode(line)) == line
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        return Link(None, "", "", f"it is no line of JSON any more: {str(error)[:200]}")
    link = read_link(_encoder.encode(members), found)
    if not link.fault and not strict:
        return msgspec.structs.replace(link, fault="it is not in the form in which entries are exported")
    return link


def _row(entry: AuditEntry) -> list[object]:
    details = msgspec.json.encode(entry.details).decode() if entry.details else ""
    return [
        entry.sequence, entry.time.isoformat(), entry.actor.kind, entry.actor.id, entry.actor.name, entry.actor.token,
        entry.actor.session, entry.action, entry.result, entry.status, entry.source.address, entry.source.user_agent,
        entry.target.kind, entry.target.cluster, entry.target.namespace, entry.target.id, entry.target.name,
        entry.permission, entry.request, details, entry.hash,
    ]  # fmt: skip


def _plain(value: object) -> object:
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value
