"""A sign of life for somebody outside, who raises the alarm when it stays away: a dead man's switch."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import aiohttp
import msgspec
import structlog

TIMEOUT_SECONDS = 10.0

_log = structlog.get_logger(__name__)


class HeartbeatSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Where a sign of life goes.

    Attributes:
        url: What is asked for (``GET``); empty: nothing is. It often holds a secret, and is never shown.
        interval_seconds: How often.
    """

    url: str = ""
    interval_seconds: float = 60.0


class Heartbeat:
    """Asks for an address at regular times, while the hub is healthy.

    Args:
        settings: Which, and how often.
        http: What requests are sent with.
        find_faults: What is wrong with the hub; while there is anything, nothing is sent.
        sleep: Waits; tests hand in their own.

    Attributes:
        sent: Signs that arrived.
        failed: Signs that did not.
        withheld: Signs that were not sent because the hub was not healthy.
    """

    def __init__(
        self,
        settings: HeartbeatSettings,
        http: aiohttp.ClientSession,
        find_faults: Callable[[], list[str]],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.sent = 0
        self.failed = 0
        self.withheld = 0
        self._settings = settings
        self._http = http
        self._find_faults = find_faults
        self._sleep = sleep
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin, if there is an address."""
        if self._settings.url:
            self._task = asyncio.create_task(self._run(), name="heartbeat")

    async def stop(self) -> None:
        """Send nothing more: whoever waits for a sign will wonder, and shall."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        while True:
            await self.beat()
            await self._sleep(self._settings.interval_seconds)

    async def beat(self) -> None:
        """Send one sign, if all is well."""
        try:
            faults = self._find_faults()
        except Exception as error:  # noqa: BLE001 - told with the others
            faults = [f"its health cannot be told: {type(error).__name__}"]
        if faults:
            self.withheld += 1
            _log.warning("heartbeat withheld: the hub is not healthy", problems=faults)
            return
        try:
            async with self._http.get(
                self._settings.url, timeout=aiohttp.ClientTimeout(total=TIMEOUT_SECONDS)
            ) as response:
                fault = "" if response.ok else f"status {response.status}"
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            # Only its kind: the words may hold the address.
            fault = type(error).__name__
        if fault:
            self.failed += 1
            _log.warning("heartbeat not delivered", detail=fault)
        else:
            self.sent += 1
