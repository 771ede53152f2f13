"""Telling receivers: what ``dispatch`` decided is sent, tried again where that may help, and written down."""

from __future__ import annotations

import asyncio
import traceback
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum

import msgspec
import structlog

from farwatch.hub.alerting.alerts import Alert
from farwatch.hub.alerting.clock import Clock
from farwatch.hub.alerting.dispatch import Flush, NotifyReason, Told, notify_reason
from farwatch.hub.alerting.errors import AlertsNotKeptError
from farwatch.hub.alerting.evidence import EvidenceSource
from farwatch.hub.alerting.journal import Journal
from farwatch.hub.alerting.message import Message
from farwatch.hub.alerting.nflog import LogKey, NotificationLog
from farwatch.hub.alerting.receivers.receiver import DeliveryError, Receiver
from farwatch.hub.alerting.tables import Write

FIRST_BACK_OFF_SECONDS = 0.5
BACK_OFF_FACTOR = 1.5
LONGEST_BACK_OFF_SECONDS = 60.0
BACK_OFF_JITTER = 0.5
CONCURRENT_ATTEMPTS = 16
ATTEMPTS_REMEMBERED = 1_000
INNERMOST_FRAMES = 5

_log = structlog.get_logger(__name__)


class Outcome(StrEnum):
    """How an attempt, or a whole notification, ended."""

    DELIVERED = "delivered"
    RETRYABLE = "failed, tried again"
    REFUSED = "refused"
    OUT_OF_TIME = "out of time"
    STOPPED = "cut off by a stop"


class Attempt(msgspec.Struct, frozen=True, kw_only=True):
    """One attempt to deliver a message.

    Attributes:
        time: When it ended; seconds since the epoch.
        key: Whom, and about what.
        reason: Why.
        number: 1 for the first of its notification.
        seconds: How long it took.
        outcome: How it ended.
        detail: What the service answered: the receipt, or what is wrong.
    """

    time: float
    key: LogKey
    reason: NotifyReason
    number: int
    seconds: float
    outcome: Outcome
    detail: str = ""


class NotificationEvent(msgspec.Struct, frozen=True, kw_only=True):
    """How telling one integration of one group ended.

    Attributes:
        last: The last attempt; its ``number`` is how many there were.
        route: The id of the group's route.
        firing: Fingerprints of the firing alerts of the message.
        resolved: Fingerprints of the resolved ones.
    """

    last: Attempt
    route: str
    firing: tuple[str, ...]
    resolved: tuple[str, ...]


NotificationSink = Callable[[Sequence[NotificationEvent]], None]
"""What is told of each notification, after it was made. It must not block."""


class Counters(msgspec.Struct):
    """What was sent, as ever-growing numbers. Exported as ``farwatch_alerting_<name>_total``."""

    notifications_delivered: int = 0
    notifications_failed: int = 0
    attempts: int = 0
    attempts_failed: int = 0
    records_failed: int = 0


class Integration:
    """A receiver's way to people, by its place in the configuration."""

    def __init__(self, name: str, position: int, receiver: Receiver) -> None:
        self.name = name
        self.position = position
        self.receiver = receiver
        # Each has its own: a service that hangs keeps none but its own messages waiting.
        self.slots = asyncio.Semaphore(CONCURRENT_ATTEMPTS)

    def key(self, group_key: str) -> LogKey:
        """Its key in the notification log."""
        return LogKey(self.name, self.receiver.kind, self.position, group_key)

    async def send(self, message: Message) -> str:
        """Deliver a message, once; gives the receipt.

        Raises:
            DeliveryError: The service did not take it, or the receiver has a fault: that must be told, counted and kept
                like every other failure.
        """
        try:
            return await self.receiver.send(message)
        except (DeliveryError, TimeoutError):
            raise
        except Exception as error:  # noqa: BLE001 - it becomes one that is expected
            # Not the error's own words: they may hold an address with a secret in it.
            kind, way = type(error).__name__, traceback.extract_tb(error.__traceback__)[-INNERMOST_FRAMES:]
            _log.error(
                "a receiver has a fault",
                receiver=self.name,
                integration=f"{self.receiver.kind}[{self.position}]",
                error=kind,
                at=[f"{frame.filename}:{frame.lineno} in {frame.name}" for frame in way],
            )
            raise DeliveryError(
                f"a fault in the hub ({kind}), not of the service: the hub's log says where", retryable=False
            ) from None


