"""The demo: a hub, three simulated clusters with their agents, a webhook receiver, and trouble.

Everything is a real process on a real socket of this machine; nothing leaves it. The receiver is this process: what it
prints is what a person would have been told.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import signal
import socket
import sys
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from aiohttp import web
from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from farwatch.cli.views.clusters import Cluster, Issued
from farwatch.cli.views.listing import Listed
from farwatch.client import ClientError, HubClient
from farwatch.listen import AddressError, read_address
from farwatch.terminal import make_console, plain

EXIT_FAILED = 1
EXIT_USAGE = 2

START_SECONDS = 60.0
STOP_SECONDS = 10.0
REFRESH_SECONDS = 1.0
PLAIN_REFRESH_SECONDS = 15.0
LOG_LINES_SHOWN = 15

_STYLES = {"critical": "bold red", "warning": "yellow", "info": "cyan"}


@dataclass(frozen=True)
class DemoCluster:
    """A cluster of the demo: its labels, its size, and the flags that say what goes wrong in it."""

    name: str
    labels: Mapping[str, str]
    nodes: int
    pods: int
    trouble: tuple[str, ...]


CLUSTERS = (
    DemoCluster(
        "prod-eu-west-1", {"env": "prod", "region": "eu"}, 20, 400, ("--scenario", "demo", "--churn", "4")
    ),
    DemoCluster(
        "prod-us-east-1", {"env": "prod", "region": "us"}, 10, 180, ("--chaos", "1.5", "--churn", "2")
    ),
    DemoCluster("staging", {"env": "staging", "region": "eu"}, 4, 60, ("--chaos", "1", "--churn", "2")),
)


class DemoError(Exception):
    """The demo cannot go on; the message says why."""


def run(listen: str) -> int:
    """Run the demo until interrupted; returns the process's exit code."""
    console = make_console()
    try:
        asyncio.run(_run_until_signal(listen, console))
    except AddressError as error:
        print(f"farwatch demo: {error}", file=sys.stderr)  # noqa: T201 - a command speaks to people
        return EXIT_USAGE
    except (DemoError, ClientError) as error:
        console.print(f"farwatch demo: {error}", style="red", soft_wrap=True)
        return EXIT_FAILED
    return 0


async def _run_until_signal(listen: str, console: Console) -> None:
    demo = asyncio.create_task(_play(listen, console))
    told = False

    def stop() -> None:
        nonlocal told
        told = True
        demo.cancel()

    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop)
    try:
        await demo
    except asyncio.CancelledError:
        if not told:
            raise


async def _play(listen: str, console: Console) -> None:
    async with AsyncExitStack() as exits:
        folder = Path(exits.enter_context(tempfile.TemporaryDirectory(prefix="farwatch-demo-")))
        receiver = Receiver(console)
        webhook = await exits.enter_async_context(receiver.serve())
        console.print("Starting a hub and three simulated clusters ...", style="dim")
        token = secrets.token_urlsafe(24)
        password = secrets.token_urlsafe(12)
        secret = {"FARWATCH_ADMIN_TOKEN": token, "FARWATCH_ADMIN_PASSWORD": password}
        url, hub = await exits.enter_async_context(_hub(folder, listen, webhook, secret))
        processes = [hub]
        async with HubClient(url, token) as client:
            for cluster in CLUSTERS:
                processes += await _start_cluster(exits, folder, client, url, cluster)
            console.print(f"\n  Console   {url}", soft_wrap=True)
            console.print(f"            sign in as admin with the password {password}", soft_wrap=True)
            console.print(
                f"  CLI       FARWATCH_HUB={url} FARWATCH_TOKEN={token} farwatch alerts", soft_wrap=True
            )
            console.print("  Ctrl-C    ends everything\n")
            watching = asyncio.create_task(_show_fleet(client, receiver, console))
            ending = [asyncio.create_task(process.ended()) for process in processes]
            try:
                await asyncio.wait([watching, *ending], return_when=asyncio.FIRST_COMPLETED)
                for task in (watching, *ending):
                    if task.done():
                        task.result()
            finally:
                for task in (watching, *ending):
                    task.cancel()
                await asyncio.gather(watching, *ending, return_exceptions=True)


