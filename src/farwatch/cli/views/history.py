"""What alerting has been through, and what it comes to in numbers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

import msgspec
from rich.table import Table

from farwatch.cli.views.finding import SHORT, fetch_all
from farwatch.cli.views.printing import (
    Moment,
    counted,
    is_narrow,
    make_table,
    print_json,
    print_text,
    stacked,
)
from farwatch.cli.views.times import lasting, read_time
from farwatch.client import HubClient
from farwatch.terminal import make_console, plain

_TRANSITION_STYLE = {"fired": "bold red", "resolved": "green", "acknowledged": "cyan"}
_SHARES_SHOWN = 10
_NAMES_SHOWN = 2


class Choice(NamedTuple):
    """What is wanted of the history: from when, until when, of what, and how much."""

    since: str
    until: str
    query: Mapping[str, str]
    limit: int = 100

    def asked(self, now: datetime) -> dict[str, str]:
        """As the hub is asked."""
        until = read_time(self.until, now, back=True) if self.until else now
        since = read_time(self.since, until, back=True)
        span = {"since": since.isoformat()} | ({"until": until.isoformat()} if self.until else {})
        return span | {name: value for name, value in self.query.items() if value}


class Transition(msgspec.Struct, frozen=True, kw_only=True):
    """What is shown of a transition of an alert."""

    time: Moment
    transition: str
    fingerprint: str
    labels: dict[str, str]
    annotations: dict[str, str]
    by: str = ""
    note: str = ""


class Notification(msgspec.Struct, frozen=True, kw_only=True):
    """What is shown of a notification."""

    time: Moment
    receiver: str
    integration: str
    reason: str
    outcome: str
    attempts: int
    alertnames: list[str]
    firing: list[str]
    resolved: list[str]
    detail: str


class Share(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The firings of alerts of one value."""

    value: str
    firings: int
    unresolved: int
    mean_seconds_to_resolve: float | None


