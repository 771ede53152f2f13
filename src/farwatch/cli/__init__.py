"""The command line: one module per noun, and in `views` what the client commands print.

Each command imports what it needs when it runs, so that `farwatch alerts` does not wait for the hub's libraries.
`farwatch agent` is served by `farwatch.__main__` before this package is loaded; it stands here for the help.
"""

import typer

from farwatch import __version__
from farwatch.cli.admin import app as admin
from farwatch.cli.agent import run_agent
from farwatch.cli.alerting import app as alerting
from farwatch.cli.alerts import app as alerts
from farwatch.cli.audit import app as audit
from farwatch.cli.backup import app as backup
from farwatch.cli.cluster import app as cluster
from farwatch.cli.demo import run_demo
from farwatch.cli.hub import run_hub
from farwatch.cli.silences import app as silences
from farwatch.cli.sim import run_sim
from farwatch.cli.token import app as token

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    help="Watch, alert on and steer fleets of Kubernetes clusters from one hub.",
)


@app.command()
def version() -> None:
    """Print the version."""
    typer.echo(__version__)


app.command("hub")(run_hub)
app.command("agent", add_help_option=False)(run_agent)
app.command("sim")(run_sim)
app.command("demo")(run_demo)
app.add_typer(admin, name="admin")
app.add_typer(alerts, name="alerts")
app.add_typer(alerting, name="alerting")
app.add_typer(audit, name="audit")
app.add_typer(backup, name="backup")
app.add_typer(cluster, name="cluster")
app.add_typer(silences, name="silences")
app.add_typer(token, name="token")
