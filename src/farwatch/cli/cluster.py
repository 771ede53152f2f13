"""`farwatch cluster`: the clusters and their agents' tokens."""

from typing import Annotated

import typer

from farwatch.cli.ending import run
from farwatch.cli.options import DEFAULT_HUB, AsJson, Hub, Token

_ROTATION_OVERLAP_SECONDS = 24 * 3600

app = typer.Typer(no_args_is_help=True, help="Add, list and remove clusters, and their agents' tokens.")

Name = Annotated[str, typer.Argument(help="The cluster's name.")]


@app.command("add")
def add_cluster(name: Name, *, hub: Hub = DEFAULT_HUB, token: Token = "", as_json: AsJson = False) -> None:
    """Add a cluster and print its agent's token, once."""
    from farwatch.cli.views import clusters as views  # noqa: PLC0415

    run(views.add_cluster(hub, token, name, as_json=as_json))


@app.command("list")
def list_clusters(*, hub: Hub = DEFAULT_HUB, token: Token = "", as_json: AsJson = False) -> None:
    """List clusters with the state of their agents."""
    from farwatch.cli.views import clusters as views  # noqa: PLC0415

    run(views.list_clusters(hub, token, as_json=as_json))


@app.command("rotate-token")
def rotate_token(
    name: Name,
    *,
    hub: Hub = DEFAULT_HUB,
    token: Token = "",
    overlap: Annotated[
        int, typer.Option(help="Seconds the former tokens stay valid.", min=0)
    ] = _ROTATION_OVERLAP_SECONDS,
    as_json: AsJson = False,
) -> None:
    """Make a new agent token; the former ones end after the overlap."""
    from farwatch.cli.views import clusters as views  # noqa: PLC0415

    run(views.rotate_token(hub, token, name, overlap, as_json=as_json))


@app.command("revoke-tokens")
def revoke_tokens(name: Name, *, hub: Hub = DEFAULT_HUB, token: Token = "") -> None:
    """Make every agent token of a cluster worthless at once."""
    from farwatch.cli.views import clusters as views  # noqa: PLC0415

    run(views.revoke_tokens(hub, token, name))


@app.command("remove")
def remove_cluster(name: Name, *, hub: Hub = DEFAULT_HUB, token: Token = "") -> None:
    """Remove a cluster with its tokens and current objects; its history stays until it ages out."""
    from farwatch.cli.views import clusters as views  # noqa: PLC0415

    run(views.remove_cluster(hub, token, name))
