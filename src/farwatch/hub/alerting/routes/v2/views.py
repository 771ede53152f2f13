"""Alerts in the shape of Alertmanager's API v2."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import NamedTuple

import msgspec

from farwatch.hub.alerting.alerts import KnownAlert
from farwatch.hub.alerting.service import Alerting
from farwatch.hub.alerting.suppression import Suppression
from farwatch.hub.times import to_time


class ReceiverReference(msgspec.Struct, frozen=True):
    """A receiver, by its name."""

    name: str


class AlertStatus(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Whether people are told of an alert, and what keeps them from it."""

    inhibited_by: Sequence[str]
    muted_by: Sequence[str]
    silenced_by: Sequence[str]
    state: str


class GettableAlert(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """An alert."""

    annotations: dict[str, str]
    ends_at: str
    fingerprint: str
    receivers: Sequence[ReceiverReference]
    starts_at: str
    status: AlertStatus
    updated_at: str
    generator_url: str | msgspec.UnsetType = msgspec.field(name="generatorURL")
    labels: dict[str, str]


class Chosen(NamedTuple):
    """An alert that is asked for, and what keeps people from being told of it."""

    known: KnownAlert
    suppression: Suppression


_ACTIVE = AlertStatus(inhibited_by=(), muted_by=(), silenced_by=(), state="active")


def spell(time: datetime) -> str:
    """A time as upstream writes it: to the millisecond, cut off."""
    text = time.isoformat(timespec="milliseconds")
    return text[:-6] + "Z" if text.endswith("+00:00") else text


def spell_seconds(seconds: float) -> str:
    """A time that is given in seconds since the epoch."""
    return spell(to_time(seconds))


class Viewer:
    """Shows alerts as they are at one moment.

    Args:
        alerting: What knows them.
        now: The moment; seconds since the epoch.
    """

    def __init__(self, alerting: Alerting, now: float) -> None:
        self._alerting = alerting
        self._now = now
        self._moment = to_time(now)
        # An alert that nobody foretold an end of has none; clients want one.
        self._open_end = spell_seconds(now + alerting.config.global_.resolve_timeout)
        self._refer = cache(ReceiverReference)  # not from the configuration: a reload may come in between
        # Alerts that were posted together share their times.
        self._spell = cache(spell)
        self._spell_seconds = cache(spell_seconds)

    def get(self, fingerprint: str) -> KnownAlert | None:
        """An alert by its fingerprint."""
        return self._alerting.get(fingerprint)

    def is_over(self, known: KnownAlert) -> bool:
        """Whether an alert has ended: such are not shown."""
        return known.resolved or known.alert.resolved(self._moment)

    def suppression(self, known: KnownAlert) -> Suppression:
        """What keeps people from being told of it."""
        return self._alerting.suppressor.suppression(known.alert.labels, self._now)

    def receivers(self, known: KnownAlert) -> list[str]:
        """The receivers it goes to, route by route."""
        return [route.receiver for route in self._alerting.destinations(known.alert.labels)]

    def view(
        self,
        known: KnownAlert,
        receivers: Sequence[str],
        suppression: Suppression,
        muted_by: Sequence[str] = (),
    ) -> GettableAlert:
        """The alert as clients see it."""
        alert = known.alert
        return GettableAlert(
            annotations=alert.annotations,
            ends_at=self._spell(alert.ends_at) if alert.ends_at else self._open_end,
            fingerprint=alert.fingerprint,
            receivers=[self._refer(name) for name in receivers],
            starts_at=self._spell(alert.starts_at),
            status=_status(suppression, muted_by),
            updated_at=self._spell_seconds(known.updated_at),
            generator_url=alert.generator_url or msgspec.UNSET,
            labels=alert.labels,
        )


def _status(suppression: Suppression, muted_by: Sequence[str]) -> AlertStatus:
    if not suppression and not muted_by:
        return _ACTIVE
    return AlertStatus(
        inhibited_by=suppression.inhibited_by,
        muted_by=muted_by,
        silenced_by=suppression.silenced_by,
        state="suppressed",
    )
