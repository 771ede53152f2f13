"""The command line: `farwatch hub | agent | sim | demo | cluster | alerts`.

Each command imports what it needs when it runs, so that `farwatch alerts` does not wait for the hub's libraries.
`farwatch agent` is served by `__main__` before this module is loaded; it stands here for the help.
"""

import asyncio
import os
import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from farwatch import __version__

EXIT_FAILED = 1
EXIT_USAGE = 2
EXIT_INTERRUPTED = 130

_ROTATION_OVERLAP_SECONDS = 24 * 3600

_DEFAULT_HUB = "http://127.0.0.1:8080"

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    help="Watch, alert on and steer fleets of Kubernetes clusters from one hub.",
)
cluster = typer.Typer(no_args_is_help=True, help="Add, list and remove clusters, and their agents' tokens.")
app.add_typer(cluster, name="cluster")

Hub = Annotated[str, typer.Option("--hub", envvar="FARWATCH_HUB", help="The hub's address.")]
Token = Annotated[
    str, typer.Option("--token", envvar="FARWATCH_TOKEN", help="An API token.", show_default=False)
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for scripts.")]
Name = Annotated[str, typer.Argument(help="The cluster's name.")]


@app.command()
def version() -> None:
    """Print the version."""
    typer.echo(__version__)


@app.command("hub")
def run_hub(
    *,
    data: Annotated[Path, typer.Option(help="Where the hub keeps its stores; made when missing.")] = Path(
        "data"
    ),
    listen: Annotated[str, typer.Option(help="Address to serve on, HOST:PORT.")] = "127.0.0.1:8080",
    alerting: Annotated[
        Path | None,
        typer.Option(help="Whom to tell: a file in Alertmanager's format.", show_default="nobody"),
    ] = None,
    detectors: Annotated[
        Path | None, typer.Option(help="Settings of the detectors (YAML).", show_default="built in")
    ] = None,
    external_url: Annotated[
        str, typer.Option(help="The hub's address as people reach it, for links in notifications.")
    ] = "",
    retention: Annotated[
        list[str] | None,
        typer.Option(
            help="Days to keep changes and alert_events, or TABLE=DAYS; may be given several times.",
            show_default="14",
        ),
    ] = None,
    agent_grace: Annotated[
        float, typer.Option(help="Seconds an agent may be away before it is called lost.", min=1)
    ] = 45.0,
    log_level: Annotated[str, typer.Option(help="debug, info, warning or error.")] = "info",
) -> None:
    """Run the hub.

    The first start prints an admin API token, once; FARWATCH_ADMIN_TOKEN sets one instead.
    """
    try:
        from farwatch.hub.main import HubOptions, run  # noqa: PLC0415
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] == "farwatch":
            raise
        _fail(f"the hub needs {error.name}, which is not installed: pip install 'farwatch[hub]'", EXIT_USAGE)
    options = HubOptions(
        data=data,
        listen=listen,
        alerting=alerting,
        detectors=detectors,
        external_url=external_url,
        retention=tuple(retention or ()),
        agent_grace_seconds=agent_grace,
        log_level=log_level,
        admin_token=os.environ.get("FARWATCH_ADMIN_TOKEN") or None,
    )
    raise typer.Exit(run(options))


@app.command("agent", add_help_option=False)
def run_agent() -> None:
    """Watch a cluster and report to the hub (see: farwatch agent --help)."""


@app.command("sim")
def run_sim(
    *,
    nodes: Annotated[int, typer.Option(help="How many nodes.", min=1)] = 3,
    pods: Annotated[int, typer.Option(help="How many pods, about.", min=0)] = 50,
    listen: Annotated[
        str, typer.Option(help="Address to serve on, HOST:PORT; port 0 takes a free one.")
    ] = "127.0.0.1:6443",
    kubeconfig: Annotated[
        Path | None, typer.Option(help="Where to write the kubeconfig.", show_default="a temporary file")
    ] = None,
    token: Annotated[
        str, typer.Option(help="Bearer token of its administrator.", show_default="lets everybody in")
    ] = "",
    tls: Annotated[
        bool, typer.Option("--tls", help="Serve HTTPS; kubectl sends tokens over nothing else.")
    ] = False,
    rbac: Annotated[
        bool,
        typer.Option(
            "--rbac", help="Enforce the cluster's Roles and bindings; makes a token when none is given."
        ),
    ] = False,
    scenario: Annotated[
        str, typer.Option(help="quiet, demo, everything, or a YAML file of steps.")
    ] = "quiet",
    chaos: Annotated[float, typer.Option(help="Random troubles a minute.", min=0)] = 0.0,
    churn: Annotated[
        float, typer.Option(help="Ordinary changes a minute: rollouts, lost pods, scaling.", min=0)
    ] = 0.0,
    speed: Annotated[float, typer.Option(help="Simulated seconds in a real one.", min=0.01)] = 1.0,
    seed: Annotated[
        int | None, typer.Option(help="Makes chance repeatable.", show_default="different each time")
    ] = None,
) -> None:
    """Run a simulated cluster; prints the path of a kubeconfig for it.

    Trouble is raised and mended over HTTP as well, at /_sim/trouble.
    """
    from farwatch.listen import AddressError, read_address  # noqa: PLC0415
    from farwatch.sim.errors import SimError  # noqa: PLC0415
    from farwatch.sim.main import SimOptions, run  # noqa: PLC0415
    from farwatch.sim.scenario import load_scenario  # noqa: PLC0415

    try:
        host, port = read_address(listen)
        options = SimOptions(
            nodes=nodes,
            pods=pods,
            host=host,
            port=port,
            token=token,
            tls=tls,
            rbac=rbac,
            kubeconfig=kubeconfig,
            scenario=load_scenario(scenario),
            chaos_per_minute=chaos,
            churn_per_minute=churn,
            speed=speed,
            seed=seed,
        )
    except (AddressError, SimError) as error:
        _fail(str(error), EXIT_USAGE, "farwatch sim")
    raise typer.Exit(run(options))


