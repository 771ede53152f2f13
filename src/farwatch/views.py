"""What the client commands print: tables for people, JSON for scripts."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec
from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from farwatch.client import ClientError, HubClient

_REFRESH_SECONDS = 5.0
_SEVERITY_STYLE = {"critical": "bold red", "warning": "yellow", "info": "cyan"}
_SEVERITY_ORDER = {"critical": 0, "warning": 1, "info": 2}
_SUBJECT_LABELS = ("workload", "pod", "node", "persistentvolumeclaim", "resourcequota")


# --- clusters -------------------------------------------------------------------------------------------------


async def add_cluster(hub: str, token: str, name: str, *, as_json: bool) -> None:
    """Add a cluster and print its agent's token."""
    async with HubClient(hub, token) as client:
        answer = await client.post("/clusters", {"name": name})
    if as_json:
        _print_json({"name": answer["name"], "token": answer["token"]})
        return
    console = Console()
    console.print(f"Cluster [bold]{answer['name']}[/] is known. Its agent's token, shown this once:\n")
    console.print(f"  {answer['token']}\n", highlight=False, soft_wrap=True)
    console.print("Start its agent where a kubeconfig or a service account is at hand:\n")
    console.print(
        f"  farwatch agent --hub {hub} --cluster-name {answer['name']} --token {answer['token']}",
        highlight=False,
        soft_wrap=True,
    )


async def list_clusters(hub: str, token: str, *, as_json: bool) -> None:
    """Print every cluster with the state of its agent."""
    async with HubClient(hub, token) as client:
        items = (await client.get("/clusters"))["items"]
    if as_json:
        _print_json(items)
        return
    if not items:
        Console().print("No clusters yet. Add one: farwatch cluster add NAME")
        return
    Console().print(cluster_table(items, datetime.now(UTC)))


async def rotate_token(hub: str, token: str, name: str, overlap_seconds: int, *, as_json: bool) -> None:
    """Make a new agent token and print it."""
    async with HubClient(hub, token) as client:
        answer = await client.post(f"/clusters/{name}/tokens", {"overlapSeconds": overlap_seconds})
    if as_json:
        _print_json({"name": answer["name"], "token": answer["token"]})
        return
    console = Console()
    console.print(
        f"The new token of [bold]{name}[/], shown this once:\n\n  {answer['token']}\n", soft_wrap=True
    )
    console.print(f"Former tokens end in {overlap_seconds} s.")


async def revoke_tokens(hub: str, token: str, name: str) -> None:
    """Revoke every token of a cluster."""
    async with HubClient(hub, token) as client:
        await client.delete(f"/clusters/{name}/tokens")
    Console().print(
        f"Every token of [bold]{name}[/] is revoked; a new one: farwatch cluster rotate-token {name}"
    )


async def remove_cluster(hub: str, token: str, name: str) -> None:
    """Remove a cluster."""
    async with HubClient(hub, token) as client:
        await client.delete(f"/clusters/{name}")
    Console().print(
        f"Cluster [bold]{name}[/] is removed. Its agent, if it still runs, is refused from now on."
    )


def cluster_table(items: Sequence[dict[str, Any]], now: datetime) -> Table:
    """Clusters as a table, in the order given."""
    table = Table(box=None, header_style="bold", pad_edge=False)
    for heading in ("CLUSTER", "AGENT", "SEEN", "NODES", "PODS", "ALERTS", "KUBERNETES", "AGENT VERSION"):
        table.add_column(
            heading, no_wrap=True, justify="right" if heading in {"NODES", "PODS", "ALERTS"} else "left"
        )
    for item in items:
        state = item["agentState"]
        style = {"connected": "green", "lost": "bold red"}.get(state, "yellow")
        seen = item.get("lastSeenAt")
        table.add_row(
            item["name"],
            Text(state, style=style),
            _age(seen, now) + " ago" if seen and state != "connected" else ("now" if seen else "never"),
            str(item.get("nodes", 0)),
            str(item.get("pods", 0)),
            Text(str(item.get("alerts", 0)), style="bold red" if item.get("alerts") else ""),
            item.get("kubernetesVersion") or "-",
            item.get("agentVersion") or "-",
        )
    return table


