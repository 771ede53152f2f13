"""The loop between detectors and alerting: it wakes when something changed or is due, and never polls."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

import structlog

from farwatch.hub.alerting import Alert, Alerting, AlertsNotKeptError
from farwatch.hub.detect import Engine
from farwatch.hub.fleet import FleetChange, FleetChangeKind
from farwatch.hub.inventory import ObjectChange

RETRY_SECONDS = 1.0
"""How long to wait before alerts that could not be written down are put again."""

SHORTEST_SLEEP_SECONDS = 0.01
"""However soon something is due, others get a turn in between; news is not kept waiting."""

LONGEST_SLEEP_SECONDS = 30.0
"""The wall clock is looked at this often at the least, so that a jump of it is noticed."""

_log = structlog.get_logger(__name__)


class Detection:
    """Feeds the engine, and hands what it decides to alerting.

    Args:
        engine: Decides.
        alerting: Takes what was decided.
        clock: Seconds since the epoch.

    Attributes:
        failures: How often deciding, or handing on what was decided, failed by a fault of ours; each is in the log.
    """

    def __init__(self, engine: Engine, alerting: Alerting, clock: Callable[[], float]) -> None:
        self.failures = 0
        self._engine = engine
        self._alerting = alerting
        self._clock = clock
        self._news = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    @property
    def running(self) -> bool:
        """Whether alerts are decided: from ``start`` to ``stop``."""
        return self._task is not None and not self._task.done()

    def observe_changes(self, changes: Sequence[ObjectChange]) -> None:
        """Subscribes to the inventory."""
        self._engine.observe(changes)
        self._news.set()

    def observe_fleet(self, changes: Sequence[FleetChange]) -> None:
        """Subscribes to the links."""
        for change in changes:
            if change.kind is FleetChangeKind.CLUSTER_SYNCED:
                self._engine.cluster_synced(change.cluster)
            else:
                self._engine.observe_fleet(change)
        self._news.set()

    def start(self) -> None:
        """Begin to decide. What was stored must have been loaded into the engine before."""
        self._task = asyncio.create_task(self._run(), name="detection")

    async def stop(self) -> None:
        """Decide nothing more. What was decided and not yet written down is found again after the next start."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        while True:
            self._news.clear()
            try:
                alerts = self._engine.advance(self._clock())
            except Exception:  # noqa: BLE001 - logged and counted
                # One object that a detector cannot take must not cost all others their alerts.
                self.failures += 1
                _log.exception("deciding failed")
                await asyncio.sleep(RETRY_SECONDS)
                continue
            if alerts:
                await self._put(alerts)
            await self._sleep()

    async def _put(self, alerts: Sequence[Alert]) -> None:
        """Alerts are put until they are written down: the engine will not tell of them again."""
        while True:
            try:
                await self._alerting.put(alerts)
            except AlertsNotKeptError as error:
                _log.error("alerts_not_kept", alerts=len(alerts), detail=str(error))
            except Exception:  # noqa: BLE001 - logged and counted
                # Were the loop to end here, nobody would be told of anything any more.
                self.failures += 1
                _log.exception("handing on alerts failed", alerts=len(alerts))
            else:
                return
            await asyncio.sleep(RETRY_SECONDS)

    async def _sleep(self) -> None:
        due = self._engine.next_due()
        seconds = LONGEST_SLEEP_SECONDS if due is None else min(due - self._clock(), LONGEST_SLEEP_SECONDS)
        try:
            async with asyncio.timeout(max(seconds, SHORTEST_SLEEP_SECONDS)):
                await self._news.wait()
        except TimeoutError:
            return
