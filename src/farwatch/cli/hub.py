"""`farwatch hub`: run the hub."""

import os
from pathlib import Path
from typing import Annotated

import typer

from farwatch.cli.ending import needs_hub


def run_hub(
    *,
    data: Annotated[Path, typer.Option(help="Where the hub keeps its stores; made when missing.")] = Path(
        "data"
    ),
    listen: Annotated[str, typer.Option(help="Address to serve on, HOST:PORT.")] = "127.0.0.1:8080",
    alertmanager_listen: Annotated[
        str,
        typer.Option(
            envvar="FARWATCH_ALERTMANAGER_LISTEN",
            help="Another address, HOST:PORT, for Alertmanager's API alone.",
            show_default="it is served beside the hub's own",
        ),
    ] = "",
    alertmanager_auth: Annotated[
        str, typer.Option(help="What that address wants of clients: token, or none.")
    ] = "token",
    alerting: Annotated[
        Path | None,
        typer.Option(help="Whom to tell: a file in Alertmanager's format.", show_default="nobody"),
    ] = None,
    alerting_editable: Annotated[
        bool,
        typer.Option(
            "--alerting-editable", help="Let people edit that file in the console; the hub writes it."
        ),
    ] = False,
    alerting_reload: Annotated[
        float,
        typer.Option(
            help="Seconds between two looks whether that file has changed, to read it again; 0: only by signal or API.",
            min=0,
        ),
    ] = 0.0,
    detectors: Annotated[
        Path | None, typer.Option(help="Settings of the detectors (YAML).", show_default="built in")
    ] = None,
    sso: Annotated[
        Path | None,
        typer.Option(
            help="Identity providers through which people sign in (YAML).", show_default="passwords alone"
        ),
    ] = None,
    external_url: Annotated[
        str, typer.Option(help="The hub's address as people reach it, for links in notifications.")
    ] = "",
    retention: Annotated[
        list[str] | None,
        typer.Option(
            help="Days to keep what happened, or TABLE=DAYS for one table; may be given several times.",
            show_default="14",
        ),
    ] = None,
    agent_grace: Annotated[
        float, typer.Option(help="Seconds an agent may be away before it is called lost.", min=1)
    ] = 45.0,
    evidence_wait: Annotated[
        float,
        typer.Option(
            help="Seconds a notification may wait for the evidence of its alerts; 0: it does not.",
            min=0,
            max=30,
        ),
    ] = 2.0,
    heartbeat_url: Annotated[
        str,
        typer.Option(
            envvar="FARWATCH_HEARTBEAT_URL",
            help="An address to ask for while the hub is healthy.",
            show_default="nothing is sent",
        ),
    ] = "",
    heartbeat_interval: Annotated[
        float, typer.Option(help="Seconds between two signs of life.", min=1)
    ] = 60.0,
    database: Annotated[
        str,
        typer.Option(
            envvar="FARWATCH_DATABASE",
            help="Where records are kept: postgresql://user:password@host/database.",
            show_default="a file in the data directory",
        ),
    ] = "",
    database_file: Annotated[
        Path | None, typer.Option(help="A file with that URL, such as a mounted Secret.", show_default="none")
    ] = None,
    standby: Annotated[
        bool,
        typer.Option(
            "--standby",
            envvar="FARWATCH_STANDBY",
            help="Wait while another hub works on that database, and take over when it is gone.",
        ),
    ] = False,
    telemetry: Annotated[
        str,
        typer.Option(
            envvar="FARWATCH_TELEMETRY",
            help="A ClickHouse server to keep what happened on: https://user:password@host:8443/database.",
            show_default="files in the data directory",
        ),
    ] = "",
    telemetry_file: Annotated[
        Path | None, typer.Option(help="A file with that URL, such as a mounted Secret.", show_default="none")
    ] = None,
    telemetry_ca: Annotated[
        Path | None,
        typer.Option(help="A PEM file of who may vouch for that server.", show_default="the system's"),
    ] = None,
    backups: Annotated[
        Path | None, typer.Option(help="Where backups are written.", show_default="backups, below --data")
    ] = None,
    bootstrap_cluster: Annotated[
        str,
        typer.Option(help="A cluster to add at the start, unless its token is known.", show_default="none"),
    ] = "",
    bootstrap_token_file: Annotated[
        Path | None, typer.Option(help="A file with the token of its agent, fwa_...", show_default="none")
    ] = None,
    session_idle_hours: Annotated[
        float, typer.Option(help="Hours after their last request for which people stay signed in.")
    ] = 12.0,
    session_days: Annotated[
        float, typer.Option(help="Days after which people have to sign in again in any case.")
    ] = 7.0,
    trusted_proxies: Annotated[
        list[str] | None,
        typer.Option(
            envvar="FARWATCH_TRUSTED_PROXIES",
            help="A proxy's address or network, whose X-Forwarded-For is believed; may be given several times.",
            show_default="none",
        ),
    ] = None,
    log_level: Annotated[str, typer.Option(help="debug, info, warning or error.")] = "info",
) -> None:
    """Run the hub.

    The first start prints an admin API token and the password of the user admin, once; FARWATCH_ADMIN_TOKEN and
    FARWATCH_ADMIN_PASSWORD set them instead.
    """
    with needs_hub("the hub"):
        from farwatch.hub.main import HubOptions, run  # noqa: PLC0415

        if not (telemetry or telemetry_file):
            import farwatch.hub.store.embedded  # noqa: F401, PLC0415 - only where it is used
    options = HubOptions(
        data=data,
        listen=listen,
        alertmanager_listen=alertmanager_listen,
        alertmanager_auth=alertmanager_auth,
        alerting=alerting,
        detectors=detectors,
        sso=sso,
        external_url=external_url,
        retention=tuple(retention or ()),
        agent_grace_seconds=agent_grace,
        evidence_wait_seconds=evidence_wait,
        heartbeat_url=heartbeat_url,
        heartbeat_seconds=heartbeat_interval,
        log_level=log_level,
        alerting_editable=alerting_editable,
        alerting_reload_seconds=alerting_reload,
        database=database,
        database_file=database_file,
        standby=standby,
        telemetry=telemetry,
        telemetry_file=telemetry_file,
        telemetry_ca=telemetry_ca,
        backups=backups,
        bootstrap_cluster=bootstrap_cluster,
        bootstrap_token_file=bootstrap_token_file,
        session_idle_hours=session_idle_hours,
        session_days=session_days,
        trusted_proxies=tuple(trusted_proxies or ()),
        admin_token=os.environ.get("FARWATCH_ADMIN_TOKEN") or None,
        admin_password=os.environ.get("FARWATCH_ADMIN_PASSWORD") or None,
    )
    raise typer.Exit(run(options))
