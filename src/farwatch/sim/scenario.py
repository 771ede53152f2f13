"""Scenarios: what goes wrong when, as data; and chance, as a rate."""

from __future__ import annotations

from pathlib import Path

import msgspec
import structlog

from farwatch.sim.engine.engine import Engine
from farwatch.sim.errors import SimError
from farwatch.sim.troubles import TROUBLES, ActiveTrouble, TroubleError, Troubles

_log = structlog.get_logger(__name__)

_CHAOS_LASTS_SECONDS = (30.0, 180.0)


class ScenarioError(SimError):
    """A scenario that is not there or cannot be read."""


class Step(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One trouble of a scenario.

    Attributes:
        at: Seconds after the scenario's start, simulated.
        trouble: Which, one of ``farwatch.sim.troubles.TROUBLES``.
        lasts: Seconds until it is mended; None: for good.
        namespace: Where; anywhere when empty.
        workload: On which workload; a random one when empty.
        node: On which node; a random one when empty.
    """

    at: float
    trouble: str
    lasts: float | None = None
    namespace: str = ""
    workload: str = ""
    node: str = ""


class Scenario(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A timeline of troubles.

    Attributes:
        steps: What happens.
        repeat: Seconds after which it begins anew; None: once.
    """

    steps: tuple[Step, ...] = ()
    repeat: float | None = None


QUIET = Scenario()
DEMO = Scenario(
    steps=(
        Step(2, "crash-loop", lasts=100),
        Step(5, "oom-kill", lasts=120),  # told at once, so that the first alert of a demo comes soon
        Step(10, "image-pull", lasts=90),
        Step(25, "pvc-pending", lasts=120),
        Step(30, "memory-pressure", lasts=80),
        Step(40, "unschedulable", lasts=80),
        Step(50, "failed-job", lasts=120),
        Step(60, "node-not-ready", lasts=130),
        Step(75, "config-error", lasts=90),
        Step(90, "failed-rollout", lasts=150),
        Step(105, "quota-almost-full", lasts=90),
        Step(120, "hpa-maxed-out", lasts=100),
        Step(135, "no-network", lasts=100),
        Step(150, "failing-cron-job", lasts=120),
        Step(165, "evicted", lasts=60),
        Step(175, "stuck-terminating", lasts=90),
        Step(190, "not-ready", lasts=120),
        Step(200, "node-flapping", lasts=120),
        Step(210, "liveness", lasts=130),
        Step(220, "namespace-stuck-terminating", lasts=90),
        Step(235, "image-credentials", lasts=90),
        Step(250, "disk-pressure", lasts=80),
    ),
    repeat=420,
)
EVERYTHING = Scenario(steps=tuple(Step(2 + 3 * i, name) for i, name in enumerate(TROUBLES)))
SCENARIOS = {"quiet": QUIET, "demo": DEMO, "everything": EVERYTHING}
"""By name: nothing; varied trouble that breaks things and mends them again; each trouble once, for good."""


def load_scenario(name: str) -> Scenario:
    """A scenario by name, or from a YAML or JSON file.

    Raises:
        ScenarioError: There is no such scenario or file, or the file is not a scenario, or names unknown troubles.
    """
    if name in SCENARIOS:
        return SCENARIOS[name]
    path = Path(name)
    try:
        scenario = msgspec.yaml.decode(path.read_bytes(), type=Scenario)
    except OSError as error:
        known = ", ".join(SCENARIOS)
        raise ScenarioError(
            f"{name!r} is neither a scenario ({known}) nor a readable file: {error.strerror}"
        ) from error
    except msgspec.DecodeError as error:
        raise ScenarioError(f"{name}: {error}") from error
    unknown = sorted({step.trouble for step in scenario.steps} - set(TROUBLES))
    if unknown:
        raise ScenarioError(
            f"{name}: no trouble is called {', '.join(unknown)}; there are {', '.join(sorted(TROUBLES))}"
        )
    return scenario


class Player:
    """Plays a scenario, and raises random troubles at a rate, in one cluster.

    A trouble that finds nothing to befall is passed over, with a line in the log.
    """

    def __init__(
        self, engine: Engine, troubles: Troubles, scenario: Scenario, chaos_per_minute: float = 0.0
    ) -> None:
        self._engine = engine
        self._troubles = troubles
        self._scenario = scenario
        self._chaos_per_minute = chaos_per_minute
        self._begin()
        if chaos_per_minute > 0:
            self._plan_chaos()

    def _begin(self) -> None:
        for step in self._scenario.steps:
            self._engine.world.timers.after(step.at, lambda step=step: self._play(step))  # type: ignore[misc] # mypy infers no type for a bound default
        if self._scenario.repeat is not None:
            self._engine.world.timers.after(self._scenario.repeat, self._begin)

    def _plan_chaos(self) -> None:
        delay = self._engine.world.random.expovariate(self._chaos_per_minute / 60)
        self._engine.world.timers.after(delay, self._wreak)

    def _wreak(self) -> None:
        random = self._engine.world.random
        self._play(Step(0, random.choice(sorted(TROUBLES)), lasts=random.uniform(*_CHAOS_LASTS_SECONDS)))
        self._plan_chaos()

    def _play(self, step: Step) -> None:
        try:
            active = self._troubles.bring_about(
                step.trouble, namespace=step.namespace, workload=step.workload, node=step.node
            )
        except TroubleError as error:
            _log.warning("trouble passed over", trouble=step.trouble, why=str(error))
            return
        _log.info("trouble raised", trouble=step.trouble, target=str(active.target), lasts=step.lasts)
        if step.lasts is not None:
            self._engine.world.timers.after(step.lasts, lambda: self._mend(active))

    def _mend(self, active: ActiveTrouble) -> None:
        if active.number not in self._troubles.active:
            return
        try:
            self._troubles.mend(active.number)
        except TroubleError as error:
            _log.warning("trouble not mended", trouble=active.trouble.name, why=str(error))
            return
        _log.info("trouble mended", trouble=active.trouble.name, target=str(active.target))
