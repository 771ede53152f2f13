"""Keeps the link to the hub: dials, speaks through a session, and dials again after a while when it ends.

A session lives as long as one connection, so whatever is half done when one breaks is gone with it: the next begins
with snapshots. Nothing here ends for good but by being told to.
"""

from __future__ import annotations

import asyncio
import random
import ssl
from collections.abc import Callable
from contextlib import suppress
from typing import NamedTuple

import aiohttp
import structlog

from farwatch.agent.calls.dispatch import Dispatcher, Replies
from farwatch.agent.config import AgentConfig
from farwatch.agent.errors import ConfigError
from farwatch.agent.state import AgentState, LinkPhase
from farwatch.agent.tls import make_tls_context
from farwatch.backoff import Backoff
from farwatch.kube.clock import SYSTEM_CLOCK, Clock
from farwatch.kube.stream import describe_network_error
from farwatch.link.agent import AgentSession
from farwatch.link.codec import MAX_MESSAGE_BYTES
from farwatch.link.events import (
    Acknowledged,
    AgentEvent,
    CallCancelled,
    CallRequested,
    Closed,
    SessionState,
    Welcomed,
)
from farwatch.link.frames import SUBPROTOCOL, CloseCode, Hello, Item
from farwatch.link.outbox import Source

FLUSH_INTERVAL_SECONDS = 0.02
"""After frames were sent, others wait so long and go together: waking up and sending costs more than packing.
Whatever comes after a quiet moment is sent at once, and so is the answer to a call."""

BACKOFF = Backoff(first=1.0, longest=60.0)
"""An outage of the hub ends for all its agents at once: full jitter spreads their return over the interval."""

CONNECT_SECONDS = 20.0
"""How long dialling may take: name, connection, proxy, TLS and the hub's answer together."""

FAREWELL_SECONDS = 2.0
"""How long the last frame, and then the WebSocket's closing, may take."""

STEADY_SECONDS = 60.0
"""A link that held so long ends the back-off; one that breaks at once does not, however often it was welcomed."""

REFUSED_RETRY_SECONDS = 60.0
"""The least wait after a refusal that only people can end, unless the hub names another."""

_ENDED_BY_PEOPLE = frozenset(
    {
        CloseCode.BAD_TOKEN,
        CloseCode.REVOKED_TOKEN,
        CloseCode.FOREIGN_CLUSTER,
        CloseCode.UNSUPPORTED_PROTOCOL,
        CloseCode.SUPERSEDED,
    }
)

_log = structlog.get_logger(__name__)


class Ending(NamedTuple):
    """Why there is no link, or no longer.

    Attributes:
        phase: ``REFUSED`` when the hub said no, otherwise ``UNREACHABLE``.
        code: For machines: the hub's close code, or ours.
        reason: For people.
        retry_after: The least wait, in seconds, as the hub asked for it.
    """

    phase: LinkPhase
    code: str
    reason: str
    retry_after: float | None = None


