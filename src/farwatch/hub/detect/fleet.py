"""Trouble between the hub and a cluster: what we cannot see."""

from __future__ import annotations

from farwatch.hub.detect.findings import Finding, View
from farwatch.hub.detect.reading import quote
from farwatch.hub.detect.state import FleetStatus


def check_agent_lost(status: FleetStatus, _view: View) -> Finding | None:
    """The agent does not speak any more: nothing is known of its cluster from here on."""
    if status.agent_lost is None:
        return None
    since, detail = status.agent_lost
    return Finding(
        facts=f"The agent is not connected{quote(detail)}. Alerts of this cluster stay as they were.",
        since=since,
    )


def check_api_down(status: FleetStatus, _view: View) -> Finding | None:
    """The agent lives, but its API server does not answer it."""
    if status.api_down is None:
        return None
    since, detail = status.api_down
    return Finding(
        facts=(
            f"The agent is connected, but its API server does not answer{quote(detail)}. "
            "Alerts of this cluster stay as they were."
        ),
        since=since,
    )


def check_watch_denied(status: FleetStatus, _view: View) -> Finding | None:
    """The agent may not watch some kinds; trouble of those is not seen."""
    if not status.denied:
        return None
    kinds = sorted(status.denied)
    detail = status.denied[kinds[0]][1]
    return Finding(
        facts=f"The agent may not watch {', '.join(kinds)}: trouble of these is not seen{quote(detail)}.",
        since=min(since for since, _ in status.denied.values()),
    )
