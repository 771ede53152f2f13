"""Kubernetes objects as we keep them: typed, and trimmed to what monitoring needs.

Field names and meanings are the Kubernetes API's (v1.36), in snake case here and in camel case on any wire, so that
a trimmed object still reads like the original. Whatever has no field here is skipped by the decoder and never
built. Three habits of the API shape the types:

- An absent list or map may arrive as ``null``: those fields are ``X | None``, and readers say ``obj.field or ()``.
- Times are RFC 3339 in UTC; they are decoded to aware ``datetime``.
- Quantities (``500m``, ``64Mi``) stay strings, as the API writes them; ``farwatch.kube.quantities`` reads them.

No field holds a Secret's data, an environment variable's value or a ConfigMap's content: what is not decoded
cannot leave the cluster. Of a ConfigMap's content there are digests, which tell that it changed and not what it is.
"""

from __future__ import annotations

import hashlib
import re
from datetime import datetime
from typing import Any

import msgspec


class _Slim(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True, gc=False):
    """The base of every trimmed object: immutable, without cycles (so the collector need not look)."""


# --- metadata -------------------------------------------------------------------------------------------------


class OwnerReference(_Slim, frozen=True):
    """Who made this object; the one with ``controller`` true manages it."""

    kind: str
    name: str
    uid: str
    controller: bool | None = None


class Annotations(_Slim, frozen=True):
    """The few annotations that explain a change; all others (some of them large) are skipped."""

    revision: str = msgspec.field(name="deployment.kubernetes.io/revision", default="")
    change_cause: str = msgspec.field(name="kubernetes.io/change-cause", default="")
    restarted_at: str = msgspec.field(name="kubectl.kubernetes.io/restartedAt", default="")


class ObjectMeta(_Slim, frozen=True):
    """Identity, ownership and age of an object. ``namespace`` is empty for cluster-scoped kinds."""

    name: str
    namespace: str = ""
    uid: str = ""
    resource_version: str = ""
    generation: int = 0
    creation_timestamp: datetime | None = None
    deletion_timestamp: datetime | None = None
    deletion_grace_period_seconds: int | None = None
    labels: dict[str, str] | None = None
    annotations: Annotations | None = None
    owner_references: tuple[OwnerReference, ...] | None = None
    finalizers: tuple[str, ...] | None = None


class KubeObject(_Slim, frozen=True):
    """What every kind has."""

    metadata: ObjectMeta


class Condition(_Slim, frozen=True):
    """A condition in an object's status. ``status`` is ``True``, ``False`` or ``Unknown``."""

    type: str
    status: str
    reason: str | None = None
    message: str | None = None
    last_transition_time: datetime | None = None
    last_update_time: datetime | None = None


class LabelSelector(_Slim, frozen=True):
    """The equality part of a selector, which is all that workloads' own selectors use in practice."""

    match_labels: dict[str, str] | None = None


# --- pods -----------------------------------------------------------------------------------------------------


class ResourceRequirements(_Slim, frozen=True):
    """Requests and limits by resource name, as quantities."""

    requests: dict[str, str] | None = None
    limits: dict[str, str] | None = None


class Container(_Slim, frozen=True):
    """A container as asked for."""

    name: str
    image: str | None = None
    resources: ResourceRequirements | None = None


class ContainerStateWaiting(_Slim, frozen=True):
    """Not running yet, or not again: ``CrashLoopBackOff``, ``ImagePullBackOff``, ``ContainerCreating`` ..."""

    reason: str | None = None
    message: str | None = None


class ContainerStateRunning(_Slim, frozen=True):
    """Running since ``started_at``."""

    started_at: datetime | None = None


class ContainerStateTerminated(_Slim, frozen=True):
    """Ended: ``Completed``, ``Error``, ``OOMKilled`` ... with exit code, or the signal that ended it."""

    exit_code: int = 0
    signal: int | None = None
    reason: str | None = None
    message: str | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None