class Notifier:
    """Tells the receivers of a flush what they do not know yet.

    Args:
        integrations: By receiver name.
        log: What was told before.
        journal: Where it is written down.
        clock: Time.
        random: A number from 0 to 1, for the jitter of back-offs.
        external_url: Where people reach the hub, or empty.
        evidence: What is known about alerts.
        publish: Told of how each notification ended.
        acknowledged: Whether somebody has taken on an alert, by its fingerprint.
    """

    def __init__(
        self,
        integrations: Mapping[str, Sequence[Integration]],
        *,
        log: NotificationLog,
        journal: Journal,
        clock: Clock,
        random: Callable[[], float],
        external_url: str,
        evidence: EvidenceSource,
        publish: NotificationSink,
        acknowledged: Callable[[str], bool],
    ) -> None:
        self.integrations = integrations
        self._nflog = log
        self._journal = journal
        self._clock = clock
        self._random = random
        self._external_url = external_url
        self._evidence = evidence
        self._publish = publish
        self._acknowledged = acknowledged
        self._stopping = asyncio.Event()
        self.counters = Counters()
        self.attempts: deque[Attempt] = deque(maxlen=ATTEMPTS_REMEMBERED)

    async def notify(self, flush: Flush) -> bool:
        """Tell every integration of the flush's receiver; whether all of them know now."""
        integrations = self.integrations.get(flush.route.receiver, ())
        ends = await asyncio.gather(
            *(self._tell(integration, flush) for integration in integrations), return_exceptions=True
        )
        for end in ends:  # only now: the flush lasts until the last of them is done
            if isinstance(end, BaseException):
                raise end
        return all(ends)

    def stop(self) -> None:
        """Try nothing again from now on. What is being sent may come to its end."""
        self._stopping.set()

    async def _tell(self, integration: Integration, flush: Flush) -> bool:
        """Tell one integration, if there is anything to tell; whether it knows all there is to know."""
        key = integration.key(flush.group_key)
        send_resolved = integration.receiver.send_resolved
        firing = frozenset(alert.fingerprint for alert in flush.alerts if alert.ends_at is None)
        resolved = frozenset(alert.fingerprint for alert in flush.alerts if alert.ends_at is not None)
        reason = notify_reason(
            self._nflog.told(key, flush.time),
            firing=firing,
            resolved=resolved,
            send_resolved=send_resolved,
            repeat_interval=flush.route.repeat_interval,
            now=flush.time,
        )
        if reason is NotifyReason.REPEAT_INTERVAL and all(map(self._acknowledged, firing)):
            reason = None  # whoever sees to it knows
        if reason is None:
            return True
        alerts = tuple(alert for alert in flush.alerts if send_resolved or alert.ends_at is None)
        if alerts:
            message = await self._message(flush, reason, alerts)
            last = await self._deliver(integration, message, flush.deadline)
            self._publish([_event(last, flush.route.id, message)])
            if last.outcome is not Outcome.DELIVERED:
                return False
        told = Told(firing=firing, resolved=resolved, time=self._clock.now())
        await self._write(*self._nflog.log(key, told, flush.route.repeat_interval))
        return True

    async def _message(self, flush: Flush, reason: NotifyReason, alerts: tuple[Alert, ...]) -> Message:
        return Message(
            receiver=flush.route.receiver,
            reason=reason,
            group_key=flush.group_key,
            group_labels=flush.group_labels,
            alerts=alerts,
            external_url=self._external_url,
            evidence=await self._evidence.digests(alerts),
        )

    async def _deliver(self, integration: Integration, message: Message, deadline: float) -> Attempt:
        """Try until it is delivered, refused, or too late; gives the last attempt."""
        number, back_off = 1, FIRST_BACK_OFF_SECONDS
        while True:
            attempt, retry_after = await self._attempt(integration, message, number, deadline)
            if attempt.outcome is not Outcome.RETRYABLE:
                break
            pause = back_off * (1 + BACK_OFF_JITTER * (2 * self._random() - 1))
            pause = max(pause, retry_after or 0)
            if self._clock.now() + pause >= deadline:
                attempt = msgspec.structs.replace(attempt, outcome=Outcome.OUT_OF_TIME)
                break
            await self._clock.wait(self._stopping, pause)
            if self._stopping.is_set():
                attempt = msgspec.structs.replace(attempt, outcome=Outcome.STOPPED)
                break
            number, back_off = number + 1, min(back_off * BACK_OFF_FACTOR, LONGEST_BACK_OFF_SECONDS)
        self._count(attempt)
        return attempt

    async def _attempt(
        self, integration: Integration, message: Message, number: int, deadline: float
    ) -> tuple[Attempt, float | None]:
        """Try once; gives the outcome, and how long the service asks to wait."""
        async with integration.slots:
            await self._journal.ensure_held()
            began = self._clock.now()
            outcome, detail, retry_after = Outcome.DELIVERED, "", None
            try:
                async with asyncio.timeout(max(deadline - began, 0)):
                    detail = await integration.send(message)
            except DeliveryError as error:
                outcome = Outcome.RETRYABLE if error.retryable else Outcome.REFUSED
                detail, retry_after = str(error), error.retry_after
            except TimeoutError:
                outcome, detail = Outcome.OUT_OF_TIME, "no answer before the group's next flush"
        ended = self._clock.now()
        attempt = Attempt(
            time=ended,
            key=integration.key(message.group_key),
            reason=message.reason,
            number=number,
            seconds=ended - began,
            outcome=outcome,
            detail=detail,
        )
        self.attempts.append(attempt)
        self.counters.attempts += 1
        self.counters.attempts_failed += outcome is not Outcome.DELIVERED
        return attempt, retry_after

    def _count(self, last: Attempt) -> None:
        key = last.key
        context = {
            "receiver": key.receiver,
            "integration": f"{key.integration}[{key.position}]",
            "group": key.group_key,
        }
        if last.outcome is Outcome.DELIVERED:
            self.counters.notifications_delivered += 1
            _log.info("notification delivered", reason=str(last.reason), attempts=last.number, **context)
        else:
            self.counters.notifications_failed += 1
            _log.error(
                "notification failed",
                outcome=str(last.outcome),
                detail=last.detail,
                attempts=last.number,
                **context,
            )

    async def _write(self, *writes: Write) -> None:
        """Write down; a failure is not one of the notification: it was sent, and memory knows."""
        try:
            await self._journal.write(*writes)
        except AlertsNotKeptError as error:
            self.counters.records_failed += 1
            _log.error("notification not written down", detail=str(error))


def _event(last: Attempt, route: str, message: Message) -> NotificationEvent:
    return NotificationEvent(
        last=last,
        route=route,
        firing=tuple(alert.fingerprint for alert in message.firing),
        resolved=tuple(alert.fingerprint for alert in message.resolved),
    )