# --- processes ------------------------------------------------------------------------------------------------


class Process:
    """A process of the demo, with its log in a file."""

    def __init__(self, name: str, process: asyncio.subprocess.Process, log: Path) -> None:
        self.name = name
        self._process = process
        self._log = log

    async def first_line(self) -> str:
        """The first line on its standard output.

        Raises:
            DemoError: It ended, or said nothing in time.
        """
        if self._process.stdout is None:
            raise RuntimeError("a process of the demo without a pipe")
        try:
            async with asyncio.timeout(START_SECONDS):
                line = await self._process.stdout.readline()
        except TimeoutError as error:
            raise DemoError(
                f"{self.name} did not start within {START_SECONDS:.0f} s{self._tail()}"
            ) from error
        if not line:
            await self.ended()
        return line.decode().strip()

    async def ended(self) -> None:
        """Wait until it ends, which it should not.

        Raises:
            DemoError: It ended; its last words are in the message.
        """
        code = await self._process.wait()
        raise DemoError(f"{self.name} ended with code {code}{self._tail()}")

    async def stop(self) -> None:
        """Ask it to end, and make it if it does not."""
        if self._process.returncode is not None:
            return
        self._process.terminate()
        try:
            async with asyncio.timeout(STOP_SECONDS):
                await self._process.wait()
        except TimeoutError:
            self._process.kill()
            await self._process.wait()

    def _tail(self) -> str:
        lines = self._log.read_text(errors="replace").splitlines()[-LOG_LINES_SHOWN:]
        return ":\n" + "\n".join(f"  {line}" for line in lines) if lines else ""


@asynccontextmanager
async def _process(
    name: str, folder: Path, arguments: Sequence[str], **environment: str
) -> AsyncIterator[Process]:
    log = folder / f"{name}.log"
    with log.open("wb") as errors:
        started = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "farwatch",
            *arguments,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=errors,
            env=os.environ | environment,
            # Ctrl-C reaches this process alone, which then ends the others in order.
            start_new_session=True,
        )
    process = Process(name, started, log)
    try:
        yield process
    finally:
        await process.stop()


@asynccontextmanager
async def _hub(
    folder: Path, listen: str, webhook: str, secret: Mapping[str, str]
) -> AsyncIterator[tuple[str, Process]]:
    alerting = folder / "alerting.yml"
    alerting.write_text(
        "route:\n"
        "  receiver: terminal\n"
        "  group_by: [alertname, cluster, namespace]\n"
        "  group_wait: 1s\n"
        "  group_interval: 5s\n"
        "  repeat_interval: 4h\n"
        "receivers:\n"
        "  - name: terminal\n"
        f"    webhook_configs: [{{url: '{webhook}'}}]\n"
    )
    arguments = ["hub", "--data", str(folder / "hub"), "--listen", _free(listen), "--alerting", str(alerting)]
    async with _process("hub", folder, arguments, **secret) as process:
        yield (await process.first_line()).split()[-1], process


async def _start_cluster(
    exits: AsyncExitStack, folder: Path, client: HubClient, url: str, cluster: DemoCluster
) -> list[Process]:
    kubeconfig = str(folder / f"{cluster.name}.kubeconfig")
    size = ["--nodes", str(cluster.nodes), "--pods", str(cluster.pods)]
    where = ["--listen", "127.0.0.1:0", "--kubeconfig", kubeconfig]
    sim = await exits.enter_async_context(
        _process(f"{cluster.name}-sim", folder, ["sim", *size, *where, *cluster.trouble])
    )
    await sim.first_line()
    token = (await client.post("/clusters", {"name": cluster.name, "labels": cluster.labels}, Issued)).token
    no_fixed_port = ("--health-listen", "127.0.0.1:0")
    agent = await exits.enter_async_context(
        _process(
            f"{cluster.name}-agent",
            folder,
            [
                *("agent", "--hub", url, "--cluster-name", cluster.name),
                "--kubeconfig",
                kubeconfig,
                *no_fixed_port,
            ],
            FARWATCH_TOKEN=token,
        )
    )
    return [sim, agent]


