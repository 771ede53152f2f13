"""Every detector: its name, how bad its trouble is, how patient it is, and the code that looks.

Names and severities are kubernetes-mixin's where it has the alert, so that existing routes, silences and runbooks
fit. Holds are far shorter than the mixin's quarter of an hour: that waits out scrapes and gaps between samples, while
here every change is seen, and most states say themselves since when they last. What a hold still waits for is named
beside it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from farwatch.hub.detect import containers, fleet, jobs, nodes, pods, resources, workloads
from farwatch.hub.detect.findings import Finding, View

MINUTE, HOUR, DAY = 60.0, 3600.0, 86400.0


@dataclass(frozen=True)
class Detector:
    """One kind of trouble.

    Attributes:
        name: The alert's name.
        kind: The kind of object it looks at; ``Cluster`` is how a cluster's agent stands.
        check: Looks at one object: a finding, or None when all is well. Pure.
        severity: ``info`` can wait, ``warning`` wants a look today, ``critical`` wants one now.
        hold: Seconds that the trouble must last before the alert is raised.
        calm: Seconds without trouble before the alert is resolved.
        summary: What is wrong, in one line; ``{subject}`` is what it is wrong with.
        meaning: What is wrong, for the table of detectors.
        limits: Thresholds by name; those that are times are in seconds.
        bridges: Whether first sight is kept across gaps shorter than ``calm``, because the trouble itself has gaps.
        remembers: Seconds of history behind a finding, which a restart of the hub forgets: a restored alert waits
            for as long before it is called calm.
    """

    name: str
    kind: str
    check: Callable[[Any, View], Finding | None]
    severity: str
    hold: float
    calm: float
    summary: str
    meaning: str
    limits: Mapping[str, float] = field(default_factory=dict)
    bridges: bool = False
    remembers: float = 0.0


_PODS = (
    Detector(
        "KubePodCrashLooping",
        "Pod",
        containers.check_crash_loop,
        "warning",
        hold=0,  # the kubelet backs off from the second crash on; there is nothing left to wait for
        calm=2 * MINUTE,  # longer than a container takes to crash again; raised by the length of its last run
        summary="{subject} is crash looping",
        meaning="A container keeps ending, and the kubelet backs off from restarting it.",
        limits={"job_grace": 5 * MINUTE},
        bridges=True,
    ),
    Detector(
        "KubeContainerOOMKilled",
        "Pod",
        containers.check_out_of_memory,
        "warning",
        hold=0,  # it has happened
        calm=MINUTE,
        summary="{subject} was killed for using too much memory",
        meaning="A container was killed for exceeding its memory limit within the window.",
        limits={"window": 10 * MINUTE},
        bridges=True,
    ),
    Detector(
        "KubePodImagePullFailed",
        "Pod",
        containers.check_image_pull,
        "warning",
        hold=20,  # a registry's hiccup; a kubelet that backs off is believed at once
        calm=MINUTE,
        summary="{subject} cannot get an image",
        meaning="An image does not exist, needs credentials, or cannot be reached.",
    ),
    Detector(
        "KubePodConfigError",
        "Pod",
        containers.check_config_error,
        "warning",
        hold=10,  # a ConfigMap or Secret that is created just after the pod
        calm=MINUTE,
        summary="{subject} cannot create a container",
        meaning="A ConfigMap, Secret, key, volume path or command that a container needs is not there.",
    ),
    Detector(
        "KubePodUnschedulable",
        "Pod",
        pods.check_unschedulable,
        "warning",
        hold=MINUTE,  # a cluster autoscaler's new node, a pod that is about to go
        calm=MINUTE,
        summary="{subject} has pods that fit on no node",
        meaning="No node has room for a pod, or fits its selectors, affinities and tolerations.",
    ),
    Detector(
        "KubePodStuckCreating",
        "Pod",
        pods.check_stuck_creating,
        "warning",
        hold=2 * MINUTE,  # volumes are attached within a minute
        calm=MINUTE,
        summary="{subject} has pods that do not start",
        meaning="A pod is bound to a node, but its network, volumes or containers are not set up.",
        limits={"pull_grace": 8 * MINUTE},
    ),
    Detector(
        "KubePodNotReady",
        "Pod",
        pods.check_not_ready,
        "warning",
        hold=5 * MINUTE,  # slow starts; readiness that comes and goes
        calm=MINUTE,
        summary="{subject} has pods that run but are not ready",
        meaning="Containers run, but readiness probes fail, or an init container does not end.",
        limits={"init_grace": 10 * MINUTE},
    ),
    Detector(
        "KubePodStuckTerminating",
        "Pod",
        pods.check_stuck_terminating,
        "warning",
        hold=5 * MINUTE,  # on top of the pod's own grace period
        calm=30,
        summary="{subject} has pods that do not go away",
        meaning="A pod is still there long after its deletion: a finalizer, or a kubelet that does not end it.",
    ),
    Detector(
        "KubePodEvicted",
        "Pod",
        pods.check_evicted,
        "warning",
        hold=0,  # it has happened
        calm=5 * MINUTE,  # a node under pressure evicts one after another
        summary="{subject} had pods evicted",
        meaning="A kubelet threw a pod out because its node ran short of memory, disk or process numbers.",
        limits={"window": HOUR},
    ),
    Detector(
        "KubePodFailed",
        "Pod",
        pods.check_failed,
        "warning",
        hold=10,  # a pod that fails while it is being replaced or deleted
        calm=MINUTE,
        summary="{subject} has failed and will not be restarted",
        meaning="A pod that no Job answers for ended in failure within the window.",
        limits={"window": DAY, "replaced_window": HOUR},
    ),
    Detector(
        "KubeContainerHighRestarts",
        "Pod",
        containers.check_high_restarts,
        "warning",
        hold=0,  # the count is the hold
        calm=5 * MINUTE,
        summary="{subject} restarts again and again",
        meaning="A container restarts often, but too far apart for the kubelet to back off.",
        limits={"restarts": 5, "window": 3 * HOUR},
        remembers=3 * HOUR,
    ),
)

_NODES = (
    Detector(
        "KubeNodeNotReady",
        "Node",
        nodes.check_not_ready,
        "warning",
        hold=45,  # a kubelet's restart
        calm=MINUTE,
        summary="{subject} is not ready",
        meaning="The kubelet reports that its node cannot run pods.",
        limits={"startup_grace": 3 * MINUTE},
    ),
    Detector(
        "KubeNodeUnreachable",
        "Node",
        nodes.check_unreachable,
        "warning",
        hold=15,  # the control plane has waited 40 to 50 s already
        calm=MINUTE,
        summary="{subject} does not report",
        meaning="The kubelet is silent: the node, its network or its kubelet is down.",
    ),
    Detector(
        "KubeNodePressure",
        "Node",
        nodes.check_pressure,
        "warning",
        hold=30,
        calm=5 * MINUTE,  # as long as a kubelet keeps a pressure up after it has passed
        summary="{subject} runs short",
        meaning="Memory, disk or process numbers run out, and the kubelet evicts pods.",
    ),
    Detector(
        "KubeNodeFlapping",
        "Node",
        nodes.check_flapping,
        "warning",
        hold=0,  # the count is the hold
        calm=5 * MINUTE,
        summary="{subject} comes and goes",
        meaning="A node became ready and unready in turn, several times within the window.",
        limits={"transitions": 4, "window": 15 * MINUTE},
        remembers=15 * MINUTE,
    ),
)

_WORKLOADS = (
    Detector(
        "KubeDeploymentReplicasMismatch",
        "Deployment",
        workloads.check_deployment_replicas,
        "warning",
        hold=10 * MINUTE,  # scaling up; the pods' own alerts come much earlier
        calm=MINUTE,
        summary="{subject} has fewer replicas than it should",
        meaning="Fewer replicas are available than asked for, while no rollout is under way.",
    ),
    Detector(
        "KubeDeploymentRolloutStuck",
        "Deployment",
        workloads.check_deployment_rollout,
        "warning",
        hold=0,  # the progress deadline is the hold
        calm=MINUTE,
        summary="The rollout of {subject} is stuck",
        meaning="A rollout missed its progress deadline, or no pods can be made (quota, admission).",
        limits={"failure_grace": MINUTE},
    ),
    Detector(
        "KubeStatefulSetReplicasMismatch",
        "StatefulSet",
        workloads.check_stateful_set_replicas,
        "warning",
        hold=10 * MINUTE,  # counted anew whenever a replica becomes ready or is updated
        calm=MINUTE,
        summary="{subject} has fewer ready replicas than it should",
        meaning="Fewer replicas are ready than asked for, and nothing moves.",
    ),
    Detector(
        "KubeDaemonSetRolloutStuck",
        "DaemonSet",
        workloads.check_daemon_set_rollout,
        "warning",
        hold=10 * MINUTE,  # counted anew whenever a pod becomes available or is updated
        calm=MINUTE,
        summary="{subject} is not everywhere it should be",
        meaning="Pods are missing, unavailable or old on some nodes that report, and nothing moves.",
    ),
    Detector(
        "KubeJobFailed",
        "Job",
        jobs.check_failed,
        "warning",
        hold=0,  # it has retried as often as it was told to
        calm=30,
        summary="{subject} has failed",
        meaning="A Job gave up within the window. Removing it clears the alert.",
        limits={"window": DAY},
    ),
    Detector(
        "KubeCronJobFailing",
        "CronJob",
        jobs.check_cron_job,
        "warning",
        hold=0,  # the run has retried as often as it was told to
        calm=5 * MINUTE,  # a run that fails every other time is one alert
        summary="The last run of {subject} failed",
        meaning="The last finished run failed; a run that succeeds clears the alert.",
    ),
)

_RESOURCES = (
    Detector(
        "KubeHpaMaxedOut",
        "HorizontalPodAutoscaler",
        resources.check_hpa_maxed_out,
        "warning",
        hold=10 * MINUTE,  # a peak that the maximum was made for
        calm=2 * MINUTE,
        summary="{subject} cannot scale further",
        meaning="An autoscaler with working metrics runs at its maximum.",
    ),
    Detector(
        "KubePersistentVolumeClaimPending",
        "PersistentVolumeClaim",
        resources.check_claim_pending,
        "warning",
        hold=2 * MINUTE,  # provisioners answer within a minute
        calm=30,
        summary="{subject} has no volume",
        meaning="No volume is bound to a claim that does not wait for its first pod, or its volume is lost.",
    ),
    Detector(
        "KubeQuotaAlmostFull",
        "ResourceQuota",
        resources.check_quota,
        "info",
        hold=5 * MINUTE,  # a rollout's surge
        calm=2 * MINUTE,
        summary="{subject} is almost used up",
        meaning="More than the ratio of a quota is used; at all of it new objects are refused.",
        limits={"ratio": 0.9},
    ),
    Detector(
        "KubeNamespaceStuckTerminating",
        "Namespace",
        resources.check_namespace_terminating,
        "warning",
        hold=5 * MINUTE,  # emptying a large namespace
        calm=30,
        summary="{subject} does not go away",
        meaning="A namespace's deletion does not end: a finalizer, or an API service that does not answer.",
    ),
)

_FLEET = (
    Detector(
        "FarwatchAgentLost",
        "Cluster",
        fleet.check_agent_lost,
        "critical",
        hold=15,  # an agent's restart; three heartbeats were missed already
        calm=MINUTE,
        summary="{subject} is out of sight: its agent is lost",
        meaning="The agent is not connected. Alerts of its cluster stay as they are until it is back.",
    ),
    Detector(
        "FarwatchClusterApiDown",
        "Cluster",
        fleet.check_api_down,
        "critical",
        hold=30,  # an API server's restart
        calm=MINUTE,
        summary="The API server of {subject} does not answer",
        meaning="The agent lives, but its API server does not answer it.",
    ),
    Detector(
        "FarwatchWatchDenied",
        "Cluster",
        fleet.check_watch_denied,
        "warning",
        hold=30,  # roles that are applied just after the agent
        calm=MINUTE,
        summary="The agent of {subject} may not watch everything",
        meaning="The agent lacks the right to list or watch some kinds; their trouble is not seen.",
    ),
)

DETECTORS: dict[str, Detector] = {
    detector.name: detector for detector in (*_PODS, *_NODES, *_WORKLOADS, *_RESOURCES, *_FLEET)
}
"""By name, in the order of the documentation."""

DETECTORS_BY_KIND: dict[str, tuple[Detector, ...]] = {
    kind: tuple(detector for detector in DETECTORS.values() if detector.kind == kind)
    for kind in {detector.kind for detector in DETECTORS.values()}
}
"""Which detectors look at an object of a kind."""

JUDGEABLE: dict[str, Callable[[Any, View], bool]] = {"Pod": pods.is_known}
"""By kind: whether an object's state is current. If it is not, its findings stay as they are."""