class Uplink:
    """The agent's side of the link. The watch tells it what happens; it tells the state how the link stands.

    Args:
        config: Where the hub is, how to reach it, what to show it.
        state: Is told.
        source: The objects, for snapshots.
        hello: Makes the first frame, once the cluster's identity is known.
        serve: Makes a connection's dispatcher of calls, from where answers go and what to do after each.
        holds: Whether a Hello still says what is so. A leader that stood still may have been replaced meanwhile: before
            each frame it is asked, and what no longer holds sends no more.
        clock: Time and waiting.
        rng: Chance, for the back-off.
    """

    def __init__(
        self,
        config: AgentConfig,
        state: AgentState,
        source: Source,
        hello: Callable[[], Hello],
        serve: Callable[[Replies, Callable[[], None]], Dispatcher],
        *,
        holds: Callable[[Hello], bool] = lambda _: True,
        clock: Clock = SYSTEM_CLOCK,
        rng: random.Random | None = None,
    ) -> None:
        self._config = config
        self._state = state
        self._source = source
        self._hello = hello
        self._serve = serve
        self._holds = holds
        self._clock = clock
        self._random = rng or random.Random()  # noqa: S311 - jitter is no secret
        self._failures = 0
        self._connection: _Connection | None = None
        self._shown_token = ""
        self._stopping = asyncio.Event()
        self._redialling = asyncio.Event()

    # --- what the watch tells ---------------------------------------------------------------------------------

    def kind_synced(self, kind: str) -> None:
        """All objects of a kind are known: its snapshot is sent."""
        if self._connection is not None:
            self._connection.session.kind_synced(kind)
            self._connection.wake()

    def changed(self, kind: str, item: Item) -> None:
        """An object changed. Without a link nothing is kept: the next begins with snapshots."""
        if self._connection is not None:
            self._connection.session.changed(kind, item)
            self._connection.wake()

    def status_changed(self) -> None:
        """The agent's state is another."""
        if self._connection is not None:
            self._connection.session.status(self._state.report())
            self._connection.wake()

    # --- its life ---------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Keeps the link up until ``finish`` or until cancelled."""
        async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar(), trust_env=False) as http:
            while not self._stopping.is_set():
                self._state.set_link(LinkPhase.CONNECTING, self._state.link.code, self._state.link.reason)
                started = self._clock.monotonic()
                self._redialling.clear()
                ending = await self._link_once(http)
                if self._stopping.is_set():
                    break
                if self._redialling.is_set():
                    continue
                if self._clock.monotonic() - started >= STEADY_SECONDS:
                    self._failures = 0
                await self._wait(self._note(ending))
        self._state.set_link(LinkPhase.CLOSED, CloseCode.SHUTTING_DOWN, "the agent was told to stop")

    def redial(self, why: str) -> None:
        """Introduces itself anew, at once: what the last Hello said is no longer so."""
        self._redialling.set()
        if self._connection is not None:
            self._connection.leave(CloseCode.SHUTTING_DOWN, f"the agent connects anew: {why}")

    async def finish(self, seconds: float) -> None:
        """Sends what is left, for so many seconds at most, and says farewell. Returns when the link is closed."""
        self._stopping.set()
        connection = self._connection
        if connection is None:
            return
        if not await connection.settle(seconds):
            _log.warning("stopping before the hub has acknowledged everything")
        connection.leave(CloseCode.SHUTTING_DOWN, "the agent was told to stop")
        await connection.over.wait()

    async def _link_once(self, http: aiohttp.ClientSession) -> Ending:
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                socket = await self._dial(http)
        except ConfigError as error:
            return Ending(LinkPhase.UNREACHABLE, "config", str(error))
        except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as error:
            return _explain_failure(error, self._config)
        hello = self._hello()
        connection = _Connection(
            socket,
            self._new_session(hello),
            self._state,
            self._serve,
            clock=self._clock,
            holds=lambda: self._holds(hello),
        )
        self._connection = connection
        try:
            return await connection.run()
        finally:
            self._connection = None
            self._state.traffic.unacknowledged_frames = 0
            self._state.traffic.held_bytes = 0

    async def _dial(self, http: aiohttp.ClientSession) -> aiohttp.ClientWebSocketResponse:
        url = f"{self._config.hub}/link"
        self._shown_token = self._config.read_token()
        # The context manager would close the socket at its end; the connection does that itself.
        return await http.ws_connect(
            url,
            protocols=(SUBPROTOCOL,),
            headers={"Authorization": f"Bearer {self._shown_token}"},
            proxy=self._config.proxy.resolve(url),
            ssl=make_tls_context(self._config.ca_file),
            compress=0,
            max_msg_size=MAX_MESSAGE_BYTES,
            timeout=aiohttp.ClientWSTimeout(ws_close=FAREWELL_SECONDS),
        )

    async def _wait(self, seconds: float) -> None:
        """Waits, unless there is something new to say."""
        slept = asyncio.ensure_future(self._clock.sleep(seconds))
        redialled = asyncio.create_task(self._redialling.wait())
        try:
            await asyncio.wait((slept, redialled), return_when=asyncio.FIRST_COMPLETED)
        finally:
            slept.cancel()
            redialled.cancel()

    def _new_session(self, hello: Hello) -> AgentSession:
        session = AgentSession(hello, self._source, self._clock.monotonic)
        session.open()
        session.status(self._state.report())
        return session

    def _has_new_token(self) -> bool:
        try:
            return self._config.read_token() != self._shown_token
        except ConfigError:
            return False

    def _note(self, ending: Ending) -> float:
        """Tells state, counters and log; gives the seconds to wait."""
        self._state.set_link(ending.phase, ending.code, ending.reason)
        retry_after = ending.retry_after
        if ending.phase is LinkPhase.REFUSED:
            self._state.traffic.refusals[ending.code] += 1
        else:
            self._state.traffic.failures[ending.code] += 1
        if ending.code == CloseCode.REVOKED_TOKEN and self._has_new_token():
            retry_after = None  # it was rotated, and people have done their part
        elif retry_after is None and ending.code in _ENDED_BY_PEOPLE:
            retry_after = REFUSED_RETRY_SECONDS
        self._failures += 1
        delay = BACKOFF.delay(self._failures, self._random.random(), retry_after)
        _log.warning(
            "no link to the hub",
            hub=self._config.hub,
            outcome=ending.phase.value,
            code=ending.code,
            reason=ending.reason,
            retry_in_seconds=round(delay, 1),
        )
        return delay


