"""Organisation keys."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec
from rich.table import Table

from farwatch.cli.views.listing import Listed, print_list
from farwatch.cli.views.printing import Moment, age, make_table, print_json, print_text
from farwatch.client import HubClient, path_segment
from farwatch.terminal import plain


class IssuedKey(msgspec.Struct, frozen=True):
    """A new organisation key."""

    id: str
    name: str
    key: str


class Key(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What is shown of a key."""

    id: str
    name: str
    cluster_names: str
    created_at: Moment
    labels: dict[str, str] = {}
    revoked_at: Moment | None = None
    last_used_at: Moment | None = None


async def create_key(
    hub: str, token: str, name: str, names: str, labels: Mapping[str, str], *, as_json: bool
) -> None:
    """Make a key and print it."""
    async with HubClient(hub, token) as client:
        body = {"name": name, "clusterNames": names, "labels": labels}
        issued = await client.post("/organisation-keys", body, IssuedKey)
    if as_json:
        print_json(issued)
        return
    print_text(
        f"The organisation key {issued.id}, shown this once:\n\n  {issued.key}\n\n"
        "An agent with it registers its cluster by name; with Helm, for example:\n\n"
        f"  --set-string apiKey={issued.key} --set-string clusterName=NAME"
    )


async def list_keys(hub: str, token: str, *, as_json: bool) -> None:
    """Print every key."""
    async with HubClient(hub, token) as client:
        none = "No organisation keys yet. Make one: farwatch cluster keys create NAME"
        await print_list(client, "/organisation-keys", Listed[Key], key_table, none, as_json=as_json)


async def revoke_key(hub: str, token: str, key_id: str) -> None:
    """Revoke a key."""
    async with HubClient(hub, token) as client:
        await client.delete(f"/organisation-keys/{path_segment(key_id)}")
    print_text(f"Organisation key {key_id} is revoked. Its clusters stay, and need other keys or tokens.")


def key_table(keys: Sequence[Key], now: datetime) -> Table:
    """Keys as a table, in the order given."""
    table = make_table(("ID", "STATE", "CLUSTERS", "USED", "FOR"), "LABELS")
    for key in keys:
        table.add_row(
            plain(key.id),
            plain("revoked", "yellow") if key.revoked_at else plain("valid", "green"),
            plain(key.cluster_names),
            "never" if key.last_used_at is None else f"{age(key.last_used_at, now)} ago",
            plain(key.name),
            plain(" ".join(f"{name}={value}" for name, value in key.labels.items()) or "-"),
        )
    return table
