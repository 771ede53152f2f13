"""`farwatch silences`: what people do not want to be told of for a while."""

from typing import Annotated

import typer

from farwatch.cli.ending import run
from farwatch.cli.options import DEFAULT_HUB, AsJson, Hub, Token

app = typer.Typer(no_args_is_help=True, help="List, add and end silences.")

SilenceId = Annotated[
    str,
    typer.Argument(metavar="ID", help="The silence's id, or as much of its beginning as no other shares."),
]


@app.command("list")
def list_silences(
    *,
    expired: Annotated[bool, typer.Option("--expired", help="Also those that have ended.")] = False,
    hub: Hub = DEFAULT_HUB,
    token: Token = "",
    as_json: AsJson = False,
) -> None:
    """List silences: those that hush now first."""
    from farwatch.cli.views import silences  # noqa: PLC0415

    run(silences.list_silences(hub, token, expired=expired, as_json=as_json))


@app.command("show")
def show(silence: SilenceId, *, hub: Hub = DEFAULT_HUB, token: Token = "", as_json: AsJson = False) -> None:
    """Show a silence, and what it hushes now."""
    from farwatch.cli.views import silences  # noqa: PLC0415

    run(silences.show_silence(hub, token, silence, as_json=as_json))


@app.command("add")
def add(
    matchers: Annotated[
        list[str],
        typer.Argument(metavar="MATCHER", help="Such as cluster=prod or alertname=~'Kube.*'; all must fit."),
    ],
    *,
    until: Annotated[
        str, typer.Option("--for", "--until", help="For how long (2h, 1d), or until when (an ISO time).")
    ] = "1h",
    comment: Annotated[str, typer.Option("--comment", help="Why.")] = "",
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    hub: Hub = DEFAULT_HUB,
    token: Token = "",
) -> None:
    """Make a silence; first it is shown what it would hush, and asked whether that is meant."""
    from farwatch.cli.views import silences  # noqa: PLC0415

    run(silences.add_silence(hub, token, matchers, silences.Wish(until, comment, asked=not yes)))


@app.command("expire")
def expire(silence: SilenceId, *, hub: Hub = DEFAULT_HUB, token: Token = "") -> None:
    """End a silence now."""
    from farwatch.cli.views import silences  # noqa: PLC0415

    run(silences.expire_silence(hub, token, silence))
