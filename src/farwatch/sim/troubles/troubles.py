"""The table of troubles, and who raises and mends them in a cluster."""

from __future__ import annotations

import itertools
from collections.abc import Iterable

from farwatch.sim.engine.ailments import AilmentKind
from farwatch.sim.engine.conditions import Pressure
from farwatch.sim.engine.engine import Engine
from farwatch.sim.errors import StatusError
from farwatch.sim.troubles import nodes, pods, workloads
from farwatch.sim.troubles.registry import ActiveTrouble, Subject, Target, Trouble, TroubleError

_WORKLOADS = ("deployments", "statefulsets", "daemonsets")
_RESOURCES = {
    Subject.WORKLOAD: _WORKLOADS,
    Subject.DEPLOYMENT: ("deployments",),
    Subject.CRON_JOB: ("cronjobs",),
    Subject.AUTOSCALER: ("horizontalpodautoscalers",),
    Subject.NODE: ("nodes",),
    Subject.NAMESPACE: ("namespaces",),
}
_SYSTEM_NAMESPACES = frozenset(("default", "kube-system", "kube-public", "kube-node-lease"))

TROUBLES: dict[str, Trouble] = {
    trouble.name: trouble
    for trouble in (
        Trouble(
            "crash-loop",
            "containers exit with 1 soon after each start and back off, 10 s doubling to 5 min",
            Subject.WORKLOAD,
            pods.ailment(AilmentKind.EXIT),
        ),
        Trouble(
            "oom-kill",
            "containers are killed for using too much memory (OOMKilled, 137) and back off",
            Subject.WORKLOAD,
            pods.ailment(AilmentKind.OUT_OF_MEMORY),
        ),
        Trouble(
            "not-ready",
            "readiness probes fail: pods run, but are not ready",
            Subject.WORKLOAD,
            pods.ailment(AilmentKind.NOT_READY),
        ),
        Trouble(
            "liveness",
            "liveness probes fail: containers are killed and started again, and back off",
            Subject.WORKLOAD,
            pods.ailment(AilmentKind.NOT_ALIVE),
        ),
        Trouble(
            "image-pull",
            "a rollout to an image that does not exist: ErrImagePull, ImagePullBackOff",
            Subject.WORKLOAD,
            pods.template_change(pods.use_image(pods.MISSING_IMAGE)),
        ),
        Trouble(
            "image-credentials",
            "a rollout to an image that needs credentials: ErrImagePull, ImagePullBackOff",
            Subject.WORKLOAD,
            pods.template_change(pods.use_image(pods.PRIVATE_IMAGE)),
        ),
        Trouble(
            "config-error",
            "a rollout that takes its environment from an absent ConfigMap: CreateContainerConfigError",
            Subject.WORKLOAD,
            pods.template_change(pods.need_absent_configuration),
        ),
        Trouble(
            "failed-mount",
            "a rollout that mounts an absent ConfigMap: stuck in ContainerCreating with FailedMount",
            Subject.WORKLOAD,
            pods.template_change(pods.need_absent_volume),
        ),
        Trouble(
            "no-network",
            "new pods get no address: stuck in ContainerCreating with FailedCreatePodSandBox",
            Subject.WORKLOAD,
            pods.lose_network,
        ),
        Trouble(
            "unschedulable",
            "a rollout that asks for a node label that no node has: Pending, FailedScheduling",
            Subject.DEPLOYMENT,
            pods.template_change(pods.need_special_node),
        ),
        Trouble(
            "too-large",
            "a rollout that asks for more CPU than any node has: Pending, Insufficient cpu",
            Subject.DEPLOYMENT,
            pods.template_change(pods.need_huge_node),
        ),
        Trouble(
            "evicted",
            "one pod is evicted from a node short of memory and stays as Failed, Evicted",
            Subject.DEPLOYMENT,
            pods.evict_one,
        ),
        Trouble(
            "stuck-terminating",
            "one pod is deleted, but a finalizer holds it",
            Subject.WORKLOAD,
            pods.hold_termination,
        ),
        Trouble(
            "failed-rollout",
            "a new version never gets ready: ProgressDeadlineExceeded after a minute",
            Subject.DEPLOYMENT,
            workloads.fail_rollout,
        ),
        Trouble(
            "failed-job",
            "a new Job fails until its back-off limit: BackoffLimitExceeded",
            Subject.NAMESPACE,
            workloads.fail_job,
        ),
        Trouble(
            "failing-cron-job",
            "every run of a CronJob fails",
            Subject.CRON_JOB,
            workloads.fail_cron_job,
        ),
        Trouble(
            "hpa-maxed-out",
            "load beyond what an autoscaler's maximum can bear: ScalingLimited, TooManyReplicas",
            Subject.AUTOSCALER,
            workloads.overload,
        ),
        Trouble(
            "pvc-pending",
            "a new claim of an absent storage class: Pending, ProvisioningFailed",
            Subject.NAMESPACE,
            workloads.claim_absent_class,
        ),
        Trouble(
            "quota-almost-full",
            "a namespace's quota for pods is cut down to little more than is used",
            Subject.NAMESPACE,
            workloads.fill_quota,
        ),
        Trouble(
            "namespace-stuck-terminating",
            "a new namespace is deleted, but a finalizer holds its content",
            Subject.NAMESPACE,
            workloads.hold_namespace,
        ),
        Trouble(
            "node-not-ready",
            "a node's kubelet stops: Lease not renewed, NotReady after 50 s, pods marked, evicted after 5 min",
            Subject.NODE,
            nodes.lose_node,
        ),
        Trouble(
            "memory-pressure",
            "a node is short of memory: MemoryPressure and its taint",
            Subject.NODE,
            nodes.press(Pressure.MEMORY),
        ),
        Trouble(
            "disk-pressure",
            "a node is short of disk: DiskPressure and its taint",
            Subject.NODE,
            nodes.press(Pressure.DISK),
        ),
        Trouble(
            "pid-pressure",
            "a node is short of process IDs: PIDPressure and its taint",
            Subject.NODE,
            nodes.press(Pressure.PID),
        ),
        Trouble(
            "node-flapping",
            "a node's runtime comes and goes: Ready changes every 25 s",
            Subject.NODE,
            nodes.flap,
        ),
    )
}
"""By name."""


