"""Alerting over HTTP: one module per noun; each gives its ``handlers``."""

from litestar import Router

from farwatch.hub.alerting.routes import alerts, configuration, notifications
from farwatch.hub.alerting.routes.alerts import view

__all__ = ["router", "view"]

router = Router(
    "/", route_handlers=[*alerts.handlers, *configuration.handlers, *notifications.handlers], tags=["alerts"]
)
