"""What people were told, over HTTP."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

import msgspec
from litestar import get
from litestar.params import QueryParameter

from farwatch.hub import problems
from farwatch.hub.alerting.notify import Attempt
from farwatch.hub.alerting.routes.sight import alerts_seen
from farwatch.hub.alerting.routes.state import alerting
from farwatch.hub.auth.access import needs
from farwatch.hub.auth.policy import Permission
from farwatch.hub.parameters import AnyRequest
from farwatch.hub.times import to_time

MAX_ATTEMPTS = 500


class AttemptView(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """One attempt to tell somebody. ``outcome`` says how it ended, ``reason`` why it was made."""

    time: datetime
    receiver: str
    integration: str
    group: str
    reason: str
    attempt: int
    outcome: str
    detail: str = ""


class AttemptList(msgspec.Struct, frozen=True):
    """Attempts to tell somebody, the latest first."""

    items: list[AttemptView]


@get(
    "/notifications",
    opt=needs(Permission.ALERTS_READ),
    summary="List notifications",
    responses=problems.described(),
    sync_to_thread=False,
)
def list_notifications(
    request: AnyRequest,
    limit: Annotated[int, QueryParameter(ge=1, le=MAX_ATTEMPTS, description="How many at most.")] = 100,
) -> AttemptList:
    """The latest attempts to tell somebody, with their outcome.

    Who may not see every alert gets those about groups in which there is now an alert that they may see.
    """
    attempts = _attempts_seen(request)
    return AttemptList(
        [
            AttemptView(
                time=to_time(attempt.time),
                receiver=attempt.key.receiver,
                integration=attempt.key.integration,
                group=attempt.key.group_key,
                reason=attempt.reason,
                attempt=attempt.number,
                outcome=attempt.outcome,
                detail=attempt.detail,
            )
            for attempt in reversed(attempts[-limit:])
        ]
    )


def _attempts_seen(request: AnyRequest) -> Sequence[Attempt]:
    service, sight = alerting(request.app.state), alerts_seen(request)
    attempts = service.attempts()
    if sight.everything:
        return attempts
    seen = {
        group.id.key
        for group in service.groups()
        if any(sight.sees_labels(alert.labels) for alert in group.alerts)
    }
    return [attempt for attempt in attempts if attempt.key.group_key in seen]


handlers = [list_notifications]
