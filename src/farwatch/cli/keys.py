"""`farwatch cluster keys`: organisation keys, with which clusters register themselves."""

from typing import Annotated

import typer

from farwatch.cli.ending import run
from farwatch.cli.options import DEFAULT_HUB, AsJson, Hub, Token
from farwatch.cli.reading import read_labels

app = typer.Typer(
    no_args_is_help=True, help="Organisation keys: one secret for many clusters, which register by name."
)


@app.command("create")
def create_key(
    name: Annotated[str, typer.Argument(help="What the key is for.")],
    *,
    names: Annotated[
        str, typer.Option("--names", help="Which clusters it is for: a pattern, with * and ?.")
    ] = "*",
    label: Annotated[
        list[str] | None,
        typer.Option("--label", help="A label for clusters that it registers, name=value; several times."),
    ] = None,
    hub: Hub = DEFAULT_HUB,
    token: Token = "",
    as_json: AsJson = False,
) -> None:
    """Make an organisation key and print it, once."""
    from farwatch.cli.views import keys as views  # noqa: PLC0415

    run(views.create_key(hub, token, name, names, read_labels(label or ()), as_json=as_json))


@app.command("list")
def list_keys(*, hub: Hub = DEFAULT_HUB, token: Token = "", as_json: AsJson = False) -> None:
    """List organisation keys, the revoked ones as well."""
    from farwatch.cli.views import keys as views  # noqa: PLC0415

    run(views.list_keys(hub, token, as_json=as_json))


@app.command("revoke")
def revoke_key(
    key_id: Annotated[str, typer.Argument(metavar="ID", help="The key's id.")],
    *,
    hub: Hub = DEFAULT_HUB,
    token: Token = "",
) -> None:
    """Make an organisation key worthless at once; its clusters stay."""
    from farwatch.cli.views import keys as views  # noqa: PLC0415

    run(views.revoke_key(hub, token, key_id))
