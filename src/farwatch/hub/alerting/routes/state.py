"""Where routes find what they serve."""

from __future__ import annotations

from litestar.datastructures import State

from farwatch.hub.alerting.acknowledgements import Acknowledgements
from farwatch.hub.alerting.alerts import Alert
from farwatch.hub.alerting.history import History
from farwatch.hub.alerting.service import Alerting
from farwatch.hub.audit import Target
from farwatch.hub.parameters import AnyRequest


def alerting(state: State) -> Alerting:
    """The hub's alerting."""
    found: Alerting = state.alerting
    return found


def acknowledgements(state: State) -> Acknowledgements:
    """Who has taken on which alert."""
    found: Acknowledgements = state.acknowledgements
    return found


def history(state: State) -> History:
    """What alerting has been through."""
    found: History = state.alert_history
    return found


def author(request: AnyRequest) -> str:
    """Who asks, for the record: the name of the API token."""
    name: str = request.state.author
    return name


def target_of(alert: Alert) -> Target:
    """An alert, as the audit log names it."""
    labels = alert.labels
    return Target(
        id=alert.fingerprint,
        name=labels.get("alertname", ""),
        cluster=labels.get("cluster", ""),
        namespace=labels.get("namespace", ""),
    )
