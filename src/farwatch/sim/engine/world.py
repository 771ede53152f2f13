"""What every part of the scenario engine works with, in one place."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import Any

from farwatch.sim.engine.ailments import Ailments
from farwatch.sim.engine.events import EventRecorder
from farwatch.sim.engine.index import PodIndex
from farwatch.sim.engine.timers import Timers
from farwatch.sim.logs import LogBook
from farwatch.sim.store import Store

Document = dict[str, Any]


@dataclass
class World:
    """A simulated cluster, seen by those who make things happen in it.

    Attributes:
        store: Every object.
        random: Where chance comes from; seeded in tests.
        logs: What containers write.
        timers: What happens later.
        pods: All pods by owner, node and namespace.
        events: Where Events are reported.
        ailments: What is wrong with which workload.
    """

    store: Store
    random: random.Random
    logs: LogBook
    timers: Timers = field(init=False)
    pods: PodIndex = field(init=False)
    events: EventRecorder = field(init=False)
    ailments: Ailments = field(init=False)

    def __post_init__(self) -> None:
        """Set up what follows from the store."""
        self.timers = Timers(self.store.clock)
        self.pods = PodIndex(self.store)
        self.events = EventRecorder(self.store, self.timers)
        self.ailments = Ailments(self.store, self.pods)

    @property
    def now(self) -> float:
        """Seconds since the epoch, simulated."""
        return self.store.clock()
