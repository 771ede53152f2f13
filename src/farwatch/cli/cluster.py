"""`farwatch cluster`: the clusters, their labels and their agents' tokens."""

from typing import Annotated

import typer

from farwatch.cli.ending import run
from farwatch.cli.install import install_agent
from farwatch.cli.keys import app as keys
from farwatch.cli.options import DEFAULT_HUB, AsJson, Hub, Token
from farwatch.cli.reading import read_label_changes, read_labels

_ROTATION_OVERLAP_SECONDS = 24 * 3600

app = typer.Typer(
    no_args_is_help=True, help="Add, label, list and remove clusters; install their agents; change tokens."
)

Name = Annotated[str, typer.Argument(help="The cluster's name.")]


@app.command("add")
def add_cluster(
    name: Name,
    *,
    label: Annotated[
        list[str] | None,
        typer.Option("--label", help="A label for its alerts, name=value; may be given several times."),
    ] = None,
    hub: Hub = DEFAULT_HUB,
    token: Token = "",
    as_json: AsJson = False,
) -> None:
    """Add a cluster and print its agent's token, once."""
    from farwatch.cli.views import clusters as views  # noqa: PLC0415

    run(views.add_cluster(hub, token, name, read_labels(label or ()), as_json=as_json))


@app.command("list")
def list_clusters(*, hub: Hub = DEFAULT_HUB, token: Token = "", as_json: AsJson = False) -> None:
    """List clusters with the state of their agents."""
    from farwatch.cli.views import clusters as views  # noqa: PLC0415

    run(views.list_clusters(hub, token, as_json=as_json))


@app.command("show")
def show_cluster(name: Name, *, hub: Hub = DEFAULT_HUB, token: Token = "", as_json: AsJson = False) -> None:
    """Show a cluster: its agent, labels, watches and tokens."""
    from farwatch.cli.views import cluster as views  # noqa: PLC0415

    run(views.show_cluster(hub, token, name, as_json=as_json))


@app.command("label")
def label_cluster(
    name: Name,
    labels: Annotated[
        list[str], typer.Argument(metavar="LABEL", help="name=value sets a label, name- takes it away.")
    ],
    *,
    hub: Hub = DEFAULT_HUB,
    token: Token = "",
    as_json: AsJson = False,
) -> None:
    """Change a cluster's labels; its alerts carry them from then on."""
    from farwatch.cli.views import cluster as views  # noqa: PLC0415

    run(views.label_cluster(hub, token, name, read_label_changes(labels), as_json=as_json))


@app.command("rename")
def rename_cluster(
    name: Name,
    new: Annotated[str, typer.Argument(help="What it is to be called.")],
    *,
    hub: Hub = DEFAULT_HUB,
    token: Token = "",
) -> None:
    """Give a cluster another name; its history stays under the old one."""
    from farwatch.cli.views import cluster as views  # noqa: PLC0415

    run(views.rename_cluster(hub, token, name, new))


app.command("install")(install_agent)


@app.command("rotate")
@app.command("rotate-token", hidden=True)
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


app.add_typer(keys, name="keys")
