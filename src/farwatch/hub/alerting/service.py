"""Alerting as a whole: takes alerts in, keeps them, and sees that people are told."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Coroutine, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar

import aiohttp
import sqlalchemy as sa
import structlog

from farwatch.hub.alerting import tables
from farwatch.hub.alerting.acknowledgements import Acknowledgements
from farwatch.hub.alerting.alerts import Alert, AlertEvent, Alerts, EventSink, KnownAlert
from farwatch.hub.alerting.clock import Clock, SystemClock
from farwatch.hub.alerting.config import Config
from farwatch.hub.alerting.dispatch import Dispatcher, Flush, GroupId, GroupView
from farwatch.hub.alerting.errors import AlertingError, AlertsNotKeptError
from farwatch.hub.alerting.evidence import EvidenceSource, NoEvidence
from farwatch.hub.alerting.intake import Intake
from farwatch.hub.alerting.journal import Journal
from farwatch.hub.alerting.matchers import Matchers
from farwatch.hub.alerting.nflog import NotificationLog
from farwatch.hub.alerting.notify import (
    Attempt,
    Counters,
    NotificationEvent,
    NotificationSink,
    Notifier,
)
from farwatch.hub.alerting.plan import Plan
from farwatch.hub.alerting.routing import Route
from farwatch.hub.alerting.silences import Silence, Silences, SilenceSink
from farwatch.hub.alerting.silencing import Silencer
from farwatch.hub.alerting.suppression import Suppression, Suppressor
from farwatch.hub.alerting.trial import ReceiverNotFoundError, Trial, try_integrations
from farwatch.hub.store.records import Records

STOP_SECONDS = 5.0
"""How long ``stop`` lets messages that are being sent come to an end."""

LONGEST_SLEEP_SECONDS = 60.0
"""The clock is looked at least this often, so that a jump of it is noticed."""

PRUNE_SECONDS = 3_600.0

_log = structlog.get_logger(__name__)
T = TypeVar("T")


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

    Attributes:
        acknowledgements: Who has taken on which alert.
        has_evidence: Tells whether anything was found about an alert.
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
        evidence = evidence or NoEvidence()
        self._records = records
        self._external_url = external_url
        self._clock = clock or SystemClock()
        self._alerts = Alerts()
        self._http = http
        self._plan = Plan(config, http)
        self._dispatcher = Dispatcher(self._plan.route)
        self._nflog = NotificationLog()
        self._journal = Journal(records)
        self._intake = Intake(
            alerts=self._alerts, journal=self._journal, clock=self._clock, insert=self._insert
        )
        self.has_evidence = evidence.has
        self.acknowledgements = Acknowledgements(records, self.get, self._clock.now)
        self._silencer = Silencer(self._journal, self._clock)
        self._suppressor = self._suppress_by(self._plan)
        self._notifier = Notifier(
            self._plan.integrations,
            log=self._nflog,
            journal=self._journal,
            clock=self._clock,
            random=random,
            external_url=external_url,
            evidence=evidence,
            publish=self._publish_notifications,
            acknowledged=self.acknowledgements.acknowledged,
        )
        self._subscribers: list[EventSink] = [self.acknowledgements.observe]
        self._notification_subscribers: list[NotificationSink] = []
        self._news = asyncio.Event()
        self._stopping = False
        self._next_prune = 0.0
        self._tasks: set[asyncio.Task[Any]] = set()
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

    def subscribe_silences(self, subscriber: SilenceSink) -> None:
        """Have a callable told of what happens to silences, after it has been written down. It must not block."""
        self._silencer.subscribe(subscriber)

    async def start(self) -> None:
        """Take up the work where the last process left it. Subscribe before."""
        await self.acknowledgements.load()
        async with self._records.read() as connection:
            alerts = (await connection.execute(sa.select(tables.alerts))).mappings().all()
            timers = (await connection.execute(sa.select(tables.alert_groups))).mappings().all()
            self._nflog.load((await connection.execute(sa.select(tables.notification_log))).mappings())
            self._silencer.resume((await connection.execute(sa.select(tables.silences))).mappings())
        self._intake.resume(alerts, self._plan.config.global_.resolve_timeout)
        self.acknowledgements.settle()
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
        await self.acknowledgements.close()

    async def put(self, alerts: Sequence[Alert]) -> None:
        """Take alerts in: raised, updated or resolved ones. They are durable when this returns.

        Raises:
            AlertsNotKeptError: They could not be written down, and nothing was done about them: put them again.
        """
        await self._finish(self._tell_of(self._intake.put(alerts)))

    async def label_cluster(self, cluster: str, labels: Mapping[str, str] | None) -> None:
        """A cluster has these labels from now on, and so do its alerts; None: there is no cluster of this name.

        Labels are an alert's identity: each that is different by it ends, and begins anew with the same start.

        Raises:
            AlertsNotKeptError: It could not be written down, and nothing was done.
        """
        await self._finish(self._tell_of(self._intake.label_cluster(cluster, labels)))

    async def reload(self, config: Config) -> None:
        """Go on by another configuration. Groups that are still there keep their time, and what was told stays told.

        What is being sent is sent to its end.

        Raises:
            AlertingError: The configuration cannot be used; the present one stays.
        """
        plan = Plan(config, self._http)
        # Nothing is awaited until it is done: nobody sees one half of the old and one of the new.
        dispatcher = Dispatcher(plan.route)
        for known in sorted(self._alerts, key=lambda known: known.received_at):
            key = known.alert.fingerprint
            if not known.resolved:
                plan.inhibitor.observe(key, known.alert)
            if not known.settled:
                dispatcher.insert(key, known.alert, known.received_at)
        gone = dispatcher.take_over(self._dispatcher)
        self._plan, self._dispatcher, self._suppressor = plan, dispatcher, self._suppress_by(plan)
        self._notifier.integrations = plan.integrations
        self._news.set()
        await self._write(tables.removed(tables.alert_groups, map(_timer, gone)))

    async def set_silence(
        self,
        *,
        id: str | None = None,  # noqa: A002 - the field's word
        matchers: Matchers,
        starts_at: float,
        ends_at: float,
        created_by: str,
        comment: str,
        annotations: Mapping[str, str] | None = None,
        author: str = "",
    ) -> Silence:
        """Make a silence, or change one; durable when this returns. Times are seconds since the epoch.

        ``created_by`` may be anybody's word, ``author`` is who is known to do it.

        Where a change would rewrite what the silence has hushed, that one ends and a new one, with its own id, is made.

        Raises:
            SilenceNotFoundError: There is none of this id.
            SilenceError: It cannot be as it is wanted.
            AlertsNotKeptError: It could not be written down, and nothing was done.
        """
        wanted = Silence(
            id=id or "",
            matchers=matchers,
            starts_at=starts_at,
            ends_at=ends_at,
            updated_at=0,
            created_by=created_by,
            comment=comment,
            annotations=dict(annotations or {}),
        )
        silence = await self._finish(self._silencer.set(wanted, author))
        self._news.set()
        return silence

    async def expire_silence(self, id: str, *, author: str = "") -> None:  # noqa: A002 - the field's word
        """End a silence now, in somebody's name; durable when this returns.

        Raises:
            SilenceNotFoundError: There is none of this id.
            AlertsNotKeptError: It could not be written down, and nothing was done.
        """
        await self._finish(self._silencer.expire(id, author))
        self._news.set()

    async def try_receiver(self, name: str, *, author: str, now: datetime) -> list[Trial]:
        """Send a test to each integration of a receiver, by the configuration in force.

        Raises:
            ReceiverNotFoundError: There is no receiver of this name.
        """
        integrations = self._plan.integrations.get(name)
        if integrations is None:
            raise ReceiverNotFoundError(
                f"there is no receiver {name[:100]!r}; those are {', '.join(self._plan.integrations)}"
            )
        return await try_integrations(
            name, integrations, author=author, now=now, external_url=self._external_url
        )

    @property
    def silences(self) -> Silences:
        """All silences that are, will be, or were a short while ago."""
        return self._silencer.silences

    @property
    def suppressor(self) -> Suppressor:
        """What decides whom not to tell."""
        return self._suppressor

    @property
    def config(self) -> Config:
        """The configuration in force."""
        return self._plan.config

    @property
    def route(self) -> Route:
        """The tree of routes in force."""
        return self._plan.route

    @property
    def nflog(self) -> NotificationLog:
        """What receivers were told last."""
        return self._nflog

    def destinations(self, labels: Mapping[str, str]) -> Sequence[Route]:
        """The routes that alerts with these labels take, in their order."""
        return self._dispatcher.destinations(labels)

    def complete(self, labels: Mapping[str, str]) -> dict[str, str]:
        """The labels of an alert with those of its cluster, as they are when it is put."""
        return self._intake.labelling.complete(labels)

    def suppression(self, fingerprint: str) -> Suppression:
        """What keeps people from being told of an alert now."""
        known = self._alerts.get(fingerprint)
        if known is None:
            return Suppression()
        return self._suppressor.suppression(known.alert.labels, self._clock.now())

    def groups(self) -> list[GroupView]:
        """All groups of alerts, and how each stands now."""
        now = self._clock.now()
        return [
            GroupView(
                id=group.id,
                labels=group.labels,
                route=group.route,
                alerts=tuple(group.alerts.values()),
                next_flush=group.next_flush,
                muted_by=self._suppressor.muted_by(group.route, now),
            )
            for group in self._dispatcher
        ]

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

    async def _tell_of(self, change: Coroutine[Any, Any, list[AlertEvent]]) -> None:
        if events := await change:
            self._dispatch()
            self._publish(events)
            self._news.set()

    def _insert(self, changes: Mapping[str, KnownAlert]) -> None:
        for key, known in changes.items():
            if known.resolved:
                self._plan.inhibitor.forget(key, known.alert.labels)
            else:
                self._plan.inhibitor.observe(key, known.alert)
            self._dispatcher.insert(key, known.alert, known.received_at)

    async def _run(self) -> None:
        while not self._stopping:
            self._news.clear()
            await self._tidy(self._clock.now())
            self._dispatch()
            due = [
                time
                for time in (
                    self._alerts.next_due(),
                    self._dispatcher.next_due(),
                    self._silencer.silences.next_due(),
                    self._next_prune,
                )
                if time is not None
            ]
            left = min(due) - self._clock.now()
            await self._clock.wait(self._news, min(max(left, 0), LONGEST_SLEEP_SECONDS))

    async def _tidy(self, now: float) -> None:
        """Notice what ends by the passing of time, and forget what is long over."""
        events, writes = await self._intake.advance(now)
        self._publish(events)
        for event in events:
            self._plan.inhibitor.forget(event.fingerprint, event.alert.labels)
        writes += self._silencer.advance(now)
        if now >= self._next_prune:
            self._next_prune = now + PRUNE_SECONDS
            writes.append(self._nflog.expire(now))
        await self._write(*writes)

    def _dispatch(self) -> None:
        if not self._stopping:
            for flush in self._dispatcher.due(self._clock.now()):
                # By the intervals of its own configuration: a reload may come before it begins.
                self._spawn(self._flush(flush, self._suppressor), f"alerting flush {flush.group_key}")

    async def _flush(self, flush: Flush, suppressor: Suppressor) -> None:
        delivered = False
        try:
            kept = suppressor.keep(flush)
            delivered = kept is None or await self._notifier.notify(kept)
        except Exception as error:  # noqa: BLE001 - whatever happens, the group must be flushed again
            _log.error("alerting: a flush failed", group=flush.group_key, exc_info=error)
        finally:
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

    def _suppress_by(self, plan: Plan) -> Suppressor:
        return Suppressor(plan.inhibitor, plan.intervals, self._silencer.silences)

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

    async def _finish(self, work: Coroutine[Any, Any, T]) -> T:
        """Do something to its end: a caller that goes away must leave nothing half done."""
        return await asyncio.shield(self._spawn(work, "alerting change"))

    def _spawn(self, work: Coroutine[Any, Any, T], name: str) -> asyncio.Task[T]:
        task = asyncio.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is not None and not isinstance(error, AlertingError):  # those are told to who asked
            _log.error("alerting: a task failed", task=task.get_name(), exc_info=error)


def _timer(group: GroupId, next_flush: float | None = None) -> dict[str, Any]:
    return {"route": group.route, "group_key": group.key, "next_flush": next_flush}