@app.command("demo")
def run_demo(
    *,
    listen: Annotated[
        str, typer.Option(help="Address of the hub, HOST:PORT; another port is taken when it is in use.")
    ] = "127.0.0.1:8080",
) -> None:
    """Run a hub and three simulated clusters in trouble, and show what happens."""
    from farwatch.demo import run  # noqa: PLC0415

    raise typer.Exit(run(listen))


@app.command("alerts")
def show_alerts(
    *,
    hub: Hub = _DEFAULT_HUB,
    token: Token = "",
    as_json: AsJson = False,
    only_cluster: Annotated[str, typer.Option("--cluster", help="Only this cluster's.")] = "",
    once: Annotated[
        bool, typer.Option("--once", help="Print the table once instead of keeping it live.")
    ] = False,
) -> None:
    """Show what fires now: a live table on a terminal, printed once otherwise."""
    from farwatch import views  # noqa: PLC0415

    if as_json or once or not sys.stdout.isatty():
        _run(views.print_alerts(hub, token, only_cluster, as_json=as_json))
    else:
        _run(views.watch_alerts(hub, token, only_cluster))


@cluster.command("add")
def add_cluster(name: Name, *, hub: Hub = _DEFAULT_HUB, token: Token = "", as_json: AsJson = False) -> None:
    """Add a cluster and print its agent's token, once."""
    from farwatch import views  # noqa: PLC0415

    _run(views.add_cluster(hub, token, name, as_json=as_json))


@cluster.command("list")
def list_clusters(*, hub: Hub = _DEFAULT_HUB, token: Token = "", as_json: AsJson = False) -> None:
    """List clusters with the state of their agents."""
    from farwatch import views  # noqa: PLC0415

    _run(views.list_clusters(hub, token, as_json=as_json))


@cluster.command("rotate-token")
def rotate_token(
    name: Name,
    *,
    hub: Hub = _DEFAULT_HUB,
    token: Token = "",
    overlap: Annotated[
        int, typer.Option(help="Seconds the former tokens stay valid.", min=0)
    ] = _ROTATION_OVERLAP_SECONDS,
    as_json: AsJson = False,
) -> None:
    """Make a new agent token; the former ones end after the overlap."""
    from farwatch import views  # noqa: PLC0415

    _run(views.rotate_token(hub, token, name, overlap, as_json=as_json))


@cluster.command("revoke-tokens")
def revoke_tokens(name: Name, *, hub: Hub = _DEFAULT_HUB, token: Token = "") -> None:
    """Make every agent token of a cluster worthless at once."""
    from farwatch import views  # noqa: PLC0415

    _run(views.revoke_tokens(hub, token, name))


@cluster.command("remove")
def remove_cluster(name: Name, *, hub: Hub = _DEFAULT_HUB, token: Token = "") -> None:
    """Remove a cluster with its tokens and current objects; its history stays until it ages out."""
    from farwatch import views  # noqa: PLC0415

    _run(views.remove_cluster(hub, token, name))


def _run(work: Coroutine[Any, Any, None]) -> None:
    """Run a client command; its errors are one line on stderr."""
    from farwatch.client import ClientError  # noqa: PLC0415

    try:
        asyncio.run(work)
    except ClientError as error:
        _fail(str(error), EXIT_FAILED)
    except KeyboardInterrupt:
        raise typer.Exit(EXIT_INTERRUPTED) from None


def _fail(message: str, code: int, who: str = "farwatch") -> NoReturn:
    typer.echo(f"{who}: {message}", err=True)
    raise typer.Exit(code)
