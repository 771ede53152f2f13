"""Sees to it that evidence is gathered when an alert first fires, and is at hand when people are told.

Gathering begins with the alert and goes on beside everything else; who composes a message waits for it no longer than
a set time. Work is bounded: so many gatherings at a time in all and for each cluster, and so many begun in a minute.
"""

from __future__ import annotations

import asyncio
from collections import Counter, OrderedDict, defaultdict, deque
from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any, NamedTuple, Protocol

import msgspec
import structlog
from sqlalchemy.exc import SQLAlchemyError

from farwatch.hub.alerting import Alert, AlertEvent, Origin, Transition
from farwatch.hub.alerting.evidence import Digest
from farwatch.hub.detect import DETECTORS
from farwatch.hub.evidence.digest import digest
from farwatch.hub.evidence.evidence import Evidence, Gap, Part
from farwatch.hub.evidence.investigation import Depth
from farwatch.hub.evidence.store import EvidenceStore
from farwatch.hub.times import to_time

DEFAULT_WAIT_SECONDS = 2.0

LONGEST_WAIT_SECONDS = 30.0

MOST_REMEMBERED = 10_000
"""How many digests are kept in memory; those of the alerts that fired last."""

PRUNE_SECONDS = 3_600.0

STOP_SECONDS = 1.0
"""How long ``stop`` waits for what is being written down."""

_MINUTE = 60.0

_log = structlog.get_logger(__name__)


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """How much is done at a time.

    Attributes:
        wait_seconds: How long a message may wait for its alerts' evidence; 0: not at all.
        budget_seconds: How long gathering one alert's evidence may take.
        at_once: How many gatherings may be under way.
        at_once_per_cluster: How many of them in one cluster.
        logs_per_minute: How many a minute ask for logs; those after them do without.
        per_minute: How many a minute are begun at all.
    """

    wait_seconds: float = DEFAULT_WAIT_SECONDS
    budget_seconds: float = 8.0
    at_once: int = 16
    at_once_per_cluster: int = 4
    logs_per_minute: int = 60
    per_minute: int = 600


class EvidenceCounters(msgspec.Struct):
    """What became of gatherings, as ever-growing numbers.

    Attributes:
        gathered: Gatherings that came to their end.
        failed: Those that did not, by a fault of ours or for lack of time.
        skipped: Alerts whose evidence, or whose logs, were not gathered because too many began at once.
        missing: What could not be had, by part and code.
        late: Alerts that people were told of before their evidence was there.
        records_failed: Evidence that could not be written down, read or pruned.
        seconds: Time that gatherings took.
    """

    gathered: int = 0
    failed: int = 0
    skipped: int = 0
    missing: Counter[tuple[str, str]] = msgspec.field(default_factory=Counter)
    late: int = 0
    records_failed: int = 0
    seconds: float = 0.0


class Investigator(Protocol):
    """Gathers the evidence of one alert."""

    async def gather(self, alert: Alert, depth: Depth) -> Evidence:
        """Everything that is to be known of an alert now."""


class _Known(NamedTuple):
    starts_at: datetime
    digest: Digest


