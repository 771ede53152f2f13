"""Alerting over HTTP: one module per noun; each gives its ``handlers``."""

from litestar import Router

from farwatch.hub.alerting.routes import (
    acknowledgements,
    alerts,
    bulk,
    configuration,
    editing,
    explain,
    groups,
    history,
    labels,
    notifications,
    receivers,
    related,
    silences,
    timeline,
    v2,
)
from farwatch.hub.alerting.routes.alerts import view

__all__ = ["router", "v2", "view"]

_MODULES = (
    acknowledgements,
    alerts,
    bulk,
    configuration,
    editing,
    explain,
    groups,
    history,
    labels,
    notifications,
    receivers,
    related,
    silences,
    timeline,
)

router = Router(
    "/", route_handlers=[handler for module in _MODULES for handler in module.handlers], tags=["alerts"]
)
