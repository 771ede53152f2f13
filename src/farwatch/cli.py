"""The command line: `farwatch hub | agent | sim | demo | cluster | alerts`."""

from __future__ import annotations

import typer

app = typer.Typer(no_args_is_help=True, add_completion=False)


@app.callback()
def farwatch() -> None:
    """Watch, alert on and steer fleets of Kubernetes clusters from one hub."""


def main() -> None:
    """The console script."""
    app()
