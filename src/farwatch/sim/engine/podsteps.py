"""How the steps in a pod's life are taken: later, by its node's kubelet, while the pod is still there."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from farwatch.sim.collection import Key
from farwatch.sim.engine.ailments import Ailment
from farwatch.sim.engine.timers import Timer

if TYPE_CHECKING:
    from farwatch.sim.engine.kubelet import Kubelets

Document = dict[str, Any]
Change = Callable[[Document], None]


class PodSteps:
    """Takes the steps of one pod of a node, changes its status, and reports Events and log lines."""

    def __init__(self, kubelets: Kubelets, key: Key, uid: str, node: str) -> None:
        self._kubelets = kubelets
        self._world = kubelets.world
        self._key = key
        self._uid = uid
        self._node = node
        self._timers: set[Timer] = set()

    def later(self, delay: float, step: Callable[[], object]) -> Timer:
        """Take a step in ``delay`` seconds, or when the node's kubelet is back, if the pod is still there."""

        def act() -> None:
            self._timers.discard(timer)
            self._kubelets.run_or_park(self._node, lambda: self._take(step))

        timer = self._world.timers.after(delay, act)
        self._timers.add(timer)
        return timer

    def _take(self, step: Callable[[], object]) -> None:
        facts = self._world.pods.get(self._key)
        if facts is not None and facts.entry.uid == self._uid:
            step()

    def dismiss(self) -> None:
        """Forget what was to be done."""
        for timer in self._timers:
            timer.cancel()
        self._timers.clear()

    def _pod(self) -> Document:
        return self._world.store.get("pods", *self._key)

    def _update(self, change: Change) -> Document:
        """Change the pod's status."""

        def apply(pod: Document) -> None:
            pod["status"]["observedGeneration"] = pod["metadata"].get("generation", 1)
            change(pod)

        return self._world.store.modify("pods", *self._key, apply, "status")

    def _ailment(self, pod: Document) -> Ailment | None:
        return self._world.ailments.of(pod)

    def _event(
        self, pod: Document, reason: str, message: str, *, warn: bool = False, container: bool = True
    ) -> None:
        name = pod["spec"]["containers"][0]["name"] if container else ""
        report = self._world.events.warn if warn else self._world.events.normal
        report(pod, "kubelet", reason, message, host=self._node, container=name)

    def _log(self, pod: Document, *lines: str) -> None:
        self._world.logs.write(*self._key, pod["spec"]["containers"][0]["name"], *lines)

    def _rest(self) -> None:
        """Nothing is left to be done: the kubelet need not remember this pod."""
        if not self._timers:
            self._kubelets.release(self._uid)
