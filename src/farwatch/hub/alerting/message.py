"""What a receiver is to tell people."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from enum import StrEnum

import msgspec

from farwatch.hub.alerting.alerts import Alert
from farwatch.hub.alerting.dispatch import NotifyReason
from farwatch.hub.alerting.evidence import Digest


class Status(StrEnum):
    """Whether a message, or an alert in it, tells of trouble or of its end."""

    FIRING = "firing"
    RESOLVED = "resolved"


def status(alert: Alert) -> Status:
    """An alert's status within a message: it has an end there only if it has ended."""
    return Status.FIRING if alert.ends_at is None else Status.RESOLVED


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """What a receiver is to tell people.

    Attributes:
        receiver: The receiver's name.
        reason: Why it is told.
        group_key: The group's name.
        group_labels: The labels that name the group.
        alerts: At least one; ``ends_at`` is None in those that fire.
        external_url: Where people reach the hub, or empty.
        evidence: What is known about the alerts, by fingerprint; of those alone of which something is.
    """

    receiver: str
    reason: NotifyReason
    group_key: str
    group_labels: dict[str, str]
    alerts: tuple[Alert, ...]
    external_url: str = ""
    evidence: Mapping[str, Digest] = msgspec.field(default_factory=dict)

    @property
    def status(self) -> Status:
        """Firing, as long as one of the alerts fires."""
        return Status.FIRING if self.firing else Status.RESOLVED

    @property
    def group_hash(self) -> str:
        """The group's name for services that take only short ones: 64 hex digits, upstream's ``Key.Hash``."""
        return hashlib.sha256(self.group_key.encode()).hexdigest()

    @property
    def firing(self) -> list[Alert]:
        """The alerts that fire."""
        return [alert for alert in self.alerts if status(alert) is Status.FIRING]

    @property
    def resolved(self) -> list[Alert]:
        """The alerts that have ended."""
        return [alert for alert in self.alerts if status(alert) is Status.RESOLVED]

    @property
    def common_labels(self) -> dict[str, str]:
        """The labels that all alerts have in common."""
        return common([alert.labels for alert in self.alerts])

    @property
    def common_annotations(self) -> dict[str, str]:
        """The annotations that all alerts have in common."""
        return common([alert.annotations for alert in self.alerts])


def common(sets: Sequence[Mapping[str, str]]) -> dict[str, str]:
    """The pairs that are in every one of the sets. As upstream, what the first has empty, others need not have."""
    first, *others = sets
    return {
        name: value for name, value in first.items() if all(other.get(name, "") == value for other in others)
    }


def go_time(time: datetime) -> str:
    """A time as Go writes it into JSON: RFC 3339 in UTC, its fraction without zeros at the end."""
    text = time.astimezone(UTC).isoformat().removesuffix("+00:00")
    return (text.rstrip("0") if "." in text else text) + "Z"


def quote_meta(text: str) -> str:
    """As Go's ``regexp.QuoteMeta``: upstream writes the receiver's name so."""
    return re.sub(r"([\\.+*?()|\[\]{}^$])", r"\\\1", text)
