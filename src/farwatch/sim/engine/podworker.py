"""The life of one pod in a kubelet's care: it starts, fails, backs off, is probed. How it ends stands in ``podending``.

The order of states and Events, and the words, are as recorded from kubelet v1.36. A kubelet looks at a pod ("syncs") when
something happened to it, every 10 to 15 seconds while something is wrong, and when a back-off is over. What a status
says of a waiting container is what the sync before found: hence ``ErrImagePull`` and ``ImagePullBackOff`` take turns.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from farwatch.sim.collection import Key
from farwatch.sim.engine import status
from farwatch.sim.engine.ailments import (
    NO_NETWORK_MESSAGE,
    NOT_ALIVE_MESSAGE,
    NOT_READY_MESSAGE,
    AilmentKind,
    missing_configuration,
    missing_volume,
    pull_failure,
)
from farwatch.sim.engine.loglines import failing_lines, starting_lines
from farwatch.sim.engine.names import container_id
from farwatch.sim.engine.podbackoff import FIRST_BACKOFF_SECONDS, BackOff
from farwatch.sim.engine.podending import PodEnding
from farwatch.sim.engine.timers import Timer
from farwatch.sim.times import parse_time

if TYPE_CHECKING:
    from farwatch.sim.engine.kubelet import Kubelets

Document = dict[str, Any]

_SYNC_SECONDS = (10.0, 15.0)  # kubelet's backOffPeriod with jitter
_SOUND_RUN_SECONDS = 600.0  # after so long a run the back-off begins anew
_PROBE_SECONDS = 10.0
_PROBE_FAILURES = 3
_IMAGE_BYTES = 26_214_400
_KILL_SECONDS = 2.5


class PodWorker(PodEnding):
    """Looks after one pod of a node."""

    def __init__(self, kubelets: Kubelets, key: Key, uid: str, node: str) -> None:
        super().__init__(kubelets, key, uid, node)
        self._probe_timer: Timer | None = None
        self._waiting: tuple[str, str] | None = None
        self._crashes = BackOff(first=0.0)
        self._pulls = BackOff(first=FIRST_BACKOFF_SECONDS)
        self._mounts_seconds = 0.5
        self._probe_failures = 0

    def dismiss(self) -> None:
        """Forget what was to be done."""
        super().dismiss()
        self._probe_timer = None

    # --- starting ---------------------------------------------------------------------------------------------

    def begin(self) -> None:
        """The pod was bound to this node."""
        self.later(0.02, self._acknowledge)

    def _acknowledge(self) -> None:
        host_ip = self._kubelets.host_address(self._node)
        self._update(lambda pod: status.begin(pod, host_ip, self._world.now))
        self.later(self._world.random.uniform(0.25, 0.4), self._prepare)

    def _prepare(self) -> None:
        """Volumes and network; tried again until they are there."""
        pod = self._pod()
        if problem := missing_volume(self._world.store, pod):
            self._event(pod, "FailedMount", problem, warn=True, container=False)
            self.later(self._mounts_seconds, self._prepare)
            self._mounts_seconds = min(self._mounts_seconds * 2, 122.0)
            return
        ailment = self._ailment(pod)
        if ailment and ailment.kind is AilmentKind.NO_NETWORK:
            self._event(pod, "FailedCreatePodSandBox", NO_NETWORK_MESSAGE, warn=True, container=False)
            self.later(self._world.random.uniform(*_SYNC_SECONDS), self._prepare)
            return
        self._update(
            lambda pod: status.set_condition(pod, "PodReadyToStartContainers", "True", self._world.now)
        )
        self._sync()

    def _sync(self) -> None:
        """Tell what the last sync found, then try to get the main container to run."""
        pod = self._pod()
        if self._waiting:
            reason, message = self._waiting
            pod = self._update(lambda pod: self._tell_waiting(pod, reason, message))
        first = self._waiting is None
        if self._try_to_start(pod):
            self._waiting = None
            return
        # The runtime's own report of the failure has the pod looked at once more right away.
        delay = self._world.random.uniform(*_SYNC_SECONDS)
        if first and self._waiting and self._waiting[0] != "CrashLoopBackOff":
            delay = self._world.random.uniform(0.3, 0.8)
        elif self._waiting and self._waiting[0] == "CrashLoopBackOff":
            delay = min(delay, self._wait() + self._world.random.uniform(0.1, 1.0))
        self.later(delay, self._sync)

    def _tell_waiting(self, pod: Document, reason: str, message: str) -> None:
        container = pod["status"]["containerStatuses"][0]
        status.wait(container, reason, message)
        if "podIP" not in pod["status"]:
            status.give_address(pod, self._new_address(pod))
        status.refresh(pod, self._world.now)

    def _try_to_start(self, pod: Document) -> bool:
        """Whether the container is on its way; else ``_waiting`` says why not."""
        if self._world.now < self._crashes.until:
            self._report_back_off(pod)
            return False
        image = pod["spec"]["containers"][0]["image"]
        if self._kubelets.has_image(self._node, image):
            self._event(
                pod,
                "Pulled",
                f'Container image "{image}" already present on machine and can be accessed by the pod',
            )
            return self._create(pod)
        return self._pull(pod, image)

    def _report_back_off(self, pod: Document) -> None:
        namespace, name = self._key
        container = pod["spec"]["containers"][0]["name"]
        where = f"{name}_{namespace}({self._uid})"
        self._event(
            pod, "BackOff", f"Back-off restarting failed container {container} in pod {where}", warn=True
        )
        wait = _duration(self._crashes.seconds)
        message = f"back-off {wait} restarting failed container={container} pod={where}"
        self._waiting = ("CrashLoopBackOff", message)

    def _pull(self, pod: Document, image: str) -> bool:
        failure = pull_failure(image)
        if self._world.now < self._pulls.until:
            self._event(pod, "BackOff", f'Back-off pulling image "{image}"')
            self._event(pod, "Failed", "Error: ImagePullBackOff", warn=True)
            self._waiting = ("ImagePullBackOff", f'Back-off pulling image "{image}": ErrImagePull: {failure}')
            return False
        self._event(pod, "Pulling", f'Pulling image "{image}"')
        if failure:
            self._event(pod, "Failed", f'Failed to pull image "{image}": {failure}', warn=True)
            self._event(pod, "Failed", "Error: ErrImagePull", warn=True)
            self._pulls.fail(self._world.now)
            self._waiting = ("ErrImagePull", failure)
            return False
        seconds = self._world.random.uniform(0.15, 0.6)
        self.later(seconds, lambda: self._pulled(image, seconds))
        return True

    def _pulled(self, image: str, seconds: float) -> None:
        self._kubelets.keep_image(self._node, image)
        pod, took = self._pod(), f"{round(seconds * 1000)}ms"
        self._event(
            pod,
            "Pulled",
            f'Successfully pulled image "{image}" in {took} ({took} including waiting). '
            f"Image size: {_IMAGE_BYTES} bytes.",
        )
        if not self._create(pod):
            self.later(0.05, self._sync)

    def _create(self, pod: Document) -> bool:
        """Whether the container could be created; then it runs."""
        if problem := missing_configuration(self._world.store, pod):
            self._event(pod, "Failed", f"Error: {problem}", warn=True)
            self._waiting = ("CreateContainerConfigError", problem)
            return False
        self._event(pod, "Created", "Container created")
        self._event(pod, "Started", "Container started")
        self._run(pod)
        return True

    def _run(self, pod: Document) -> None:
        ailment = self._ailment(pod)
        ready = not (ailment and ailment.kind is AilmentKind.NOT_READY)
        pod = self._update(lambda pod: self._tell_running(pod, ready=ready))
        container = pod["status"]["containerStatuses"][0]
        if container["restartCount"]:
            self._world.logs.restart(*self._key, container["name"])
        self._log(pod, *starting_lines(pod))
        self._probe_failures = 0
        if ailment and ailment.ends_container:
            self.later(ailment.run_seconds + self._world.random.uniform(-0.1, 0.5), self._end_by_ailment)
        elif ailment:
            self._probe_soon()
        elif _belongs_to_job(pod):
            self.later(self._world.random.uniform(2.0, 20.0), lambda: self._complete(0, "Completed"))
        elif not container["restartCount"]:
            self._rest()

    def _tell_running(self, pod: Document, *, ready: bool) -> None:
        pod["status"]["phase"] = "Running"
        if "podIP" not in pod["status"]:
            status.give_address(pod, self._new_address(pod))
        containers = zip(pod["spec"]["containers"], pod["status"]["containerStatuses"], strict=True)
        for i, (spec, container) in enumerate(containers):
            if "running" not in container["state"]:
                identity = container_id(self._world.random)
                status.run(container, spec, identity, self._world.now, ready=ready or i > 0)
        status.refresh(pod, self._world.now)

    def _new_address(self, pod: Document) -> str:
        if pod["spec"].get("hostNetwork"):
            return self._kubelets.host_address(self._node)
        return self._kubelets.new_address(self._node)

    # --- failing ----------------------------------------------------------------------------------------------

    def notice_ailment(self) -> None:
        """The pod's ailment came or went."""
        self.later(self._world.random.uniform(0.1, 1.0), self._meet_ailment)

    def _meet_ailment(self) -> None:
        pod = self._pod()
        ailment = self._ailment(pod)
        statuses = pod["status"].get("containerStatuses") or ()
        if self.stopping or not statuses or "running" not in statuses[0]["state"]:
            return
        if ailment and ailment.ends_container:
            self.later(self._world.random.uniform(0.2, ailment.run_seconds), self._end_by_ailment)
        elif ailment or not statuses[0]["ready"]:
            self._probe_soon()

    def _end_by_ailment(self) -> None:
        pod = self._pod()
        ailment = self._ailment(pod)
        if ailment is None or not ailment.ends_container or self.stopping:
            return
        exit_code, reason = ailment.exit
        self._log(pod, *failing_lines(ailment, pod))
        if _belongs_to_job(pod) or pod["spec"].get("restartPolicy") == "Never":
            self._complete(exit_code, reason)
        else:
            self._exit(exit_code, reason)

    def _exit(self, exit_code: int, reason: str) -> None:
        """The main container ended and is to run again, at once or after a back-off."""
        pod = self._pod()
        container = pod["status"]["containerStatuses"][0]
        running = container["state"].get("running")
        if running is None:
            return
        if self._world.now - parse_time(running["startedAt"]) > _SOUND_RUN_SECONDS:
            self._crashes = BackOff(first=0.0)
        self._cancel_probe()
        self._kubelets.keep_image(self._node, container["image"])
        ended = self._world.now
        self._crashes.fail(ended)
        waits = self._crashes.until > ended
        if waits:
            self._report_back_off(pod)

        def tell(pod: Document) -> None:
            container = pod["status"]["containerStatuses"][0]
            status.end(container, exit_code, reason, ended)
            status.refresh(pod, ended)

        self._update(tell)
        delay = 0.05
        if waits:
            delay = min(
                self._world.random.uniform(*_SYNC_SECONDS),
                self._wait() + self._world.random.uniform(0.1, 1.5),
            )
        self.later(delay, self._sync)

    def _wait(self) -> float:
        return max(0.0, self._crashes.until - self._world.now)

    def _complete(self, exit_code: int, reason: str) -> None:
        """A container that is not to run again ended: so does its pod, a second later."""
        phase = "Failed" if exit_code else "Succeeded"

        def tell(pod: Document) -> None:
            for container in pod["status"]["containerStatuses"]:
                status.end(container, exit_code, reason, self._world.now)
            status.refresh(pod, self._world.now, phase)

        def tell_phase(pod: Document) -> None:
            pod["status"]["phase"] = phase

        def tell_sandbox(pod: Document) -> None:
            status.set_condition(pod, "PodReadyToStartContainers", "False", self._world.now)

        if "running" not in self._pod()["status"]["containerStatuses"][0]["state"]:
            return
        self._update(tell)
        self.later(1.0, lambda: self._update(tell_phase))
        self.later(1.06, lambda: self._update(tell_sandbox))

    # --- probes -----------------------------------------------------------------------------------------------

    def _probe_soon(self) -> None:
        if self._probe_timer is None:
            self._probe_timer = self.later(self._world.random.uniform(0.9, 1.0) * _PROBE_SECONDS, self._probe)

    def _cancel_probe(self) -> None:
        if self._probe_timer is not None:
            self._probe_timer.cancel()
            self._timers.discard(self._probe_timer)
            self._probe_timer = None

    def _probe(self) -> None:
        self._probe_timer = None
        pod = self._pod()
        ailment = self._ailment(pod)
        if self.stopping or "running" not in pod["status"]["containerStatuses"][0]["state"]:
            return
        if ailment is None or ailment.kind not in (AilmentKind.NOT_READY, AilmentKind.NOT_ALIVE):
            self._probe_failures = 0
            self._tell_ready(ready=True)
            return
        self._probe_failures += 1
        self._log(pod, *failing_lines(ailment, pod))
        if ailment.kind is AilmentKind.NOT_READY:
            self._event(pod, "Unhealthy", NOT_READY_MESSAGE, warn=True)
            if self._probe_failures >= _PROBE_FAILURES:
                self._tell_ready(ready=False)
        else:
            self._event(pod, "Unhealthy", NOT_ALIVE_MESSAGE, warn=True)
            if self._probe_failures >= _PROBE_FAILURES:
                name = pod["spec"]["containers"][0]["name"]
                self._event(pod, "Killing", f"Container {name} failed liveness probe, will be restarted")
                self.later(_KILL_SECONDS, lambda: self._exit(137, "Error"))
                return
        self._probe_timer = self.later(_PROBE_SECONDS, self._probe)

    def _tell_ready(self, *, ready: bool) -> None:
        def tell(pod: Document) -> None:
            pod["status"]["containerStatuses"][0]["ready"] = ready
            status.refresh(pod, self._world.now)

        self._update(tell)

    def tell_again(self) -> None:
        """After a pause, tell anew whether the pod is ready: the node controller may have said it is not."""
        if self._pod()["status"].get("containerStatuses"):
            self._update(lambda pod: status.refresh(pod, self._world.now))
        self._rest()


def _belongs_to_job(pod: Document) -> bool:
    return any(owner["kind"] == "Job" for owner in pod["metadata"].get("ownerReferences") or ())


def _duration(seconds: float) -> str:
    """As Go writes it: ``20s``, ``1m20s``, ``5m0s``."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}m{rest}s" if minutes else f"{rest}s"
