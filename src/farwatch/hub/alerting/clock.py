"""Time, passed in: tests live through days in milliseconds."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from typing import Protocol


class Clock(Protocol):
    """What alerting asks of time."""

    def now(self) -> float:
        """Seconds since the epoch."""

    async def wait(self, event: asyncio.Event, seconds: float | None) -> None:
        """Return as soon as the event is set, or when so many seconds have passed (None: never by time)."""


class SystemClock:
    """The machine's clock."""

    def now(self) -> float:
        """Seconds since the epoch."""
        return time.time()

    async def wait(self, event: asyncio.Event, seconds: float | None) -> None:
        """Return as soon as the event is set, or when so many seconds have passed (None: never by time)."""
        with suppress(TimeoutError):
            await asyncio.wait_for(event.wait(), seconds)