class ContainerState(_Slim, frozen=True):
    """Exactly one of the three is set; none means waiting."""

    waiting: ContainerStateWaiting | None = None
    running: ContainerStateRunning | None = None
    terminated: ContainerStateTerminated | None = None


class ContainerStatus(_Slim, frozen=True):
    """What a kubelet reports of a container; ``last_state`` is how its previous run ended."""

    name: str
    ready: bool = False
    started: bool | None = None
    restart_count: int = 0
    image: str = ""
    state: ContainerState | None = None
    last_state: ContainerState | None = None


class PodSpec(_Slim, frozen=True):
    """What a pod asks for, and the node it was bound to."""

    node_name: str | None = None
    restart_policy: str | None = None
    priority_class_name: str | None = None
    host_network: bool | None = None
    containers: tuple[Container, ...] | None = None
    init_containers: tuple[Container, ...] | None = None


class PodStatus(_Slim, frozen=True):
    """What became of a pod."""

    phase: str | None = None
    reason: str | None = None
    message: str | None = None
    qos_class: str | None = None
    pod_ip: str | None = msgspec.field(name="podIP", default=None)
    start_time: datetime | None = None
    conditions: tuple[Condition, ...] | None = None
    container_statuses: tuple[ContainerStatus, ...] | None = None
    init_container_statuses: tuple[ContainerStatus, ...] | None = None


class Pod(KubeObject, frozen=True):
    """v1 Pod."""

    spec: PodSpec = PodSpec()
    status: PodStatus = PodStatus()


# --- nodes and namespaces -------------------------------------------------------------------------------------


class Taint(_Slim, frozen=True):
    """What keeps pods off a node."""

    key: str
    effect: str
    value: str | None = None
    time_added: datetime | None = None


class NodeSpec(_Slim, frozen=True):
    """Whether a node takes pods."""

    unschedulable: bool | None = None
    taints: tuple[Taint, ...] | None = None


class NodeSystemInfo(_Slim, frozen=True):
    """What runs on a node."""

    kubelet_version: str = ""
    os_image: str = ""
    kernel_version: str = ""
    container_runtime_version: str = ""
    architecture: str = ""


class NodeStatus(_Slim, frozen=True):
    """Capacity and health of a node."""

    capacity: dict[str, str] | None = None
    allocatable: dict[str, str] | None = None
    conditions: tuple[Condition, ...] | None = None
    node_info: NodeSystemInfo | None = None


class Node(KubeObject, frozen=True):
    """v1 Node."""

    spec: NodeSpec = NodeSpec()
    status: NodeStatus = NodeStatus()


class NamespaceStatus(_Slim, frozen=True):
    """``Active`` or ``Terminating``, and what holds a termination up."""

    phase: str | None = None
    conditions: tuple[Condition, ...] | None = None


class Namespace(KubeObject, frozen=True):
    """v1 Namespace."""

    status: NamespaceStatus = NamespaceStatus()


# --- workloads ------------------------------------------------------------------------------------------------


class PodTemplateMeta(_Slim, frozen=True):
    """Labels of the pods to be made."""

    labels: dict[str, str] | None = None
    annotations: Annotations | None = None


class PodTemplate(_Slim, frozen=True):
    """What a workload makes its pods from."""

    metadata: PodTemplateMeta | None = None
    spec: PodSpec = PodSpec()


class LocalReference(_Slim, frozen=True):
    """An object of the same namespace, by name."""

    name: str = ""


class ConfigMapKey(_Slim, frozen=True):
    """Where an environment variable's value comes from, if that is a ConfigMap."""

    config_map_key_ref: LocalReference | None = None


class EnvVar(_Slim, frozen=True):
    """An environment variable without its value."""

    name: str = ""
    value_from: ConfigMapKey | None = None


class EnvSource(_Slim, frozen=True):
    """Environment variables taken from a ConfigMap as a whole."""

    config_map_ref: LocalReference | None = None


class TemplateContainer(Container, frozen=True):
    """A container of a template, with what configures it."""

    env: tuple[EnvVar, ...] | None = None
    env_from: tuple[EnvSource, ...] | None = None


