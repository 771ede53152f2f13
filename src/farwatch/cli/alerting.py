"""`farwatch alerting`: the configuration that says whom to tell."""

import re
from pathlib import Path
from typing import Annotated

import typer

from farwatch.cli.ending import EXIT_FAILED, EXIT_USAGE, fail, needs_hub, run
from farwatch.cli.options import DEFAULT_HUB, AsJson, Hub, Token

app = typer.Typer(no_args_is_help=True, help="Check the configuration of alerting, and ask where alerts go.")

File = Annotated[Path, typer.Argument(help="A file in Alertmanager's format.")]

_NEXT_LABEL = re.compile(r",(?=[a-zA-Z_][a-zA-Z0-9_]*=)")


@app.command("check")
def check(file: File, *, as_json: AsJson = False) -> None:
    """Check a configuration, without a hub: every problem with its line and column, or what the file holds.

    The exit code is 1 if there is any problem.
    """
    with needs_hub("the check"):
        from farwatch.cli.views import configuration  # noqa: PLC0415

    if not configuration.check_file(file, as_json=as_json):
        raise typer.Exit(EXIT_FAILED)


@app.command("route")
def route(
    given: Annotated[
        list[str] | None, typer.Argument(metavar="NAME=VALUE", help="Labels of the alert.")
    ] = None,
    *,
    labels: Annotated[
        list[str] | None,
        typer.Option("--labels", metavar="NAME=VALUE,...", help="More labels; may be given several times."),
    ] = None,
    file: Annotated[
        Path | None,
        typer.Option("--file", help="Ask a file in Alertmanager's format.", show_default="the hub is asked"),
    ] = None,
    tree: Annotated[bool, typer.Option("--tree", help="Draw the tree of routes.")] = False,
    hub: Hub = DEFAULT_HUB,
    token: Token = "",
    as_json: AsJson = False,
) -> None:
    """Say where an alert with some labels would go, and why: each route, the receivers, groups and timers.

    With --tree and no labels, the tree of routes alone is drawn.
    """
    parts = [*(given or ()), *(part for text in labels or () for part in _NEXT_LABEL.split(text))]
    found = dict(map(_read_label, parts))
    if file is None:
        from farwatch.cli.views import routes  # noqa: PLC0415

        run(routes.explain_route(hub, token, found, as_tree=tree, as_json=as_json))
        return
    with needs_hub("asking a file"):
        from farwatch.cli.views import configuration  # noqa: PLC0415

    run(configuration.explain_route(file, found, as_tree=tree, as_json=as_json))


@app.command("reload")
def reload(*, hub: Hub = DEFAULT_HUB, token: Token = "", as_json: AsJson = False) -> None:
    """Let the hub read its configuration again; a bad one changes nothing."""
    from farwatch.cli.views import routes  # noqa: PLC0415

    run(routes.reload(hub, token, as_json=as_json))


@app.command("config")
def show_config(*, hub: Hub = DEFAULT_HUB, token: Token = "", as_json: AsJson = False) -> None:
    """Print the configuration that the hub goes by, without its secrets."""
    from farwatch.cli.views import routes  # noqa: PLC0415

    run(routes.print_config(hub, token, as_json=as_json))


@app.command("test")
def try_receiver(
    receiver: Annotated[str, typer.Argument(help="The receiver's name.")],
    *,
    hub: Hub = DEFAULT_HUB,
    token: Token = "",
    as_json: AsJson = False,
) -> None:
    """Let the hub send a test to each integration of a receiver, and its end; the exit code is 1 if any refuses."""
    from farwatch.cli.views import receivers  # noqa: PLC0415

    run(receivers.try_receiver(hub, token, receiver, as_json=as_json))


def _read_label(text: str) -> tuple[str, str]:
    name, separator, value = text.partition("=")
    if not name or not separator:
        fail(f"label {text[:100]!r} is not of the form NAME=VALUE", EXIT_USAGE)
    return name, value.removeprefix('"').removesuffix('"') if value[:1] == value[-1:] == '"' else value
