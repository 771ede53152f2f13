"""Where routes find what they serve."""

from __future__ import annotations

from litestar.datastructures import State

from farwatch.hub.alerting.service import Alerting


def alerting(state: State) -> Alerting:
    """The hub's alerting."""
    found: Alerting = state.alerting
    return found
