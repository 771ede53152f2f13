"""Who watches the watcher: the hub's own alerts, and a sign of life for somebody outside."""

from farwatch.hub.watchdog.heartbeat import Heartbeat, HeartbeatSettings
from farwatch.hub.watchdog.lag import IngestLag
from farwatch.hub.watchdog.life import LastRun, Life
from farwatch.hub.watchdog.troubles import OWN_ALERTS, OwnAlert, OwnAlerts, Trouble
from farwatch.hub.watchdog.watchdog import Watchdog

__all__ = [
    "OWN_ALERTS",
    "Heartbeat",
    "HeartbeatSettings",
    "IngestLag",
    "LastRun",
    "Life",
    "OwnAlert",
    "OwnAlerts",
    "Trouble",
    "Watchdog",
]
