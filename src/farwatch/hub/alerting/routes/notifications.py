"""What people were told, over HTTP."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import msgspec
from litestar import get
from litestar.datastructures import State
from litestar.params import QueryParameter

from farwatch.hub import problems
from farwatch.hub.alerting.routes.state import alerting
from farwatch.hub.auth.access import needs
from farwatch.hub.auth.policy import Permission

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
    state: State,
    limit: Annotated[int, QueryParameter(ge=1, le=MAX_ATTEMPTS, description="How many at most.")] = 100,
) -> AttemptList:
    """The latest attempts to tell somebody, with their outcome."""
    attempts = alerting(state).attempts()
    return AttemptList(
        [
            AttemptView(
                time=datetime.fromtimestamp(attempt.time, UTC),
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


handlers = [list_notifications]
