"""An alert, as Alertmanager understands it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime

import msgspec


def fingerprint(labels: Mapping[str, str]) -> str:
    """The identity of a label set: 16 hex digits, the same for the same labels in any order."""
    digest = hashlib.blake2b(digest_size=8)
    for name in sorted(labels):
        digest.update(name.encode() + b"\xff" + labels[name].encode() + b"\xff")
    return digest.hexdigest()


class Alert(msgspec.Struct, frozen=True, kw_only=True):
    """Something that is wrong, or was.

    Attributes:
        labels: Its identity, ``alertname`` among them.
        annotations: What people read: ``summary``, ``description``, ``runbook_url``.
        starts_at: When it began.
        ends_at: When it ended; None while it fires.
        generator_url: Where it came from.
    """

    labels: dict[str, str]
    annotations: dict[str, str]
    starts_at: datetime
    ends_at: datetime | None = None
    generator_url: str = ""

    @property
    def fingerprint(self) -> str:
        """The hash of its labels."""
        return fingerprint(self.labels)

    def resolved(self, now: datetime) -> bool:
        """Whether it has ended by ``now``."""
        return self.ends_at is not None and self.ends_at <= now
