"""What a session tells the application: one small struct per thing that happened."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from farwatch.link.frames import AgentStatus, CloseCode, Hello, Item, Welcome


class _Event(msgspec.Struct, frozen=True, kw_only=True):
    """The base of every event."""


class SessionState(StrEnum):
    """How far a session is."""

    NEW = "new"
    OPENING = "opening"
    OPEN = "open"
    CLOSED = "closed"


class Closed(_Event, frozen=True):
    """The session is over: it takes nothing in any more. What ``frames()`` still gives is the farewell to send.

    Every call without a final answer has failed with it.

    Attributes:
        code: Why, for machines.
        reason: Why, for people.
        by_peer: The other side said so; otherwise this side found the fault.
        retry_after_seconds: The least time to wait before the next attempt, when the hub named one.
    """

    code: CloseCode
    reason: str
    by_peer: bool = False
    retry_after_seconds: float | None = None


# --- at the agent ---------------------------------------------------------------------------------------------


class Welcomed(_Event, frozen=True):
    """The hub accepted; snapshots follow by themselves."""

    welcome: Welcome


class Acknowledged(_Event, frozen=True):
    """Every state frame up to this number is durable at the hub."""

    number: int


class CallRequested(_Event, frozen=True):
    """The hub asks for something. Answer with ``reply`` or ``fail``.

    Attributes:
        id: Names the call in ``reply`` and ``fail``.
        method: What to do.
        params: Its parameters in MessagePack.
        deadline: When nobody waits any more, on the session's clock.
        user: On whose behalf.
    """

    id: int
    method: str
    params: msgspec.Raw
    deadline: float
    user: str


class CancelReason(StrEnum):
    """Why a call's answer is no longer wanted."""

    CANCELLED = "cancelled"
    DEADLINE_EXCEEDED = "deadline_exceeded"


class CallCancelled(_Event, frozen=True):
    """The answer is no longer wanted: stop working on it."""

    id: int
    reason: CancelReason


AgentEvent = Welcomed | Acknowledged | CallRequested | CallCancelled | Closed


# --- at the hub -----------------------------------------------------------------------------------------------


class HelloReceived(_Event, frozen=True):
    """An agent introduced itself in a protocol both speak. Answer with ``welcome`` or ``refuse``."""

    hello: Hello
    protocol: int


class _StateEvent(_Event, frozen=True):
    """The base of what makes up the agent's state.

    Attributes:
        number: What to ``ack`` once this is durable.
        size: What to ``grant`` once this is worked off: bytes before compression.
        kind: The kind of the objects.
    """

    number: int
    size: int
    kind: str


class SnapshotBegan(_StateEvent, frozen=True):
    """All objects of a kind follow. An unfinished snapshot of the same kind is void."""


class SnapshotItemsReceived(_StateEvent, frozen=True):
    """Some objects of the snapshot under way; an object named twice is as named last."""

    items: list[Item]


class SnapshotEnded(_StateEvent, frozen=True):
    """The snapshot is whole: what was known and not named is gone."""


class ChangesReceived(_StateEvent, frozen=True):
    """Objects that changed, in order. A deletion ends whatever is known under the name, whichever uid it had."""

    items: list[Item]


StateEvent = SnapshotBegan | SnapshotItemsReceived | SnapshotEnded | ChangesReceived


class StatusReceived(_Event, frozen=True):
    """The agent's own state."""

    status: AgentStatus


class CallReplied(_Event, frozen=True):
    """A part of a call's answer, or with ``final`` the last or only one."""

    id: int
    payload: msgspec.Raw
    final: bool


class CallFailed(_Event, frozen=True):
    """A call failed; ``code`` is a ``CallErrorCode`` or the method's own."""

    id: int
    code: str
    message: str


HubEvent = HelloReceived | StateEvent | StatusReceived | CallReplied | CallFailed | Closed
