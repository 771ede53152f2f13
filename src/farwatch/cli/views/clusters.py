"""The clusters, and their agents' tokens."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from rich.table import Table
from rich.text import Text

from farwatch.cli.views.listing import Listed, print_list
from farwatch.cli.views.printing import Moment, age, print_json, print_text
from farwatch.client import HubClient, path_segment
from farwatch.terminal import plain

_STATE_STYLE = {"connected": "green", "lost": "bold red"}


class Issued(msgspec.Struct, frozen=True):
    """A new agent token of a cluster."""

    name: str
    token: str


class Permissions(msgspec.Struct, frozen=True):
    """What is shown of an agent's rights in its cluster."""

    missing: list[dict[str, Any]] = []
    excess: list[dict[str, Any]] = []
    problem: str = ""


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
    permissions: Permissions | None = None
    labels: dict[str, str] = {}


async def add_cluster(
    hub: str, token: str, name: str, labels: Mapping[str, str] | None = None, *, as_json: bool
) -> None:
    """Add a cluster and print its agent's token."""
    async with HubClient(hub, token) as client:
        issued = await client.post("/clusters", {"name": name, "labels": labels or {}}, Issued)
    if as_json:
        print_json(issued)
        return
    print_text(
        f"Cluster {issued.name} is known. Its agent's token, shown this once:\n\n  {issued.token}\n\n"
        f"Install its agent with one line: farwatch cluster install {issued.name}\n\n"
        "Or start it where a kubeconfig or a service account is at hand:\n\n"
        f"  farwatch agent --hub {hub} --cluster-name {issued.name} --token {issued.token}"
    )


async def list_clusters(hub: str, token: str, *, as_json: bool) -> None:
    """Print every cluster with the state of its agent."""
    async with HubClient(hub, token) as client:
        none = "No clusters yet. Add one: farwatch cluster add NAME"
        await print_list(client, "/clusters", Listed[Cluster], cluster_table, none, as_json=as_json)


async def rotate_token(hub: str, token: str, name: str, overlap_seconds: int, *, as_json: bool) -> None:
    """Make a new agent token and print it."""
    async with HubClient(hub, token) as client:
        path = f"/clusters/{path_segment(name)}/tokens"
        issued = await client.post(path, {"overlapSeconds": overlap_seconds}, Issued)
    if as_json:
        print_json(issued)
        return
    print_text(
        f"The new token of {issued.name}, shown this once:\n\n  {issued.token}\n\n"
        f"Former tokens end in {overlap_seconds} s."
    )


async def revoke_tokens(hub: str, token: str, name: str) -> None:
    """Revoke every token of a cluster."""
    async with HubClient(hub, token) as client:
        await client.delete(f"/clusters/{path_segment(name)}/tokens")
    print_text(f"Every token of {name} is revoked; a new one: farwatch cluster rotate {name}")


async def remove_cluster(hub: str, token: str, name: str) -> None:
    """Remove a cluster."""
    async with HubClient(hub, token) as client:
        await client.delete(f"/clusters/{path_segment(name)}")
    print_text(
        f"Cluster {name} is removed. Its agent, if it still runs, is refused from now on; to remove it too, there: "
        "kubectl delete namespace farwatch (or helm uninstall)"
    )


def cluster_table(clusters: Sequence[Cluster], now: datetime) -> Table:
    """Clusters as a table, in the order given."""
    table = Table(box=None, header_style="bold", pad_edge=False)
    for heading in (
        "CLUSTER",
        "AGENT",
        "SEEN",
        "NODES",
        "PODS",
        "ALERTS",
        "RIGHTS",
        "KUBERNETES",
        "AGENT VERSION",
    ):
        is_count = heading in {"NODES", "PODS", "ALERTS"}
        table.add_column(heading, no_wrap=True, justify="right" if is_count else "left")
    table.add_column("LABELS", overflow="fold")
    for cluster in clusters:
        table.add_row(
            plain(cluster.name),
            plain(cluster.agent_state.replace("_", " "), _STATE_STYLE.get(cluster.agent_state, "yellow")),
            _seen(cluster, now),
            str(cluster.nodes),
            str(cluster.pods),
            Text(str(cluster.alerts), style="bold red" if cluster.alerts else ""),
            _rights(cluster.permissions),
            plain(cluster.kubernetes_version or "-"),
            plain(cluster.agent_version or "-"),
            plain(" ".join(f"{name}={value}" for name, value in cluster.labels.items()) or "-"),
        )
    return table


def _seen(cluster: Cluster, now: datetime) -> str:
    if cluster.agent_state == "connected":
        return "now"
    return "never" if cluster.last_seen_at is None else f"{age(cluster.last_seen_at, now)} ago"


def _rights(permissions: Permissions | None) -> Text:
    """What is to be done about the agent's rights; ``--json`` tells which."""
    if permissions is None or permissions.problem:
        return Text("-")
    if permissions.missing:
        return Text("missing", style="bold red")
    return Text("too many", style="yellow") if permissions.excess else Text("ok", style="green")
