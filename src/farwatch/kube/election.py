"""Who of several processes leads, agreed on by a Lease as client-go's leader election does.

Nobody compares clocks: a candidate notes, on its own monotonic clock, when it saw the Lease change, and takes it over
only once it has not changed for as long as it is valid. The leader counts from the moment it *began* its last
successful renewal, and stops leading some seconds before anybody else may begin. Every write is checked by the server
against the version it was made from, so that a write that was held up somewhere cannot undo what happened meanwhile.

Source: k8s.io/client-go/tools/leaderelection, whose fields in the Lease these are.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

import structlog

from farwatch.backoff import jittered
from farwatch.kube.client import KubeClient
from farwatch.kube.clock import SYSTEM_CLOCK, Clock
from farwatch.kube.errors import ApiError, KubeError
from farwatch.kube.leases import create_lease, get_lease, replace_lease
from farwatch.kube.objects import Lease, LeaseSpec

ANSWER_SECONDS = 3.0
"""How long one request may take: a server that stalls must leave the leader time to try another connection."""

RELEASE_SECONDS = 1.5
"""How long giving the Lease back may take altogether; whoever waits for it gets it without, only later."""

_LOOK_JITTER = 0.25
_TAKEOVER_SPREAD_SECONDS = 0.5
_RELEASED_SECONDS = 1

_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class ElectionTiming:
    """How long what takes, in seconds. A leader that dies is replaced within ``look`` and ``lease`` together, some 17.

    Attributes:
        lease: How long others wait since they saw the Lease change, before one of them takes over.
        deadline: How long the leader leads without a renewal; less than ``lease``, by what stopping may take.
        renew: Between two renewals.
        look: Between two looks of one who waits; longer than ``renew``, because there may be one on every node.
    """

    lease: float = 12.0
    deadline: float = 8.0
    renew: float = 2.0
    look: float = 4.0

    def __post_init__(self) -> None:
        if not 0 < self.renew < self.deadline < self.lease:
            raise ValueError("an election needs renew < deadline < lease")


class Candidate:
    """What one process knows of the Lease, and what it may do about it: decisions without I/O.

    Args:
        identity: Its name, which nobody else has, not even the same pod after a restart.
        timing: How long what takes.

    Attributes:
        lease: The Lease as it was last seen; None while there is none.
    """

    def __init__(self, identity: str, timing: ElectionTiming) -> None:
        self.identity = identity
        self.lease: Lease | None = None
        self._timing = timing
        self._seen_at = 0.0
        self._renewed_at: float | None = None

    @property
    def holder(self) -> str:
        """Who holds the Lease, as it was last seen; empty when nobody does."""
        return (self.lease.spec.holder_identity or "") if self.lease else ""

    def leads(self, now: float) -> bool:
        """Whether this process leads at this monotonic moment."""
        return self._renewed_at is not None and now < self._renewed_at + self._timing.deadline

    def leads_until(self) -> float | None:
        """Until when it leads if no renewal succeeds; None when it does not lead."""
        return None if self._renewed_at is None else self._renewed_at + self._timing.deadline

    def see(self, lease: Lease | None, now: float) -> None:
        """The Lease as the server just told it, at the latest at this moment."""
        if lease is None or self.lease is None or _version(lease) != _version(self.lease):
            self._seen_at = now
        self.lease = lease
        if self.holder != self.identity:
            self._renewed_at = None

    def wrote(self, lease: Lease, began_at: float, now: float) -> None:
        """A write that was begun then succeeded: from then on counts how long this process leads."""
        self.see(lease, now)
        self._renewed_at = began_at if self.holder == self.identity else None

    def free_in(self, now: float) -> float:
        """Seconds until the Lease may be taken; 0 or less when it may be now."""
        if not self.holder or self.holder == self.identity:
            return 0.0
        duration = self.lease.spec.lease_duration_seconds if self.lease else None
        return self._seen_at + (self._timing.lease if duration is None else duration) - now

    def claim(self, now: float, wall: datetime) -> LeaseSpec | None:
        """What to write, to take the Lease or to renew it; None while it is somebody else's."""
        if self.free_in(now) > 0:
            return None
        before = self.lease.spec if self.lease else LeaseSpec()
        renewal = self.holder == self.identity
        return LeaseSpec(
            holder_identity=self.identity,
            lease_duration_seconds=round(self._timing.lease),
            acquire_time=before.acquire_time if renewal else wall,
            renew_time=wall,
            lease_transitions=(before.lease_transitions or 0) + (0 if renewal or self.lease is None else 1),
        )

    def release(self, wall: datetime) -> LeaseSpec | None:
        """What to write so that somebody else can lead at once; None when the Lease is not this process's."""
        if self.lease is None or self.holder != self.identity:
            return None
        return LeaseSpec(
            holder_identity="",
            lease_duration_seconds=_RELEASED_SECONDS,
            acquire_time=wall,
            renew_time=wall,
            lease_transitions=self.lease.spec.lease_transitions,
        )