class Troubles:
    """Raises and mends troubles in one cluster."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._numbers = itertools.count(1)
        self.active: dict[int, ActiveTrouble] = {}

    def bring_about(
        self, name: str, *, namespace: str = "", workload: str = "", node: str = ""
    ) -> ActiveTrouble:
        """Raise a trouble, on what is named or else on something random that has none yet.

        Args:
            name: Which, one of ``TROUBLES``.
            namespace: Where; any team's when empty.
            workload: The Deployment, StatefulSet, DaemonSet, CronJob or autoscaler, for troubles that befall one.
            node: The node, for troubles that befall one.

        Raises:
            TroubleError: The trouble is unknown, or there is nothing for it to befall.
        """
        trouble = TROUBLES.get(name)
        if trouble is None:
            raise TroubleError(f"no trouble is called {name!r}; there are {', '.join(sorted(TROUBLES))}")
        target = self._pick(trouble, namespace, workload, node)
        since, number = self._engine.world.now, next(self._numbers)
        try:
            mend = trouble.bring_about(self._engine, target)
        except StatusError as error:
            raise TroubleError(f"{name} cannot befall {target}: {error.message}") from error
        self.active[number] = ActiveTrouble(number, trouble, target, since, mend)
        return self.active[number]

    def mend(self, number: int) -> ActiveTrouble:
        """End a trouble; TroubleError when it is not in force, or the cluster refuses what would mend it."""
        active = self.active.pop(number, None)
        if active is None:
            raise TroubleError(f"no trouble in force has the number {number}; GET lists those that are")
        try:
            active.mend()
        except StatusError as error:
            raise TroubleError(f"{active.trouble.name} cannot be mended: {error.message}") from error
        return active

    def find(
        self, *, name: str = "", namespace: str = "", workload: str = "", node: str = ""
    ) -> list[ActiveTrouble]:
        """The troubles in force that fit what is given."""
        return [
            active
            for active in self.active.values()
            if name in ("", active.trouble.name)
            and namespace in ("", active.target.namespace or active.target.name)
            and (workload or node) in ("", active.target.name)
        ]

    def _pick(self, trouble: Trouble, namespace: str, workload: str, node: str) -> Target:
        wanted = {Subject.NODE: node, Subject.NAMESPACE: namespace}.get(trouble.subject, workload)
        candidates = [
            target
            for target in self._candidates(trouble.subject)
            if wanted in ("", target.name)
            and (namespace in ("", target.namespace) or trouble.subject in (Subject.NODE, Subject.NAMESPACE))
            and (wanted or not _is_system(target))
        ]
        if not candidates:
            where = f" called {wanted}" if wanted else ""
            inside = (
                f" in namespace {namespace}" if namespace and trouble.subject is not Subject.NAMESPACE else ""
            )
            raise TroubleError(
                f"{trouble.name} befalls a {trouble.subject}, and there is none{where}{inside}"
            )
        troubled = {(active.target.namespace, active.target.name) for active in self.active.values()}
        sound = [target for target in candidates if (target.namespace, target.name) not in troubled]
        return self._engine.world.random.choice(sound or candidates)

    def _candidates(self, subject: Subject) -> Iterable[Target]:
        store = self._engine.world.store
        for resource in _RESOURCES[subject]:
            for entry in store.collection(resource).entries():
                if b'"deletionTimestamp"' not in entry.encoded:
                    yield Target(resource, entry.namespace, entry.name)


def _is_system(target: Target) -> bool:
    return (target.namespace or target.name) in _SYSTEM_NAMESPACES
