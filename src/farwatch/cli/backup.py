"""`farwatch backup`: copies of a hub's stores, and stores out of copies."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from farwatch.cli.ending import EXIT_FAILED, fail, needs_hub, run
from farwatch.cli.options import DEFAULT_HUB, AsJson, Hub, Token

app = typer.Typer(no_args_is_help=True, help="Write, list and restore backups of a hub.")


@app.command("create")
def create_backup(
    *,
    keep: Annotated[
        int | None,
        typer.Option(
            help="How many backups to keep, the new one included.", min=1, max=1000, show_default="all"
        ),
    ] = None,
    timeout: Annotated[float, typer.Option(help="Seconds it may take.", min=1)] = 3600.0,
    hub: Hub = DEFAULT_HUB,
    token: Token = "",
    as_json: AsJson = False,
) -> None:
    """Have a running hub write a backup, and wait until all of it is on its disk."""
    from farwatch.cli.views import backups as views  # noqa: PLC0415

    run(views.create_backup(hub, token, keep, timeout, as_json=as_json))


@app.command("list")
def list_backups(*, hub: Hub = DEFAULT_HUB, token: Token = "", as_json: AsJson = False) -> None:
    """List a running hub's backups, the newest first."""
    from farwatch.cli.views import backups as views  # noqa: PLC0415

    run(views.list_backups(hub, token, as_json=as_json))


@app.command("restore")
def restore_backup(
    name: Annotated[str, typer.Argument(help='A backup, 20261121T021700Z, or "latest".')],
    *,
    backups: Annotated[Path, typer.Option(help="The directory with the backups.")],
    data: Annotated[Path, typer.Option(help="The data directory to fill; it must hold no stores.")],
    if_empty: Annotated[
        bool, typer.Option("--if-empty", help="Leave a data directory that holds stores as it is.")
    ] = False,
    database: Annotated[
        str,
        typer.Option(
            envvar="FARWATCH_DATABASE",
            help="The hub's records are here: leave them alone.",
            show_default="none",
        ),
    ] = "",
    database_file: Annotated[
        Path | None, typer.Option(help="A file with that address.", show_default="none")
    ] = None,
) -> None:
    """Make a data directory out of a backup, before a hub starts on it."""
    with needs_hub("restoring a backup"):
        import farwatch.hub.store.embedded  # noqa: F401, PLC0415 - or say that the engine is missing
        from farwatch.hub.backup import BackupError, Folder, NotEmptyError, restore  # noqa: PLC0415
        from farwatch.hub.store import StoreError  # noqa: PLC0415
    elsewhere = bool(database or database_file)
    try:
        done = asyncio.run(restore(Folder(backups.absolute()), name, data, records_elsewhere=elsewhere))
    except NotEmptyError as error:
        if not if_empty:
            fail(str(error), EXIT_FAILED)
        typer.echo(f"{data} holds stores already: nothing is restored.")
    except (BackupError, StoreError) as error:
        fail(str(error), EXIT_FAILED)
    else:
        typer.echo(f"Backup {done.name} is restored to {data}.")
