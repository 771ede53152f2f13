"""The hub's process: from options to a served port and back."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import (
    AbstractContextManager,
    AsyncExitStack,
    asynccontextmanager,
    contextmanager,
    nullcontext,
)
from ipaddress import ip_address
from typing import Any, NoReturn

import structlog
import uvicorn

from farwatch.hub.alerting import AlertingError, Cause
from farwatch.hub.app import Hub, create_alertmanager_app, create_app
from farwatch.hub.audit import AuditError
from farwatch.hub.auth import AuthError
from farwatch.hub.auth.oidc import SsoError
from farwatch.hub.detect import DetectSettingsError
from farwatch.hub.fleet import FleetError
from farwatch.hub.options import HubOptions, ListenerAuth, OptionsError
from farwatch.hub.standby import StandbyApp
from farwatch.hub.store import StoreError, Succession
from farwatch.link.codec import MAX_MESSAGE_BYTES
from farwatch.listen import AddressError, read_address
from farwatch.logs import LogFormat, LogLevel, configure_logs

EXIT_OK = 0
EXIT_USAGE = 2
EXIT_LOST = 3
"""Another hub has taken the records database, or may have."""
STOP_SECONDS = 10

_COLLECTOR_THRESHOLDS = (50_000, 20, 50)

_STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM)

__all__ = ["HubOptions", "run"]

_log = structlog.get_logger(__name__)


def run(options: HubOptions) -> int:
    """Run a hub until it is told to stop; returns the process's exit code.

    What keeps it from starting is one line on stderr, and code 2. One that may not work any longer, because another hub
    has taken the records database, ends the process with code 3.
    """
    try:
        options.check()
        configure_logs(LogLevel(options.log_level.lower()), LogFormat.AUTO)
        for chatty in ("alembic", "uvicorn"):
            logging.getLogger(chatty).setLevel(logging.WARNING)
        with (
            _bind(options.listen, "--listen") as listener,
            _bind_alertmanager(options) as alertmanager,
            asyncio.Runner(loop_factory=_new_loop) as runner,
        ):
            return runner.run(_serve(options, listener, alertmanager))
    except (
        AddressError,
        OptionsError,
        StoreError,
        AlertingError,
        AuditError,
        DetectSettingsError,
        SsoError,
        AuthError,
        FleetError,
    ) as error:
        print(f"farwatch hub: {error}", file=sys.stderr)  # noqa: T201 - a command speaks to people
        return EXIT_USAGE
    except _StoppedError:
        return EXIT_OK


async def _serve(
    options: HubOptions, listener: socket.socket, alertmanager: socket.socket | None = None
) -> int:
    url = _url(listener)
    with _stop_on_signal():
        async with AsyncExitStack() as exits:
            async with _standing_by(options, listener, alertmanager) as succession:
                hub = await Hub.start(options, options.external_url.rstrip("/") or url, succession)
                exits.push_async_callback(hub.stop)
            _reload_on_signal(hub)
            _spare_collector()
            if alertmanager is not None:
                second = AlertmanagerServer(
                    hub, ListenerAuth(options.alertmanager_auth), options.trusted_proxies
                )
                await exits.enter_async_context(second.serving(alertmanager))
            server = Server(hub, lambda: _greet(hub, url, alertmanager), options.trusted_proxies)
            await server.serve(sockets=[listener])
    return EXIT_OK


@asynccontextmanager
async def _standing_by(
    options: HubOptions, listener: socket.socket, alertmanager: socket.socket | None
) -> AsyncIterator[Succession]:
    """Until the block is left, answer for a hub that may have to wait for another one to be gone."""
    if not options.standby:
        yield Succession(lost=_give_up)
        return
    app = StandbyApp()
    server = StandbyServer(app)
    async with server.serving(*(each.dup() for each in (listener, alertmanager) if each is not None)):
        print(f"Standing by on {_url(listener)}", flush=True)  # noqa: T201 - a command speaks to people
        yield Succession(stand_by=True, waiting=app.wait_for, lost=_give_up)


def _give_up(reason: str) -> NoReturn:
    """End as if killed: another hub works, or may, and nothing that this one would still do could be right."""
    _log.critical("this hub ends: it must not work beside another one", reason=reason)
    sys.stderr.flush()
    os._exit(EXIT_LOST)


def _spare_collector() -> None:
    """What has been loaded stays, and hardly anything is in cycles: looking for those took a quarter of an alert's time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_COLLECTOR_THRESHOLDS)


def _reload_on_signal(hub: Hub) -> None:
    """SIGHUP has the alerting configuration read again; how that went is in the log."""
    tasks: set[asyncio.Task[None]] = set()

    def reload() -> None:
        task = asyncio.create_task(hub.configuration.try_reload(Cause.SIGNAL), name="reload")
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, reload)


@contextmanager
def _stop_on_signal() -> Iterator[None]:
    """Until the server sees to signals itself, one ends the start, and what was opened is closed in order."""
    loop, work = asyncio.get_running_loop(), asyncio.current_task()
    told = False

    def stop() -> None:
        nonlocal told
        told = True
        if work is not None:
            work.cancel()

    for number in _STOP_SIGNALS:
        loop.add_signal_handler(number, stop)
    try:
        yield
    except asyncio.CancelledError:
        if not told:
            raise
        raise _StoppedError from None


