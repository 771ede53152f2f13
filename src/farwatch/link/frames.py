"""What travels over the link: one frame in each WebSocket message.

Every frame is a tagged struct in MessagePack. Each side numbers its frames from 1 on every connection, so that a
lost, doubled or reordered frame is noticed at once; the connection is then closed with ``OUT_OF_ORDER`` and the next
one begins with snapshots, which mends whatever was missed. Fields may be added at the end of a struct with a default;
an unknown field is ignored, an unknown tag closes the link.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated

import msgspec
from msgspec import Meta

PROTOCOL_MIN = 1
"""The oldest version this code speaks."""

PROTOCOL_VERSION = 1
"""The newest version this code speaks; ``Hello`` carries a range, ``Welcome`` the one chosen."""

MAX_KINDS = 256
"""How many kinds one link may carry; more than any agent watches, few enough to keep a table of."""

SUBPROTOCOL = "farwatch.v1"
"""The WebSocket subprotocol; its number changes only when a Hello can no longer be read."""

MAX_FRAME_BYTES = 8 * 1024 * 1024
"""The size of one frame after decompression that neither side exceeds or accepts."""

COMPRESS_ABOVE_BYTES = 1024
"""Smaller frames are sent as they are: compressing them costs more than it saves."""


class CloseCode(StrEnum):
    """Why a link was closed or refused. The values appear in logs, ``/readyz`` and metrics."""

    BAD_TOKEN = "bad_token"  # noqa: S105 - the name of a reason
    REVOKED_TOKEN = "revoked_token"  # noqa: S105 - the name of a reason
    FOREIGN_CLUSTER = "foreign_cluster"
    UNSUPPORTED_PROTOCOL = "unsupported_protocol"
    SUPERSEDED = "superseded"
    BAD_FRAME = "bad_frame"
    FRAME_TOO_LARGE = "frame_too_large"
    OUT_OF_ORDER = "out_of_order"
    WRONG_STATE = "wrong_state"
    CREDIT_EXCEEDED = "credit_exceeded"
    HEARTBEAT_LOST = "heartbeat_lost"
    OVERLOADED = "overloaded"
    SHUTTING_DOWN = "shutting_down"
    INTERNAL_ERROR = "internal_error"


class CallErrorCode(StrEnum):
    """Why a call failed, as the link itself and every agent say it; a method may have codes of its own."""

    UNKNOWN_METHOD = "unknown_method"
    NOT_ALLOWED = "not_allowed"
    BAD_PARAMS = "bad_params"
    DEADLINE_EXCEEDED = "deadline_exceeded"
    REPLY_TOO_LARGE = "reply_too_large"
    OVERLOADED = "overloaded"
    FAILED = "failed"


# What a peer may say is bounded where it is decoded: a heartbeat of no seconds or an endless kind is a bad frame.
Count = Annotated[int, Meta(ge=0)]
Seconds = Annotated[float, Meta(gt=0, le=86_400)]
Name = Annotated[str, Meta(min_length=1, max_length=1024)]


class _Frame(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="frame"):
    """The base of every frame; the tag is the class name in lower case words."""


class LinkRole(StrEnum):
    """What an agent does on a link. Of a cluster's links one at most is of the first role."""

    CLUSTER = "cluster"
    """It tells the cluster's objects, and takes the hub's calls."""

    NODE = "node"
    """It does its node's work."""

    STANDBY = "standby"
    """It waits to be elected."""


# --- opening --------------------------------------------------------------------------------------------------


