"""A hub's backups."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec
from rich.table import Table

from farwatch.cli.views.listing import Listed, print_list
from farwatch.cli.views.printing import Moment, age, print_json, print_text
from farwatch.client import HubClient
from farwatch.terminal import plain

_MIB = 1024 * 1024


class Backup(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What is shown of a backup."""

    name: str
    created_at: Moment
    version: str
    bytes: int
    records: bool
    telemetry: bool = True


async def create_backup(hub: str, token: str, keep: int | None, seconds: float, *, as_json: bool) -> None:
    """Ask for a backup and wait for it."""
    async with HubClient(hub, token, seconds) as client:
        made = await client.post("/backups", {} if keep is None else {"keep": keep}, Backup)
    if as_json:
        print_json(made)
    else:
        print_text(f"Backup {made.name} is written: {_size(made)}{_gap(made)}.")


async def list_backups(hub: str, token: str, *, as_json: bool) -> None:
    """Print every backup."""
    async with HubClient(hub, token) as client:
        none = "No backups yet. Write one: farwatch backup create"
        await print_list(client, "/backups", Listed[Backup], backup_table, none, as_json=as_json)


def backup_table(backups: Sequence[Backup], now: datetime) -> Table:
    """Backups as a table, in the order given."""
    table = Table(box=None, header_style="bold", pad_edge=False)
    for heading in ("BACKUP", "AGE", "SIZE", "RECORDS", "TELEMETRY", "VERSION"):
        table.add_column(heading, no_wrap=True, justify="right" if heading == "SIZE" else "left")
    for backup in backups:
        table.add_row(
            plain(backup.name),
            age(backup.created_at, now),
            _size(backup),
            "here" if backup.records else "in PostgreSQL",
            "here" if backup.telemetry else "in ClickHouse",
            plain(backup.version),
        )
    return table


def _size(backup: Backup) -> str:
    return f"{backup.bytes / _MIB:.1f} MiB"


def _gap(backup: Backup) -> str:
    if not backup.telemetry:
        return ", without the telemetry, which is in ClickHouse"
    return "" if backup.records else ", without the records, which are in PostgreSQL"
