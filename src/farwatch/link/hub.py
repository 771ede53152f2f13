"""The hub's end of the link, without I/O.

A session lives as long as one connection. The application feeds it messages and the time, answers ``HelloReceived``
with ``welcome`` or ``refuse``, and tells it what became durable (``ack``) and what was worked off (``grant``).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import assert_never

import msgspec

from farwatch.link.calls import CallTable
from farwatch.link.channel import Channel, Clock
from farwatch.link.codec import Received
from farwatch.link.errors import LinkError
from farwatch.link.events import (
    CallFailed,
    CallReplied,
    ChangesReceived,
    Closed,
    HelloReceived,
    HubEvent,
    SessionState,
    SnapshotBegan,
    SnapshotEnded,
    SnapshotItemsReceived,
    StatusReceived,
)
from farwatch.link.frames import (
    MAX_KINDS,
    PROTOCOL_MIN,
    PROTOCOL_VERSION,
    Ack,
    AgentFrame,
    AgentInfo,
    AgentStatus,
    CallCancel,
    CallErrorCode,
    CallFailure,
    CallReply,
    CallRequest,
    Changes,
    Close,
    CloseCode,
    Credit,
    Heartbeat,
    Hello,
    Refused,
    SnapshotBegin,
    SnapshotEnd,
    SnapshotItems,
    Welcome,
)

DEFAULT_CREDIT_BYTES = 4 * 1024 * 1024
"""What an agent may have on its way: a few dozen pages, enough to keep a long fat line busy."""

DEFAULT_HEARTBEAT_SECONDS = 10.0


class HubSession:
    """One connection, seen from the hub.

    Args:
        clock: Monotonic seconds.
        heartbeat_seconds: How often each side sends at least one frame.
        capabilities: What this hub can do; both sides use what both can.

    Attributes:
        state: How far the session is; ``OPENING`` until the application has answered the Hello.
        introduced: How the agent introduced itself, also one whose protocol is none of ours; None before its Hello.
        ignored_replies: Answers to calls that nobody waited for any more.
    """

    def __init__(
        self,
        clock: Clock,
        *,
        heartbeat_seconds: float = DEFAULT_HEARTBEAT_SECONDS,
        capabilities: tuple[str, ...] = (),
    ) -> None:
        self._clock = clock
        self._heartbeat_seconds = heartbeat_seconds
        self._capabilities = capabilities
        self._channel: Channel[AgentFrame] = Channel(AgentFrame, clock)
        self._hello: HelloReceived | None = None
        self._snapshots: dict[str, int] = {}
        self._live: set[str] = set()
        self._credit_bytes = 0
        self._received_bytes = 0
        self._acked = 0
        self._ack_due = False
        self._credit_due = False
        self._calls = CallTable()
        self._last_call = 0
        self._outgoing: deque[Welcome | CallRequest | CallCancel] = deque()
        self.state = SessionState.OPENING
        self.introduced: AgentInfo | None = None
        self.ignored_replies = 0

    # --- what the application says ----------------------------------------------------------------------------

    def welcome(self, cluster: str, credit_bytes: int = DEFAULT_CREDIT_BYTES) -> None:
        """Accepts the agent that said hello.

        Args:
            cluster: The cluster's name at the hub.
            credit_bytes: What the agent may send before anything is granted.

        Raises:
            LinkError: ``WRONG_STATE``: no Hello waits for an answer.
        """
        hello = self._waiting_hello()
        self._credit_bytes = credit_bytes
        self._channel.keep_alive(self._heartbeat_seconds)
        self._outgoing.append(
            Welcome(
                protocol=hello.protocol,
                cluster=cluster,
                heartbeat_seconds=self._heartbeat_seconds,
                credit_bytes=credit_bytes,
                capabilities=tuple(c for c in self._capabilities if c in hello.hello.capabilities),
            )
        )
        self.state = SessionState.OPEN

    def refuse(self, code: CloseCode, reason: str, retry_after_seconds: float | None = None) -> None:
        """Turns the agent that said hello away; ``frames()`` gives the refusal, then the connection is to be closed.

        Raises:
            LinkError: ``WRONG_STATE``: no Hello waits for an answer.
        """
        self._waiting_hello()
        self._leave(Refused(code=code, reason=reason, retry_after_seconds=retry_after_seconds))

    def ack(self, number: int) -> None:
        """Every state event up to this number is durable."""
        if number > self._acked:
            self._acked = min(number, self._channel.received_number)
            self._ack_due = True

    def grant(self, size: int) -> None:
        """So many bytes were worked off: the agent may send as many more."""
        self._credit_bytes += size
        self._credit_due = True

    def call(self, method: str, params: object, timeout_seconds: float, user: str = "") -> int:
        """Asks the agent for something; the answer comes as ``CallReplied`` and ``CallFailed`` with this id.

        Raises:
            LinkError: ``WRONG_STATE``: the link is not open.
        """
        if self.state is not SessionState.OPEN:
            raise LinkError(CloseCode.WRONG_STATE, f"{method} cannot be called: the link is {self.state}")
        self._last_call += 1
        request = CallRequest(
            id=self._last_call,
            method=method,
            params=msgspec.Raw(msgspec.msgpack.encode(params)),
            timeout_seconds=timeout_seconds,
            user=user,
        )
        self._calls.add(request.id, self._clock() + timeout_seconds)
        self._outgoing.append(request)
        return request.id

    def cancel(self, call: int) -> None:
        """The answer is no longer wanted; no event of this call follows."""
        if self._calls.discard(call):
            self._outgoing.append(CallCancel(id=call))

    def close(self, code: CloseCode, reason: str) -> None:
        """Ends the session; ``frames()`` gives the farewell."""
        if self.state is not SessionState.CLOSED:
            self._leave(Close(code=code, reason=reason))

    # --- what the connection says -----------------------------------------------------------------------------

    def receive(self, data: bytes) -> list[HubEvent]:
        """Takes one message. Bad input gives ``Closed`` and is never raised."""
        if self.state is SessionState.CLOSED:
            return []
        try:
            received = self._channel.take(data)
            if self.state is SessionState.OPENING:
                return self._opening(received.frame)
            return self._opened(received)
        except LinkError as fault:
            return [self._break(fault)]

    def tick(self) -> list[HubEvent]:
        """Looks at the clock: heartbeats, silence, deadlines."""
        if self.state is SessionState.CLOSED:
            return []
        try:
            self._channel.tick()
        except LinkError as fault:
            return [self._break(fault)]
        events: list[HubEvent] = []
        for call in self._calls.expire(self._clock()):
            self._outgoing.append(CallCancel(id=call))
            events.append(
                CallFailed(
                    id=call,
                    code=CallErrorCode.DEADLINE_EXCEEDED,
                    message="the agent did not answer within the call's timeout",
                )
            )
        return events

    def next_tick(self) -> float | None:
        """When to call ``tick`` next, on the session's clock; None: never."""
        if self.state is SessionState.CLOSED:
            return None
        deadline = self._calls.next_deadline()
        beat = self._channel.next_tick()
        return beat if deadline is None else min(beat, deadline)

    def frames(self) -> Iterator[bytes]:
        """The messages to send now, made one by one as they are asked for."""
        while (data := self._next_message()) is not None:
            yield data

    # --- inside -----------------------------------------------------------------------------------------------

    def _waiting_hello(self) -> HelloReceived:
        if self.state is not SessionState.OPENING or self._hello is None:
            raise LinkError(CloseCode.WRONG_STATE, "no Hello waits for an answer")
        return self._hello

    def _opening(self, frame: AgentFrame) -> list[HubEvent]:
        if isinstance(frame, Close):
            return [self._closed_by_peer(frame)]
        if not isinstance(frame, Hello):
            raise LinkError(CloseCode.WRONG_STATE, f"a {type(frame).__name__} before the link was open")
        if self._hello is not None:
            raise LinkError(CloseCode.WRONG_STATE, "a second Hello")
        return [self._greeted(frame)]

    def _greeted(self, hello: Hello) -> HelloReceived | Closed:
        self.introduced = hello.agent
        protocol = min(hello.protocol_max, PROTOCOL_VERSION)
        if protocol < max(hello.protocol_min, PROTOCOL_MIN):
            reason = (
                f"the agent speaks protocol {hello.protocol_min} to {hello.protocol_max}, "
                f"this hub {PROTOCOL_MIN} to {PROTOCOL_VERSION}: upgrade the older of the two"
            )
            self._leave(Refused(code=CloseCode.UNSUPPORTED_PROTOCOL, reason=reason))
            return Closed(code=CloseCode.UNSUPPORTED_PROTOCOL, reason=reason)
        self._hello = HelloReceived(hello=hello, protocol=protocol)
        return self._hello

    def _opened(self, received: Received[AgentFrame]) -> list[HubEvent]:
        frame = received.frame
        match frame:
            case Changes() | SnapshotItems() | SnapshotBegin() | SnapshotEnd():
                return [self._state(frame, received.number, received.size)]
            case AgentStatus():
                return [StatusReceived(status=frame)]
            case CallReply() | CallFailure():
                return self._answered(frame)
            case Heartbeat():
                return []
            case Close():
                return [self._closed_by_peer(frame)]
            case Hello():
                raise LinkError(CloseCode.WRONG_STATE, "a second Hello")
            case _:
                assert_never(frame)

    def _state(
        self, frame: Changes | SnapshotItems | SnapshotBegin | SnapshotEnd, number: int, size: int
    ) -> HubEvent:
        if self._received_bytes >= self._credit_bytes:
            raise LinkError(
                CloseCode.CREDIT_EXCEEDED,
                f"frame {number} came after {self._received_bytes} bytes of {self._credit_bytes} allowed",
            )
        self._received_bytes += size
        kind = frame.kind
        match frame:
            case Changes(items=items):
                if kind not in self._live:
                    raise LinkError(CloseCode.WRONG_STATE, f"changes of {kind} before its snapshot has ended")
                return ChangesReceived(number=number, size=size, kind=kind, items=items)
            case SnapshotItems(items=items):
                self._snapshots[kind] = self._snapshot_count(kind) + len(items)
                if any(item.document is None for item in items):
                    raise LinkError(CloseCode.BAD_FRAME, f"a deletion in the snapshot of {kind}")
                return SnapshotItemsReceived(number=number, size=size, kind=kind, items=items)
            case SnapshotBegin():
                self._begin_snapshot(kind)
                return SnapshotBegan(number=number, size=size, kind=kind)
            case SnapshotEnd(count=count):
                self._end_snapshot(kind, count)
                return SnapshotEnded(number=number, size=size, kind=kind)
            case _:
                assert_never(frame)

    def _begin_snapshot(self, kind: str) -> None:
        self._live.discard(kind)
        self._snapshots[kind] = 0
        if len(self._live) + len(self._snapshots) > MAX_KINDS:
            raise LinkError(CloseCode.BAD_FRAME, f"more than {MAX_KINDS} kinds on one link")

    def _end_snapshot(self, kind: str, count: int) -> None:
        received = self._snapshot_count(kind)
        if received != count:
            raise LinkError(
                CloseCode.BAD_FRAME, f"the snapshot of {kind} has {received} objects, its end says {count}"
            )
        del self._snapshots[kind]
        self._live.add(kind)

    def _snapshot_count(self, kind: str) -> int:
        count = self._snapshots.get(kind)
        if count is None:
            raise LinkError(CloseCode.WRONG_STATE, f"no snapshot of {kind} has begun")
        return count

    def _answered(self, answer: CallReply | CallFailure) -> list[HubEvent]:
        if answer.id not in self._calls:
            self.ignored_replies += 1
            return []
        match answer:
            case CallReply(id=call, payload=payload, final=final):
                if final:
                    self._calls.discard(call)
                return [CallReplied(id=call, payload=payload, final=final)]
            case CallFailure(id=call, code=code, message=message):
                self._calls.discard(call)
                return [CallFailed(id=call, code=code, message=message)]
            case _:
                assert_never(answer)

    def _next_message(self) -> bytes | None:
        if self.state is SessionState.CLOSED:
            return self._channel.farewell()
        if self._outgoing:
            return self._channel.seal(self._outgoing.popleft()).data
        if self._ack_due:
            self._ack_due = False
            return self._channel.seal(Ack(number=self._acked)).data
        if self._credit_due:
            self._credit_due = False
            return self._channel.seal(Credit(total_bytes=self._credit_bytes)).data
        return self._channel.heartbeat()

    def _closed_by_peer(self, close: Close) -> Closed:
        self._leave(None)
        return Closed(code=close.code, reason=close.reason, by_peer=True)

    def _break(self, fault: LinkError) -> Closed:
        self._leave(Close(code=fault.code, reason=fault.reason))
        return Closed(code=fault.code, reason=fault.reason)

    def _leave(self, farewell: Close | Refused | None) -> None:
        self._channel.leave(farewell)
        self.state = SessionState.CLOSED