class AgentInfo(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Who is calling.

    Attributes:
        version: The agent's version.
        instance: Unique to this process; distinguishes a restart from a reconnect.
        role: A :class:`LinkRole`, or one of a later version.
        cluster_name: The name the agent was configured with: for messages, since the token decides; an organisation key
            registers the cluster under it.
        cluster_uid: UID of the namespace ``kube-system``: the cluster's identity. Empty while its API server does not tell.
        kubernetes_version: The API server's ``gitVersion``, empty while it is not known.
        started_at: When this process started.
        namespaces: The namespaces it watches; empty means all.
        pod: The name of its pod; empty outside one.
        node: The node it runs on; empty where nobody told it.
    """

    version: str
    instance: str
    role: str
    cluster_name: str
    cluster_uid: str
    kubernetes_version: str = ""
    started_at: datetime | None = None
    namespaces: tuple[str, ...] = ()
    pod: str = ""
    node: str = ""


class Hello(_Frame, frozen=True, tag="hello"):
    """The agent's first frame. The token is not here but in the upgrade request's Authorization header."""

    protocol_min: Count
    protocol_max: Count
    agent: AgentInfo
    capabilities: tuple[str, ...] = ()


class Welcome(_Frame, frozen=True, tag="welcome"):
    """The hub's answer to a Hello it accepts.

    Attributes:
        protocol: The version to speak from here on.
        cluster: The cluster's name at the hub.
        heartbeat_seconds: How often each side sends at least one frame.
        credit_bytes: How many bytes of state frames (before compression) the agent may send to begin with.
        capabilities: What both sides can do.
    """

    protocol: Count
    cluster: str
    heartbeat_seconds: Seconds
    credit_bytes: Count
    capabilities: tuple[str, ...] = ()


class Refused(_Frame, frozen=True, tag="refused"):
    """The hub's answer to a Hello it does not accept; the connection is closed after it.

    Attributes:
        code: Why, for machines.
        reason: Why and what to do, for people.
        retry_after_seconds: The least time to wait before the next attempt; None leaves it to the agent's back-off.
    """

    code: CloseCode
    reason: str
    retry_after_seconds: Annotated[float, Meta(ge=0, le=86_400)] | None = None


# --- state ----------------------------------------------------------------------------------------------------


class Item(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One object in a snapshot or change.

    Attributes:
        namespace: Empty for cluster-scoped kinds.
        name: The object's name.
        uid: Tells an object from its successor of the same name.
        resource_version: Equal versions of one uid mean equal objects.
        document: The trimmed object in MessagePack (``Kind.msgpack_decoder``); None says that it was deleted:
            whatever is known under this name is gone, whichever uid it had.
        observed_at: When the agent saw it, seconds since the epoch.
        after_gap: The change was found by comparing after a gap, so that it happened some time before.
    """

    namespace: str
    name: Name
    uid: str
    resource_version: str
    document: bytes | None
    observed_at: float
    after_gap: bool = False


class SnapshotBegin(_Frame, frozen=True, tag="snapshot_begin"):
    """All objects of a kind follow; once it has ended, what the hub knows and the snapshot did not name is gone.

    A begin while a snapshot of the same kind is under way starts that snapshot over.
    """

    kind: Name


class SnapshotItems(_Frame, frozen=True, tag="snapshot_items"):
    """Some objects of the snapshot that has begun for this kind."""

    kind: Name
    items: list[Item]


class SnapshotEnd(_Frame, frozen=True, tag="snapshot_end"):
    """The snapshot of this kind is whole: ``count`` objects were sent since its begin."""

    kind: Name
    count: Count


class Changes(_Frame, frozen=True, tag="changes"):
    """Objects of one kind that changed, in the order seen; only for kinds whose snapshot has ended."""

    kind: Name
    items: list[Item]


class Ack(_Frame, frozen=True, tag="ack"):
    """From the hub: every state frame up to this number is durable."""

    number: Count


class Credit(_Frame, frozen=True, tag="credit"):
    """From the hub: bytes of snapshot and change frames allowed since the connection began, a total that only grows.

    Counted before compression. A frame may be sent while the sum of those before it is below the total, so that no
    frame, however large, waits for ever.
    """

    total_bytes: Count


class WatchState(StrEnum):
    """How the watch of one kind stands."""

    SYNCING = "syncing"
    SYNCED = "synced"
    DENIED = "denied"
    ABSENT = "absent"
    FAILING = "failing"


class KindStatus(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How the watch of one kind stands, since when, and in the server's words why."""

    kind: str
    state: WatchState
    since: datetime
    message: str = ""


class PermissionNote(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Rights that are missing or too much: each of the verbs on each of the resources.

    Attributes:
        verbs: ``list``, ``watch``, or ``*``.
        resources: ``pods``, ``deployments.apps``, ``*.*``, or paths that are no resources.
        namespace: Where; empty for the whole cluster.
        names: Only of objects with these names; empty for all.
        capability: Of what is missing, what cannot be done.
    """

    verbs: tuple[str, ...]
    resources: tuple[str, ...]
    namespace: str = ""
    names: tuple[str, ...] = ()
    capability: str = ""


class PermissionReport(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The agent's rights in its cluster, held against those it needs.

    Attributes:
        checked_at: When.
        missing: What its settings need and it may not do.
        excess: What it may do beyond all that it could ever need.
        omitted: How many more notes of either sort there are.
        complete: Whether the API server told all rights; if not, there may be more excess than it says.
        problem: Why the rights could not be looked at; nothing is known then.
    """

    checked_at: datetime
    missing: tuple[PermissionNote, ...] = ()
    excess: tuple[PermissionNote, ...] = ()
    omitted: int = 0
    complete: bool = True
    problem: str = ""


class AgentStatus(_Frame, frozen=True, tag="agent_status"):
    """The agent's own state; sent when it changes.

    Attributes:
        api_server_reachable: Whether the API server answers.
        api_server_since: Since when that is so.
        api_server_message: The last error's words when it does not answer.
        kinds: Every kind the agent was asked to watch.
        permissions: Its rights, once they were looked at.
    """

    api_server_reachable: bool
    api_server_since: datetime
    api_server_message: str = ""
    kinds: tuple[KindStatus, ...] = ()
    permissions: PermissionReport | None = None


# --- calls ----------------------------------------------------------------------------------------------------


class CallRequest(_Frame, frozen=True, tag="call_request"):
    """From the hub: do this.

    Attributes:
        id: Unique on this connection.
        method: A name from the agent's allow-list, ``agent.status``.
        params: The method's parameters in MessagePack.
        timeout_seconds: How long the hub will wait; the agent gives up then as well.
        user: On whose behalf, for Kubernetes' own audit log.
    """

    id: int
    method: str
    params: msgspec.Raw
    timeout_seconds: Seconds
    user: str = ""


class CallCancel(_Frame, frozen=True, tag="call_cancel"):
    """From the hub: the answer is no longer wanted."""

    id: int


class CallReply(_Frame, frozen=True, tag="call_reply"):
    """From the agent: a part of the answer (streaming) or, when ``final``, the last or only one."""

    id: int
    payload: msgspec.Raw
    final: bool = True


class CallFailure(_Frame, frozen=True, tag="call_failure"):
    """From the agent: the call failed or is not allowed. ``code`` is for machines, ``message`` for people."""

    id: int
    code: Name
    message: str


# --- keeping and closing --------------------------------------------------------------------------------------


class Heartbeat(_Frame, frozen=True, tag="heartbeat"):
    """Sent when nothing else was for ``heartbeat_seconds``."""


class Close(_Frame, frozen=True, tag="close"):
    """The last frame of a side that closes an open link on purpose."""

    code: CloseCode
    reason: str = ""


AgentFrame = (
    Hello
    | SnapshotBegin
    | SnapshotItems
    | SnapshotEnd
    | Changes
    | AgentStatus
    | CallReply
    | CallFailure
    | Heartbeat
    | Close
)
"""What an agent may send."""

HubFrame = Welcome | Refused | Ack | Credit | CallRequest | CallCancel | Heartbeat | Close
"""What the hub may send."""
