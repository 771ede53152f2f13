"""Keeps evidence with the alert it is about, for as long as it is of use."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import sqlalchemy as sa

from farwatch.hub.alerting import Alert
from farwatch.hub.alerting.evidence import Digest
from farwatch.hub.evidence.evidence import Evidence
from farwatch.hub.evidence.tables import evidence as table
from farwatch.hub.store.records import Records

KEPT_SECONDS = 14 * 86_400.0
MOST_KEPT = 10_000
"""The newest; each takes 40 KiB at the most, and a tenth of that as a rule."""

_AT_ONCE = 500

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Evidence).decode
_decode_digest = msgspec.json.Decoder(Digest).decode


class EvidenceStore:
    """Evidence in the records. Every method raises ``SQLAlchemyError`` when they cannot be used."""

    def __init__(self, records: Records) -> None:
        self._records = records

    async def keep(self, found: Evidence, digest: Digest) -> None:
        """Write evidence down, in place of what was kept of the same alert with the same start."""
        starts_at = found.starts_at.timestamp()
        key = sa.and_(table.c.fingerprint == found.fingerprint, table.c.starts_at == starts_at)
        row = {
            "fingerprint": found.fingerprint,
            "starts_at": starts_at,
            "gathered_at": found.gathered_at.timestamp(),
            "digest": _encode(digest).decode(),
            "document": _encode(found).decode(),
        }
        async with self._records.begin() as connection:
            await connection.execute(sa.delete(table).where(key))
            await connection.execute(sa.insert(table), [row])

    async def find(self, fingerprint: str) -> Evidence | None:
        """The latest that is kept of an alert."""
        wanted = (
            sa.select(table.c.document)
            .where(table.c.fingerprint == fingerprint)
            .order_by(table.c.starts_at.desc())
            .limit(1)
        )
        async with self._records.read() as connection:
            document = await connection.scalar(wanted)
        return None if document is None else _decode(document)

    async def digests(self, alerts: Sequence[Alert]) -> dict[str, Digest]:
        """The short forms of what is kept of these alerts, by fingerprint."""
        starts = {alert.fingerprint: alert.starts_at.timestamp() for alert in alerts}
        names = list(starts)
        found = {}
        async with self._records.read() as connection:
            for first in range(0, len(names), _AT_ONCE):
                wanted = sa.select(table.c.fingerprint, table.c.starts_at, table.c.digest).where(
                    table.c.fingerprint.in_(names[first : first + _AT_ONCE])
                )
                for fingerprint, starts_at, digest in await connection.execute(wanted):
                    if starts_at == starts[fingerprint]:
                        found[fingerprint] = _decode_digest(digest)
        return found

    async def prune(self, now: float) -> None:
        """Forget what is too old, or too much."""
        keep_from = now - KEPT_SECONDS
        newest = sa.select(table.c.gathered_at).order_by(table.c.gathered_at.desc())
        async with self._records.begin() as connection:
            bound = await connection.scalar(newest.offset(MOST_KEPT).limit(1))
            keep_from = max(keep_from, bound or 0.0)
            await connection.execute(sa.delete(table).where(table.c.gathered_at <= keep_from))