class Flapping(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """An alert that comes and goes."""

    fingerprint: str
    labels: dict[str, str]
    firings: int
    firing_seconds: float


class Totals(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Numbers of all firings."""

    firings: int
    alerts: int
    unresolved: int
    acknowledged: int
    never_acknowledged: int
    mean_seconds_to_acknowledge: float | None
    mean_seconds_to_resolve: float | None
    median_seconds_to_resolve: float | None


class Statistics(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What the history comes to."""

    totals: Totals
    by_alertname: list[Share]
    by_severity: list[Share]
    by_cluster: list[Share]
    flapping: list[Flapping]


async def print_alerts(hub: str, token: str, choice: Choice, *, as_json: bool) -> None:
    """Print transitions of alerts."""
    now = datetime.now(UTC)
    async with HubClient(hub, token) as client:
        asked = choice.asked(now)
        if as_json:
            print_json(await fetch_all(client, "/history/alerts", msgspec.Raw, limit=choice.limit, **asked))
            return
        items = await fetch_all(client, "/history/alerts", Transition, limit=choice.limit, **asked)
    if items:
        console = make_console()
        console.print(transition_table(items, narrow=is_narrow(console)))
    else:
        print_text("Nothing happened to alerts in that time.")


async def print_notifications(hub: str, token: str, choice: Choice, *, as_json: bool) -> None:
    """Print who was told of what."""
    now = datetime.now(UTC)
    async with HubClient(hub, token) as client:
        asked = choice.asked(now)
        path = "/history/notifications"
        if as_json:
            print_json(await fetch_all(client, path, msgspec.Raw, limit=choice.limit, **asked))
            return
        items = await fetch_all(client, path, Notification, limit=choice.limit, **asked)
    if items:
        console = make_console()
        console.print(notification_table(items, narrow=is_narrow(console)))
    else:
        print_text("Nobody was told of anything in that time.")


async def print_statistics(hub: str, token: str, choice: Choice, *, as_json: bool) -> None:
    """Print what the history comes to."""
    async with HubClient(hub, token) as client:
        found = await client.get("/history/statistics", msgspec.Raw, **choice.asked(datetime.now(UTC)))
    if as_json:
        print_json(found)
        return
    statistics = msgspec.json.decode(found, type=Statistics)
    for line in _totals(statistics.totals):
        print_text(line)
    console = make_console()
    for heading, shares in (
        ("ALERT", statistics.by_alertname),
        ("SEVERITY", statistics.by_severity),
        ("CLUSTER", statistics.by_cluster),
    ):
        if shares:
            print_text("")
            console.print(share_table(heading, shares))
    if statistics.flapping:
        print_text("\nThese come and go:")
        console.print(flapping_table(statistics.flapping))


def transition_table(transitions: Sequence[Transition], *, narrow: bool = False) -> Table:
    """Transitions as a table, in the order given."""
    headings = ("TIME", "WHAT", "ID") if narrow else ("TIME", "WHAT", "ID", "CLUSTER", "ALERT")
    table = make_table(headings, "ALERT" if narrow else "SUMMARY")
    for item in transitions:
        head = (
            _moment(item.time),
            plain(item.transition, _TRANSITION_STYLE.get(item.transition, "")),
            plain(item.fingerprint[:SHORT]),
        )
        cluster, name = item.labels.get("cluster", ""), item.labels.get("alertname", "")
        said = f"{item.by}: {item.note}" if item.note else item.by
        words = said or item.annotations.get("summary", "")
        if narrow:
            table.add_row(*head, stacked(name, cluster, words))
        else:
            table.add_row(*head, plain(cluster), plain(name), plain(words))
    return table


def notification_table(notifications: Sequence[Notification], *, narrow: bool = False) -> Table:
    """Notifications as a table, in the order given."""
    headings = ("TIME", "OUTCOME") if narrow else ("TIME", "OUTCOME", "RECEIVER", "ALERTS")
    table = make_table(headings, "RECEIVER" if narrow else "WHY, AND THE ANSWER")
    for item in notifications:
        style = "green" if item.outcome == "delivered" else "bold red"
        head = (_moment(item.time), plain(item.outcome, style))
        receiver = f"{item.receiver}/{item.integration}"
        tried = "" if item.attempts == 1 else f", {item.attempts} attempts"
        words = f"{item.reason}{tried}{': ' + item.detail if item.detail else ''}"
        if narrow:
            table.add_row(*head, stacked(receiver, _alerts(item), words))
        else:
            table.add_row(*head, plain(receiver), plain(_alerts(item)), plain(words))
    return table


def _alerts(item: Notification) -> str:
    """Of which alerts a notification told."""
    counts = ((len(item.firing), "firing"), (len(item.resolved), "resolved"))
    names = item.alertnames[:_NAMES_SHOWN] + ["..."] * (len(item.alertnames) > _NAMES_SHOWN)
    return f"{', '.join(names)} ({', '.join(f'{count} {word}' for count, word in counts if count)})"


def share_table(heading: str, shares: Sequence[Share]) -> Table:
    """Firings by the values of a label, those of the most first."""
    table = Table(box=None, header_style="bold", pad_edge=False)
    table.add_column(heading, overflow="fold")
    for name in ("FIRINGS", "UNRESOLVED", "MEAN TIME TO RESOLVE"):
        table.add_column(name, no_wrap=True, justify="right")
    for share in shares[:_SHARES_SHOWN]:
        table.add_row(
            plain(share.value or "-"),
            str(share.firings),
            str(share.unresolved),
            lasting(share.mean_seconds_to_resolve),
        )
    return table


def flapping_table(flapping: Sequence[Flapping]) -> Table:
    """Alerts that come and go."""
    table = Table(box=None, header_style="bold", pad_edge=False)
    table.add_column("ID", no_wrap=True)
    table.add_column("FIRINGS", no_wrap=True, justify="right")
    table.add_column("FIRED FOR", no_wrap=True, justify="right")
    table.add_column("LABELS", overflow="fold")
    for item in flapping:
        labels = ", ".join(f"{name}={value}" for name, value in sorted(item.labels.items()))
        table.add_row(
            plain(item.fingerprint[:SHORT]), str(item.firings), lasting(item.firing_seconds), plain(labels)
        )
    return table


def _totals(totals: Totals) -> Iterator[str]:
    yield f"{counted(totals.firings, 'firing')} of {counted(totals.alerts, 'alert')}, {totals.unresolved} unresolved"
    yield (
        f"  acknowledged {totals.acknowledged}, never {totals.never_acknowledged}; "
        f"mean time to acknowledge {lasting(totals.mean_seconds_to_acknowledge)}"
    )
    yield (
        f"  mean time to resolve {lasting(totals.mean_seconds_to_resolve)}, "
        f"median {lasting(totals.median_seconds_to_resolve)}"
    )


def _moment(time: datetime) -> str:
    return f"{time.astimezone():%m-%d %H:%M:%S}"