def _free(listen: str) -> str:
    """The address itself or, when its port is taken, a free port on the same host."""
    host, port = read_address(listen)
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        # As servers do: a port that was used a minute ago is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return f"{listen.rpartition(':')[0]}:0"
    return listen


# --- what a person is told ------------------------------------------------------------------------------------


class Receiver:
    """A webhook receiver that prints what it is told: each alert once as it fires, and once as it ends."""

    def __init__(self, console: Console) -> None:
        self.notifications = 0
        self._console = console
        self._firing: set[str] = set()

    @asynccontextmanager
    async def serve(self) -> AsyncIterator[str]:
        """Serve on a free port; the URL."""
        app = web.Application()
        app.router.add_post("/", self._receive)
        runner = web.AppRunner(app)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        try:
            yield f"http://127.0.0.1:{runner.addresses[0][1]}/"
        finally:
            await runner.cleanup()

    async def _receive(self, request: web.Request) -> web.Response:
        message: dict[str, Any] = await request.json()
        self.notifications += 1
        for alert in message["alerts"]:
            self._print_once(alert)
        return web.Response()

    def _print_once(self, alert: dict[str, Any]) -> None:
        fingerprint = alert["fingerprint"]
        if alert["status"] == "firing" and fingerprint not in self._firing:
            self._firing.add(fingerprint)
            self._console.print(_describe(alert))
        elif alert["status"] == "resolved" and fingerprint in self._firing:
            self._firing.discard(fingerprint)
            self._console.print(_describe(alert))


def _describe(alert: dict[str, Any]) -> Table:
    """An alert in columns: when, how bad, what; a long description stays below what it describes."""
    labels, resolved = alert["labels"], alert["status"] == "resolved"
    severity = labels.get("severity", "")
    annotations = alert["annotations"]
    what = Text().append_text(plain(labels["alertname"], "" if resolved else "bold"))
    what.append("  ").append_text(plain(annotations.get("summary", "")))
    if not resolved:
        what.append("\n").append_text(plain(annotations.get("description", ""), "dim"))
    row = Table.grid(padding=(0, 2, 0, 0))
    row.add_column(width=8)
    row.add_column(width=8)
    row.add_column(overflow="fold")
    row.add_row(
        Text(f"{datetime.now(UTC).astimezone():%H:%M:%S}", style="dim"),
        plain("resolved" if resolved else severity, "green" if resolved else _STYLES.get(severity, "")),
        what,
    )
    return row


async def _show_fleet(client: HubClient, receiver: Receiver, console: Console) -> None:
    """Keep a line about the fleet below the alerts; off a terminal, print it now and then."""
    if not console.is_terminal:
        while True:
            console.print(await _fleet_line(client, receiver), soft_wrap=True)
            await asyncio.sleep(PLAIN_REFRESH_SECONDS)
    with Live(await _fleet_line(client, receiver), console=console, auto_refresh=False) as live:
        while True:
            live.update(await _fleet_line(client, receiver), refresh=True)
            await asyncio.sleep(REFRESH_SECONDS)


async def _fleet_line(client: HubClient, receiver: Receiver) -> Text:
    line = Text()
    for cluster in (await client.get("/clusters", Listed[Cluster])).items:
        line.append("● ", style="green" if cluster.agent_state == "connected" else "red")
        line.append(f"{cluster.name} ", style="bold")
        line.append(f"{cluster.nodes} nodes {cluster.pods} pods ", style="dim")
        line.append(f"{cluster.alerts} firing   ", style="yellow" if cluster.alerts else "dim")
    line.append(f"{receiver.notifications} notifications", style="dim")
    return line
