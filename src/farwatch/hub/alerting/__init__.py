"""From alerts to people: grouping, timing, sending, and the record of what was sent."""

from farwatch.hub.alerting.alerts import Alert

__all__ = ["Alert"]