class ConfigMapSource(_Slim, frozen=True):
    """A part of a volume that is put together, if that is a ConfigMap."""

    config_map: LocalReference | None = None


class ProjectedVolume(_Slim, frozen=True):
    """A volume that is put together."""

    sources: tuple[ConfigMapSource, ...] | None = None


class Volume(_Slim, frozen=True):
    """A volume of a template, and the ConfigMaps it shows."""

    name: str = ""
    config_map: LocalReference | None = None
    projected: ProjectedVolume | None = None


class TemplateSpec(PodSpec, frozen=True):
    """What a workload's pods ask for, and what configures them."""

    containers: tuple[TemplateContainer, ...] | None = None
    init_containers: tuple[TemplateContainer, ...] | None = None
    volumes: tuple[Volume, ...] | None = None
    node_selector: dict[str, str] | None = None


class WorkloadTemplate(_Slim, frozen=True):
    """What people's own workloads make their pods from; in what these make in turn, less is looked at."""

    metadata: PodTemplateMeta | None = None
    spec: TemplateSpec = TemplateSpec()


class DeploymentSpec(_Slim, frozen=True):
    """What a Deployment asks for."""

    replicas: int | None = None
    paused: bool | None = None
    progress_deadline_seconds: int | None = None
    selector: LabelSelector | None = None
    template: WorkloadTemplate | None = None


class DeploymentStatus(_Slim, frozen=True):
    """How far a Deployment has come."""

    observed_generation: int = 0
    replicas: int = 0
    updated_replicas: int = 0
    ready_replicas: int = 0
    available_replicas: int = 0
    unavailable_replicas: int = 0
    conditions: tuple[Condition, ...] | None = None


class Deployment(KubeObject, frozen=True):
    """apps/v1 Deployment."""

    spec: DeploymentSpec = DeploymentSpec()
    status: DeploymentStatus = DeploymentStatus()


class ReplicaSetSpec(_Slim, frozen=True):
    """What a ReplicaSet asks for."""

    replicas: int | None = None
    selector: LabelSelector | None = None
    template: PodTemplate | None = None


class ReplicaSetStatus(_Slim, frozen=True):
    """How far a ReplicaSet has come."""

    observed_generation: int = 0
    replicas: int = 0
    ready_replicas: int = 0
    available_replicas: int = 0
    conditions: tuple[Condition, ...] | None = None


class ReplicaSet(KubeObject, frozen=True):
    """apps/v1 ReplicaSet."""

    spec: ReplicaSetSpec = ReplicaSetSpec()
    status: ReplicaSetStatus = ReplicaSetStatus()


class StatefulSetUpdateStrategy(_Slim, frozen=True):
    """``RollingUpdate`` or ``OnDelete``."""

    type: str | None = None


class StatefulSetSpec(_Slim, frozen=True):
    """What a StatefulSet asks for."""

    replicas: int | None = None
    service_name: str | None = None
    update_strategy: StatefulSetUpdateStrategy | None = None
    selector: LabelSelector | None = None
    template: WorkloadTemplate | None = None


class StatefulSetStatus(_Slim, frozen=True):
    """How far a StatefulSet has come; the two revisions differ while it rolls out."""

    observed_generation: int = 0
    replicas: int = 0
    ready_replicas: int = 0
    current_replicas: int = 0
    updated_replicas: int = 0
    available_replicas: int = 0
    current_revision: str | None = None
    update_revision: str | None = None


class StatefulSet(KubeObject, frozen=True):
    """apps/v1 StatefulSet."""

    spec: StatefulSetSpec = StatefulSetSpec()
    status: StatefulSetStatus = StatefulSetStatus()


class DaemonSetUpdateStrategy(_Slim, frozen=True):
    """``RollingUpdate`` or ``OnDelete``."""

    type: str | None = None


class DaemonSetSpec(_Slim, frozen=True):
    """What a DaemonSet asks for."""

    update_strategy: DaemonSetUpdateStrategy | None = None
    selector: LabelSelector | None = None
    template: WorkloadTemplate | None = None


