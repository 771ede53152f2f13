"""Alerting as a whole: takes alerts in, keeps them, and sees that people are told."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any

import aiohttp
import sqlalchemy as sa
import structlog

from farwatch.hub.alerting import tables
from farwatch.hub.alerting.alerts import Alert, AlertEvent, Alerts, EventSink, KnownAlert
from farwatch.hub.alerting.clock import Clock, SystemClock
from farwatch.hub.alerting.config import Config
from farwatch.hub.alerting.dispatch import Dispatcher, Flush, GroupId
from farwatch.hub.alerting.errors import AlertsNotKeptError
from farwatch.hub.alerting.evidence import EvidenceSource, NoEvidence
from farwatch.hub.alerting.intake import Intake
from farwatch.hub.alerting.journal import Journal
from farwatch.hub.alerting.nflog import NotificationLog
from farwatch.hub.alerting.notify import (
    Attempt,
    Counters,
    Integration,
    NotificationEvent,
    NotificationSink,
    Notifier,
)
from farwatch.hub.alerting.receivers import build_receivers
from farwatch.hub.store.records import Records

STOP_SECONDS = 5.0
"""How long ``stop`` lets messages that are being sent come to an end."""

LONGEST_SLEEP_SECONDS = 60.0
"""The clock is looked at least this often, so that a jump of it is noticed."""

PRUNE_SECONDS = 3_600.0

_log = structlog.get_logger(__name__)


class Alerting:
    """Takes alerts in, keeps them, and sees that people are told.

    An alert is written down before anything is done about it, and what was told is written down once it was: after a
    kill at any moment, ``start`` goes on where the last one stopped. Nothing due is forgotten; what was told is told
    again only if the kill came between the telling and the note of it.

    Args:
        records: Where alerts are kept.
        config: Whom to tell, and when.
        http: What receivers send with (``open_http_session``). It is the caller's, who closes it after ``stop``.
        clock: Time; the system's by default.
        random: A number from 0 to 1, for the jitter of back-offs.
        external_url: Where people reach the hub: receivers link to it.
        evidence: What is known about alerts, for messages to carry.
    """

    def __init__(
        self,
        *,
        records: Records,
        config: Config,
        http: aiohttp.ClientSession,
        clock: Clock | None = None,
        random: Callable[[], float] = random.random,
        external_url: str = "",
        evidence: EvidenceSource | None = None,
    ) -> None:
        self._records = records
        self._clock = clock or SystemClock()
        self._alerts = Alerts()
        self._dispatcher = Dispatcher(config.route.resolved())
        self._nflog = NotificationLog()
        self._journal = Journal(records)
        self._intake = Intake(
            alerts=self._alerts, journal=self._journal, clock=self._clock, insert=self._insert
        )
        receivers = build_receivers(config, http)
        self._notifier = Notifier(
            {name: [Integration(name, *way) for way in ways] for name, ways in receivers.items()},
            log=self._nflog,
            journal=self._journal,
            clock=self._clock,
            random=random,
            external_url=external_url,
            evidence=evidence or NoEvidence(),
            publish=self._publish_notifications,
        )
        self._subscribers: list[EventSink] = []
        self._notification_subscribers: list[NotificationSink] = []
        self._news = asyncio.Event()
        self._stopping = False
        self._next_prune = 0.0
        self._tasks: set[asyncio.Task[None]] = set()
        self._watching: asyncio.Task[None] | None = None

    @property
    def counters(self) -> Counters:
        """What was sent, as ever-growing numbers."""
        return self._notifier.counters

    @property
    def running(self) -> bool:
        """Whether time is watched: from ``start`` to ``stop``, unless something failed that must not."""
        return self._watching is not None and not self._watching.done()

    def subscribe(self, subscriber: EventSink) -> None:
        """Have a callable told of each transition, after it has been written down. It must not block."""
        self._subscribers.append(subscriber)

    def subscribe_notifications(self, subscriber: NotificationSink) -> None:
        """Have a callable told of how each notification ended. It must not block."""
        self._notification_subscribers.append(subscriber)

    async def start(self) -> None:
        """Take up the work where the last process left it. Subscribe before."""
        async with self._records.read() as connection:
            alerts = (await connection.execute(sa.select(tables.alerts))).mappings().all()
            timers = (await connection.execute(sa.select(tables.alert_groups))).mappings().all()
            self._nflog.load((await connection.execute(sa.select(tables.notification_log))).mappings())
        self._intake.resume(alerts)
        gone = self._dispatcher.resume(
            {GroupId(row["route"], row["group_key"]): row["next_flush"] for row in timers}
        )
        await self._journal.write(tables.removed(tables.alert_groups, map(_timer, gone)))
        self._watching = self._spawn(self._run(), "alerting")

    async def stop(self) -> None:
        """Begin nothing more, let what is being sent come to an end within ``STOP_SECONDS``, then cut it off.

        What was cut off is told after the next start.
        """
        self._stopping = True
        self._news.set()
        self._notifier.stop()
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=STOP_SECONDS)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    async def put(self, alerts: Sequence[Alert]) -> None:
        """Take alerts in: raised, updated or resolved ones. They are durable when this returns.

        Raises:
            AlertsNotKeptError: They could not be written down, and nothing was done about them: put them again.
        """
        # A caller that goes away must not leave alerts half taken in.
        await asyncio.shield(self._spawn(self._put(alerts), "alerting put"))

    def active(self) -> list[Alert]:
        """The alerts that fire now."""
        return self._alerts.active()

    def known(self) -> list[KnownAlert]:
        """The alerts that fire, and those that were resolved a short while ago."""
        return list(self._alerts)

    def get(self, fingerprint: str) -> KnownAlert | None:
        """An alert that fires or was resolved a short while ago."""
        return self._alerts.get(fingerprint)

    def attempts(self) -> list[Attempt]:
        """The latest attempts to tell someone, oldest first."""
        return list(self._notifier.attempts)

    async def _put(self, alerts: Sequence[Alert]) -> None:
        events = await self._intake.put(alerts)
        if events:
            self._dispatch()
            self._publish(events)
            self._news.set()

    def _insert(self, changes: Mapping[str, KnownAlert]) -> None:
        for key, known in changes.items():
            self._dispatcher.insert(key, known.alert, known.received_at)

    async def _run(self) -> None:
        while not self._stopping:
            self._news.clear()
            now = self._clock.now()
            await self._tidy(now)
            self._dispatch()
            due = [
                time
                for time in (self._alerts.next_due(), self._dispatcher.next_due(), self._next_prune)
                if time is not None
            ]
            await self._clock.wait(self._news, min(max(min(due) - now, 0), LONGEST_SLEEP_SECONDS))

    async def _tidy(self, now: float) -> None:
        """Notice what ends by the passing of time, and forget what is long over."""
        events, forgotten = self._alerts.advance(now)
        self._publish(events)
        writes = [tables.removed(tables.alerts, [{"fingerprint": key} for key in forgotten])]
        if now >= self._next_prune:
            self._next_prune = now + PRUNE_SECONDS
            writes.append(self._nflog.expire(now))
        await self._write(*writes)

    def _dispatch(self) -> None:
        if not self._stopping:
            for flush in self._dispatcher.due(self._clock.now()):
                self._spawn(self._flush(flush), f"alerting flush {flush.group_key}")

    async def _flush(self, flush: Flush) -> None:
        delivered = False
        try:
            delivered = await self._notifier.notify(flush)
        finally:
            # Whatever happens, the group must be flushed again.
            finished = self._dispatcher.finish(flush, delivered=delivered)
        if self._stopping and not delivered:
            return  # its time stays in the records as it was: due at once after the next start
        settled = self._alerts.settle(finished.released)
        self._news.set()
        timer = _timer(finished.group, finished.next_flush)
        if finished.next_flush is None:
            timers: tuple[tables.Write, ...] = (tables.removed(tables.alert_groups, [timer]),)
        else:
            timers = tables.replaced(tables.alert_groups, [timer])
        await self._write(*timers, tables.settled(settled))

    async def _write(self, *writes: tables.Write) -> None:
        """Write down what the records can do without: at the worst, something is looked at twice after a restart."""
        try:
            await self._journal.write(*writes)
        except AlertsNotKeptError as error:
            self.counters.records_failed += 1
            _log.error("alerting not written down", detail=str(error))

    def _publish(self, events: Sequence[AlertEvent]) -> None:
        if events:
            for subscriber in self._subscribers:
                subscriber(events)

    def _publish_notifications(self, events: Sequence[NotificationEvent]) -> None:
        for subscriber in self._notification_subscribers:
            subscriber(events)

    def _spawn(self, work: Coroutine[Any, Any, None], name: str) -> asyncio.Task[None]:
        task = asyncio.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.error("alerting: a task failed", task=task.get_name(), exc_info=error)


def _timer(group: GroupId, next_flush: float | None = None) -> dict[str, Any]:
    return {"route": group.route, "group_key": group.key, "next_flush": next_flush}
