"""One agent's connection: the session, the socket, what waits for an answer or to become durable."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import suppress
from typing import Protocol

from farwatch.hub.fleet.errors import AgentAwayError, CallFailedError
from farwatch.link.errors import LinkError
from farwatch.link.events import CallFailed, CallReplied, Closed, SessionState
from farwatch.link.frames import CallErrorCode, CloseCode
from farwatch.link.hub import HubSession

SEND_SECONDS = 10.0
"""A peer that takes no bytes for so long is gone."""

MAX_WAITING_PARTS = 256
"""How many parts of a call's answer may wait for whoever asked."""


class Socket(Protocol):
    """A WebSocket as the link needs it. Every method raises ``ConnectionError`` once the peer is gone."""

    async def send_bytes(self, data: bytes) -> None:
        """Send one binary message."""

    async def receive_bytes(self) -> bytes:
        """Wait for the next binary message."""

    async def close(self) -> None:
        """Close; doing so again is fine."""


class Connection:
    """A connection that was accepted, whatever its peer may turn out to be.

    Args:
        socket: The WebSocket.
        session: The hub's end of the link.
        token_id: The public part of the token the peer showed.
        peer: Its address.
        grant_bytes: Credit is granted in portions of at least this, so that granting costs few frames.

    Attributes:
        cluster: The cluster's name, once the agent was let in.
        instance: The agent's process, if it does not lead; empty for the one that does.
        snapshots_ended: The kinds whose snapshot was whole on this connection.
        synced: Every kind that can be had was; it has been told.
        newest: The newest of the cluster's changes on their way into the store, whichever connection they came by.
        ended: Why the link is over; None while it is open, or when the connection broke without a word.
        over: Set when the socket is closed and nothing more will happen.
    """

    def __init__(
        self, socket: Socket, session: HubSession, *, token_id: str, peer: str, grant_bytes: int
    ) -> None:
        self.session = session
        self.token_id = token_id
        self.peer = peer
        self.cluster = ""
        self.instance = ""
        self.snapshots_ended: set[str] = set()
        self.synced = False
        self.newest: asyncio.Future[None] | None = None
        self.ended: Closed | None = None
        self._socket = socket
        self._grant_bytes = grant_bytes
        self._worked_off = 0
        self._unacked: deque[tuple[int, asyncio.Future[None]]] = deque()
        self._calls: dict[int, asyncio.Queue[CallReplied | CallFailed | None]] = {}
        self._something_to_send = asyncio.Event()
        self.over = asyncio.Event()

    async def run(self, take: Callable[[bytes], Awaitable[None]]) -> None:
        """Hand on every message until the link is over, and send whatever the session has to say.

        Raises:
            Exception: What ``take`` raised; the link was closed because of it.
        """
        receiver = asyncio.create_task(self._receive(take))
        sender = asyncio.create_task(self._send())
        try:
            await asyncio.wait((receiver, sender), return_when=asyncio.FIRST_COMPLETED)
            if self.session.state is SessionState.CLOSED:
                # The farewell is on its way.
                await asyncio.wait((sender,), timeout=SEND_SECONDS)
        finally:
            receiver.cancel()
            sender.cancel()
            await asyncio.gather(receiver, sender, return_exceptions=True)
            for waiting in self._calls.values():
                waiting.put_nowait(None)
            with suppress(ConnectionError):
                await self._socket.close()
            self.over.set()
        if not receiver.cancelled() and (fault := receiver.exception()) is not None:
            raise fault

    def close(self, code: CloseCode, reason: str) -> None:
        """End the link with a coded reason."""
        if self.session.state is not SessionState.CLOSED:
            self.session.close(code, reason)
            self.ended = Closed(code=code, reason=reason)
            self.send()

    def send(self) -> None:
        """The session has something to say."""
        self._something_to_send.set()

    def tick(self, now: float) -> list[CallFailed | Closed]:
        """Let the session look at the clock when it asked to."""
        due = self.session.next_tick()
        if due is None or due > now:
            return []
        self.send()
        return [event for event in self.session.tick() if isinstance(event, CallFailed | Closed)]

    # --- state ------------------------------------------------------------------------------------------------

    def acknowledge(self, number: int, durable: asyncio.Future[None] | None) -> None:
        """Acknowledge a state frame once it, and all that is known of the cluster before it, is durable.

        None: it changed nothing. What it repeats may still be on its way: after a reconnect, the snapshot says again
        what the connection before it brought.
        """
        self.newest = durable or self.newest
        if self.newest is None or (self.newest.done() and not self._unacked):
            self._finish(number, durable)
            return
        self._unacked.append((number, self.newest))
        self.newest.add_done_callback(self._on_durable)

    def grant(self, size: int) -> None:
        """So many bytes were worked off."""
        self._worked_off += size
        if self._worked_off >= self._grant_bytes:
            self.session.grant(self._worked_off)
            self._worked_off = 0
            self.send()

    def _on_durable(self, _durable: asyncio.Future[None]) -> None:
        while self._unacked and self._unacked[0][1].done():
            self._finish(*self._unacked.popleft())

    def _finish(self, number: int, durable: asyncio.Future[None] | None) -> None:
        if durable is not None and (durable.cancelled() or durable.exception() is not None):
            self.close(CloseCode.INTERNAL_ERROR, "the hub could not keep the changes; it will compare anew")
            return
        self.session.ack(number)
        self.send()

    # --- calls ------------------------------------------------------------------------------------------------

    async def call(
        self, method: str, params: object, timeout_seconds: float, user: str
    ) -> AsyncGenerator[bytes]:
        """Ask the agent, and get the parts of its answer as they come, each in MessagePack.

        Raises:
            CallFailedError: The agent said no, or did not answer in time.
            AgentAwayError: The link ended first.
        """
        try:
            number = self.session.call(method, params, timeout_seconds, user)
        except LinkError as error:
            raise AgentAwayError(f"the agent of {self.cluster!r} has just left: {error.reason}") from error
        waiting = self._calls[number] = asyncio.Queue()
        self.send()
        try:
            while True:
                answer = await waiting.get()
                if answer is None:
                    raise AgentAwayError(
                        f"the agent of {self.cluster!r} left before it answered {method}: try again"
                    )
                if isinstance(answer, CallFailed):
                    raise CallFailedError(answer.code, answer.message)
                yield bytes(answer.payload)
                if answer.final:
                    return
        finally:
            del self._calls[number]
            self.session.cancel(number)
            self.send()

    def answer(self, answer: CallReplied | CallFailed) -> None:
        """A part of a call's answer came; whoever asked may be gone already."""
        waiting = self._calls.get(answer.id)
        if waiting is None:
            return
        if waiting.qsize() >= MAX_WAITING_PARTS:
            self.session.cancel(answer.id)
            answer = CallFailed(
                id=answer.id,
                code=CallErrorCode.OVERLOADED,
                message=f"more than {MAX_WAITING_PARTS} parts of the answer waited to be read",
            )
        waiting.put_nowait(answer)

    # --- inside -----------------------------------------------------------------------------------------------

    async def _receive(self, take: Callable[[bytes], Awaitable[None]]) -> None:
        while self.session.state is not SessionState.CLOSED:
            try:
                data = await self._socket.receive_bytes()
            except ConnectionError:
                return
            try:
                await take(data)
            except Exception:
                self.close(CloseCode.INTERNAL_ERROR, "the hub failed on a frame; its log says how")
                raise

    async def _send(self) -> None:
        while True:
            await self._something_to_send.wait()
            self._something_to_send.clear()
            for message in self.session.frames():
                try:
                    async with asyncio.timeout(SEND_SECONDS):
                        await self._socket.send_bytes(message)
                except (ConnectionError, TimeoutError):
                    return
            if self.session.state is SessionState.CLOSED:
                return
