"""`farwatch audit`: what people did, and whether that log is as it was written."""

from pathlib import Path
from typing import Annotated

import typer

from farwatch.cli.ending import EXIT_FAILED, EXIT_USAGE, fail, needs_hub, run
from farwatch.cli.options import DEFAULT_HUB, AsJson, Hub, Since, Token, Until

app = typer.Typer(no_args_is_help=True, help="Read, export and verify the log of what people did.")

Head = Annotated[
    str, typer.Option("--head", metavar="HASH", help="The hash of an entry, noted once: it must be there.")
]


@app.command("list")
def list_entries(
    *,
    actor: Annotated[str, typer.Option(help="Only what who has this name or id did.")] = "",
    action: Annotated[
        str, typer.Option(help='Only this action, or those that begin alike: "silence.*".')
    ] = "",
    target: Annotated[str, typer.Option(help="Only what was done to what has this name or id.")] = "",
    cluster: Annotated[str, typer.Option(help="Only what was done to this cluster.")] = "",
    result: Annotated[str, typer.Option(help="Only what ended like this: ok, denied, failed, unknown.")] = "",
    text: Annotated[str, typer.Option(help="Only entries in which this stands.")] = "",
    since: Since = "",
    until: Until = "",
    limit: Annotated[int, typer.Option(help="How many at most.", min=1, max=500)] = 50,
    hub: Hub = DEFAULT_HUB,
    token: Token = "",
    as_json: AsJson = False,
) -> None:
    """List what people did, the latest first."""
    from farwatch.cli.views import audit as views  # noqa: PLC0415

    wanted = {
        "actor": actor,
        "action": action,
        "target": target,
        "cluster": cluster,
        "result": result,
        "text": text,
    }
    run(views.list_entries(hub, token, wanted, since=since, until=until, limit=limit, as_json=as_json))


@app.command("export")
def export_log(
    file: Annotated[
        Path | None, typer.Argument(help="The file to write.", show_default="standard output")
    ] = None,
    *,
    form: Annotated[str, typer.Option("--format", help="ndjson, which can be verified, or csv.")] = "ndjson",
    since: Since = "",
    until: Until = "",
    hub: Hub = DEFAULT_HUB,
    token: Token = "",
) -> None:
    """Write the log into a file, the first entry first."""
    from farwatch.cli.views import audit as views  # noqa: PLC0415

    run(views.export_log(hub, token, file, form=form, since=since, until=until))


@app.command("verify")
def verify_log(
    file: Annotated[
        Path | None, typer.Argument(help="An export (ndjson) to verify.", show_default="the hub is asked")
    ] = None,
    *,
    data: Annotated[
        Path | None, typer.Option(help="A hub's data directory to verify.", show_default="none")
    ] = None,
    database: Annotated[
        str,
        typer.Option(
            help="A hub's database to verify: postgresql://user@host/database.", show_default="none"
        ),
    ] = "",
    database_file: Annotated[
        Path | None, typer.Option(help="A file with that URL.", show_default="none")
    ] = None,
    head: Head = "",
    part: Annotated[
        bool, typer.Option("--part", help="The file need not begin with the first entry.")
    ] = False,
    hub: Hub = DEFAULT_HUB,
    token: Token = "",
    as_json: AsJson = False,
) -> None:
    """Verify that every entry is as it was written, none is missing, and none was put in.

    It prints the hash of the last entry: note it elsewhere, and give it as --head later. Without, entries that were taken
    off the end are missed by nobody. The exit code is 1 if anything is wrong.
    """
    places = [place for place in (file, data, database, database_file) if place]
    if len(places) > 1:
        fail(
            "FILE, --data, --database and --database-file each name another log: give one of them", EXIT_USAGE
        )
    if part and file is None:
        fail("--part is for a file: give one", EXIT_USAGE)
    if not places:
        from farwatch.cli.views import audit as views  # noqa: PLC0415

        run(views.verify_at_hub(hub, token, head, as_json=as_json))
        return
    with needs_hub("verifying without a hub"):
        from farwatch.cli.views import audit_offline as offline  # noqa: PLC0415
    try:
        if file is not None:
            whole = offline.verify_file(file, head, part=part, as_json=as_json)
        else:
            where = data if data is not None else database or offline.read_url(database_file)
            whole = offline.verify_database(where, head, as_json=as_json)
    except offline.AuditFileError as error:
        fail(str(error), EXIT_FAILED)
    if not whole:
        raise typer.Exit(EXIT_FAILED)
