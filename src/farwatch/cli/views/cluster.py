"""One cluster: what is known of it, and what is changed in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec
from rich.table import Table

from farwatch.cli.views.printing import Moment, age, make_table, print_json, print_text
from farwatch.client import HubClient, path_segment
from farwatch.terminal import make_console, plain


class Watch(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """How the watch of one kind stands."""

    kind: str
    state: str
    since: Moment
    message: str = ""


class Details(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What is shown of one cluster."""

    name: str
    agent_state: str
    created_at: Moment
    nodes: int = 0
    pods: int = 0
    alerts: int = 0
    uid: str = ""
    labels: dict[str, str] = {}
    registered_by: str = ""
    agent_version: str = ""
    agent_address: str = ""
    agent_reason: str = ""
    kubernetes_version: str = ""
    api_server_reachable: bool | None = None
    api_server_message: str = ""
    watches: list[Watch] = []


class AgentToken(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What is shown of a token."""

    id: str
    state: str
    created_at: Moment
    last_used_at: Moment | None = None


class Tokens(msgspec.Struct, frozen=True):
    """The hub's list of a cluster's tokens."""

    items: list[AgentToken]


async def show_cluster(hub: str, token: str, name: str, *, as_json: bool) -> None:
    """Print all that is known of a cluster."""
    path = f"/clusters/{path_segment(name)}"
    async with HubClient(hub, token) as client:
        if as_json:
            print_json(await client.get(path, dict[str, Any]))
            return
        found = await client.get(path, Details)
        tokens = (await client.get(f"{path}/tokens", Tokens)).items
    now = datetime.now(UTC)
    console = make_console()
    console.print(facts_table(found, now))
    for heading, table in (
        ("Watches", watch_table(found.watches, now)),
        ("Tokens", token_table(tokens, now)),
    ):
        if table.row_count:
            console.print(f"\n{heading}")
            console.print(table)


async def label_cluster(
    hub: str, token: str, name: str, changes: Mapping[str, str | None], *, as_json: bool
) -> None:
    """Change labels and print those that there are then."""
    async with HubClient(hub, token) as client:
        found = await client.patch(f"/clusters/{path_segment(name)}", {"labels": changes}, Details)
    if as_json:
        print_json(found.labels)
    else:
        print_text(f"Labels of {found.name}: {show_labels(found.labels)}")


async def rename_cluster(hub: str, token: str, name: str, new: str) -> None:
    """Give a cluster another name."""
    async with HubClient(hub, token) as client:
        found = await client.patch(f"/clusters/{path_segment(name)}", {"name": new}, Details)
    print_text(
        f"{name} is called {found.name} from now on. Its agent comes back under that name within seconds; history stays "
        f"under {name}. Routes, silences and rules that name it are yours to change."
    )


def show_labels(labels: Mapping[str, str]) -> str:
    """Labels in a line; a dash where there are none."""
    return " ".join(f"{name}={value}" for name, value in labels.items()) or "-"


def facts_table(found: Details, now: datetime) -> Table:
    """What is known of a cluster, a line for each thing."""
    reachable = {None: "-", True: "answers", False: f"does not answer: {found.api_server_message}"}
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    for name, fact in (
        ("Name", found.name),
        ("Labels", show_labels(found.labels)),
        ("Agent", " ".join(filter(None, (found.agent_state.replace("_", " "), found.agent_version)))),
        ("Agent is away", found.agent_reason if found.agent_state != "connected" else ""),
        ("Address", found.agent_address),
        ("API server", reachable[found.api_server_reachable]),
        ("Kubernetes", found.kubernetes_version or "-"),
        ("UID", found.uid or "not bound yet"),
        ("Added", f"{age(found.created_at, now)} ago"),
        ("Added by key", found.registered_by),
        ("Holds", f"{found.nodes} nodes, {found.pods} pods, {found.alerts} alerts"),
    ):
        if fact:
            table.add_row(name, plain(fact))
    return table


def watch_table(watches: Sequence[Watch], now: datetime) -> Table:
    """How each kind is watched."""
    table = make_table(("KIND", "STATE", "SINCE"), "WHY")
    for watch in watches:
        table.add_row(
            plain(watch.kind), plain(watch.state), f"{age(watch.since, now)} ago", plain(watch.message)
        )
    return table


def token_table(tokens: Sequence[AgentToken], now: datetime) -> Table:
    """A cluster's tokens."""
    table = make_table(("ID", "STATE", "MADE"), "USED")
    for token in tokens:
        used = "never" if token.last_used_at is None else f"{age(token.last_used_at, now)} ago"
        table.add_row(plain(token.id), plain(token.state), f"{age(token.created_at, now)} ago", used)
    return table
