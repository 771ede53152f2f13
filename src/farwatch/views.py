"""What the client commands print: tables for people, JSON for scripts."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any

import msgspec
from rich.live import Live
from rich.table import Table
from rich.text import Text

from farwatch.client import ClientError, HubClient, path_segment
from farwatch.terminal import make_console, plain

_REFRESH_SECONDS = 5.0
_SEVERITY_STYLE = {"critical": "bold red", "warning": "yellow", "info": "cyan"}
_SEVERITY_ORDER = {"critical": 0, "warning": 1, "info": 2}
_STATE_STYLE = {"connected": "green", "lost": "bold red"}
_SUBJECT_LABELS = ("workload", "pod", "node")


Moment = Annotated[datetime, msgspec.Meta(tz=True)]
"""A time with its zone: without one, ages could not be told."""


class Raw(msgspec.Struct, frozen=True):
    """A list as the hub sent it, to be printed as it is."""

    items: list[dict[str, Any]]


class Issued(msgspec.Struct, frozen=True):
    """A new agent token of a cluster."""

    name: str
    token: str


class Cluster(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What is shown of a cluster."""

    name: str
    agent_state: str
    last_seen_at: Moment | None = None
    nodes: int = 0
    pods: int = 0
    alerts: int = 0
    kubernetes_version: str = ""
    agent_version: str = ""


class Clusters(msgspec.Struct, frozen=True):
    """The hub's list of clusters."""

    items: list[Cluster]


class Alert(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What is shown of an alert."""

    labels: dict[str, str]
    annotations: dict[str, str]
    starts_at: Moment


class Alerts(msgspec.Struct, frozen=True):
    """The hub's list of alerts."""

    items: list[Alert]


# --- clusters -------------------------------------------------------------------------------------------------


async def add_cluster(hub: str, token: str, name: str, *, as_json: bool) -> None:
    """Add a cluster and print its agent's token."""
    async with HubClient(hub, token) as client:
        issued = await client.post("/clusters", {"name": name}, Issued)
    if as_json:
        _print_json(issued)
        return
    _print(
        f"Cluster {issued.name} is known. Its agent's token, shown this once:\n\n  {issued.token}\n\n"
        "Start its agent where a kubeconfig or a service account is at hand:\n\n"
        f"  farwatch agent --hub {hub} --cluster-name {issued.name} --token {issued.token}"
    )


async def list_clusters(hub: str, token: str, *, as_json: bool) -> None:
    """Print every cluster with the state of its agent."""
    async with HubClient(hub, token) as client:
        if as_json:
            _print_json((await client.get("/clusters", Raw)).items)
            return
        clusters = (await client.get("/clusters", Clusters)).items
    if clusters:
        make_console().print(cluster_table(clusters, datetime.now(UTC)))
    else:
        _print("No clusters yet. Add one: farwatch cluster add NAME")


async def rotate_token(hub: str, token: str, name: str, overlap_seconds: int, *, as_json: bool) -> None:
    """Make a new agent token and print it."""
    async with HubClient(hub, token) as client:
        path = f"/clusters/{path_segment(name)}/tokens"
        issued = await client.post(path, {"overlapSeconds": overlap_seconds}, Issued)
    if as_json:
        _print_json(issued)
        return
    _print(
        f"The new token of {issued.name}, shown this once:\n\n  {issued.token}\n\n"
        f"Former tokens end in {overlap_seconds} s."
    )


async def revoke_tokens(hub: str, token: str, name: str) -> None:
    """Revoke every token of a cluster."""
    async with HubClient(hub, token) as client:
        await client.delete(f"/clusters/{path_segment(name)}/tokens")
    _print(f"Every token of {name} is revoked; a new one: farwatch cluster rotate-token {name}")


async def remove_cluster(hub: str, token: str, name: str) -> None:
    """Remove a cluster."""
    async with HubClient(hub, token) as client:
        await client.delete(f"/clusters/{path_segment(name)}")
    _print(f"Cluster {name} is removed. Its agent, if it still runs, is refused from now on.")


def cluster_table(clusters: Sequence[Cluster], now: datetime) -> Table:
    """Clusters as a table, in the order given."""
    table = Table(box=None, header_style="bold", pad_edge=False)
    for heading in ("CLUSTER", "AGENT", "SEEN", "NODES", "PODS", "ALERTS", "KUBERNETES", "AGENT VERSION"):
        is_count = heading in {"NODES", "PODS", "ALERTS"}
        table.add_column(heading, no_wrap=True, justify="right" if is_count else "left")
    for cluster in clusters:
        table.add_row(
            plain(cluster.name),
            plain(cluster.agent_state.replace("_", " "), _STATE_STYLE.get(cluster.agent_state, "yellow")),
            _seen(cluster, now),
            str(cluster.nodes),
            str(cluster.pods),
            Text(str(cluster.alerts), style="bold red" if cluster.alerts else ""),
            plain(cluster.kubernetes_version or "-"),
            plain(cluster.agent_version or "-"),
        )
    return table


def _seen(cluster: Cluster, now: datetime) -> str:
    if cluster.agent_state == "connected":
        return "now"
    return "never" if cluster.last_seen_at is None else f"{_age(cluster.last_seen_at, now)} ago"


# --- alerts ---------------------------------------------------------------------------------------------------


async def print_alerts(hub: str, token: str, cluster: str, *, as_json: bool) -> None:
    """Print what fires now, once."""
    async with HubClient(hub, token) as client:
        if as_json:
            _print_json((await client.get("/alerts", Raw, **_only(cluster))).items)
            return
        alerts = await _fetch_alerts(client, cluster)
    if alerts:
        make_console().print(alert_table(alerts, datetime.now(UTC)))
    else:
        _print("Nothing fires.")


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
            _age(alert.starts_at, now),
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


def _age(since: datetime, now: datetime) -> str:
    """How long ago, in the largest two units that matter: ``4s``, ``12m``, ``3h05m``, ``2d04h``."""
    seconds = max(0, int((now - since).total_seconds()))
    minutes, hours, days = seconds // 60, seconds // 3600, seconds // 86400
    if days:
        return f"{days}d{hours % 24:02d}h"
    if hours:
        return f"{hours}h{minutes % 60:02d}m"
    return f"{minutes}m" if minutes else f"{seconds}s"


def _print(text: str) -> None:
    """Lines that are not wrapped, so that tokens and commands can be copied."""
    make_console().print(text, soft_wrap=True)


def _print_json(value: object) -> None:
    print(msgspec.json.format(msgspec.json.encode(value), indent=2).decode())  # noqa: T201 - a command's output
