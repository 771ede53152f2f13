"""`farwatch sim`: run a simulated cluster."""

from pathlib import Path
from typing import Annotated

import typer

from farwatch.cli.ending import EXIT_USAGE, fail


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
        fail(str(error), EXIT_USAGE, "farwatch sim")
    raise typer.Exit(run(options))
