"""The loop that looks at the hub itself."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator

import structlog
from sqlalchemy.exc import SQLAlchemyError

from farwatch.hub.alerting import Alert, Alerting, AlertsNotKeptError
from farwatch.hub.watchdog.lag import IngestLag
from farwatch.hub.watchdog.life import LastRun, Life
from farwatch.hub.watchdog.troubles import HUB_LOST, HUB_UNWELL, INGEST_LAG, OwnAlerts, Trouble

LOOK_SECONDS = 5.0
"""How often the hub looks at itself, and notes that it lives."""

LOST_AFTER_SECONDS = 60.0
"""For how long a hub may be away, for an upgrade perhaps, before people are told of it."""

LOST_SHOWN_SECONDS = 600.0
"""For how long that it was lost is an alert: longer than groups wait."""

LAG_SECONDS = 30.0
"""From which lag on a cluster's alerts come too late."""

_log = structlog.get_logger(__name__)


class Watchdog:
    """Looks at the hub itself, and raises alerts about it.

    Args:
        life: The note of when the hub was alive.
        lag: How far behind it is.
        alerting: Takes the alerts.
        find_faults: What is wrong with the hub's parts, in words.
        runbook_url: Where runbooks are; ``{alertname}`` stands for the alert's name.
        clock: Seconds since the epoch.
    """

    def __init__(
        self,
        *,
        life: Life,
        lag: IngestLag,
        alerting: Alerting,
        find_faults: Callable[[], list[str]],
        runbook_url: str,
        clock: Callable[[], float],
    ) -> None:
        self._life = life
        self._lag = lag
        self._alerting = alerting
        self._find_faults = find_faults
        self._own = OwnAlerts(runbook_url)
        self._clock = clock
        self._lost: Trouble | None = None
        self._began_at = 0.0
        self._outbox: list[Alert] = []
        self._task: asyncio.Task[None] | None = None
        self._own_fault = ""

    async def start(self) -> None:
        """Note that the hub is back, and see for how long it was away. Alerting must have started."""
        self._began_at = self._clock()
        last = await self._life.begin(self._began_at)
        self._lost = None if last is None else _lost(last, self._began_at)
        self._own.restore(self._alerting.active())
        self._task = asyncio.create_task(self._run(), name="watchdog")

    async def stop(self) -> None:
        """Look no more, and note that this end was wanted."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        try:
            await self._life.end(self._clock())
        except SQLAlchemyError as error:
            _log.warning("the end of this run could not be noted", detail=str(error))

    def faults(self) -> list[str]:
        """All that is wrong with the hub now: its parts, its lag, and its looking at itself."""
        own = [self._own_fault] if self._own_fault else []
        return [*own, *self._find_faults(), *(trouble.facts for trouble in self._lagging())]

    async def look(self) -> None:
        """Look once: renew the note, and tell what there is to tell. A fault of its own is told by ``faults``."""
        try:
            await self._look()
        except Exception as error:  # noqa: BLE001 - logged, and told
            # Were it to end here, nobody would look any more, and the heartbeat would say that all is well.
            _log.exception("the hub could not look at itself")
            self._own_fault = f"the hub cannot look at itself ({type(error).__name__}); its log says why"
        else:
            self._own_fault = ""

    async def _look(self) -> None:
        now = self._clock()
        try:
            await self._life.renew(now)
        except SQLAlchemyError as error:
            _log.warning("that the hub lives could not be noted", detail=str(error))
        self._outbox += self._own.decide(self._troubles(now), now)
        if not self._outbox:
            return
        try:
            await self._alerting.put(self._outbox)
        except AlertsNotKeptError as error:
            _log.error("alerts_not_kept", alerts=len(self._outbox), detail=str(error))
        else:
            self._outbox = []

    async def _run(self) -> None:
        while True:
            await self.look()
            await asyncio.sleep(LOOK_SECONDS)

    def _troubles(self, now: float) -> Iterator[Trouble]:
        if self._lost is not None and now - self._began_at < LOST_SHOWN_SECONDS:
            yield self._lost
        faults = self._find_faults()
        if faults:
            yield Trouble(HUB_UNWELL, "; ".join(faults))
        yield from self._lagging()

    def _lagging(self) -> Iterator[Trouble]:
        for cluster, seconds in self._lag.lags().items():
            if seconds >= LAG_SECONDS:
                facts = f"What happens in {cluster} reaches the hub {seconds:.0f} s late."
                yield Trouble(INGEST_LAG, facts, cluster=cluster)


def _lost(last: LastRun, now: float) -> Trouble | None:
    away = now - last.seen_at
    if away < LOST_AFTER_SECONDS:
        return None
    how = (
        "It had been told to stop."
        if last.stopped
        else "It ended without being told to: look at its machine."
    )
    facts = f"The hub was away for {_span(away)}: nothing was watched, and nobody was told of anything. {how}"
    return Trouble(HUB_LOST, facts, since=last.seen_at)


def _span(seconds: float) -> str:
    minutes = round(seconds / 60)
    hours, rest = divmod(minutes, 60)
    return f"{hours} h {rest} min" if hours else f"{minutes} min"