class LeaderElector:
    """Takes part in an election until it is cancelled.

    Args:
        client: For the API server.
        namespace: Where the Lease is.
        name: What it is called.
        identity: This process's name; see :class:`Candidate`.
        timing: How long what takes.
        clock: Time and chance.
        on_change: Is told when this process begins or ceases to lead, when another holds the Lease, and of problems.

    Attributes:
        problem: Why the Lease could not be read or written at the last attempt; empty when it could.
    """

    def __init__(
        self,
        client: KubeClient,
        namespace: str,
        name: str,
        identity: str,
        *,
        timing: ElectionTiming | None = None,
        clock: Clock = SYSTEM_CLOCK,
        on_change: Callable[[], None] = lambda: None,
    ) -> None:
        self.problem = ""
        self._client = client
        self._namespace = namespace
        self._name = name
        self._timing = timing or ElectionTiming()
        self._clock = clock
        self._on_change = on_change
        self._candidate = Candidate(identity, self._timing)
        self._told = (False, "", "")
        self._news = asyncio.Event()

    @property
    def leading(self) -> bool:
        """Whether this process leads, right now: asked of the clock, because it may have been standing still."""
        return self._candidate.leads(self._clock.monotonic())

    @property
    def holder(self) -> str:
        """Who holds the Lease, as it was last seen."""
        return self._candidate.holder

    async def wait_for(self, *, leading: bool) -> None:
        """Returns once this process leads, or no longer does."""
        while self.leading is not leading:
            self._news.clear()
            await self._news.wait()

    async def run(self) -> None:
        """Takes part: takes the Lease when it may, renews it while it has it."""
        while True:
            await self._attempt()
            self._tell()
            await self._clock.sleep(self._pause())
            self._tell()

    async def release(self) -> None:
        """Gives the Lease back, if this process has it, so that another can lead at once. After ``run``."""
        if self._candidate.leads_until() is None:
            return
        try:
            async with asyncio.timeout(RELEASE_SECONDS):
                lease = await get_lease(self._client, self._namespace, self._name)
                self._candidate.see(lease, self._clock.monotonic())
                spec = self._candidate.release(self._wall())
                if lease is not None and spec is not None:
                    self._candidate.see(
                        await replace_lease(self._client, lease, spec), self._clock.monotonic()
                    )
                    _log.info("gave the lease back", lease=self._name)
        except (KubeError, TimeoutError) as error:
            _log.warning(
                "could not give the lease back; it ends by itself", lease=self._name, reason=str(error)
            )
        self._tell()

    # --- inside -----------------------------------------------------------------------------------------------

    async def _attempt(self) -> None:
        try:
            async with asyncio.timeout(self._patience()):
                await self._read_and_claim()
        except ApiError as error:
            # A conflict is somebody who was faster: it was read too late, and is read again.
            self.problem = "" if error.is_conflict else self._explain(error)
        except KubeError as error:
            self.problem = str(error)
        except TimeoutError:
            self.problem = f"{self._client.access.server} did not answer in time"
        else:
            self.problem = ""

    async def _read_and_claim(self) -> None:
        now = self._clock.monotonic
        lease = await get_lease(self._client, self._namespace, self._name)
        self._candidate.see(lease, now())
        began_at = now()
        spec = self._candidate.claim(began_at, self._wall())
        if spec is None:
            return
        if lease is None:
            written = await create_lease(self._client, self._namespace, self._name, spec)
        else:
            written = await replace_lease(self._client, lease, spec)
        self._candidate.wrote(written, began_at, now())

    def _explain(self, error: ApiError) -> str:
        if not error.is_forbidden:
            return str(error)
        return (
            f"the lease {self._namespace}/{self._name} may not be used: {error.message}; grant get, create and update "
            f"on leases of coordination.k8s.io in that namespace"
        )

    def _patience(self) -> float:
        """A leader must know that it is none any more when its time is over, whatever the server does."""
        return min(ANSWER_SECONDS, self._left())

    def _left(self) -> float:
        until = self._candidate.leads_until()
        left = ANSWER_SECONDS if until is None else until - self._clock.monotonic()
        return left if left > 0 else ANSWER_SECONDS

    def _pause(self) -> float:
        chance = self._clock.random()
        if self.leading:
            return min(self._timing.renew, self._left())
        free_in = self._candidate.free_in(self._clock.monotonic())
        look = jittered(self._timing.look, chance, _LOOK_JITTER)
        if self.problem or free_in <= 0:
            return jittered(self._timing.renew, chance, _LOOK_JITTER)
        # Who waits looks at the very moment when the Lease may have ended, spread a little: one of many will have it.
        return min(look, free_in + chance * _TAKEOVER_SPREAD_SECONDS)

    def _tell(self) -> None:
        now = (self.leading, self.holder, self.problem)
        if now == self._told:
            return
        (led, _, problem), self._told = self._told, now
        if self.problem and not problem:
            _log.warning("the lease cannot be read or written for now", lease=self._name, reason=self.problem)
        if now[0] is not led:
            _log.info(
                "leads now" if now[0] else "no longer leads",
                lease=self._name,
                holder=now[1],
                reason=self.problem,
            )
        self._news.set()
        self._on_change()

    def _wall(self) -> datetime:
        return datetime.fromtimestamp(self._clock.time(), UTC)


def _version(lease: Lease) -> tuple[str, str]:
    return lease.metadata.uid, lease.metadata.resource_version