class DaemonSetStatus(_Slim, frozen=True):
    """How far a DaemonSet has come."""

    observed_generation: int = 0
    desired_number_scheduled: int = 0
    current_number_scheduled: int = 0
    updated_number_scheduled: int = 0
    number_ready: int = 0
    number_available: int = 0
    number_unavailable: int = 0
    number_misscheduled: int = 0


class DaemonSet(KubeObject, frozen=True):
    """apps/v1 DaemonSet."""

    spec: DaemonSetSpec = DaemonSetSpec()
    status: DaemonSetStatus = DaemonSetStatus()


class JobSpec(_Slim, frozen=True):
    """What a Job asks for."""

    parallelism: int | None = None
    completions: int | None = None
    backoff_limit: int | None = None
    active_deadline_seconds: int | None = None
    suspend: bool | None = None
    template: PodTemplate | None = None


class JobStatus(_Slim, frozen=True):
    """How far a Job has come; its conditions say ``Complete``, ``Failed`` or ``Suspended``."""

    active: int = 0
    succeeded: int = 0
    failed: int = 0
    ready: int | None = None
    start_time: datetime | None = None
    completion_time: datetime | None = None
    conditions: tuple[Condition, ...] | None = None


class Job(KubeObject, frozen=True):
    """batch/v1 Job."""

    spec: JobSpec = JobSpec()
    status: JobStatus = JobStatus()


class CronJobSpec(_Slim, frozen=True):
    """When a CronJob runs."""

    schedule: str = ""
    time_zone: str | None = None
    suspend: bool | None = None
    concurrency_policy: str | None = None


class ObjectReference(_Slim, frozen=True):
    """A pointer to another object."""

    kind: str = ""
    namespace: str = ""
    name: str = ""
    uid: str = ""
    field_path: str | None = None


class CronJobStatus(_Slim, frozen=True):
    """When a CronJob last ran, and the Jobs it has under way."""

    active: tuple[ObjectReference, ...] | None = None
    last_schedule_time: datetime | None = None
    last_successful_time: datetime | None = None


class CronJob(KubeObject, frozen=True):
    """batch/v1 CronJob."""

    spec: CronJobSpec = CronJobSpec()
    status: CronJobStatus = CronJobStatus()


class HpaTarget(_Slim, frozen=True):
    """The workload that an autoscaler scales."""

    kind: str = ""
    name: str = ""


class HorizontalPodAutoscalerSpec(_Slim, frozen=True):
    """Bounds of an autoscaler."""

    scale_target_ref: HpaTarget = HpaTarget()
    min_replicas: int | None = None
    max_replicas: int = 0


class HorizontalPodAutoscalerStatus(_Slim, frozen=True):
    """What an autoscaler has decided; ``ScalingLimited`` says that a bound holds it."""

    current_replicas: int | None = None
    desired_replicas: int = 0
    last_scale_time: datetime | None = None
    conditions: tuple[Condition, ...] | None = None


class HorizontalPodAutoscaler(KubeObject, frozen=True):
    """autoscaling/v2 HorizontalPodAutoscaler."""

    spec: HorizontalPodAutoscalerSpec = HorizontalPodAutoscalerSpec()
    status: HorizontalPodAutoscalerStatus = HorizontalPodAutoscalerStatus()


class PodDisruptionBudgetSpec(_Slim, frozen=True):
    """How much of a set may be away at once, in pods or percent."""

    min_available: int | str | None = None
    max_unavailable: int | str | None = None
    selector: LabelSelector | None = None


class PodDisruptionBudgetStatus(_Slim, frozen=True):
    """How many pods are healthy, and how many disruptions that allows."""

    observed_generation: int = 0
    current_healthy: int = 0
    desired_healthy: int = 0
    expected_pods: int = 0
    disruptions_allowed: int = 0
    conditions: tuple[Condition, ...] | None = None


class PodDisruptionBudget(KubeObject, frozen=True):
    """policy/v1 PodDisruptionBudget."""

    spec: PodDisruptionBudgetSpec = PodDisruptionBudgetSpec()
    status: PodDisruptionBudgetStatus = PodDisruptionBudgetStatus()


