"""Which alerts a query asks for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from farwatch.hub.alerting.alerts import KnownAlert
from farwatch.hub.alerting.routes.v2.parameters import Filter, flag, matchers, receiver_pattern
from farwatch.hub.alerting.suppression import Suppression
from farwatch.hub.parameters import AnyRequest


class Choice:
    """Decides by labels and state, and by receivers.

    Raises:
        BadParameterError: A parameter of the query cannot be used.
    """

    def __init__(self, request: AnyRequest) -> None:
        self._filter = Filter(matchers(request))
        # Receivers have no labels here: a matcher holds for all or for none.
        self._any_receiver = Filter(matchers(request, "receiver_matchers")).passes({})
        self._receiver = receiver_pattern(request)
        self._receivers: dict[str, bool] = {}
        self._active = flag(request, "active")
        self._silenced = flag(request, "silenced")
        self._inhibited = flag(request, "inhibited")

    def select(self, known: Iterable[KnownAlert]) -> list[KnownAlert]:
        """The alerts whose labels are asked for."""
        return self._filter.select(known)

    def wants_labels(self, known: KnownAlert) -> bool:
        """Whether an alert's labels are asked for."""
        return self._filter.passes(known.alert.labels)

    def wants_receivers(self, names: Sequence[str]) -> bool:
        """Whether one of the receivers is asked for."""
        return self._any_receiver and any(map(self._wants_receiver, names))

    def wants(self, suppression: Suppression) -> bool:
        """Whether alerts that are suppressed so are asked for."""
        return (
            (self._active or bool(suppression))
            and (self._silenced or not suppression.silenced_by)
            and (self._inhibited or not suppression.inhibited_by)
        )

    def _wants_receiver(self, name: str) -> bool:
        if self._receiver is None:
            return True
        if name not in self._receivers:
            self._receivers[name] = self._receiver.matches(name)
        return self._receivers[name]
