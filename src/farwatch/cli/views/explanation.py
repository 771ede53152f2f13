"""Why people are told of an alert, or are not."""

from __future__ import annotations

import msgspec

from farwatch.cli.views.finding import find_alert
from farwatch.cli.views.history import Notification, notification_table
from farwatch.cli.views.printing import is_narrow, print_json, print_text
from farwatch.cli.views.routes import Forecast, show
from farwatch.client import HubClient
from farwatch.terminal import make_console, plain


class Explanation(Forecast, frozen=True, kw_only=True):
    """What is shown of an explanation."""

    fingerprint: str
    words: list[str]
    notifications: list[Notification]


async def explain_alert(hub: str, token: str, fingerprint: str, *, as_json: bool) -> None:
    """Print how an alert stands, its way through the routes, and whom that led to."""
    async with HubClient(hub, token) as client:
        key = await find_alert(client, fingerprint)
        found = await client.get(f"/alerts/{key}/explain", msgspec.Raw)
    if as_json:
        print_json(found)
        return
    explanation = msgspec.json.decode(found, type=Explanation)
    console = make_console()
    labels = ", ".join(f'{name}="{value}"' for name, value in sorted(explanation.labels.items()))
    console.print(plain(f"{explanation.fingerprint}: {labels}", "bold"))
    for sentence in explanation.words:
        console.print(plain(sentence))
    print_text("")
    show(explanation, None)
    print_text("")
    if explanation.notifications:
        console.print(notification_table(explanation.notifications, narrow=is_narrow(console)))
    else:
        print_text("Nobody was told of it yet.")