# --- alerts ---------------------------------------------------------------------------------------------------


async def print_alerts(hub: str, token: str, cluster: str, *, as_json: bool) -> None:
    """Print what fires now, once."""
    async with HubClient(hub, token) as client:
        items = await _fetch_alerts(client, cluster)
    if as_json:
        _print_json(items)
    elif items:
        Console().print(alert_table(items, datetime.now(UTC)))
    else:
        Console().print("Nothing fires.")


async def watch_alerts(hub: str, token: str, cluster: str) -> None:
    """Keep a table of what fires now until interrupted; a hub that vanishes is told below the table."""
    async with HubClient(hub, token) as client:
        items = await _fetch_alerts(client, cluster)
        with Live(alert_table(items, datetime.now(UTC)), auto_refresh=False, screen=False) as live:
            while True:
                fault = ""
                try:
                    items = await _fetch_alerts(client, cluster)
                except ClientError as error:
                    fault = str(error)
                live.update(alert_table(items, datetime.now(UTC), fault=fault), refresh=True)
                await _next_alert(client)


async def _next_alert(client: HubClient) -> None:
    """Wait for an alert to change, or for the time at which ages are drawn anew."""
    try:
        async with asyncio.timeout(_REFRESH_SECONDS):
            async for event in client.stream(types="alert"):
                if event.type in {"alert", "lost"}:
                    return
    except TimeoutError:
        return
    except ClientError:
        await asyncio.sleep(_REFRESH_SECONDS)


async def _fetch_alerts(client: HubClient, cluster: str) -> list[dict[str, Any]]:
    query = {"cluster": cluster} if cluster else {}
    answer = await client.get("/alerts", **query)
    items: list[dict[str, Any]] = answer["items"]
    return sorted(items, key=_urgency)


def alert_table(items: Sequence[dict[str, Any]], now: datetime, *, fault: str = "") -> Table:
    """Alerts as a table, in the order given; ``fault`` is printed below."""
    table = Table(
        box=None,
        header_style="bold",
        pad_edge=False,
        caption=fault or (f"{len(items)} firing" if items else "Nothing fires."),
        caption_style="red" if fault else "dim",
        caption_justify="left",
    )
    for heading in ("SEVERITY", "ALERT", "CLUSTER", "NAMESPACE", "SUBJECT", "SINCE"):
        table.add_column(heading, no_wrap=True)
    table.add_column("SUMMARY", overflow="fold", ratio=1)
    for item in items:
        labels = item["labels"]
        severity = labels.get("severity", "")
        table.add_row(
            Text(severity, style=_SEVERITY_STYLE.get(severity, "")),
            labels.get("alertname", ""),
            labels.get("cluster", ""),
            labels.get("namespace", ""),
            _first(labels, _SUBJECT_LABELS),
            _age(item["startsAt"], now),
            Text(item["annotations"].get("summary", "")),
        )
    return table


def _urgency(item: dict[str, Any]) -> tuple[int, str, str]:
    labels = item["labels"]
    return _SEVERITY_ORDER.get(labels.get("severity", ""), 9), item["startsAt"], labels.get("alertname", "")


def _first(labels: dict[str, str], names: Iterable[str]) -> str:
    return next((labels[name] for name in names if name in labels), "")


def _age(since: str, now: datetime) -> str:
    """How long ago, in the largest two units that matter: ``4s``, ``12m``, ``3h05m``, ``2d04h``."""
    seconds = max(0, int((now - datetime.fromisoformat(since)).total_seconds()))
    minutes, hours, days = seconds // 60, seconds // 3600, seconds // 86400
    if days:
        return f"{days}d{hours % 24:02d}h"
    if hours:
        return f"{hours}h{minutes % 60:02d}m"
    return f"{minutes}m" if minutes else f"{seconds}s"


def _print_json(value: object) -> None:
    print(msgspec.json.format(msgspec.json.encode(value), indent=2).decode())  # noqa: T201 - a command's output
