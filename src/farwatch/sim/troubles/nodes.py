"""Troubles of nodes."""

from __future__ import annotations

from farwatch.sim.engine.conditions import NOT_READY, PRESSED, READY, RELAXED, Pressure
from farwatch.sim.engine.engine import Engine
from farwatch.sim.engine.timers import Timer
from farwatch.sim.troubles.registry import Mend, Raise, Target

_FLAP_SECONDS = 25.0
_RECLAIMED = {Pressure.MEMORY: "memory", Pressure.DISK: "ephemeral-storage", Pressure.PID: "pids"}


def lose_node(engine: Engine, target: Target) -> Mend:
    """The node's kubelet stops; what was evicted meanwhile is not brought back."""
    engine.nodes.stop_kubelet(target.name)
    return lambda: engine.nodes.start_kubelet(target.name)


def press(pressure: Pressure) -> Raise:
    """The node runs short of something."""

    def bring_about(engine: Engine, target: Target) -> Mend:
        engine.nodes.post(target.name, PRESSED[pressure])
        node = engine.world.store.get("nodes", "", target.name)
        message = f"Attempting to reclaim {_RECLAIMED[pressure]}"
        engine.world.events.warn(node, "kubelet", "EvictionThresholdMet", message, host=target.name)
        return lambda: engine.nodes.post(target.name, RELAXED[pressure])

    return bring_about


def flap(engine: Engine, target: Target) -> Mend:
    """The node's container runtime comes and goes."""
    timer: Timer

    def turn(*, down: bool) -> None:
        nonlocal timer
        engine.nodes.post(target.name, NOT_READY if down else READY)
        timer = engine.world.timers.after(_FLAP_SECONDS, lambda: turn(down=not down))

    turn(down=True)

    def mend() -> None:
        timer.cancel()
        engine.nodes.post(target.name, READY)

    return mend
