"""`farwatch demo`: run everything on one machine."""

from typing import Annotated

import typer


def run_demo(
    *,
    listen: Annotated[
        str, typer.Option(help="Address of the hub, HOST:PORT; another port is taken when it is in use.")
    ] = "127.0.0.1:8080",
) -> None:
    """Run a hub and three simulated clusters in trouble, and show what happens."""
    from farwatch.demo import run  # noqa: PLC0415

    raise typer.Exit(run(listen))