class _StoppedError(Exception):
    """The hub was told to stop before it had started."""


class Server(uvicorn.Server):
    """The HTTP server of a running hub.

    When told to stop it ends live streams and links: it would wait for them otherwise. A signal that asks for it has
    been obeyed when it returns, and is not raised again: the exit code is 0.

    Args:
        hub: What it serves.
        started: Called once, when it serves and heeds signals.
        trusted_proxies: Whose ``X-Forwarded-For`` is believed.
    """

    def __init__(self, hub: Hub, started: Callable[[], None], trusted_proxies: Sequence[str] = ()) -> None:
        config = uvicorn.Config(
            create_app(hub),
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            ws="websockets-sansio",
            # Above the limit on messages, so that the session itself refuses a large one, with its coded reason.
            ws_max_size=2 * MAX_MESSAGE_BYTES,
            ws_per_message_deflate=False,
            # The link has heartbeats of its own.
            ws_ping_interval=None,
            timeout_graceful_shutdown=STOP_SECONDS,
            proxy_headers=bool(trusted_proxies),
            forwarded_allow_ips=list(trusted_proxies),
        )
        super().__init__(config)
        self._hub = hub
        self._tell_started = started

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        loop = asyncio.get_running_loop()
        for number in _STOP_SIGNALS:
            loop.add_signal_handler(number, self.handle_exit, number, None)
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._tell_started()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._hub.streams.close()
        await self._hub.fleet.links.close()
        await super().shutdown(sockets)


class SideServer(uvicorn.Server):
    """An HTTP server that runs beside something else, to which signals belong.

    Args:
        app: What it serves.
        stop_seconds: How long requests may take to come to their end when it is stopped.
        trusted_proxies: Whose ``X-Forwarded-For`` is believed.
    """

    def __init__(
        self, app: Any, stop_seconds: int = STOP_SECONDS, trusted_proxies: Sequence[str] = ()
    ) -> None:
        config = uvicorn.Config(
            app,
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            ws="websockets-sansio",
            timeout_graceful_shutdown=stop_seconds,
            proxy_headers=bool(trusted_proxies),
            forwarded_allow_ips=list(trusted_proxies),
        )
        super().__init__(config)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    @asynccontextmanager
    async def serving(self, *listeners: socket.socket) -> AsyncIterator[None]:
        """Serve in the meantime; the listeners are closed at its end."""
        task = asyncio.create_task(self.serve(sockets=list(listeners)), name=type(self).__name__)
        try:
            yield
        finally:
            self.should_exit = True
            await task


class AlertmanagerServer(SideServer):
    """The HTTP server of a listener that is nothing but an Alertmanager."""

    def __init__(self, hub: Hub, auth: ListenerAuth, trusted_proxies: Sequence[str] = ()) -> None:
        super().__init__(create_alertmanager_app(hub, auth), trusted_proxies=trusted_proxies)


class StandbyServer(SideServer):
    """The HTTP server of a hub that does not work yet."""

    def __init__(self, app: StandbyApp) -> None:
        super().__init__(app, stop_seconds=1)


def _bind_alertmanager(options: HubOptions) -> AbstractContextManager[socket.socket | None]:
    """The second listener; None where it is not wanted."""
    if not options.alertmanager_listen:
        return nullcontext()
    listener = _bind(options.alertmanager_listen, "--alertmanager-listen")
    host, port = listener.getsockname()[:2]
    if options.alertmanager_auth == ListenerAuth.NONE and not ip_address(host).is_loopback:
        _log.warning(
            "everybody who reaches this address may post alerts and silences", address=host, port=port
        )
    return listener


def _bind(listen: str, option: str) -> socket.socket:
    try:
        host, port = read_address(listen)
    except AddressError as error:
        raise OptionsError(str(error).replace("--listen", option, 1)) from None
    try:
        return socket.create_server(
            (host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET, backlog=2048
        )
    except OSError as error:
        cause = (error.strerror or str(error)).partition(" (while attempting to bind")[0]
        raise OptionsError(
            f"cannot listen on {listen}: {cause}; stop what uses it, or choose another {option}"
        ) from error


def _url(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    if host in {"0.0.0.0", "::"}:  # noqa: S104 - a comparison
        host = socket.gethostname()
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _greet(hub: Hub, url: str, alertmanager: socket.socket | None) -> None:
    """Tell people where the hub is and, once, how to get in. Scripts read these lines: they stay as they are."""
    print(f"Farwatch hub on {url}", flush=True)  # noqa: T201 - a command speaks to people
    if hub.first.token is not None:
        print(f"Admin API token, shown this once: {hub.first.token}", flush=True)  # noqa: T201 - likewise
    if hub.first.password is not None:
        print(f"Password of the user admin, shown this once: {hub.first.password}", flush=True)  # noqa: T201 - likewise
    if alertmanager is not None:
        print(f"Alertmanager's API on {_url(alertmanager)}", flush=True)  # noqa: T201 - likewise


def _new_loop() -> asyncio.AbstractEventLoop:
    try:
        import uvloop  # noqa: PLC0415 - absent where it has no build
    except ImportError:
        return asyncio.new_event_loop()
    return uvloop.new_event_loop()
