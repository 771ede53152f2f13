"""What can go wrong in alerting."""

from __future__ import annotations


class AlertingError(Exception):
    """The base of every error of alerting. Its message is one line: the thing, the fault, the way out."""


class AlertsNotKeptError(AlertingError):
    """Alerts could not be written down, so they were not taken: put them again."""
