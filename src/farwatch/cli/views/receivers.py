"""Receivers, tried out."""

from __future__ import annotations

from urllib.parse import quote

import msgspec

from farwatch.cli.views.printing import counted, print_json, print_text
from farwatch.client import ClientError, HubClient
from farwatch.terminal import plain


class Trial(msgspec.Struct, frozen=True):
    """How trying one integration ended."""

    integration: str
    position: int
    delivered: bool
    detail: str


class Trials(msgspec.Struct, frozen=True):
    """Each integration of the receiver."""

    items: list[Trial]


async def try_receiver(hub: str, token: str, receiver: str, *, as_json: bool) -> None:
    """Print what each integration of a receiver answered to a test.

    Raises:
        ClientError: One of them did not take it, or there is none.
    """
    async with HubClient(hub, token) as client:
        path = f"/alerting/receivers/{quote(receiver, safe='')}/test"
        found = await client.post(path, {}, msgspec.Raw)
    trials = msgspec.json.decode(found, type=Trials).items
    if as_json:
        print_json(found)
    for trial in [] if as_json else trials:
        outcome = "delivered" if trial.delivered else "failed"
        print_text(plain(f"{trial.integration}[{trial.position}] {outcome}: {trial.detail}").plain)
    if not trials:
        raise ClientError(f"receiver {receiver!r} has no integration: nobody is told")
    failed = sum(not trial.delivered for trial in trials)
    if failed:
        raise ClientError(f"{counted(failed, 'integration')} of {len(trials)} could not be reached")
