"""`farwatch alerting`: the configuration that says whom to tell."""

from pathlib import Path
from typing import Annotated

import typer

from farwatch.cli.ending import EXIT_FAILED, needs_hub
from farwatch.cli.options import AsJson

app = typer.Typer(no_args_is_help=True, help="Check the configuration of alerting, and ask where alerts go.")

File = Annotated[Path, typer.Argument(help="A file in Alertmanager's format.")]


@app.command("check")
def check(file: File, *, as_json: AsJson = False) -> None:
    """Check a configuration, without a hub: every problem with its line and column, or what the file holds.

    The exit code is 1 if there is any problem.
    """
    with needs_hub("the check"):
        from farwatch.cli.views import configuration  # noqa: PLC0415

    if not configuration.check_file(file, as_json=as_json):
        raise typer.Exit(EXIT_FAILED)
