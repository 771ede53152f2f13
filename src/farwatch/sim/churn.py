"""The ordinary life of a cluster: rollouts, lost pods, scaling, requests in the logs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from farwatch.sim.collection import Entry, Key
from farwatch.sim.engine.engine import Engine
from farwatch.sim.engine.loglines import serving_line

Document = dict[str, Any]

_LOGGING_SECONDS = 1.0
_LOGGING_PODS = 5
_ROLL_SECONDS = 60.0
_MAX_DRIFT = 2


class Churn:
    """Changes something about ``per_minute`` times a simulated minute, at random times, on random workloads.

    Each change has a tail of its own: a rollout of three pods is some fifty changes of objects.
    """

    def __init__(self, engine: Engine, per_minute: float) -> None:
        self._engine = engine
        self._per_minute = per_minute
        self._replicas: dict[str, int] = {}
        self._number = 0
        self._roll: dict[str, list[Key]] = {}
        self._call_roll()
        if per_minute > 0:
            self._plan()
        engine.world.timers.after(_LOGGING_SECONDS, self._log)

    def _plan(self) -> None:
        self._engine.world.timers.after(
            self._engine.world.random.expovariate(self._per_minute / 60), self._act
        )

    def _act(self) -> None:
        actions: tuple[Callable[[], None], ...] = (
            self._delete_pod,
            self._delete_pod,
            self._scale,
            self._roll_out,
        )
        self._engine.world.random.choice(actions)()
        self._plan()

    def _delete_pod(self) -> None:
        entry = self._pick("pods")
        facts = entry and self._engine.world.pods.get(entry.key)
        if facts and facts.owner and facts.ready and facts.active:
            self._engine.world.store.delete("pods", *facts.key)

    def _scale(self) -> None:
        """One more or one less, never far from where it began."""
        entry = self._pick("deployments")
        if entry is None:
            return

        def change(document: Document) -> None:
            first = self._replicas.setdefault(entry.uid, document["spec"]["replicas"])
            step = self._engine.world.random.choice((-1, 1))
            low, high = max(1, first - _MAX_DRIFT), first + _MAX_DRIFT
            document["spec"]["replicas"] = min(high, max(low, document["spec"]["replicas"] + step))

        self._engine.world.store.modify("deployments", *entry.key, change)

    def _roll_out(self) -> None:
        """A new version of something whose image is sound."""
        entry = self._pick("deployments")
        if entry is None:
            return

        def change(document: Document) -> None:
            container = document["spec"]["template"]["spec"]["containers"][0]
            name, _, version = container["image"].rpartition(":")
            numbers = version.split(".")
            if len(numbers) > 1 and numbers[-1].isdigit():
                container["image"] = f"{name}:{'.'.join(numbers[:-1])}.{int(numbers[-1]) + 1}"

        self._engine.world.store.modify("deployments", *entry.key, change)

    def _log(self) -> None:
        """A few containers serve requests."""
        for _ in range(_LOGGING_PODS):
            entry = self._pick("pods")
            if entry is not None and entry.fields["status.phase"] == "Running":
                pod = entry.decode()
                container = pod["status"]["containerStatuses"][0]
                if "running" not in container["state"]:
                    continue
                self._number += 1
                name = container["name"]
                self._engine.world.logs.write(*entry.key, name, serving_line(pod, self._number))
        self._engine.world.timers.after(_LOGGING_SECONDS, self._log)

    def _pick(self, resource: str) -> Entry | None:
        """Something that was there at the last call of the roll and still is."""
        key = self._engine.world.random.choice(self._roll[resource]) if self._roll[resource] else None
        return key and self._engine.world.store.collection(resource).get(key)

    def _call_roll(self) -> None:
        """Note what there is, to pick from at random without going through all of it each time."""
        for resource in ("pods", "deployments"):
            entries = self._engine.world.store.collection(resource).entries()
            self._roll[resource] = [entry.key for entry in entries]
        self._engine.world.timers.after(_ROLL_SECONDS, self._call_roll)
