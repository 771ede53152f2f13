"""What an alert carries to be understood, as receivers see it. Another part of the hub gathers it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

import msgspec

from farwatch.hub.alerting.alerts import Alert

CHANGES, EVENTS, LOGS, MISSING = "Changed before", "Warnings", "Last lines", "Not to be had"


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
        return any(lines for _, lines in self.parts)

    @property
    def parts(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """All of it, each part under its heading, in the order in which it helps most."""
        return (
            (CHANGES, self.changes),
            (EVENTS, self.events),
            (LOGS, self.logs),
            (MISSING, self.missing),
        )

    @property
    def text(self) -> str:
        """All of it as plain text."""
        return "\n".join(
            f"{heading}:\n" + "\n".join(f"  {line}" for line in lines)
            for heading, lines in self.parts
            if lines
        )


class EvidenceSource(Protocol):
    """Gives what is known about alerts."""

    async def digests(self, alerts: Sequence[Alert]) -> Mapping[str, Digest]:
        """By fingerprint. What is being gathered is waited for, within a bound of the source's own.

        It never raises: evidence must not keep a notification back.
        """

    def has(self, alert: Alert) -> bool:
        """Whether anything was found about an alert; nothing is waited for."""


class NoEvidence:
    """Where nobody gathers any."""

    async def digests(self, alerts: Sequence[Alert]) -> Mapping[str, Digest]:  # noqa: ARG002 - the protocol's
        """Nothing, at once."""
        return {}

    def has(self, alert: Alert) -> bool:  # noqa: ARG002 - the protocol's
        """Never."""
        return False
