"""The agent's life: put together, run, and wound up when told to stop."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import structlog

from farwatch import __version__
from farwatch.agent.calls.dispatch import Dispatcher, Replies
from farwatch.agent.calls.gate import Gate
from farwatch.agent.calls.logs import logs_handler
from farwatch.agent.calls.status import status_handler
from farwatch.agent.cluster.identity import learn_identity
from farwatch.agent.cluster.probe import probe_api_server
from farwatch.agent.cluster.watch import ClusterWatch
from farwatch.agent.config import AgentConfig
from farwatch.agent.errors import ConfigError
from farwatch.agent.health import health_pages
from farwatch.agent.metrics import metrics_pages
from farwatch.agent.state import AgentState
from farwatch.agent.tls import make_tls_context, shrink_tls_buffers
from farwatch.agent.uplink import Uplink
from farwatch.agent.webserver import WebServer
from farwatch.calls import Method
from farwatch.kube.access import ClusterAccess
from farwatch.kube.client import KubeClient
from farwatch.kube.clock import SYSTEM_CLOCK, Clock
from farwatch.kube.config import load_access
from farwatch.kube.kinds import KINDS
from farwatch.link.frames import PROTOCOL_MIN, PROTOCOL_VERSION, AgentInfo, Hello
from farwatch.logs import configure_logs

EXIT_OK = 0
EXIT_FAULT = 1

FLUSH_SECONDS = 5.0
"""How long stopping waits for the hub to make durable what it was sent; farewell and closing come on top."""

_log = structlog.get_logger(__name__)


def run(config: AgentConfig) -> int:
    """Runs an agent until SIGTERM or SIGINT; returns the process's exit code.

    Raises ConfigError or KubeConfigError when something it was given cannot be used.
    """
    configure_logs(config.log_level, config.log_format)
    shrink_tls_buffers()
    access = check(config)
    try:
        asyncio.run(serve(config, access))
    except ConfigError:
        raise
    except Exception:  # noqa: BLE001 - whatever it was, the log says it and the exit code too
        # Where one part has failed, the others may be wrong as well: a new process begins with what is true.
        _log.critical("ended by a fault of the agent; please report it with this line", exc_info=True)
        return EXIT_FAULT
    return EXIT_OK


def check(config: AgentConfig) -> ClusterAccess:
    """Looks at everything that can be looked at without a network; raises ConfigError or KubeConfigError."""
    config.read_token()
    make_tls_context(config.ca_file)
    return load_access(config.kubeconfig, config.context or None)


async def serve(
    config: AgentConfig, access: ClusterAccess, stop: asyncio.Event | None = None, clock: Clock = SYSTEM_CLOCK
) -> None:
    """Runs an agent until ``stop`` is set, by default by a signal; then winds it up within 10 seconds.

    Raises ConfigError when a port cannot be had.
    """
    stop = stop or _stop_on_signals()
    state = AgentState(KINDS)
    async with KubeClient(access, user_agent=f"farwatch-agent/{__version__}") as client:
        watch = ClusterWatch(client, state, namespaces=config.namespaces, poll=config.poll, clock=clock)
        uplink = _make_uplink(config, state, client, watch, clock)
        async with _web_servers(config, state, watch), asyncio.TaskGroup() as group:
            _log.info(
                "started", version=__version__, hub=config.hub, api_server=access.server, pid=os.getpid()
            )
            watching = group.create_task(watch.run(uplink), name="watch")
            probing = group.create_task(
                probe_api_server(client, state, uplink.status_changed, clock), name="probe"
            )
            linking = group.create_task(_link(client, state, uplink, clock), name="link")
            await stop.wait()
            _log.info("stopping")
            watching.cancel()
            probing.cancel()
            await uplink.finish(FLUSH_SECONDS)
            linking.cancel()
    _log.info("stopped")


async def _link(client: KubeClient, state: AgentState, uplink: Uplink, clock: Clock) -> None:
    await learn_identity(client, state, clock)
    await uplink.run()


def _make_uplink(
    config: AgentConfig, state: AgentState, client: KubeClient, watch: ClusterWatch, clock: Clock
) -> Uplink:
    instance = os.urandom(8).hex()
    handlers = {Method.AGENT_STATUS: status_handler(state), Method.POD_LOGS: logs_handler(client)}
    gate = Gate(config.allowed_calls, config.namespaces)

    def hello() -> Hello:
        return Hello(
            protocol_min=PROTOCOL_MIN,
            protocol_max=PROTOCOL_VERSION,
            agent=AgentInfo(
                version=__version__,
                instance=instance,
                role=config.role.value,
                cluster_name=config.cluster_name,
                cluster_uid=state.cluster_uid,
                kubernetes_version=state.kubernetes_version,
                started_at=state.started_at,
                namespaces=config.namespaces,
            ),
            capabilities=tuple(f"call:{method}" for method in config.allowed_calls),
        )

    def dispatch(replies: Replies, on_reply: Callable[[], None]) -> Dispatcher:
        return Dispatcher(handlers, gate, replies, on_reply, state.traffic.calls)

    return Uplink(config, state, watch, hello, dispatch, clock=clock)


@asynccontextmanager
async def _web_servers(config: AgentConfig, state: AgentState, watch: ClusterWatch) -> AsyncIterator[None]:
    servers = [
        WebServer(config.health_listen, "health_listen", health_pages(state, config.link_down_liveness))
    ]
    if config.metrics_listen is not None:
        servers.append(
            WebServer(config.metrics_listen, "metrics_listen", metrics_pages(state, watch.counters))
        )
    started: list[WebServer] = []
    try:
        for server in servers:
            await server.start()
            started.append(server)
        yield
    finally:
        for server in started:
            server.stop()


def _stop_on_signals() -> asyncio.Event:
    """Set by the first SIGTERM or SIGINT; the second has its usual effect."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()

    def ask() -> None:
        stop.set()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(number)

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ask)
    return stop