class _Connection:
    """One WebSocket with its session: reads, writes and ticks until either side has had enough.

    Attributes:
        session: What is said.
        over: Set when the connection is closed.
    """

    def __init__(
        self,
        socket: aiohttp.ClientWebSocketResponse,
        session: AgentSession,
        state: AgentState,
        serve: Callable[[Replies, Callable[[], None]], Dispatcher],
        *,
        clock: Clock,
        holds: Callable[[], bool],
    ) -> None:
        self.session = session
        self._holds = holds
        self.over = asyncio.Event()
        self._socket = socket
        self._state = state
        self._calls = serve(session, self.hurry)
        self._clock = clock
        self._closed: Closed | None = None
        self._work = asyncio.Event()
        self._urgent = asyncio.Event()
        self._moved = asyncio.Event()
        self._ended = asyncio.Event()
        self._timer: asyncio.TimerHandle | None = None
        self._oversized = 0

    def wake(self) -> None:
        """There may be something to send."""
        self._work.set()

    def hurry(self) -> None:
        """Somebody waits for what there is to send."""
        self._urgent.set()
        self._work.set()

    def leave(self, code: CloseCode, reason: str) -> None:
        """Says farewell, if the other side still listens, and ends the connection."""
        self.session.close(code, reason)
        self._ended.set()
        self.hurry()

    async def settle(self, seconds: float) -> bool:
        """Waits until everything is durable at the hub; False when that takes too long, or the link ends."""
        try:
            async with asyncio.timeout(seconds):
                while not self.session.settled and self.session.state is SessionState.OPEN:
                    self._moved.clear()
                    await self._moved.wait()
        except TimeoutError:
            return False
        return self.session.settled

    async def run(self) -> Ending:
        """Speaks until the link ends; says why it did."""
        self._tick()
        reader = asyncio.create_task(self._read(), name="link reader")
        writer = asyncio.create_task(self._write(), name="link writer")
        ended = asyncio.create_task(self._ended.wait(), name="link end")
        try:
            await asyncio.wait({reader, writer, ended}, return_when=asyncio.FIRST_COMPLETED)
            if self.session.state is SessionState.CLOSED:
                self.wake()
                await asyncio.wait({writer}, timeout=FAREWELL_SECONDS)
        finally:
            await self._tear_down(reader, writer, ended)
        return self._explain_end(_find_failure(reader, writer))

    # --- reading ----------------------------------------------------------------------------------------------

    async def _read(self) -> None:
        traffic = self._state.traffic
        async for message in self._socket:
            if message.type is aiohttp.WSMsgType.ERROR:
                raise message.data
            if message.type is not aiohttp.WSMsgType.BINARY:
                self._reject(f"a {message.type.name} message came where only BINARY is spoken")
                return
            traffic.frames_received += 1
            traffic.bytes_received += len(message.data)
            events = self.session.receive(message.data)
            self._handle(events)
            self._tick_in_time()
            self._note_progress()
            if not (events and all(isinstance(event, Acknowledged) for event in events)):
                self.wake()  # an acknowledgement gives nothing to send

    def _reject(self, reason: str) -> None:
        self.session.close(CloseCode.BAD_FRAME, reason)
        self._handle([Closed(code=CloseCode.BAD_FRAME, reason=reason)])

    def _handle(self, events: list[AgentEvent]) -> None:
        for event in events:
            match event:
                case Welcomed(welcome=welcome):
                    self._state.traffic.connections += 1
                    self._state.set_link(LinkPhase.LINKED)
                    _log.info("linked", cluster=welcome.cluster, protocol=welcome.protocol)
                case CallRequested() if self._holds():
                    self._calls.start(event)
                case CallCancelled(id=call):
                    self._calls.cancel(call)
                case Closed():
                    self._closed = event
                    self._ended.set()
                case _:
                    pass  # an acknowledgement, which the session has counted; a call of somebody who has been replaced

    # --- writing ----------------------------------------------------------------------------------------------

    async def _write(self) -> None:
        while True:
            self._work.clear()
            self._urgent.clear()
            sent = await self._flush()
            self._tick_in_time()  # the next heartbeat is due so long after what was sent
            self._note_progress()
            if self.session.state is SessionState.CLOSED:
                return
            if sent:
                await self._pause()
            await self._work.wait()

    async def _pause(self) -> None:
        """Lets others join what is sent next, unless somebody waits for it."""
        with suppress(TimeoutError):
            async with asyncio.timeout(FLUSH_INTERVAL_SECONDS):
                await self._urgent.wait()

    async def _flush(self) -> int:
        """Sends what may be sent now; gives the number of frames."""
        traffic = self._state.traffic
        before = traffic.frames_sent
        for data in self.session.frames():
            if not self._holds() and self.session.state is not SessionState.CLOSED:
                self._ended.set()
                break
            # Waits while the socket's buffer is full: a slow hub slows us, and never fills our memory.
            await self._socket.send_bytes(data)
            traffic.frames_sent += 1
            traffic.bytes_sent += len(data)
            await asyncio.sleep(0)  # a long snapshot lets the watches have their turns
        return traffic.frames_sent - before

    def _note_progress(self) -> None:
        traffic, session = self._state.traffic, self.session
        traffic.unacknowledged_frames = session.unacknowledged
        traffic.held_bytes = session.held_bytes
        traffic.oversized += session.oversized - self._oversized
        self._oversized = session.oversized
        self._moved.set()

    # --- time -------------------------------------------------------------------------------------------------

    def _tick(self) -> None:
        self._timer = None
        self._handle(self.session.tick())
        self.wake()
        self._tick_in_time()

    def _tick_in_time(self) -> None:
        """Sets the timer to the session's next moment, if that comes before the one it is set to."""
        at = self.session.next_tick()
        loop = asyncio.get_running_loop()
        if at is None:
            return
        when = loop.time() + max(0.0, at - self._clock.monotonic())
        if self._timer is not None:
            if self._timer.when() <= when:
                return
            self._timer.cancel()
        self._timer = loop.call_at(when, self._tick)

    # --- the end ----------------------------------------------------------------------------------------------

    async def _tear_down(self, *tasks: asyncio.Task[object]) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._calls.cancel_all()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self.session.close(CloseCode.INTERNAL_ERROR, "the connection is gone")
        self._moved.set()
        try:
            async with asyncio.timeout(FAREWELL_SECONDS):
                await self._socket.close()
        except TimeoutError:
            _log.debug("the hub did not close its side in time")
        finally:
            self.over.set()

    def _explain_end(self, failure: BaseException | None) -> Ending:
        closed = self._closed
        if closed is not None:
            turned_away = closed.by_peer and self._state.link.phase is not LinkPhase.LINKED
            refused = turned_away or closed.code in _ENDED_BY_PEOPLE
            phase = LinkPhase.REFUSED if refused else LinkPhase.UNREACHABLE
            return Ending(phase, closed.code, closed.reason, closed.retry_after_seconds)
        if failure is not None and not isinstance(
            failure, aiohttp.ClientError | OSError | aiohttp.WebSocketError
        ):
            _log.error("the link failed by a fault of the agent", exc_info=failure)
            return Ending(
                LinkPhase.UNREACHABLE, CloseCode.INTERNAL_ERROR, "the agent failed; its log says how"
            )
        code = self._socket.close_code
        why = f": {failure}" if failure else f" (WebSocket code {code})" if code else ""
        return Ending(LinkPhase.UNREACHABLE, "connection_lost", f"the connection broke off{why}")


