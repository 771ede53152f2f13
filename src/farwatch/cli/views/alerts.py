"""What fires."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime

import msgspec
from rich.live import Live
from rich.table import Table

from farwatch.cli.views.finding import SHORT, fetch_all
from farwatch.cli.views.printing import Moment, age, is_narrow, make_table, print_json, print_text, stacked
from farwatch.client import ClientError, HubClient
from farwatch.terminal import make_console, plain

_REFRESH_SECONDS = 5.0
_SEVERITY_STYLE = {"critical": "bold red", "warning": "yellow", "info": "cyan"}
_SEVERITY_ORDER = {"critical": 0, "warning": 1, "info": 2}
_HEADINGS = ("ID", "SEVERITY", "ALERT", "CLUSTER", "NAMESPACE", "SUBJECT", "SINCE")
_SUBJECT_LABELS = ("workload", "pod", "node")


class Acknowledgement(msgspec.Struct, frozen=True):
    """Who has taken on an alert."""

    by: str


class Alert(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What is shown of an alert."""

    fingerprint: str = ""
    labels: dict[str, str]
    annotations: dict[str, str]
    starts_at: Moment
    silenced_by: list[str] = []
    inhibited_by: list[str] = []
    acknowledgement: Acknowledgement | None = None
    evidence: bool = False


async def print_alerts(hub: str, token: str, cluster: str, *, as_json: bool) -> None:
    """Print what fires now, once."""
    async with HubClient(hub, token) as client:
        if as_json:
            print_json(await fetch_all(client, "/alerts", msgspec.Raw, cluster=cluster))
            return
        alerts = await _fetch_alerts(client, cluster)
    if alerts:
        console = make_console()
        console.print(alert_table(alerts, datetime.now(UTC), narrow=is_narrow(console)))
    else:
        print_text("Nothing fires.")


async def watch_alerts(hub: str, token: str, cluster: str) -> None:
    """Keep a table of what fires now until interrupted; a hub that vanishes is told below the table."""
    async with HubClient(hub, token) as client:
        alerts = await _fetch_alerts(client, cluster)
        console = make_console()

        def draw(fault: str = "") -> Table:
            return alert_table(alerts, datetime.now(UTC), narrow=is_narrow(console), fault=fault)

        with Live(draw(), console=console, auto_refresh=False, screen=False) as live:
            while True:
                fault = ""
                try:
                    alerts = await _fetch_alerts(client, cluster)
                except ClientError as error:
                    fault = str(error)
                live.update(draw(fault), refresh=True)
                await _next_alert(client)


async def _next_alert(client: HubClient) -> None:
    """Wait for an alert to change, or for the time at which ages are drawn anew."""
    try:
        async with asyncio.timeout(_REFRESH_SECONDS):
            async for event in client.stream(types="alert"):
                if event.type in {"alert", "lost"}:
                    return
            # The hub stops and ends its streams: asking again at once would only be in its way.
            await asyncio.sleep(_REFRESH_SECONDS)
    except TimeoutError:
        return
    except ClientError:
        await asyncio.sleep(_REFRESH_SECONDS)


async def _fetch_alerts(client: HubClient, cluster: str) -> list[Alert]:
    return sorted(await fetch_all(client, "/alerts", Alert, cluster=cluster), key=_urgency)


def alert_table(
    alerts: Sequence[Alert], now: datetime, *, narrow: bool = False, total: int | None = None, fault: str = ""
) -> Table:
    """Alerts as a table, in the order given.

    Args:
        alerts: Which.
        now: The present, for ages.
        narrow: Where there is little room, place and summary stand below the alert's name.
        total: How many there are, if not all are shown.
        fault: Printed below.
    """
    headings = ("ID", "SEVERITY", "SINCE") if narrow else _HEADINGS
    table = make_table(headings, "ALERT" if narrow else "SUMMARY")
    table.caption = plain(fault or (_count(len(alerts), total) if alerts else "Nothing fires."))
    table.caption_style = "red" if fault else "dim"
    table.caption_justify = "left"
    table.expand = bool(fault)  # a fault is longer than a table may be wide
    for alert in alerts:
        labels = alert.labels
        severity = labels.get("severity", "")
        key, level = plain(alert.fingerprint[:SHORT]), plain(severity, _SEVERITY_STYLE.get(severity, ""))
        since, name = age(alert.starts_at, now), labels.get("alertname", "")
        place = labels.get("cluster", ""), labels.get("namespace", ""), _first(labels, _SUBJECT_LABELS)
        summary = _marks(alert) + alert.annotations.get("summary", "")
        if narrow:
            table.add_row(key, level, since, stacked(name, " / ".join(filter(None, place)), summary))
        else:
            table.add_row(key, level, plain(name), *map(plain, place), since, plain(summary))
    return table


def _marks(alert: Alert) -> str:
    """What is done and known about an alert, before its summary."""
    marks = []
    if alert.acknowledgement:
        marks.append(f"seen to by {alert.acknowledgement.by}")
    if alert.silenced_by:
        marks.append("silenced")
    if alert.inhibited_by:
        marks.append("inhibited")
    if alert.evidence:
        marks.append("evidence")
    return f"[{', '.join(marks)}] " if marks else ""


def _count(shown: int, total: int | None) -> str:
    return f"{shown} firing" if total in {None, shown} else f"{shown} of {total} firing"


def _urgency(alert: Alert) -> tuple[int, datetime, str]:
    labels = alert.labels
    return _SEVERITY_ORDER.get(labels.get("severity", ""), 9), alert.starts_at, labels.get("alertname", "")


def _first(labels: Mapping[str, str], names: Iterable[str]) -> str:
    return next((labels[name] for name in names if name in labels), "")
