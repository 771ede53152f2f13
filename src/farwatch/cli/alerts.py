"""`farwatch alerts`: what fires."""

import sys
from typing import Annotated

import typer

from farwatch.cli.ending import run
from farwatch.cli.options import DEFAULT_HUB, AsJson, Hub, Token


def show_alerts(
    *,
    hub: Hub = DEFAULT_HUB,
    token: Token = "",
    as_json: AsJson = False,
    only_cluster: Annotated[str, typer.Option("--cluster", help="Only this cluster's.")] = "",
    once: Annotated[
        bool, typer.Option("--once", help="Print the table once instead of keeping it live.")
    ] = False,
) -> None:
    """Show what fires now: a live table on a terminal, printed once otherwise."""
    from farwatch.cli.views import alerts as views  # noqa: PLC0415

    if as_json or once or not sys.stdout.isatty():
        run(views.print_alerts(hub, token, only_cluster, as_json=as_json))
    else:
        run(views.watch_alerts(hub, token, only_cluster))
