"""`farwatch admin`: the way back into a hub, from its own machine."""

import asyncio
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from farwatch.cli.ending import EXIT_FAILED, EXIT_USAGE, fail, needs_hub

if TYPE_CHECKING:
    from farwatch.hub.auth.administration import Admin, Reset

app = typer.Typer(no_args_is_help=True, help="Get back into a hub, from the machine it runs on.")

Data = Annotated[Path, typer.Option(envvar="FARWATCH_DATA", help="The hub's data directory.")]
Database = Annotated[
    str,
    typer.Option(
        envvar="FARWATCH_DATABASE",
        help="Where its records are, if not there: postgresql://user:password@host/database.",
        show_default="none",
    ),
]
DatabaseFile = Annotated[
    Path | None,
    typer.Option(envvar="FARWATCH_DATABASE_FILE", help="A file with that URL.", show_default="none"),
]


@app.command("reset")
def reset(*, data: Data = Path("data"), database: Database = "", database_file: DatabaseFile = None) -> None:
    """Give the user admin a new password and every right, end its sessions, and print the password, once.

    It works while the hub is stopped, and while it runs.
    """
    with needs_hub("resetting the admin"):
        from farwatch.hub.auth.administration import reset_admin  # noqa: PLC0415
        from farwatch.hub.store import StoreError  # noqa: PLC0415
    try:
        done: Reset = asyncio.run(reset_admin(_where(data, database, database_file), time.time()))
    except StoreError as error:
        fail(str(error), EXIT_FAILED)
    typer.echo(f"Password of the user admin, shown this once: {done.password}")
    said = "The user was made." if done.made else f"Sessions that ended: {done.sessions}."
    typer.echo(said + (" A hub that runs takes it in within 5 seconds." if done.beside_hub else ""))


@app.command("list")
def list_admins(
    *, data: Data = Path("data"), database: Database = "", database_file: DatabaseFile = None
) -> None:
    """List who is admin everywhere."""
    with needs_hub("listing the admins"):
        from farwatch.hub.auth.administration import list_admins as read_admins  # noqa: PLC0415
        from farwatch.hub.store import StoreError  # noqa: PLC0415
    try:
        found: list[Admin] = asyncio.run(read_admins(_where(data, database, database_file), time.time()))
    except StoreError as error:
        fail(str(error), EXIT_FAILED)
    if not found:
        typer.echo("Nobody is admin everywhere. Make somebody: farwatch admin reset")
    for admin in found:
        user = admin.user
        state = "disabled" if user.disabled_at is not None else "enabled"
        how = "password" if user.is_local else user.provider
        typer.echo(f"{user.name}\t{state}\t{how}\tsessions: {admin.sessions}")


def _where(data: Path, database: str, database_file: Path | None) -> Path | str:
    """The records, as the hub's own flags name them."""
    if database and database_file:
        fail("--database and --database-file both say where the records are: give one of them", EXIT_USAGE)
    if database_file is None:
        return database or data
    from farwatch.hub.options import HubOptions, OptionsError  # noqa: PLC0415

    try:
        return HubOptions(database_file=database_file).database_url
    except OptionsError as error:
        fail(str(error), EXIT_USAGE)
