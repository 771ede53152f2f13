"""What an alert carries to be understood, as receivers see it. Another part of the hub gathers it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

import msgspec

from farwatch.hub.alerting.alerts import Alert


class Digest(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The short form of an alert's evidence: what fits into a message.

    Attributes:
        changes: What changed before, a line each, the likeliest cause first.
        events: What the cluster warned of, a line each, the latest last.
        logs: The last lines of the failing container.
        missing: What could not be gathered, and why; a line each.
    """

    changes: tuple[str, ...] = ()
    events: tuple[str, ...] = ()
    logs: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.changes or self.events or self.logs or self.missing)


class EvidenceSource(Protocol):
    """Gives what is known about alerts."""

    async def digests(self, alerts: Sequence[Alert]) -> Mapping[str, Digest]:
        """By fingerprint. What is being gathered is waited for, within a bound of the source's own.

        It never raises: evidence must not keep a notification back.
        """


class NoEvidence:
    """Where nobody gathers any."""

    async def digests(self, alerts: Sequence[Alert]) -> Mapping[str, Digest]:  # noqa: ARG002 - the protocol's
        """Nothing, at once."""
        return {}