_DIGEST = re.compile(r"digest:[0-9a-f]{16}")


class ConfigMap(KubeObject, frozen=True):
    """v1 ConfigMap: by key, a digest of what it holds."""

    data: dict[str, str] | None = None
    binary_data: dict[str, str] | None = None

    def __post_init__(self) -> None:
        for content in (self.data or {}, self.binary_data or {}):
            for key, value in content.items():
                content[key] = digest_of(value)


def digest_of(content: str) -> str:
    """What stands for a content that is not kept; of a digest it is the digest itself."""
    if _DIGEST.fullmatch(content):
        return content
    return "digest:" + hashlib.blake2b(content.encode(), digest_size=8).hexdigest()


# --- storage --------------------------------------------------------------------------------------------------


class PersistentVolumeClaimSpec(_Slim, frozen=True):
    """What a claim asks for."""

    storage_class_name: str | None = None
    volume_name: str | None = None
    access_modes: tuple[str, ...] | None = None
    resources: ResourceRequirements | None = None


class PersistentVolumeClaimStatus(_Slim, frozen=True):
    """``Pending``, ``Bound`` or ``Lost``."""

    phase: str | None = None
    capacity: dict[str, str] | None = None
    conditions: tuple[Condition, ...] | None = None


class PersistentVolumeClaim(KubeObject, frozen=True):
    """v1 PersistentVolumeClaim."""

    spec: PersistentVolumeClaimSpec = PersistentVolumeClaimSpec()
    status: PersistentVolumeClaimStatus = PersistentVolumeClaimStatus()


class PersistentVolumeSpec(_Slim, frozen=True):
    """What a volume offers, and the claim it is bound to."""

    capacity: dict[str, str] | None = None
    storage_class_name: str | None = None
    persistent_volume_reclaim_policy: str | None = None
    claim_ref: ObjectReference | None = None


class PersistentVolumeStatus(_Slim, frozen=True):
    """``Available``, ``Bound``, ``Released`` or ``Failed``."""

    phase: str | None = None
    reason: str | None = None
    message: str | None = None


class PersistentVolume(KubeObject, frozen=True):
    """v1 PersistentVolume."""

    spec: PersistentVolumeSpec = PersistentVolumeSpec()
    status: PersistentVolumeStatus = PersistentVolumeStatus()


# --- network --------------------------------------------------------------------------------------------------


class ServicePort(_Slim, frozen=True):
    """A port that a Service offers."""

    port: int
    name: str | None = None
    protocol: str | None = None
    target_port: int | str | None = None
    node_port: int | None = None


class ServiceSpec(_Slim, frozen=True):
    """How a Service is reached, and which pods answer."""

    type: str | None = None
    cluster_ip: str | None = msgspec.field(name="clusterIP", default=None)
    ports: tuple[ServicePort, ...] | None = None
    selector: dict[str, str] | None = None


class LoadBalancerIngress(_Slim, frozen=True):
    """An address given by a load balancer."""

    ip: str | None = None
    hostname: str | None = None


class LoadBalancerStatus(_Slim, frozen=True):
    """Addresses given by a load balancer."""

    ingress: tuple[LoadBalancerIngress, ...] | None = None


class ServiceStatus(_Slim, frozen=True):
    """Where a Service can be reached from outside."""

    load_balancer: LoadBalancerStatus | None = None


class Service(KubeObject, frozen=True):
    """v1 Service."""

    spec: ServiceSpec = ServiceSpec()
    status: ServiceStatus = ServiceStatus()


class IngressServicePort(_Slim, frozen=True):
    """A Service's port by number or name."""

    number: int | None = None
    name: str | None = None


class IngressServiceBackend(_Slim, frozen=True):
    """The Service behind a path."""

    name: str
    port: IngressServicePort | None = None


class IngressBackend(_Slim, frozen=True):
    """What answers a path."""

    service: IngressServiceBackend | None = None


