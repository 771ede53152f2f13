"""Silences, and what one would hush."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import NamedTuple

import msgspec
import typer
from rich.table import Table

from farwatch.cli.views.alerts import Alert, alert_table
from farwatch.cli.views.finding import SHORT, find_silence
from farwatch.cli.views.printing import Moment, is_narrow, print_json, print_text
from farwatch.cli.views.times import local, read_time
from farwatch.client import ClientError, HubClient
from farwatch.terminal import make_console, plain

_STATE_STYLE = {"active": "green", "pending": "yellow", "expired": "dim"}


class Wish(NamedTuple):
    """How a silence is wanted: until when, why, and whether to ask first."""

    until: str
    comment: str
    asked: bool


class Silence(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What is shown of a silence."""

    id: str
    state: str
    matchers: str
    starts_at: Moment
    ends_at: Moment
    created_by: str
    comment: str
    hushes: int


class Silences(msgspec.Struct, frozen=True):
    """The hub's list of silences."""

    items: list[Silence]


class Preview(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What a silence would hush."""

    matchers: str
    alerts: int
    by_cluster: dict[str, int]
    examples: list[Alert]
    fired_lately: int


async def list_silences(hub: str, token: str, *, expired: bool, as_json: bool) -> None:
    """Print the silences, in the hub's order."""
    async with HubClient(hub, token) as client:
        found = await client.get("/silences", msgspec.Raw)
    silences = msgspec.json.decode(found, type=Silences).items
    shown = [silence for silence in silences if expired or silence.state != "expired"]
    if as_json:
        wanted = {silence.id for silence in shown}
        items = msgspec.json.decode(found)["items"]
        print_json([item for item in items if item["id"] in wanted])
    elif shown:
        make_console().print(silence_table(shown))
    else:
        print_text("Nothing is silenced. Silence something: farwatch silences add MATCHER ...")


def silence_table(silences: Sequence[Silence]) -> Table:
    """Silences as a table, in the order given."""
    table = Table(box=None, header_style="bold", pad_edge=False)
    for heading in ("ID", "STATE", "UNTIL", "HUSHES"):
        table.add_column(heading, no_wrap=True, justify="right" if heading == "HUSHES" else "left")
    for heading in ("MATCHERS", "BY", "COMMENT"):
        table.add_column(heading, overflow="fold", ratio=1 if heading != "BY" else None)
    for silence in silences:
        table.add_row(
            plain(silence.id[:SHORT]),
            plain(silence.state, _STATE_STYLE.get(silence.state, "")),
            f"{silence.ends_at.astimezone():%m-%d %H:%M}",
            str(silence.hushes),
            plain(silence.matchers.removeprefix("{").removesuffix("}")),
            plain(silence.created_by),
            plain(silence.comment),
        )
    return table


async def show_silence(hub: str, token: str, beginning: str, *, as_json: bool) -> None:
    """Print a silence, and what it hushes now."""
    async with HubClient(hub, token) as client:
        key = await find_silence(client, beginning)
        found = await client.get(f"/silences/{key}", msgspec.Raw)
        if as_json:
            print_json(found)
            return
        silence = msgspec.json.decode(found, type=Silence)
        preview = await client.post("/silences/preview", {"matchers": silence.matchers}, Preview)
    console = make_console()
    console.print(plain(f"{silence.id}: {silence.state}", "bold"))
    console.print(plain(f"  matchers  {silence.matchers}"))
    console.print(plain(f"  from      {local(silence.starts_at)}"))
    console.print(plain(f"  until     {local(silence.ends_at)}"))
    console.print(plain(f"  by        {silence.created_by}"))
    console.print(plain(f"  comment   {silence.comment or '-'}"))
    _show_preview(preview)


async def add_silence(hub: str, token: str, matchers: Sequence[str], wish: Wish) -> None:
    """Make a silence, after it was shown what it would hush."""
    end = read_time(wish.until, datetime.now(UTC), back=False)
    text = ",".join(matchers)
    async with HubClient(hub, token) as client:
        preview = await client.post("/silences/preview", {"matchers": text}, Preview)
        _show_preview(preview)
        if wish.asked and not _is_meant(preview, end):
            print_text("Nothing was silenced.")
            return
        body = {"matchers": preview.matchers, "endsAt": end, "comment": wish.comment}
        made = await client.post("/silences", body, Silence)
    print_text(f"Silenced until {local(made.ends_at)}; end that: farwatch silences expire {made.id[:SHORT]}")


async def expire_silence(hub: str, token: str, beginning: str) -> None:
    """End a silence."""
    async with HubClient(hub, token) as client:
        key = await find_silence(client, beginning)
        await client.delete(f"/silences/{key}")
    print_text(f"Silence {key} has ended.")


def _is_meant(preview: Preview, end: datetime) -> bool:
    try:
        return typer.confirm(f"Silence {plain(preview.matchers).plain} until {local(end)}?")
    except typer.Abort:
        raise ClientError("nobody answers, and nothing was silenced: say --yes") from None


def _show_preview(preview: Preview) -> None:
    print_text("")
    if not preview.alerts:
        print_text("It hushes no alert that fires now.")
    else:
        clusters = ", ".join(f"{name or 'no cluster'}: {count}" for name, count in preview.by_cluster.items())
        what = "1 alert that fires" if preview.alerts == 1 else f"{preview.alerts} alerts that fire"
        print_text(plain(f"It hushes {what} now ({clusters}):").plain)
        console = make_console()
        table = alert_table(
            preview.examples, datetime.now(UTC), narrow=is_narrow(console), total=preview.alerts
        )
        console.print(table)
    print_text(f"Of the last 7 days' alerts, {preview.fired_lately} would have been hushed.")
