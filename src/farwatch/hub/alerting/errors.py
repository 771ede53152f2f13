"""What can go wrong in alerting."""

from __future__ import annotations

from typing import Self


class AlertingError(Exception):
    """The base of every error of alerting. Its message is one line: the thing, the fault, the way out."""


class AlertNotFoundError(AlertingError):
    """There is no alert of this fingerprint."""

    @classmethod
    def of(cls, fingerprint: str) -> Self:
        """The error about this fingerprint."""
        return cls(f"no alert has the fingerprint {fingerprint[:100]!r}: it may have aged out")


class AlertsNotKeptError(AlertingError):
    """Alerts could not be written down, so they were not taken: put them again."""
