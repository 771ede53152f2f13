"""The agent's end of the link, without I/O.

A session lives as long as one connection; the next connection gets a new one, which begins with snapshots. The
application feeds it messages, changes and the time, and sends what ``frames()`` gives.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import assert_never

import msgspec

from farwatch.link.calls import MAX_CALLS, CallTable
from farwatch.link.channel import Channel, Clock
from farwatch.link.errors import LinkError
from farwatch.link.events import (
    Acknowledged,
    AgentEvent,
    CallCancelled,
    CallRequested,
    CancelReason,
    Closed,
    SessionState,
    Welcomed,
)
from farwatch.link.frames import (
    Ack,
    AgentStatus,
    CallCancel,
    CallErrorCode,
    CallFailure,
    CallReply,
    CallRequest,
    Close,
    CloseCode,
    Credit,
    Heartbeat,
    Hello,
    HubFrame,
    Item,
    Refused,
    Welcome,
)
from farwatch.link.outbox import Outbox, OutboxLimits, Source

DEFAULT_LIMITS = OutboxLimits()


class AgentSession:
    """One connection, seen from the agent.

    Args:
        hello: The first frame.
        source: The agent's objects; read when snapshots are sent.
        clock: Monotonic seconds.
        limits: Bounds of pages and memory.

    Attributes:
        state: How far the session is.
        status: What the agent last said about itself on this connection.
        late_replies: Answers to calls that nobody waited for any more.
    """

    def __init__(
        self, hello: Hello, source: Source, clock: Clock, *, limits: OutboxLimits = DEFAULT_LIMITS
    ) -> None:
        self._hello = hello
        self._source = source
        self._clock = clock
        self._channel: Channel[HubFrame] = Channel(HubFrame, clock)
        self._outbox = Outbox(source, limits)
        self._calls = CallTable()
        self._answers: deque[CallReply | CallFailure] = deque()
        self._status: AgentStatus | None = None
        self._credit_bytes = 0
        self._sent_bytes = 0
        self._unacknowledged: deque[int] = deque()
        self._hello_due = False
        self.state = SessionState.NEW
        self.late_replies = 0

    # --- what the application says ----------------------------------------------------------------------------

    def open(self) -> None:
        """The connection stands: says hello."""
        self._channel.start()
        self._hello_due = True
        self.state = SessionState.OPENING

    def kind_synced(self, kind: str) -> None:
        """A kind has its objects: its snapshot is sent. Once per kind; what changes later is told by ``changed``.

        There is no way back: of a kind that may be watched no longer the hub keeps what it was last told, since
        objects that nobody sees have not ended.
        """
        if self.state is SessionState.OPEN:
            self._outbox.add_kind(kind)

    def changed(self, kind: str, item: Item) -> None:
        """An object changed, and the source shows it already. Without a link this does nothing: snapshots follow."""
        if self.state is SessionState.OPEN:
            self._outbox.put(kind, item)

    def status(self, status: AgentStatus) -> None:
        """The agent's own state changed. Only the latest is sent."""
        self._status = status

    def reply(self, call: int, payload: object, *, final: bool = True) -> bool:
        """Answers a call, in whole or (not ``final``) in part. False: nobody waits for it any more."""
        answer = CallReply(id=call, payload=msgspec.Raw(msgspec.msgpack.encode(payload)), final=final)
        return self._answer(answer, final=final)

    def fail(self, call: int, code: str, message: str) -> bool:
        """Tells that a call failed. False: nobody waits for it any more."""
        return self._answer(CallFailure(id=call, code=code, message=message), final=True)

    def close(self, code: CloseCode, reason: str) -> None:
        """Ends the session; ``frames()`` gives the farewell."""
        if self.state is not SessionState.CLOSED:
            self._leave(Close(code=code, reason=reason))

    # --- what the connection says -----------------------------------------------------------------------------

    def receive(self, data: bytes) -> list[AgentEvent]:
        """Takes one message. Bad input gives ``Closed`` and is never raised."""
        if self.state not in (SessionState.OPENING, SessionState.OPEN):
            return []
        try:
            frame = self._channel.take(data).frame
            return self._opening(frame) if self.state is SessionState.OPENING else self._opened(frame)
        except LinkError as fault:
            return [self._break(fault)]

    def tick(self) -> list[AgentEvent]:
        """Looks at the clock: heartbeats, silence, deadlines."""
        if self.state not in (SessionState.OPENING, SessionState.OPEN):
            return []
        try:
            self._channel.tick()
        except LinkError as fault:
            return [self._break(fault)]
        events: list[AgentEvent] = []
        for call in self._calls.expire(self._clock()):
            self._answers.append(
                CallFailure(
                    id=call,
                    code=CallErrorCode.DEADLINE_EXCEEDED,
                    message="the agent had no answer within the call's timeout",
                )
            )
            events.append(CallCancelled(id=call, reason=CancelReason.DEADLINE_EXCEEDED))
        return events

    def next_tick(self) -> float | None:
        """When to call ``tick`` next, on the session's clock; None: not before something else happens."""
        if self.state not in (SessionState.OPENING, SessionState.OPEN):
            return None
        deadline = self._calls.next_deadline()
        beat = self._channel.next_tick()
        return beat if deadline is None else min(beat, deadline)

    def frames(self) -> Iterator[bytes]:
        """The messages to send now, made one by one as they are asked for: control, calls, status, then state."""
        while (data := self._next_message()) is not None:
            yield data

    # --- how it stands ----------------------------------------------------------------------------------------

    @property
    def unacknowledged(self) -> int:
        """State frames that were sent and are not yet durable at the hub."""
        return len(self._unacknowledged)

    @property
    def settled(self) -> bool:
        """Everything known was sent, and is durable at the hub."""
        return self.state is SessionState.OPEN and self._outbox.empty and not self._unacknowledged

    @property
    def held_bytes(self) -> int:
        """Documents of changes that wait for credit."""
        return self._outbox.held_bytes

    @property
    def oversized(self) -> int:
        """Objects that no frame can hold, and that were therefore not sent."""
        return self._outbox.oversized

    # --- inside -----------------------------------------------------------------------------------------------

    def _opening(self, frame: HubFrame) -> list[AgentEvent]:
        match frame:
            case Welcome():
                return [self._welcomed(frame)]
            case Refused():
                self._leave(None)
                return [
                    Closed(
                        code=frame.code,
                        reason=frame.reason,
                        by_peer=True,
                        retry_after_seconds=frame.retry_after_seconds,
                    )
                ]
            case Close():
                return [self._closed_by_peer(frame)]
            case _:
                raise LinkError(CloseCode.WRONG_STATE, f"a {type(frame).__name__} before Welcome or Refused")

    def _opened(self, frame: HubFrame) -> list[AgentEvent]:
        match frame:
            case Ack():
                return [self._acknowledged(frame.number)]
            case Credit():
                self._credited(frame.total_bytes)
                return []
            case CallRequest():
                return self._requested(frame)
            case CallCancel():
                known = self._calls.discard(frame.id)
                return [CallCancelled(id=frame.id, reason=CancelReason.CANCELLED)] if known else []
            case Heartbeat():
                return []
            case Close():
                return [self._closed_by_peer(frame)]
            case Welcome() | Refused():
                raise LinkError(CloseCode.WRONG_STATE, f"a {type(frame).__name__} on an open link")
            case _:
                assert_never(frame)

    def _welcomed(self, welcome: Welcome) -> Welcomed:
        hello = self._hello
        if not hello.protocol_min <= welcome.protocol <= hello.protocol_max:
            raise LinkError(
                CloseCode.UNSUPPORTED_PROTOCOL,
                f"the hub chose protocol {welcome.protocol}, "
                f"this agent speaks {hello.protocol_min} to {hello.protocol_max}",
            )
        self._channel.keep_alive(welcome.heartbeat_seconds)
        self._credit_bytes = welcome.credit_bytes
        self.state = SessionState.OPEN
        for kind in self._source.kinds():
            self._outbox.add_kind(kind)
        return Welcomed(welcome=welcome)

    def _acknowledged(self, number: int) -> Acknowledged:
        if number > self._channel.sent_number:
            raise LinkError(
                CloseCode.OUT_OF_ORDER,
                f"frame {number} was acknowledged, the last one sent was {self._channel.sent_number}",
            )
        while self._unacknowledged and self._unacknowledged[0] <= number:
            self._unacknowledged.popleft()
        return Acknowledged(number=number)

    def _credited(self, total_bytes: int) -> None:
        if total_bytes < self._credit_bytes:
            raise LinkError(
                CloseCode.OUT_OF_ORDER, f"credit went down from {self._credit_bytes} to {total_bytes} bytes"
            )
        self._credit_bytes = total_bytes

    def _requested(self, request: CallRequest) -> list[AgentEvent]:
        if request.id in self._calls:
            raise LinkError(CloseCode.WRONG_STATE, f"call {request.id} was requested twice")
        if len(self._calls) >= MAX_CALLS:
            self._answers.append(
                CallFailure(
                    id=request.id,
                    code=CallErrorCode.OVERLOADED,
                    message=f"the agent serves {MAX_CALLS} calls already; ask again later",
                )
            )
            return []
        deadline = self._clock() + request.timeout_seconds
        self._calls.add(request.id, deadline)
        return [
            CallRequested(
                id=request.id,
                method=request.method,
                params=request.params,
                deadline=deadline,
                user=request.user,
            )
        ]

    def _answer(self, answer: CallReply | CallFailure, *, final: bool) -> bool:
        if self.state is not SessionState.OPEN or answer.id not in self._calls:
            self.late_replies += 1
            return False
        if final:
            self._calls.discard(answer.id)
        self._answers.append(answer)
        return True

    def _next_message(self) -> bytes | None:
        if self.state is SessionState.CLOSED:
            return self._channel.farewell()
        if self._hello_due:
            self._hello_due = False
            return self._channel.seal(self._hello).data
        if self.state is not SessionState.OPEN:
            return None
        if self._answers:
            return self._seal_answer(self._answers.popleft())
        if self._status is not None:
            status, self._status = self._status, None
            return self._channel.seal(status).data
        return self._next_state_message() or self._channel.heartbeat()

    def _seal_answer(self, answer: CallReply | CallFailure) -> bytes:
        try:
            return self._channel.seal(answer).data
        except LinkError as fault:
            self._calls.discard(answer.id)
            too_large = CallFailure(id=answer.id, code=CallErrorCode.REPLY_TOO_LARGE, message=fault.reason)
            return self._channel.seal(too_large).data

    def _next_state_message(self) -> bytes | None:
        frame = self._outbox.next_frame() if self._sent_bytes < self._credit_bytes else None
        if frame is None:
            return None
        sealed = self._channel.seal(frame)
        self._sent_bytes += sealed.size
        self._unacknowledged.append(sealed.number)
        return sealed.data

    def _closed_by_peer(self, close: Close) -> Closed:
        self._leave(None)
        return Closed(code=close.code, reason=close.reason, by_peer=True)

    def _break(self, fault: LinkError) -> Closed:
        self._leave(Close(code=fault.code, reason=fault.reason))
        return Closed(code=fault.code, reason=fault.reason)

    def _leave(self, farewell: Close | None) -> None:
        said_hello = self.state is not SessionState.NEW and not self._hello_due
        self._channel.leave(farewell if said_hello else None)
        self.state = SessionState.CLOSED
