"""`farwatch token`: what scripts show the hub."""

from typing import Annotated

import typer

from farwatch.cli.ending import run
from farwatch.cli.options import DEFAULT_HUB, AsJson, Hub, Token

app = typer.Typer(no_args_is_help=True, help="Make, list and revoke API tokens.")


@app.command("create")
def create_token(
    name: Annotated[str, typer.Argument(help="What the token is for.")],
    *,
    role: Annotated[str, typer.Option(help="What it may do: viewer, operator or admin.")] = "viewer",
    cluster: Annotated[
        list[str] | None,
        typer.Option("--cluster", help="Only in this cluster; may be given several times."),
    ] = None,
    namespace: Annotated[
        list[str] | None,
        typer.Option("--namespace", help="Only in this namespace; may be given several times."),
    ] = None,
    scope: Annotated[
        list[str] | None,
        typer.Option(
            "--scope", help="Only this permission, such as alerts.read; may be given several times."
        ),
    ] = None,
    days: Annotated[
        float | None,
        typer.Option(help="After how many days it ends.", min=0.01, max=3650, show_default="it does not"),
    ] = None,
    hub: Hub = DEFAULT_HUB,
    token: Token = "",
    as_json: AsJson = False,
) -> None:
    """Make a service token, with rights of its own, and print it, once."""
    from farwatch.cli.views import tokens as views  # noqa: PLC0415

    wanted = views.Wanted(name, role, tuple(cluster or ()), tuple(namespace or ()), tuple(scope or ()), days)
    run(views.create_token(hub, token, wanted, as_json=as_json))


@app.command("list")
def list_tokens(
    *,
    everything: Annotated[bool, typer.Option("--all", help="Those that ended, as well.")] = False,
    hub: Hub = DEFAULT_HUB,
    token: Token = "",
    as_json: AsJson = False,
) -> None:
    """List API tokens: what each may do, until when, and when it was used."""
    from farwatch.cli.views import tokens as views  # noqa: PLC0415

    run(views.list_tokens(hub, token, everything=everything, as_json=as_json))


@app.command("revoke")
def revoke_token(
    token_id: Annotated[str, typer.Argument(metavar="ID", help="The token's id.")],
    *,
    hub: Hub = DEFAULT_HUB,
    token: Token = "",
) -> None:
    """Make an API token worthless at once."""
    from farwatch.cli.views import tokens as views  # noqa: PLC0415

    run(views.revoke_token(hub, token, token_id))
