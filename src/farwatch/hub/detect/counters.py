"""What the engine did, what that cost, and where it failed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum

import structlog

_log = structlog.get_logger(__name__)


class Step(StrEnum):
    """What the engine spends its time on."""

    OBSERVE = "observe"
    ADVANCE = "advance"


class EngineCounters:
    """Counts since the start.

    Args:
        stopwatch: Seconds from any beginning.

    Attributes:
        changes: Changes of objects taken in.
        failures: Objects and cases that could not be judged, by a fault of ours; each is in the log.
        seconds: Time spent, by step.
    """

    def __init__(self, stopwatch: Callable[[], float]) -> None:
        self.changes = 0
        self.failures = 0
        self.seconds: dict[str, float] = dict.fromkeys(Step, 0.0)
        self._stopwatch = stopwatch

    @contextmanager
    def timed(self, step: Step) -> Iterator[None]:
        """Add what the block takes."""
        begun = self._stopwatch()
        try:
            yield
        finally:
            self.seconds[step] += self._stopwatch() - begun

    def fail(self, fault: Exception, *, subject: object, detector: str = "") -> None:
        """One object or case could not be judged: it must not cost all others their alerts."""
        self.failures += 1
        _log.error("judging failed", subject=str(subject), detector=detector, exc_info=fault)
