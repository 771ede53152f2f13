"""What fires."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime

import msgspec
from rich.live import Live
from rich.table import Table

from farwatch.cli.views.printing import Moment, Raw, age, print_json, print_text
from farwatch.client import ClientError, HubClient
from farwatch.terminal import make_console, plain

_REFRESH_SECONDS = 5.0
_SEVERITY_STYLE = {"critical": "bold red", "warning": "yellow", "info": "cyan"}
_SEVERITY_ORDER = {"critical": 0, "warning": 1, "info": 2}
_SUBJECT_LABELS = ("workload", "pod", "node")


class Alert(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What is shown of an alert."""

    labels: dict[str, str]
    annotations: dict[str, str]
    starts_at: Moment


class Alerts(msgspec.Struct, frozen=True):
    """The hub's list of alerts."""

    items: list[Alert]


async def print_alerts(hub: str, token: str, cluster: str, *, as_json: bool) -> None:
    """Print what fires now, once."""
    async with HubClient(hub, token) as client:
        if as_json:
            print_json((await client.get("/alerts", Raw, **_only(cluster))).items)
            return
        alerts = await _fetch_alerts(client, cluster)
    if alerts:
        make_console().print(alert_table(alerts, datetime.now(UTC)))
    else:
        print_text("Nothing fires.")


async def watch_alerts(hub: str, token: str, cluster: str) -> None:
    """Keep a table of what fires now until interrupted; a hub that vanishes is told below the table."""
    async with HubClient(hub, token) as client:
        alerts = await _fetch_alerts(client, cluster)
        with Live(
            alert_table(alerts, datetime.now(UTC)), console=make_console(), auto_refresh=False, screen=False
        ) as live:
            while True:
                fault = ""
                try:
                    alerts = await _fetch_alerts(client, cluster)
                except ClientError as error:
                    fault = str(error)
                live.update(alert_table(alerts, datetime.now(UTC), fault=fault), refresh=True)
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
    alerts = (await client.get("/alerts", Alerts, **_only(cluster))).items
    return sorted(alerts, key=_urgency)


def alert_table(alerts: Sequence[Alert], now: datetime, *, fault: str = "") -> Table:
    """Alerts as a table, in the order given; ``fault`` is printed below."""
    table = Table(
        box=None,
        header_style="bold",
        pad_edge=False,
        caption=plain(fault or (f"{len(alerts)} firing" if alerts else "Nothing fires.")),
        caption_style="red" if fault else "dim",
        caption_justify="left",
        expand=bool(fault),  # a fault is longer than a table may be wide
    )
    for heading in ("SEVERITY", "ALERT", "CLUSTER", "NAMESPACE", "SUBJECT", "SINCE"):
        table.add_column(heading, no_wrap=True)
    table.add_column("SUMMARY", overflow="fold", ratio=1)
    for alert in alerts:
        labels = alert.labels
        severity = labels.get("severity", "")
        table.add_row(
            plain(severity, _SEVERITY_STYLE.get(severity, "")),
            plain(labels.get("alertname", "")),
            plain(labels.get("cluster", "")),
            plain(labels.get("namespace", "")),
            plain(_first(labels, _SUBJECT_LABELS)),
            age(alert.starts_at, now),
            plain(alert.annotations.get("summary", "")),
        )
    return table


def _only(cluster: str) -> dict[str, str]:
    return {"cluster": cluster} if cluster else {}


def _urgency(alert: Alert) -> tuple[int, datetime, str]:
    labels = alert.labels
    return _SEVERITY_ORDER.get(labels.get("severity", ""), 9), alert.starts_at, labels.get("alertname", "")


def _first(labels: Mapping[str, str], names: Iterable[str]) -> str:
    return next((labels[name] for name in names if name in labels), "")
