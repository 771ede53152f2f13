from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
import structlog

from farwatch.hub.alerting.dispatch import Flush
from farwatch.hub.alerting.evidence import NoEvidence
from farwatch.hub.alerting.journal import Journal
from farwatch.hub.alerting.message import Message
from farwatch.hub.alerting.nflog import NotificationLog
from farwatch.hub.alerting.notify import Integration, NotificationEvent, Notifier, Outcome
from farwatch.hub.alerting.routing import Route
from farwatch.hub.store.records import Records

from .conftest import START, FakeClock, alert


class Receiver:
    """A receiver that has a fault, or takes its time."""

    kind, send_resolved = "webhook", True

    def __init__(self, error: Exception | None = None) -> None:
        self.error = error
        self.asked, self.answer = asyncio.Event(), asyncio.Event()

    async def send(self, message: Message) -> str:  # noqa: ARG002 - the protocol's
        self.asked.set()
        if self.error is not None:
            raise self.error
        await self.answer.wait()
        return "ok"


Make = Callable[..., Notifier]


@pytest.fixture
def told() -> list[NotificationEvent]:
    return []


@pytest.fixture
def make(records: Records, clock: FakeClock, told: list[NotificationEvent]) -> Make:
    def build(*receivers: Receiver, evidence: Any = None) -> Notifier:
        return Notifier(
            {"team": [Integration("team", place, receiver) for place, receiver in enumerate(receivers)]},
            log=NotificationLog(),
            journal=Journal(records),
            clock=clock,
            random=lambda: 0.5,
            external_url="",
            evidence=evidence or NoEvidence(),
            publish=told.extend,
            acknowledged=lambda _: False,
        )

    return build


def flush() -> Flush:
    return Flush(
        group_key="{}:{}", group_labels={}, route=Route(receiver="team"), alerts=(alert("a"),), time=START
    )


async def test_a_fault_in_a_receiver_is_a_failure_that_is_told_and_holds_no_secret(
    make: Make, told: list[NotificationEvent]
) -> None:
    notifier = make(Receiver(ValueError("https://hooks.example/TOKEN is wrong")))
    with structlog.testing.capture_logs() as logs:
        assert await notifier.notify(flush()) is False
    ((event,), counters) = told, notifier.counters
    assert (event.last.outcome, counters.notifications_failed) == (Outcome.REFUSED, 1)
    assert event.last.detail.startswith("a fault in the hub (ValueError)")
    assert "TOKEN" not in str(logs)
    assert any("test_notify.py" in place for entry in logs for place in entry.get("at", ()))


async def test_a_flush_lasts_until_the_last_integration_is_done_even_if_another_breaks(make: Make) -> None:
    class Broken:
        """Evidence that fails the first who asks."""

        asked = 0

        async def digests(self, _alerts: object) -> dict[str, Any]:
            self.asked += 1
            if self.asked == 1:
                raise RuntimeError("broken")
            return {}

    slow = Receiver()
    notifier = make(Receiver(), slow, evidence=Broken())
    flushing = asyncio.create_task(notifier.notify(flush()))
    await slow.asked.wait()
    for _ in range(5):
        await asyncio.sleep(0)
    assert not flushing.done()
    slow.answer.set()
    with pytest.raises(RuntimeError, match="broken"):
        await flushing
    assert notifier.counters.notifications_delivered == 1
