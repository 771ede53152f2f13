"""Time and chance, passed in so that tests have their own."""

from __future__ import annotations

import asyncio
import random as system_random
import time as system_time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Clock:
    """Where this package takes time and chance from.

    Attributes:
        time: Wall-clock seconds since the epoch: only for what is shown or was written by others, it may jump.
        monotonic: Seconds from an arbitrary start that never jump: for every timer.
        sleep: Waits that many seconds.
        random: A number in [0, 1) for jitter.
    """

    time: Callable[[], float] = system_time.time
    monotonic: Callable[[], float] = system_time.monotonic
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    random: Callable[[], float] = system_random.random


SYSTEM_CLOCK = Clock()
"""The machine's own."""
