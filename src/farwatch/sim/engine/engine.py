"""The engine: everything that moves in a simulated cluster, driven by one heap of timers.

Nothing here polls pods. A change of an object, by a user through the API or by the engine itself, has the controllers
concerned look at it a moment later; kubelets, heartbeats, schedules and troubles set timers of their own.
"""

from __future__ import annotations

import asyncio
import random
import time

import structlog

from farwatch.sim.engine.controllers.autoscalers import AutoscalerController
from farwatch.sim.engine.controllers.budgets import BudgetController
from farwatch.sim.engine.controllers.cronjobs import CronJobController
from farwatch.sim.engine.controllers.daemonsets import DaemonSetController
from farwatch.sim.engine.controllers.deployments import DeploymentController
from farwatch.sim.engine.controllers.jobs import JobController
from farwatch.sim.engine.controllers.quotas import QuotaController
from farwatch.sim.engine.controllers.replicasets import ReplicaSetController
from farwatch.sim.engine.controllers.statefulsets import StatefulSetController
from farwatch.sim.engine.controllers.volumes import ClaimController
from farwatch.sim.engine.kubelet import Kubelets
from farwatch.sim.engine.nodes import Nodes
from farwatch.sim.engine.scheduler import Scheduler
from farwatch.sim.engine.timers import FastClock, ManualClock
from farwatch.sim.engine.world import World
from farwatch.sim.logs import LogBook
from farwatch.sim.namespaces import NamespaceController, release_unused_claims
from farwatch.sim.store import Store

_HOUSEKEEPING_SECONDS = 1.0
_MALFORMED = (AttributeError, KeyError, TypeError, ValueError)
_SLICE_SECONDS = 0.005  # real seconds of work before the API server gets its turn
_MAX_SLEEP_SECONDS = 0.05  # a user's change may set a timer that is due before the one waited for

_log = structlog.get_logger(__name__)


class Engine:
    """Kubelets, scheduler and controllers of one cluster, from now on.

    Objects that are in the store already are taken as settled: a cluster built running stays quiet until something
    happens to it.

    Attributes:
        stumbles: How often something could not be done because an object was malformed.
    """

    def __init__(self, store: Store, randomness: random.Random, logs: LogBook | None = None) -> None:
        self.world = World(store, randomness, logs or LogBook(store))
        self.kubelets = Kubelets(self.world)
        self.nodes = Nodes(self.world, self.kubelets)
        self.scheduler = Scheduler(self.world)
        self.deployments = DeploymentController(self.world)
        self.replica_sets = ReplicaSetController(self.world)
        self.stateful_sets = StatefulSetController(self.world)
        self.daemon_sets = DaemonSetController(self.world)
        self.jobs = JobController(self.world)
        self.cron_jobs = CronJobController(self.world)
        self.autoscalers = AutoscalerController(self.world)
        self.claims = ClaimController(self.world)
        self.budgets = BudgetController(self.world)
        self.quotas = QuotaController(self.world)
        self.stumbles = 0
        self._namespaces = NamespaceController(store)
        self.world.timers.after(_HOUSEKEEPING_SECONDS, self._keep_house)

    def _keep_house(self) -> None:
        self._namespaces.step()
        release_unused_claims(self.world.store)
        self.world.timers.after(_HOUSEKEEPING_SECONDS, self._keep_house)

    def settle(self) -> None:
        """Let autoscalers and quotas tell their status at once, as they would have long ago in a cluster that ran."""
        for controller in (self.autoscalers, self.quotas):
            controller.look_at_all()

    def step(self) -> bool:
        """Do the next thing that is due; False when nothing is.

        Users may store objects that lack what real servers insist on. What stumbles over one is logged and left.
        """
        action = self.world.timers.pop_due()
        if action is None:
            return False
        try:
            action()
        except _MALFORMED:
            self.stumbles += 1
            _log.exception("stumbled over a malformed object", times=self.stumbles)
        return True

    def advance(self, seconds: float, clock: ManualClock) -> None:
        """Let ``seconds`` pass on the store's own manual clock, and do whatever falls due, each at its time."""
        end = clock.now + seconds
        while (due := self.world.timers.next_due()) is not None and due <= end:
            clock.move_to(due)
            self.step()
        clock.move_to(end)

    async def run(self, clock: FastClock) -> None:
        """Do what falls due on the store's clock until cancelled, in slices that leave room for others."""
        while True:
            end = time.perf_counter() + _SLICE_SECONDS
            while time.perf_counter() < end:
                if not self.step():
                    break
            due = self.world.timers.next_due()
            delay = clock.real_delay(due) if due is not None else _MAX_SLEEP_SECONDS
            await asyncio.sleep(min(delay, _MAX_SLEEP_SECONDS))
