"""What the agent knows of itself: one place that the link, health, metrics and ``agent.status`` read."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sized
from datetime import UTC, datetime
from enum import StrEnum

import msgspec

from farwatch.link.frames import AgentStatus, KindStatus, PermissionReport, WatchState


class LinkPhase(StrEnum):
    """How the link stands."""

    WAITING = "waiting for the cluster's identity"
    CONNECTING = "connecting"
    LINKED = "linked"
    REFUSED = "refused"
    UNREACHABLE = "unreachable"
    CLOSED = "closed"


class Standing(StrEnum):
    """How this process stands to the others of its cluster."""

    ALONE = "alone"
    """Nobody is elected: it does the cluster's work, and there should be no other."""

    LEADING = "leading"
    STANDBY = "standby"


class LinkReport(msgspec.Struct, frozen=True, kw_only=True):
    """How the link stands, since when (seconds, monotonic), and why when it is down."""

    phase: LinkPhase
    since: float
    code: str = ""
    reason: str = ""


class Reachability(msgspec.Struct, frozen=True, kw_only=True):
    """Whether the API server answers, since when, and the last error's words when it does not."""

    reachable: bool
    since: datetime
    message: str = ""


class Traffic(msgspec.Struct, kw_only=True):
    """What went over the link since the agent started, and what is on its way.

    Attributes:
        connections: Links established.
        refusals: Links the hub refused, by its code.
        failures: Links that failed or broke, by cause.
        oversized: Objects that no frame can hold, and that were therefore not sent.
        unacknowledged_frames: State frames sent on this link that are not durable at the hub.
        held_bytes: Changes that wait for the hub's credit.
        calls: Calls of the hub's that ended, by method and outcome.
    """

    connections: int = 0
    frames_sent: int = 0
    bytes_sent: int = 0
    frames_received: int = 0
    bytes_received: int = 0
    refusals: Counter[str] = msgspec.field(default_factory=Counter)
    failures: Counter[str] = msgspec.field(default_factory=Counter)
    oversized: int = 0
    unacknowledged_frames: int = 0
    held_bytes: int = 0
    calls: Counter[tuple[str, str]] = msgspec.field(default_factory=Counter)


class AgentState:
    """The agent's state and counters. Writers are the uplink and the watchers; everybody may read.

    Args:
        kinds: Names of the kinds to watch.
        monotonic: Seconds that never jump.
        now: The time of day, in UTC.

    Attributes:
        cluster_uid: The cluster's identity; empty while it is not known.
        standing: Whether it does the cluster's work.
        leader: Who does, as the Lease has it; empty when nobody is elected, or nobody has it.
        election_problem: Why the Lease could not be read or written; empty when it could.
        kubernetes_version: The API server's; empty while it is not known.
        permissions: Its rights; None while they were not looked at.
        stores: By kind, where its objects are kept; they are counted when somebody asks.
    """

    def __init__(
        self,
        kinds: Iterable[str],
        monotonic: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._monotonic = monotonic
        self._now = now
        self.started_at = now()
        self.cluster_uid = ""
        self.standing = Standing.ALONE
        self.leader = ""
        self.election_problem = ""
        self.kubernetes_version = ""
        self.permissions: PermissionReport | None = None
        self.traffic = Traffic()
        self.stores: Mapping[str, Sized] = {}
        self.link = LinkReport(phase=LinkPhase.WAITING, since=monotonic())
        self.api_server = Reachability(reachable=False, since=self.started_at, message="not asked yet")
        self._link_down_since: float | None = monotonic()
        self._kinds: dict[str, KindStatus] = {}
        self._watched = tuple(kinds)
        self.begin_watching()

    @property
    def leads(self) -> bool:
        """Whether it does the cluster's work."""
        return self.standing is not Standing.STANDBY

    @property
    def kinds(self) -> tuple[KindStatus, ...]:
        """Every kind's status; of one who stands by, none."""
        return tuple(self._kinds.values()) if self.leads else ()

    @property
    def objects(self) -> dict[str, int]:
        """How many objects of each kind there are now."""
        return {kind: len(self.stores.get(kind, ())) for kind in self._kinds}

    @property
    def link_down_seconds(self) -> float:
        """For how long there has been no link, counted from when one could have been; 0 while there is one."""
        return 0.0 if self._link_down_since is None else self._monotonic() - self._link_down_since

    def set_link(self, phase: LinkPhase, code: str = "", reason: str = "") -> None:
        """Notes how the link stands."""
        was_waiting = self.link.phase is LinkPhase.WAITING
        self.link = LinkReport(phase=phase, since=self._monotonic(), code=code, reason=reason)
        if phase is LinkPhase.LINKED:
            self._link_down_since = None
        elif self._link_down_since is None or was_waiting:
            self._link_down_since = self.link.since

    def set_api_server(self, *, reachable: bool, message: str = "") -> bool:
        """Notes whether the API server answers; tells whether that is news."""
        if (reachable, message) == (self.api_server.reachable, self.api_server.message):
            return False
        since = self.api_server.since if reachable == self.api_server.reachable else self._now()
        self.api_server = Reachability(reachable=reachable, since=since, message=message)
        return True

    def begin_watching(self) -> None:
        """Every watch begins anew; nothing is known of any kind."""
        now = self._now()
        self.stores = {}
        self._kinds = {
            kind: KindStatus(kind=kind, state=WatchState.SYNCING, since=now) for kind in self._watched
        }

    def watch_state(self, kind: str) -> WatchState:
        """How the watch of a kind stands."""
        return self._kinds[kind].state

    def set_kind(self, kind: str, state: WatchState, message: str = "") -> bool:
        """Notes how the watch of a kind stands; tells whether that is news."""
        known = self._kinds[kind]
        if (state, message) == (known.state, known.message):
            return False
        since = known.since if state is known.state else self._now()
        self._kinds[kind] = msgspec.structs.replace(known, state=state, since=since, message=message)
        return True

    def report(self) -> AgentStatus:
        """The state as the hub is told it."""
        return AgentStatus(
            api_server_reachable=self.api_server.reachable,
            api_server_since=self.api_server.since,
            api_server_message=self.api_server.message,
            kinds=self.kinds,
            permissions=self.permissions,
        )
