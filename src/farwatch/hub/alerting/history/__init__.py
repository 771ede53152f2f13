"""What alerting has been through: every transition, notification and silence, kept for days and asked again."""

from farwatch.hub.alerting.history.history import (
    AlertQuery,
    AlertRecord,
    History,
    NotificationQuery,
    NotificationRecord,
    Page,
    SilenceQuery,
    SilenceRecord,
)
from farwatch.hub.alerting.history.keeper import HistoryKeeper
from farwatch.hub.alerting.history.paging import CursorError, Span, SpanError
from farwatch.hub.alerting.history.statistics import Statistics, StatisticsQuery

__all__ = [
    "AlertQuery",
    "AlertRecord",
    "CursorError",
    "History",
    "HistoryKeeper",
    "NotificationQuery",
    "NotificationRecord",
    "Page",
    "SilenceQuery",
    "SilenceRecord",
    "Span",
    "SpanError",
    "Statistics",
    "StatisticsQuery",
]
