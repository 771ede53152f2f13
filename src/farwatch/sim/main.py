"""A simulated cluster as a process, or inside another: store, API server, engine and scenario, from start to stop."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import random
import secrets
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

from farwatch.logs import LogFormat, LogLevel, configure_logs
from farwatch.sim.apiserver import ApiServer
from farwatch.sim.churn import Churn
from farwatch.sim.cluster import ClusterSize, build_cluster
from farwatch.sim.engine.engine import Engine
from farwatch.sim.engine.timers import FastClock
from farwatch.sim.errors import SimError
from farwatch.sim.logs import LogBook
from farwatch.sim.scenario import QUIET, Player, Scenario
from farwatch.sim.server.certificates import make_certificate
from farwatch.sim.server.identity import ADMIN_GROUP, User
from farwatch.sim.store import Store
from farwatch.sim.troubles import Troubles
from farwatch.sim.troubles.orders import TROUBLE_PATH, answer_orders

EXIT_OK = 0
EXIT_USAGE = 2


@dataclass(frozen=True, kw_only=True)
class SimOptions:
    """What a simulated cluster is to be like.

    Attributes:
        name: Of the cluster, in its kubeconfig.
        nodes: How many nodes.
        pods: How many pods at the start.
        host: Address to serve on.
        port: Port to serve on; 0 takes a free one.
        token: The bearer token of its administrator; empty lets everybody in, or with ``rbac`` makes one.
        tls: Whether to serve HTTPS, with a certificate of its own that the kubeconfig trusts.
        rbac: Whether the roles and bindings in the cluster decide what users other than the administrator may do.
        kubeconfig: Where to write the kubeconfig; None: in a temporary directory that goes with the cluster.
        scenario: What goes wrong when.
        chaos_per_minute: How many random troubles a simulated minute.
        churn_per_minute: How many ordinary changes (rollouts, lost pods, scaling) a simulated minute.
        speed: How many simulated seconds pass in a real one.
        seed: Makes chance repeatable; None: different each time.
    """

    name: str = "sim"
    nodes: int = 3
    pods: int = 50
    host: str = "127.0.0.1"
    port: int = 6443
    token: str = ""
    tls: bool = False
    rbac: bool = False
    kubeconfig: Path | None = None
    scenario: Scenario = field(default=QUIET)
    chaos_per_minute: float = 0.0
    churn_per_minute: float = 0.0
    speed: float = 1.0
    seed: int | None = None

    def __post_init__(self) -> None:
        """Refuse what makes no sense."""
        if self.speed <= 0:
            raise SimError(f"time cannot run {self.speed} times as fast: give a speed above 0")


class SimCluster:
    """A simulated cluster that runs between entering and leaving; ``url``, ``kubeconfig`` and the rest are set then.

    Attributes:
        store: Every object.
        engine: What moves them.
        troubles: Raises and mends troubles.
        server: The API server.
        url: Where it serves.
        kubeconfig: The file that leads there.
    """

    def __init__(self, options: SimOptions) -> None:
        self.options = options
        self._clock = FastClock(time.time, options.speed)
        randomness = random.Random(options.seed)  # noqa: S311 - names and troubles, not secrets
        self.store = Store(self._clock, randomness)
        build_cluster(self.store, ClusterSize(options.nodes, options.pods), randomness)
        logs = LogBook(self.store)
        self.engine = Engine(self.store, randomness, logs)
        self.engine.settle()
        self.troubles = Troubles(self.engine)
        self.url = ""
        self.kubeconfig = options.kubeconfig or Path()
        self._files = contextlib.ExitStack()
        self._token = options.token or (secrets.token_urlsafe(24) if options.rbac else "")
        self.server = ApiServer(
            self.store,
            logs=logs,
            users={self._token: User("sim-admin", (ADMIN_GROUP,))} if self._token else None,
            rbac=options.rbac,
            certificate=make_certificate(self._folder) if options.tls else None,
            keep_house=False,
        )
        self.server.add_control(TROUBLE_PATH, functools.partial(answer_orders, self.troubles))
        self._running: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        """Serve, write the kubeconfig, and let things happen. SimError when the address or file cannot be had."""
        self.url = await self.server.start(self.options.host, self.options.port)
        try:
            self.kubeconfig = self._write_kubeconfig()
        except OSError as error:
            await self.server.stop()
            raise SimError(
                f"cannot write {self.options.kubeconfig}: {error.strerror}; choose another path"
            ) from error
        Churn(self.engine, self.options.churn_per_minute)
        Player(self.engine, self.troubles, self.options.scenario, self.options.chaos_per_minute)
        self._running = asyncio.create_task(self.engine.run(self._clock))
        return self

    def _write_kubeconfig(self) -> Path:
        path = self.options.kubeconfig or self._folder / f"{self.options.name}.kubeconfig"
        path.parent.mkdir(parents=True, exist_ok=True)
        return self.server.write_kubeconfig(path, name=self.options.name, token=self._token)

    @functools.cached_property
    def _folder(self) -> Path:
        """For files that go with the cluster."""
        return Path(self._files.enter_context(tempfile.TemporaryDirectory(prefix="farwatch-sim-")))

    async def wait(self) -> None:
        """Until the engine stops, which it does only by a fault of its own."""
        if self._running is not None:
            await asyncio.shield(self._running)

    async def __aexit__(
        self, _kind: type[BaseException] | None, error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        """Stop what runs, close what serves, remove what was written temporarily; raise what the engine died of."""
        fault = await self._stop_engine()
        await self.server.stop()
        self._files.close()
        if fault is not None and fault is not error:
            raise fault

    async def _stop_engine(self) -> BaseException | None:
        if self._running is None:
            return None
        self._running.cancel()
        await asyncio.wait([self._running])
        return None if self._running.cancelled() else self._running.exception()


async def run_sim(options: SimOptions, ready: Callable[[SimCluster], None]) -> None:
    """Run a cluster until cancelled; ``ready`` is called once it serves."""
    async with SimCluster(options) as cluster:
        ready(cluster)
        await cluster.wait()


def run(options: SimOptions, log_level: LogLevel = LogLevel.INFO) -> int:
    """Run a cluster until SIGINT or SIGTERM; the process's exit code.

    The kubeconfig's path is the only line on stdout. What keeps the cluster from starting is one line on stderr, and
    code 2.
    """
    configure_logs(log_level, LogFormat.AUTO)
    try:
        asyncio.run(_run_until_signal(options))
    except SimError as error:
        print(f"farwatch sim: {error}", file=sys.stderr)  # noqa: T201 - a command speaks to people
        return EXIT_USAGE
    return EXIT_OK


async def _run_until_signal(options: SimOptions) -> None:
    work = asyncio.current_task()
    loop = asyncio.get_running_loop()
    told = False

    def stop() -> None:
        nonlocal told
        told = True
        if work is not None:
            work.cancel()

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop)
    try:
        await run_sim(options, lambda cluster: print(cluster.kubeconfig, flush=True))  # noqa: T201 - scripts read it
    except asyncio.CancelledError:
        if not told:
            raise
