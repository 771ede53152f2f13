"""A hub's backups."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec
from rich.table import Table

from farwatch.cli.views.printing import Moment, Raw, age, print_json, print_text
from farwatch.client import HubClient
from farwatch.terminal import make_console, plain

_MIB = 1024 * 1024


class Backup(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What is shown of a backup."""

    name: str
    created_at: Moment
    version: str
    bytes: int
    records: bool
    telemetry: bool = True


class Backups(msgspec.Struct, frozen=True):
    """The hub's list of backups."""

    items: list[Backup]


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
        if as_json:
            print_json((await client.get("/backups", Raw)).items)
            return
        backups = (await client.get("/backups", Backups)).items
    if not backups:
        print_text("No backups yet. Write one: farwatch backup create")
        return
    table = Table(box=None, header_style="bold", pad_edge=False)
    for heading in ("BACKUP", "AGE", "SIZE", "RECORDS", "TELEMETRY", "VERSION"):
        table.add_column(heading, no_wrap=True, justify="right" if heading == "SIZE" else "left")
    now = datetime.now(UTC)
    for backup in backups:
        table.add_row(
            plain(backup.name),
            age(backup.created_at, now),
            _size(backup),
            "here" if backup.records else "in PostgreSQL",
            "here" if backup.telemetry else "in ClickHouse",
            plain(backup.version),
        )
    make_console().print(table)


def _size(backup: Backup) -> str:
    return f"{backup.bytes / _MIB:.1f} MiB"


def _gap(backup: Backup) -> str:
    if not backup.telemetry:
        return ", without the telemetry, which is in ClickHouse"
    return "" if backup.records else ", without the records, which are in PostgreSQL"
