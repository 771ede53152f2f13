"""What alerting and acknowledgements say of every alert, put together."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Protocol

from farwatch.hub.alerting.acknowledgements import Acknowledgements
from farwatch.hub.alerting.alerts import KnownAlert
from farwatch.hub.alerting.board.standing import Standing, Status, marks_of
from farwatch.hub.alerting.dispatch import GroupView
from farwatch.hub.alerting.routing import Route
from farwatch.hub.alerting.suppression import Suppressor


class AlertSource(Protocol):
    """What the board needs of alerting."""

    @property
    def suppressor(self) -> Suppressor:
        """What decides whom not to tell."""

    def known(self) -> list[KnownAlert]:
        """The alerts that fire, and those that were resolved a short while ago."""

    def destinations(self, labels: Mapping[str, str]) -> Iterable[Route]:
        """The routes that alerts with these labels take."""

    def groups(self) -> list[GroupView]:
        """All groups of alerts."""


class Board:
    """Every alert that is known, and how it stands.

    Args:
        alerting: What is known.
        acknowledgements: Who has taken on what.
        sees: Whether who looks may see an alert with some labels.
    """

    def __init__(
        self,
        alerting: AlertSource,
        acknowledgements: Acknowledgements,
        sees: Callable[[Mapping[str, str]], bool] = lambda _: True,
    ) -> None:
        self._alerting = alerting
        self._acknowledgements = acknowledgements
        self._sees = sees

    def known(self, status: Status = Status.FIRING) -> list[KnownAlert]:
        """The alerts of a status that who looks may see."""
        sees = self._sees
        return [
            known
            for known in self._alerting.known()
            if (status is Status.ALL or known.resolved == (status is Status.RESOLVED))
            and sees(known.alert.labels)
        ]

    def standings(self, status: Status, now: float) -> Iterator[Standing]:
        """How they stand at a moment, seconds since the epoch."""
        for known in self.known(status):
            yield self.standing(known, now)

    def standing(self, known: KnownAlert, now: float) -> Standing:
        """How one stands at a moment, seconds since the epoch."""
        alert = known.alert
        if known.resolved:
            return Standing(alert, resolved=True)
        suppressor = self._alerting.suppressor
        hushing = suppressor.silences.silencing(alert.labels, now)
        source = suppressor.inhibitor.inhibited_by(alert.labels, now)
        marks = marks_of(
            alert.labels,
            hushing,
            inhibited=source is not None,
            acknowledged=self._acknowledgements.acknowledged(alert.fingerprint),
        )
        return Standing(
            alert,
            resolved=False,
            marks=marks,
            silenced_by=tuple([silence.id for silence in hushing]),
            inhibited_by=() if source is None else (source,),
        )

    def receivers(self, labels: Mapping[str, str]) -> tuple[str, ...]:
        """The names of the receivers that an alert with these labels goes to, each once."""
        return receivers_of(self._alerting, labels)

    def groups(self) -> list[GroupView]:
        """The groups as they are routed; what who looks may not see is still in them."""
        return self._alerting.groups()


def receivers_of(alerting: AlertSource, labels: Mapping[str, str]) -> tuple[str, ...]:
    """The names of the receivers that an alert with these labels goes to, each once."""
    return tuple(dict.fromkeys(route.receiver for route in alerting.destinations(labels)))
