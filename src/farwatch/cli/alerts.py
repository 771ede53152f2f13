"""`farwatch alerts`: what fires, why people are told or not, and who sees to it."""

import sys
from typing import Annotated

import typer

from farwatch.cli.ending import EXIT_USAGE, fail, run
from farwatch.cli.options import DEFAULT_HUB, AsJson, Hub, Since, Token, Until

app = typer.Typer()

Fingerprint = Annotated[
    str, typer.Argument(help="The alert's fingerprint, or as much of its beginning as no other alert shares.")
]
OnlyCluster = Annotated[str, typer.Option("--cluster", help="Only this cluster's.")]
AlertName = Annotated[str, typer.Option("--alertname", help="Only alerts of this name.")]
Note = Annotated[str, typer.Option("--note", help="What to say about it.")]
Limit = Annotated[int, typer.Option("--limit", help="How many at most.", min=1)]


@app.callback(invoke_without_command=True)
def show_alerts(
    context: typer.Context,
    *,
    hub: Hub = DEFAULT_HUB,
    token: Token = "",
    as_json: AsJson = False,
    only_cluster: OnlyCluster = "",
    once: Annotated[
        bool, typer.Option("--once", help="Print the table once instead of keeping it live.")
    ] = False,
) -> None:
    """Show what fires now; explain, acknowledge and snooze alerts.

    On a terminal it is a live table, otherwise it is printed once. Options of a command stand after it.
    """
    if context.invoked_subcommand:
        _refuse_options_before(context)
        return
    from farwatch.cli.views import alerts as views  # noqa: PLC0415

    if as_json or once or not sys.stdout.isatty():
        run(views.print_alerts(hub, token, only_cluster, as_json=as_json))
    else:
        run(views.watch_alerts(hub, token, only_cluster))


def _refuse_options_before(context: typer.Context) -> None:
    """An option that stands before the command would not reach it."""
    for name in context.params:
        source = context.get_parameter_source(name)
        if source is not None and source.name == "COMMANDLINE":
            command = f"farwatch alerts {context.invoked_subcommand}"
            fail(f"options of '{command}' stand after it: {command} ... --hub ADDRESS", EXIT_USAGE)


@app.command("explain")
def explain(
    fingerprint: Fingerprint, *, hub: Hub = DEFAULT_HUB, token: Token = "", as_json: AsJson = False
) -> None:
    """Say who is told of an alert, and why.

    Its way through the routes, the groups and their timers, what keeps it quiet, and every notification of it.
    """
    from farwatch.cli.views import explanation  # noqa: PLC0415

    run(explanation.explain_alert(hub, token, fingerprint, as_json=as_json))


@app.command("ack")
def acknowledge(
    fingerprint: Fingerprint, *, note: Note = "", hub: Hub = DEFAULT_HUB, token: Token = ""
) -> None:
    """Take an alert on until it ends.

    Meanwhile people are not told of it again and again.
    """
    from farwatch.cli.views import acknowledgements  # noqa: PLC0415

    run(acknowledgements.acknowledge(hub, token, fingerprint, note))


@app.command("unack")
def withdraw(fingerprint: Fingerprint, *, hub: Hub = DEFAULT_HUB, token: Token = "") -> None:
    """Take an acknowledgement back."""
    from farwatch.cli.views import acknowledgements  # noqa: PLC0415

    run(acknowledgements.withdraw(hub, token, fingerprint))


@app.command("snooze")
def snooze(
    fingerprint: Fingerprint,
    *,
    until: Annotated[
        str, typer.Option("--for", "--until", help="For how long (2h, 1d), or until when (an ISO time).")
    ] = "1h",
    note: Note = "",
    hub: Hub = DEFAULT_HUB,
    token: Token = "",
) -> None:
    """Hush an alert for a while.

    That is a silence of all its labels.
    """
    from farwatch.cli.views import acknowledgements  # noqa: PLC0415

    run(acknowledgements.snooze(hub, token, fingerprint, until, note))


@app.command("history")
def show_history(
    *,
    since: Since = "24h",
    until: Until = "",
    only_cluster: OnlyCluster = "",
    alertname: AlertName = "",
    fingerprint: Annotated[str, typer.Option("--fingerprint", help="Only this alert.")] = "",
    limit: Limit = 100,
    hub: Hub = DEFAULT_HUB,
    token: Token = "",
    as_json: AsJson = False,
) -> None:
    """List beginnings and ends of alerts.

    And acknowledgements; the newest first.
    """
    from farwatch.cli.views import history  # noqa: PLC0415

    query = {"cluster": only_cluster, "alertname": alertname, "fingerprint": fingerprint}
    run(history.print_alerts(hub, token, history.Choice(since, until, query, limit), as_json=as_json))


@app.command("stats")
def show_statistics(
    *,
    since: Since = "7d",
    until: Until = "",
    only_cluster: OnlyCluster = "",
    alertname: AlertName = "",
    hub: Hub = DEFAULT_HUB,
    token: Token = "",
    as_json: AsJson = False,
) -> None:
    """Count alerts, and how long they took.

    How long until somebody acknowledged them and until they ended, and which come and go.
    """
    from farwatch.cli.views import history  # noqa: PLC0415

    query = {"cluster": only_cluster, "alertname": alertname}
    run(history.print_statistics(hub, token, history.Choice(since, until, query), as_json=as_json))


@app.command("notifications")
def show_notifications(
    *,
    since: Since = "24h",
    until: Until = "",
    only_cluster: OnlyCluster = "",
    alertname: AlertName = "",
    fingerprint: Annotated[str, typer.Option("--fingerprint", help="Only of this alert.")] = "",
    receiver: Annotated[str, typer.Option("--receiver", help="Only to this receiver.")] = "",
    outcome: Annotated[
        str, typer.Option("--outcome", help="delivered, refused, 'out of time' or 'cut off by a stop'.")
    ] = "",
    limit: Limit = 100,
    hub: Hub = DEFAULT_HUB,
    token: Token = "",
    as_json: AsJson = False,
) -> None:
    """List who was told of what.

    With the receipt or the error, the newest first.
    """
    from farwatch.cli.views import history  # noqa: PLC0415

    query = {
        "cluster": only_cluster,
        "alertname": alertname,
        "fingerprint": fingerprint,
        "receiver": receiver,
        "outcome": outcome,
    }
    run(history.print_notifications(hub, token, history.Choice(since, until, query, limit), as_json=as_json))
