"""Taking on alerts, and putting them off."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec

from farwatch.cli.views.finding import find_alert
from farwatch.cli.views.printing import Moment, print_text
from farwatch.cli.views.times import local, read_time
from farwatch.client import HubClient


class Snoozed(msgspec.Struct, frozen=True):
    """The silence by which an alert is put off."""

    silence: str
    until: Moment


async def acknowledge(hub: str, token: str, fingerprint: str, note: str) -> None:
    """Take an alert on."""
    async with HubClient(hub, token) as client:
        key = await find_alert(client, fingerprint)
        await client.post(f"/alerts/{key}/acknowledgement", {"note": note}, msgspec.Raw)
    print_text(f"{key} is yours until it ends; take that back: farwatch alerts unack {key}")


async def withdraw(hub: str, token: str, fingerprint: str) -> None:
    """Take an acknowledgement back."""
    async with HubClient(hub, token) as client:
        key = await find_alert(client, fingerprint)
        await client.delete(f"/alerts/{key}/acknowledgement")
    print_text(f"{key} is nobody's again.")


async def snooze(hub: str, token: str, fingerprint: str, until: str, note: str) -> None:
    """Hush an alert for a while."""
    end = read_time(until, datetime.now(UTC), back=False)
    async with HubClient(hub, token) as client:
        key = await find_alert(client, fingerprint)
        made = await client.post(f"/alerts/{key}/snooze", {"until": end, "note": note}, Snoozed)
    print_text(
        f"{key} is hushed until {local(made.until)}; end that: farwatch silences expire {made.silence}"
    )
