"""The agent's life: put together, run, and wound up when told to stop."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
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
from farwatch.agent.cluster.work import ClusterWork
from farwatch.agent.config import AgentConfig, Role
from farwatch.agent.errors import ConfigError
from farwatch.agent.health import health_pages
from farwatch.agent.metrics import metrics_pages
from farwatch.agent.permissions.check import watch_permissions
from farwatch.agent.permissions.rights import Usage
from farwatch.agent.state import AgentState, Standing
from farwatch.agent.tls import make_tls_context, shrink_tls_buffers
from farwatch.agent.uplink import Uplink
from farwatch.agent.webserver import WebServer
from farwatch.calls import Method
from farwatch.kube.access import ClusterAccess
from farwatch.kube.client import KubeClient
from farwatch.kube.clock import SYSTEM_CLOCK, Clock
from farwatch.kube.config import load_access
from farwatch.kube.election import LeaderElector
from farwatch.kube.kinds import EVENT, KINDS
from farwatch.link.frames import PROTOCOL_MIN, PROTOCOL_VERSION, AgentInfo, Hello, LinkRole
from farwatch.logs import configure_logs

EXIT_OK = 0
EXIT_FAULT = 1

FLUSH_SECONDS = 4.0
"""How long stopping waits for the hub to make durable what it was sent; farewell, closing and giving the lease back come
on top, with 10 seconds for all of it."""

IDENTITY_SECONDS = 5.0
"""How long the first link waits to know which cluster this is. While the API server is away nobody knows; a hub that knows
this agent's cluster by its token hears then that it is the API server that is away, and not the agent."""

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
    kinds = [kind for kind in KINDS.values() if config.events or kind.name != EVENT]
    state = AgentState(kind.name for kind in kinds)
    async with KubeClient(access, user_agent=f"farwatch-agent/{__version__}") as client:
        work = ClusterWork(
            lambda: ClusterWatch(
                client,
                state,
                kinds=kinds,
                namespaces=config.namespaces,
                exclude=config.exclude_namespaces,
                poll=config.poll,
                clock=clock,
                on_denial=denied.set,
            ),
            state,
        )
        instance = os.urandom(8).hex()
        denied = asyncio.Event()
        doubt = asyncio.Event()
        elector = _make_elector(config, client, state, instance=instance, on_trouble=doubt.set, clock=clock)
        uplink = _make_uplink(config, state, client, work, instance=instance, elector=elector, clock=clock)
        async with _web_servers(config, state, work), asyncio.TaskGroup() as group:
            _log.info(
                "started", version=__version__, hub=config.hub, api_server=access.server, pid=os.getpid()
            )
            working = group.create_task(work.run(uplink, elector), name="work")
            probing = group.create_task(
                probe_api_server(client, state, uplink.status_changed, clock, doubt), name="probe"
            )
            checking = group.create_task(
                watch_permissions(
                    client,
                    Usage.of(config, access.namespace),
                    state,
                    doubt=denied,
                    on_change=uplink.status_changed,
                    clock=clock,
                ),
                name="permissions",
            )
            linking = group.create_task(_link(client, state, uplink, clock), name="link")
            electing = group.create_task(elector.run(), name="election") if elector else None
            await stop.wait()
            _log.info("stopping")
            working.cancel()
            probing.cancel()
            checking.cancel()
            # Who leads does so until the hub has everything; then the next may begin at once.
            await uplink.finish(FLUSH_SECONDS)
            linking.cancel()
            if elector is not None and electing is not None:
                electing.cancel()
                await asyncio.wait((electing,))
                await elector.release()
    _log.info("stopped")


async def _link(client: KubeClient, state: AgentState, uplink: Uplink, clock: Clock) -> None:
    async with asyncio.TaskGroup() as group:
        knowing = group.create_task(learn_identity(client, state, clock), name="identity")
        await asyncio.wait((knowing,), timeout=IDENTITY_SECONDS)
        if not knowing.done():
            knowing.add_done_callback(
                lambda known: None if known.cancelled() else uplink.redial("it knows which cluster this is")
            )
        await uplink.run()


def _make_elector(
    config: AgentConfig,
    client: KubeClient,
    state: AgentState,
    *,
    instance: str,
    on_trouble: Callable[[], None],
    clock: Clock,
) -> LeaderElector | None:
    if not config.elects:
        return None
    # A name that tells people the pod, and that no other process has, not even this pod's next.
    name = config.pod_name or socket.gethostname()
    state.standing = Standing.STANDBY

    def note() -> None:
        state.leader = elector.holder
        state.election_problem = elector.problem
        if elector.problem:
            on_trouble()

    elector = LeaderElector(
        client,
        config.lease_namespace or client.access.namespace,
        config.lease_name,
        f"{name}_{instance}",
        clock=clock,
        on_change=note,
    )
    return elector


def _make_uplink(
    config: AgentConfig,
    state: AgentState,
    client: KubeClient,
    work: ClusterWork,
    *,
    instance: str,
    elector: LeaderElector | None,
    clock: Clock,
) -> Uplink:
    handlers = {Method.AGENT_STATUS: status_handler(state), Method.POD_LOGS: logs_handler(client)}
    gate = Gate(config.allowed_calls, config.namespaces, config.exclude_namespaces)

    def hello() -> Hello:
        return Hello(
            protocol_min=PROTOCOL_MIN,
            protocol_max=PROTOCOL_VERSION,
            agent=AgentInfo(
                version=__version__,
                instance=instance,
                role=_link_role(config, state),
                cluster_name=config.cluster_name,
                cluster_uid=state.cluster_uid,
                kubernetes_version=state.kubernetes_version,
                started_at=state.started_at,
                namespaces=config.namespaces,
                pod=config.pod_name,
                node=config.node_name,
            ),
            capabilities=tuple(f"call:{method}" for method in config.allowed_calls),
        )

    def dispatch(replies: Replies, on_reply: Callable[[], None]) -> Dispatcher:
        return Dispatcher(handlers, gate, replies, on_reply, state.traffic.calls)

    def holds(hello: Hello) -> bool:
        leads = hello.agent.role == LinkRole.CLUSTER
        return elector is None or elector.leading or not leads

    return Uplink(config, state, work, hello, dispatch, holds=holds, clock=clock)


def _link_role(config: AgentConfig, state: AgentState) -> LinkRole:
    if state.leads:
        return LinkRole.CLUSTER
    return LinkRole.NODE if config.role is Role.NODE else LinkRole.STANDBY


@asynccontextmanager
async def _web_servers(config: AgentConfig, state: AgentState, work: ClusterWork) -> AsyncIterator[None]:
    servers = [
        WebServer(config.health_listen, "health_listen", health_pages(state, config.link_down_liveness))
    ]
    if config.metrics_listen is not None:
        servers.append(
            WebServer(config.metrics_listen, "metrics_listen", metrics_pages(state, work.counters))
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
