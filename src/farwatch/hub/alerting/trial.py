"""Trying out a receiver: a message that says it is a test goes to each of its integrations, once."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime

import msgspec

from farwatch.hub.alerting.alerts import Alert
from farwatch.hub.alerting.dispatch import NotifyReason
from farwatch.hub.alerting.errors import AlertingError
from farwatch.hub.alerting.message import Message
from farwatch.hub.alerting.notify import Integration
from farwatch.hub.alerting.receivers.receiver import DeliveryError

TRIAL_SECONDS = 20.0
"""How long an integration may take. Whoever tries waits for it."""

ALERTNAME = "FarwatchTest"


class ReceiverNotFoundError(AlertingError):
    """The configuration has no receiver of this name."""


class Trial(msgspec.Struct, frozen=True, kw_only=True):
    """How trying one integration ended.

    Attributes:
        integration: Its kind.
        position: Its place among those of its kind.
        delivered: Whether the service took what it was to be told.
        detail: What it answered: the receipt, or what was wrong.
    """

    integration: str
    position: int
    delivered: bool
    detail: str


async def try_integrations(
    receiver: str, integrations: Sequence[Integration], *, author: str, now: datetime, external_url: str
) -> list[Trial]:
    """Send a test to each of a receiver's integrations; those that want to know of ends are told of its end as well.

    Args:
        receiver: The receiver's name.
        integrations: Its integrations.
        author: Who tries.
        now: The present.
        external_url: Where people reach the hub, or empty.
    """
    alert = Alert(
        labels={"alertname": ALERTNAME, "severity": "info"},
        annotations={
            "summary": f"This is a test by {author}: nothing is wrong",
            "description": f'Receiver "{receiver}" can be reached.',
        },
        starts_at=now,
    )
    message = Message(
        receiver=receiver,
        reason=NotifyReason.FIRST,
        group_key=f'{{}}:{{alertname="{ALERTNAME}"}}',
        group_labels={"alertname": ALERTNAME},
        alerts=(alert,),
        external_url=external_url,
    )
    over = msgspec.structs.replace(
        message,
        reason=NotifyReason.ALL_RESOLVED,
        alerts=(msgspec.structs.replace(alert, ends_at=now),),
    )
    return list(await asyncio.gather(*(_try(each, message, over) for each in integrations)))


async def _try(integration: Integration, message: Message, over: Message) -> Trial:
    receiver = integration.receiver
    delivered, detail = False, ""
    try:
        async with asyncio.timeout(TRIAL_SECONDS):
            detail = await integration.send(message)
            if receiver.send_resolved:
                detail = await integration.send(over)
            delivered = True
    except DeliveryError as error:
        detail = str(error)
    except TimeoutError:
        detail = f"no answer within {TRIAL_SECONDS:g} s"
    return Trial(integration=receiver.kind, position=integration.position, delivered=delivered, detail=detail)