class Gatherer:
    """Gathers, keeps and hands out evidence; what messages ask for it (``EvidenceSource``).

    Args:
        investigator: Gathers the evidence of one alert.
        store: Keeps it.
        clock: Seconds since the epoch.
        limits: How much is done at a time.
    """

    def __init__(
        self,
        investigator: Investigator,
        store: EvidenceStore,
        clock: Callable[[], float],
        limits: Limits | None = None,
    ) -> None:
        self.counters = EvidenceCounters()
        self._investigator = investigator
        self._store = store
        self._clock = clock
        self._limits = limits or Limits()
        self._known: OrderedDict[str, _Known] = OrderedDict()
        self._under_way: dict[str, asyncio.Task[None]] = {}
        self._writing: set[asyncio.Task[None]] = set()
        self._slots = asyncio.Semaphore(self._limits.at_once)
        self._cluster_slots: defaultdict[str, asyncio.Semaphore] = defaultdict(
            lambda: asyncio.Semaphore(self._limits.at_once_per_cluster)
        )
        self._begun: deque[float] = deque()
        self._next_prune = 0.0
        self._started = asyncio.Event()

    @property
    def under_way(self) -> int:
        """How many gatherings have begun and not ended."""
        return len(self._under_way)

    async def start(self, active: Sequence[Alert]) -> None:
        """Begin to work, once the objects are known; take up what was gathered about alerts that still fire."""
        alerts = [alert for alert in active if is_detected(alert)][-MOST_REMEMBERED:]
        kept: Mapping[str, Digest] = {}
        try:
            kept = await self._store.digests(alerts)
        except SQLAlchemyError as error:
            self._note_records_fault("read", error)
        for alert in alerts:
            if alert.fingerprint in kept:
                self._remember(alert, kept[alert.fingerprint])
        self._started.set()

    async def stop(self) -> None:
        """Gather nothing more; what is being written down may come to its end."""
        tasks = list(self._under_way.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._writing:
            _, late = await asyncio.wait(self._writing, timeout=STOP_SECONDS)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    def observe(self, events: Sequence[AlertEvent]) -> None:
        """Subscribes to alerting."""
        for event in events:
            if event.transition is Transition.FIRED and is_detected(event.alert):
                self._begin(event.alert)

    async def digests(self, alerts: Sequence[Alert]) -> Mapping[str, Digest]:
        """What is known about those of the alerts that fire; see ``EvidenceSource``."""
        try:
            return await self._digests(
                [alert for alert in alerts if alert.ends_at is None and is_detected(alert)]
            )
        except Exception:  # noqa: BLE001 - logged and counted
            # Whatever it is, people must be told of the alert.
            self.counters.failed += 1
            _log.exception("evidence for a message failed", alerts=len(alerts))
            return {}

    def has(self, alert: Alert) -> bool:
        """Whether anything was found about an alert; see ``EvidenceSource``."""
        if not self._is_known(alert):
            return False
        short = self._known[alert.fingerprint].digest
        return bool(short.changes or short.events or short.logs)

    async def find(self, fingerprint: str) -> Evidence | None:
        """The latest evidence that is kept of an alert.

        Raises:
            SQLAlchemyError: The records cannot be read.
        """
        task = self._under_way.get(fingerprint)
        if task is not None:
            await asyncio.wait({task}, timeout=self._limits.budget_seconds)
        if self._writing:
            await asyncio.wait(self._writing, timeout=STOP_SECONDS)
        return await self._store.find(fingerprint)

    async def _digests(self, alerts: Sequence[Alert]) -> dict[str, Digest]:
        # One time for all: after a restart people may be told of alerts before objects are known again.
        with suppress(TimeoutError):
            async with asyncio.timeout(self._limits.wait_seconds):
                await self._started.wait()
                await self._gathered(alerts)
        if not self._started.is_set():
            return {}
        found = {}
        for alert in alerts:
            if self._is_known(alert):
                if short := self._known[alert.fingerprint].digest:
                    found[alert.fingerprint] = short
            elif alert.fingerprint in self._under_way:
                self.counters.late += 1
                found[alert.fingerprint] = _LATE
        return found

    async def _gathered(self, alerts: Sequence[Alert]) -> None:
        """Wait for what is under way, and for what a restart cut off, which is made up for."""
        for alert in alerts:
            if alert.fingerprint not in self._under_way and not self._is_known(alert):
                self._begin(alert)
        awaited = {task for alert in alerts if (task := self._under_way.get(alert.fingerprint))}
        if awaited:
            await asyncio.wait(awaited)

    # --- gathering --------------------------------------------------------------------------------------------

    def _begin(self, alert: Alert) -> None:
        running = self._under_way.pop(alert.fingerprint, None)
        if running is not None:
            running.cancel()  # it has ended and fired anew meanwhile
        depth = self._admit()
        self.counters.skipped += depth is not Depth.ALL
        if depth is Depth.NOTHING:
            self._remember(alert, _SKIPPED)
            return
        task = asyncio.create_task(self._gather(alert, depth), name=f"evidence {alert.fingerprint}")
        self._under_way[alert.fingerprint] = task
        task.add_done_callback(lambda done: self._ended(alert.fingerprint, done))

    def _admit(self) -> Depth:
        now = self._clock()
        while self._begun and not now - _MINUTE < self._begun[0] <= now:
            self._begun.popleft()
        if len(self._begun) >= self._limits.per_minute:
            return Depth.NOTHING
        self._begun.append(now)
        return Depth.ALL if len(self._begun) <= self._limits.logs_per_minute else Depth.WITHOUT_LOGS

    async def _gather(self, alert: Alert, depth: Depth) -> None:
        cluster = self._cluster_slots[alert.labels.get("cluster", "")]
        async with cluster, self._slots:
            try:
                async with asyncio.timeout(self._limits.budget_seconds):
                    found = await self._investigator.gather(alert, depth)
            except TimeoutError:
                found = self._without(alert, "out_of_time", "gathering took too long")
            except Exception:  # noqa: BLE001 - logged and counted
                # One alert whose objects are odd must not end more than its own evidence.
                _log.exception("gathering evidence failed", alert=alert.labels)
                found = self._without(alert, "failed", "gathering failed; the hub's log says how")
            else:
                self.counters.gathered += 1
                self.counters.seconds += found.seconds
        self.counters.missing.update((gap.part.value, gap.code) for gap in found.missing)
        short = digest(found)
        self._remember(alert, short)
        self._spawn(self._keep(found, short))

    def _without(self, alert: Alert, code: str, words: str) -> Evidence:
        self.counters.failed += 1
        return Evidence(
            fingerprint=alert.fingerprint,
            starts_at=alert.starts_at,
            gathered_at=to_time(self._clock()),
            seconds=0.0,
            missing=tuple(Gap(part=part, code=code, words=words) for part in Part),
        )

    def _ended(self, fingerprint: str, task: asyncio.Task[None]) -> None:
        if self._under_way.get(fingerprint) is task:
            del self._under_way[fingerprint]
        if not task.cancelled() and (fault := task.exception()) is not None:
            self.counters.failed += 1
            _log.error("evidence was gathered in vain", fingerprint=fingerprint, exc_info=fault)

    # --- keeping ----------------------------------------------------------------------------------------------

    def _is_known(self, alert: Alert) -> bool:
        known = self._known.get(alert.fingerprint)
        return known is not None and known.starts_at == alert.starts_at

    def _remember(self, alert: Alert, short: Digest) -> None:
        self._known[alert.fingerprint] = _Known(alert.starts_at, short)
        self._known.move_to_end(alert.fingerprint)
        while len(self._known) > MOST_REMEMBERED:
            self._known.popitem(last=False)

    async def _keep(self, found: Evidence, short: Digest) -> None:
        now = self._clock()
        try:
            await self._store.keep(found, short)
            if now >= self._next_prune:
                self._next_prune = now + PRUNE_SECONDS
                await self._store.prune(now)
        except SQLAlchemyError as error:
            self._note_records_fault("written", error)

    def _note_records_fault(self, what: str, error: SQLAlchemyError) -> None:
        self.counters.records_failed += 1
        _log.error(f"evidence cannot be {what}", detail=str(error))

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work, name="evidence records")
        self._writing.add(task)
        task.add_done_callback(self._writing.discard)


def is_detected(alert: Alert) -> bool:
    """Whether an alert is one of our detectors' about an object of a cluster, which its labels name.

    What others post may bear the same labels; it must not make the hub read logs.
    """
    detector = DETECTORS.get(alert.labels.get("alertname", ""))
    return alert.origin is Origin.HUB and detector is not None and detector.kind != "Cluster"


_LATE = Digest(missing=("all: it was still being gathered when this was sent",))
_SKIPPED = Digest(missing=("all: too many alerts began at once",))
