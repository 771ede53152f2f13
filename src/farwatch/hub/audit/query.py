"""What is asked of the audit log."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
import sqlalchemy as sa

from farwatch.hub.audit.entries import AuditEntry
from farwatch.hub.audit.errors import AuditQueryError
from farwatch.hub.audit.log import Audit
from farwatch.hub.audit.tables import entries

MAX_LIMIT = 500
_ANY = "*"


class AuditQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Which entries are wanted; what is empty narrows nothing.

    Attributes:
        actor: The id or the name of who did it.
        action: The action, or the beginning of some: ``silence.*``.
        target: The id or the name of what it was done to.
        cluster: The cluster of that.
        result: How it ended.
        since: From when on, seconds since the epoch.
        until: Up to when.
        text: What stands in it anywhere, in whichever case.
    """

    actor: str = ""
    action: str = ""
    target: str = ""
    cluster: str = ""
    result: str = ""
    since: float | None = None
    until: float | None = None
    text: str = ""

    def conditions(self) -> list[sa.ColumnElement[bool]]:
        """The same for the database."""
        found: list[sa.ColumnElement[bool]] = []
        if self.actor:
            found.append(sa.or_(entries.c.actor_id == self.actor, entries.c.actor_name == self.actor))
        if self.action.endswith(_ANY):
            found.append(entries.c.action.startswith(self.action[: -len(_ANY)], autoescape=True))
        elif self.action:
            found.append(entries.c.action == self.action)
        if self.target:
            found.append(sa.or_(entries.c.target_id == self.target, entries.c.target_name == self.target))
        if self.cluster:
            found.append(entries.c.cluster == self.cluster)
        if self.result:
            found.append(entries.c.result == self.result)
        if self.since is not None:
            found.append(entries.c.time >= self.since)
        if self.until is not None:
            found.append(entries.c.time < self.until)
        if self.text:
            # As it stands in JSON, without the quotes around it.
            spelt = msgspec.json.encode(self.text).decode()[1:-1].lower()
            found.append(sa.func.lower(entries.c.body).contains(spelt, autoescape=True))
        return found


class Page(msgspec.Struct, frozen=True):
    """Entries, the newest first; `cursor` asks for the next page and is empty on the last."""

    items: Sequence[AuditEntry]
    cursor: str


async def find_page(audit: Audit, query: AuditQuery, limit: int, cursor: str = "") -> Page:
    """A page of what is wanted.

    Args:
        audit: The log.
        query: What is wanted.
        limit: How many entries at most.
        cursor: The ``cursor`` of the page before; empty for the first one.

    Raises:
        AuditQueryError: The cursor is none.
    """
    conditions: list[Any] = query.conditions()
    if cursor:
        conditions.append(entries.c.sequence < _read_cursor(cursor))
    statement = (
        sa.select(entries.c.body, entries.c.hash)
        .where(*conditions)
        .order_by(entries.c.sequence.desc())
        .limit(limit + 1)
    )
    found = await audit.read(statement)
    items = found[:limit]
    return Page(items, str(items[-1].sequence) if len(found) > limit else "")


def _read_cursor(cursor: str) -> int:
    if not (cursor.isascii() and cursor.isdigit() and len(cursor) < 19):  # noqa: PLR2004 - beyond, a number is no integer of the database
        raise AuditQueryError(
            f"cursor {cursor[:50]!r} is none that the page before gave: begin anew without it"
        )
    return int(cursor)