class IngressPath(_Slim, frozen=True):
    """A path and what answers it."""

    path: str | None = None
    backend: IngressBackend | None = None


class IngressHttp(_Slim, frozen=True):
    """The paths of a host."""

    paths: tuple[IngressPath, ...] | None = None


class IngressRule(_Slim, frozen=True):
    """A host and its paths."""

    host: str | None = None
    http: IngressHttp | None = None


class IngressTls(_Slim, frozen=True):
    """Hosts served with TLS, and the name (never the content) of the Secret with their certificate."""

    hosts: tuple[str, ...] | None = None
    secret_name: str | None = None


class IngressSpec(_Slim, frozen=True):
    """Which hosts and paths lead where."""

    ingress_class_name: str | None = None
    rules: tuple[IngressRule, ...] | None = None
    tls: tuple[IngressTls, ...] | None = None


class IngressStatus(_Slim, frozen=True):
    """Where an Ingress can be reached from outside."""

    load_balancer: LoadBalancerStatus | None = None


class Ingress(KubeObject, frozen=True):
    """networking.k8s.io/v1 Ingress."""

    spec: IngressSpec = IngressSpec()
    status: IngressStatus = IngressStatus()


# --- policy and events ----------------------------------------------------------------------------------------


class ResourceQuotaSpec(_Slim, frozen=True):
    """Limits asked for, by resource name."""

    hard: dict[str, str] | None = None


class ResourceQuotaStatus(_Slim, frozen=True):
    """Limits in force and what is used of them, by resource name."""

    hard: dict[str, str] | None = None
    used: dict[str, str] | None = None


class ResourceQuota(KubeObject, frozen=True):
    """v1 ResourceQuota."""

    spec: ResourceQuotaSpec = ResourceQuotaSpec()
    status: ResourceQuotaStatus = ResourceQuotaStatus()


class EventSource(_Slim, frozen=True):
    """Who reported an event."""

    component: str | None = None
    host: str | None = None


class EventSeries(_Slim, frozen=True):
    """How often an event of the new API was seen, and when last."""

    count: int = 0
    last_observed_time: datetime | None = None


class Event(KubeObject, frozen=True):
    """v1 Event. Old reporters fill count and the two timestamps, new ones ``event_time`` and ``series``."""

    involved_object: ObjectReference = ObjectReference()
    reason: str | None = None
    message: str | None = None
    type: str | None = None
    count: int | None = None
    first_timestamp: datetime | None = None
    last_timestamp: datetime | None = None
    event_time: datetime | None = None
    series: EventSeries | None = None
    source: EventSource | None = None
    reporting_component: str | None = None

    @property
    def last_seen(self) -> datetime | None:
        """When what it tells of was last seen, as far as its reporter says."""
        in_series = self.series.last_observed_time if self.series else None
        return (
            in_series
            or self.last_timestamp
            or self.event_time
            or self.first_timestamp
            or self.metadata.creation_timestamp
        )

    @property
    def times_seen(self) -> int:
        """How often that was seen, at least once."""
        return max(1, (self.series.count if self.series else self.count) or 1)


# --- coordination ---------------------------------------------------------------------------------------------


class LeaseSpec(_Slim, frozen=True):
    """Who holds a Lease, and until when: ``renew_time`` plus ``lease_duration_seconds``."""

    holder_identity: str | None = None
    lease_duration_seconds: int | None = None
    acquire_time: datetime | None = None
    renew_time: datetime | None = None
    lease_transitions: int | None = None


class LeaseMeta(ObjectMeta, frozen=True):
    """All metadata that people and controllers set: a Lease is written back whole, and what is theirs must stay."""

    annotations: dict[str, str] | None = None  # type: ignore[assignment]  # none is skipped
    owner_references: tuple[dict[str, Any], ...] | None = None  # type: ignore[assignment]  # none is trimmed


class Lease(KubeObject, frozen=True):
    """coordination.k8s.io/v1 Lease."""

    metadata: LeaseMeta
    spec: LeaseSpec = LeaseSpec()
