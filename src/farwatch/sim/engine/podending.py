"""How a pod's life ends: deleted by its owner or a user, or evicted to save its node."""

from __future__ import annotations

from typing import Any

from farwatch.sim.engine import status
from farwatch.sim.engine.loglines import ending_lines
from farwatch.sim.engine.podsteps import PodSteps

Document = dict[str, Any]


class PodEnding(PodSteps):
    """Ends one pod; once that has begun, ``stopping`` is true."""

    stopping = False

    def terminate(self) -> None:
        """The pod is to be deleted."""
        if self.stopping:
            return
        self.stopping = True
        self.dismiss()
        self.later(0.02, self._kill)

    def _kill(self) -> None:
        pod = self._pod()
        if self._world.pods.get(self._key).ended:  # type: ignore[union-attr] # a step is only taken while it is there
            self.later(0.05, self._delete)
            return
        for container in pod["status"].get("containerStatuses") or ():
            if "running" in container["state"]:
                report = self._world.events.normal
                message = f"Stopping container {container['name']}"
                report(pod, "kubelet", "Killing", message, host=self._node, container=container["name"])
        pod = self._update(status.show_last_run)
        never_ran = any("waiting" in each["state"] for each in pod["status"].get("containerStatuses") or ())
        delay = self._world.random.uniform(0.02, 0.05)
        self.later(delay, self._take_down if never_ran else self._stopped)

    def _take_down(self) -> None:
        """Remove what was set up for containers that never ran."""
        self._update(
            lambda pod: status.set_condition(pod, "PodReadyToStartContainers", "False", self._world.now)
        )
        self.later(self._world.random.uniform(0.3, 0.5), self._stopped)

    def _stopped(self) -> None:
        pod = self._update(self._tell_stopped)
        self._log(pod, *ending_lines(pod))
        self.later(self._world.random.uniform(0.3, 0.9), self._delete)

    def _tell_stopped(self, pod: Document) -> None:
        statuses = pod["status"].get("containerStatuses") or []
        phase = "Succeeded"
        lost = False
        for container in statuses:
            if "running" in container["state"]:
                status.end(container, 0, "Completed", self._world.now)
            elif "waiting" in container["state"]:
                status.lose(container)
                phase, lost = "Failed", True
            elif container["state"]["terminated"]["exitCode"]:
                phase = "Failed"
        pod["status"]["phase"] = phase
        status.set_condition(pod, "PodReadyToStartContainers", "False", self._world.now)
        if statuses and not lost:
            status.refresh(pod, self._world.now, phase)

    def _delete(self) -> None:
        self._world.store.delete("pods", *self._key, grace_period=0)

    def evict(self, message: str) -> None:
        """Stop the pod for good, to save the node."""
        self.stopping = True
        self.dismiss()
        self.later(0.02, lambda: self._evict(message))

    def _evict(self, message: str) -> None:
        pod = self._pod()
        self._event(pod, "Evicted", message, warn=True, container=False)
        for container in pod["spec"]["containers"]:
            report = self._world.events.normal
            stopping = f"Stopping container {container['name']}"
            report(pod, "kubelet", "Killing", stopping, host=self._node, container=container["name"])

        def tell(pod: Document) -> None:
            pod["status"] |= {"phase": "Failed", "reason": "Evicted", "message": message}
            for container in pod["status"].get("containerStatuses") or ():
                if "running" in container["state"]:
                    status.end(container, 137, "Error", self._world.now)
            status.set_condition(pod, "PodReadyToStartContainers", "False", self._world.now)
            status.refresh(pod, self._world.now, "Failed")
            status.set_condition(
                pod,
                "DisruptionTarget",
                "True",
                self._world.now,
                reason="TerminationByKubelet",
                message=message,
            )

        self._update(tell)
        self._rest()
