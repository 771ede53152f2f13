"""The audit log."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from farwatch.cli.views.printing import Moment, Raw, counted, make_table, print_json, print_text
from farwatch.cli.views.times import local, read_time
from farwatch.client import ClientError, HubClient
from farwatch.terminal import make_console, plain

VERIFY_SECONDS = 600.0

_STYLES = {"ok": "green", "denied": "yellow", "failed": "red", "unknown": "red"}


class Actor(msgspec.Struct, frozen=True):
    """Who did something."""

    kind: str
    id: str = ""
    name: str = ""


class Target(msgspec.Struct, frozen=True):
    """What it was done to."""

    cluster: str = ""
    namespace: str = ""
    id: str = ""
    name: str = ""


class Source(msgspec.Struct, frozen=True):
    """From where."""

    address: str = ""


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """What is shown of an entry."""

    sequence: int
    time: Moment
    actor: Actor
    action: str
    result: str
    status: int = 0
    target: Target = Target()
    source: Source = Source()
    details: dict[str, Any] = {}


class Entries(msgspec.Struct, frozen=True):
    """A page of the log."""

    items: list[Entry]


class Head(msgspec.Struct, frozen=True):
    """The last entry of a log."""

    sequence: int
    hash: str


class Fault(msgspec.Struct, frozen=True):
    """What is wrong with a log first."""

    sequence: int
    kind: str
    detail: str


class Verdict(msgspec.Struct, frozen=True):
    """What verifying found."""

    ok: bool
    entries: int
    head: Head | None = None
    fault: Fault | None = None


async def list_entries(
    hub: str, token: str, wanted: Mapping[str, str], *, since: str, until: str, limit: int, as_json: bool
) -> None:
    """Print what people did."""
    query = {name: value for name, value in wanted.items() if value} | _span(since, until)
    async with HubClient(hub, token) as client:
        if as_json:
            print_json((await client.get("/audit", Raw, limit=limit, **query)).items)
            return
        found = (await client.get("/audit", Entries, limit=limit, **query)).items
    if not found:
        print_text("No entries.")
        return
    table = make_table(("#", "TIME", "WHO", "FROM", "ACTION", "RESULT"), "WHAT")
    for entry in found:
        table.add_row(
            str(entry.sequence),
            local(entry.time),
            plain(entry.actor.name or entry.actor.kind),
            plain(entry.source.address or "-"),
            plain(entry.action),
            plain(entry.result, _STYLES.get(entry.result, "")),
            plain(_describe(entry)),
        )
    make_console().print(table)


async def export_log(hub: str, token: str, file: Path | None, *, form: str, since: str, until: str) -> None:
    """Write the log into a file, or to standard output."""
    async with HubClient(hub, token) as client:
        parts = client.download("/audit/export", format=form, **_span(since, until))
        if file is None:
            async for part in parts:
                sys.stdout.buffer.write(part)
            sys.stdout.flush()
            return
        first = await anext(parts, b"")  # the file is not touched before the hub has said yes
        try:
            with file.open("wb") as written:
                written.write(first)
                async for part in parts:
                    written.write(part)
        except OSError as error:
            raise ClientError(f"{file} cannot be written: {error.strerror}") from error
    print_text(f"The audit log is in {file}. Verify it: farwatch audit verify {file}")


async def verify_at_hub(hub: str, token: str, head: str, *, as_json: bool) -> None:
    """Have the hub verify its log.

    Raises:
        ClientError: It is not as it was written.
    """
    async with HubClient(hub, token, VERIFY_SECONDS) as client:
        verdict = await client.get("/audit/verify", Verdict, **({"head": head} if head else {}))
    if not show_verdict(verdict, as_json=as_json):
        raise ClientError("the audit log is not as it was written")


def show_verdict(verdict: Verdict, *, as_json: bool) -> bool:
    """Print what verifying found; whether all is well."""
    if as_json:
        print_json(verdict)
    elif verdict.fault is None:
        print_text(
            f"{counted(verdict.entries, 'entry').replace('entrys', 'entries')}, all as they were written."
        )
        if verdict.head is not None:
            print_text(f"The last is {verdict.head.sequence}, and its hash, to be noted elsewhere:")
            print_text(verdict.head.hash)
    else:
        print_text(
            f"BROKEN at entry {verdict.fault.sequence} ({verdict.fault.kind}): {verdict.fault.detail}."
        )
    return verdict.ok


def _span(since: str, until: str) -> dict[str, str]:
    now = datetime.now(UTC)
    times = {"since": since, "until": until}
    return {name: read_time(text, now, back=True).isoformat() for name, text in times.items() if text}


def _describe(entry: Entry) -> str:
    target = entry.target
    where = "/".join(part for part in (target.cluster, target.namespace) if part)
    what = target.name or target.id
    words = [what, f"in {where}" if where and where != what else ""]
    words += [f"{name}={_show(value)}" for name, value in entry.details.items()]
    return " ".join(word for word in words if word)


def _show(value: Any) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()