def _find_failure(*tasks: asyncio.Task[None]) -> BaseException | None:
    return next((error for task in tasks if not task.cancelled() and (error := task.exception())), None)


def _explain_failure(error: Exception, config: AgentConfig) -> Ending:
    """Why dialling failed, in words that name the hub or the proxy."""
    proxy = config.proxy.resolve(config.hub)
    through = f" through the proxy {config.proxy.describe(proxy)}" if proxy else ""
    retry_after = None
    match error:
        case aiohttp.ClientHttpProxyError(status=status, message=message):
            code, reason = "proxy", f"the proxy answered {status} {message}"
        case aiohttp.WSServerHandshakeError(status=status, headers=headers):
            code, reason = (
                "handshake",
                f"it answered {status} to the WebSocket handshake; is a Farwatch hub there?",
            )
            retry_after = _read_retry_after(headers.get("Retry-After", "") if headers else "")
        case aiohttp.ClientConnectorCertificateError() | ssl.SSLError():
            code, reason = "certificate", f"its certificate is not trusted: {error}; name its CA in ca_file"
        case TimeoutError():
            code, reason = "timeout", f"no answer within {CONNECT_SECONDS:.0f} s"
        case _:
            code, reason = "unreachable", describe_network_error(error)
    return Ending(LinkPhase.UNREACHABLE, code, f"{config.hub}{through}: {reason}", retry_after)


def _read_retry_after(value: str) -> float | None:
    return float(value) if value.isascii() and value.isdecimal() else None
