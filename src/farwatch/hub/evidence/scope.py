"""Which objects an alert is about: its subject, what owns it, its pods, and the container that fails. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple, Protocol

import msgspec

from farwatch.hub.detect import Lookup, Subject, Workload, read_subject, workload_of
from farwatch.hub.evidence.evidence import Relation
from farwatch.kube.objects import (
    ContainerStatus,
    HorizontalPodAutoscaler,
    KubeObject,
    LocalReference,
    Pod,
    TemplateSpec,
    WorkloadTemplate,
)

MOST_PODS = 20
"""Events of so many of a workload's failing pods are looked at; those of the newest."""

_NO_PODS = frozenset({"Cluster", "Node", "Namespace", "PersistentVolumeClaim", "ResourceQuota"})


class ObjectRef(NamedTuple):
    """An object of a cluster."""

    kind: str
    namespace: str
    name: str


class Objects(Protocol):
    """The objects of every cluster, as the inventory has them."""

    def objects(self, cluster: str, kind: str) -> Iterator[KubeObject]:
        """A cluster's objects of a kind."""

    def get(self, cluster: str, kind: str, namespace: str, name: str) -> KubeObject | None:
        """One object."""


class Failing(NamedTuple):
    """A container that fails, and its pod."""

    pod: Pod
    status: ContainerStatus


class Scope(msgspec.Struct, frozen=True, kw_only=True):
    """What an alert is about.

    Attributes:
        cluster: The cluster's name.
        namespace: The subject's namespace; empty where it lives in none.
        related: The objects whose changes may be the cause, and what each is to the subject.
        concerned: The objects whose events are about it.
        has_pods: Whether the subject is of a kind that has pods.
        failing: The newest failing pod with the container that fails; None if there is none.
    """

    cluster: str
    namespace: str
    related: Mapping[ObjectRef, Relation]
    concerned: frozenset[ObjectRef]
    has_pods: bool
    failing: Failing | None

    def relation(self, ref: ObjectRef) -> Relation | None:
        """What an object is to the subject, if anything."""
        found = self.related.get(ref)
        if found is None and self.namespace and ref.namespace == self.namespace:
            return Relation.NAMESPACE
        return found


def find_scope(labels: Mapping[str, str], objects: Objects) -> Scope:
    """What the alert with these labels of a detector's is about, as things stand now."""
    subject = read_subject(labels)
    has_pods = subject.kind not in _NO_PODS
    pods = _pods_of(_workload_of(subject, objects), objects) if has_pods else []
    failing = _newest_failing(pods, labels.get("container", ""))
    related: dict[ObjectRef, Relation] = {}
    if failing and failing.pod.spec.node_name:
        related[ObjectRef("Node", "", failing.pod.spec.node_name)] = Relation.NODE
    related |= dict.fromkeys(_configuration(subject, objects), Relation.CONFIGURATION)
    related |= dict.fromkeys(_scalers(subject, objects), Relation.SCALER)
    related |= dict.fromkeys(_owners(subject, objects), Relation.OWNER)
    related[ObjectRef(subject.kind, subject.namespace, subject.name)] = Relation.SUBJECT
    return Scope(
        cluster=subject.cluster,
        namespace=subject.name if subject.kind == "Namespace" else subject.namespace,
        related=related,
        concerned=frozenset(_concerned(related, pods)),
        has_pods=has_pods,
        failing=failing,
    )


def _workload_of(subject: Subject, objects: Objects) -> Subject:
    """The workload whose pods tell about the subject: itself, or what an autoscaler scales."""
    if subject.kind == "HorizontalPodAutoscaler":
        found = objects.get(subject.cluster, subject.kind, subject.namespace, subject.name)
        if isinstance(found, HorizontalPodAutoscaler):
            target = found.spec.scale_target_ref
            return subject._replace(kind=target.kind, name=target.name)
    return subject


def _pods_of(workload: Subject, objects: Objects) -> list[Pod]:
    """The workload's pods, the newest first."""
    lookup = _lookup(workload.cluster, objects)
    wanted = Workload(workload.kind, workload.name)
    pods = [
        pod
        for pod in objects.objects(workload.cluster, "Pod")
        if isinstance(pod, Pod)
        and pod.metadata.namespace == workload.namespace
        and workload_of(pod, lookup) == wanted
    ]
    return sorted(pods, key=_age_key, reverse=True)


def _newest_failing(pods: Iterable[Pod], container: str) -> Failing | None:
    """Of the newest pod that has one, the container of this name, or the first one if it is empty, that fails."""
    for is_bad in (_fails, _is_unwell):
        for pod in pods:
            for status in _statuses(pod):
                if is_bad(status) and container in {"", status.name}:
                    return Failing(pod, status)
    return None


def _fails(status: ContainerStatus) -> bool:
    """It ended in failure, or cannot be started."""
    state = status.state
    if state is None or (state.waiting is None and state.terminated is None):
        return False
    if state.terminated is not None:
        return state.terminated.exit_code != 0
    ended = status.last_state.terminated if status.last_state else None
    is_starting = state.waiting is not None and state.waiting.reason in {
        None,
        "ContainerCreating",
        "PodInitializing",
    }
    return not is_starting or (ended is not None and ended.exit_code != 0)


def _is_unwell(status: ContainerStatus) -> bool:
    """It runs again after a failure, or is not ready."""
    if status.state is None or status.state.running is None:
        return False
    return not status.ready or (status.last_state is not None and status.last_state.terminated is not None)


def _statuses(pod: Pod) -> tuple[ContainerStatus, ...]:
    return (*(pod.status.init_container_statuses or ()), *(pod.status.container_statuses or ()))


def _owners(subject: Subject, objects: Objects) -> Iterator[ObjectRef]:
    """Up the chain of controllers; at an autoscaler, what it scales."""
    target = _workload_of(subject, objects)
    if target != subject:
        yield ObjectRef(target.kind, target.namespace, target.name)
    found = objects.get(target.cluster, target.kind, target.namespace, target.name)
    for _ in range(3):  # longer chains do not exist; circles, in odd clusters, do
        owners = found.metadata.owner_references if found is not None else None
        owner = next((owner for owner in owners or () if owner.controller), None)
        if owner is None:
            return
        ref = ObjectRef(owner.kind, "" if owner.kind == "Node" else target.namespace, owner.name)
        yield ref
        found = objects.get(target.cluster, *ref)


def _configuration(subject: Subject, objects: Objects) -> Iterator[ObjectRef]:
    """The ConfigMaps that configure the workload's pods, as volumes or in their environment."""
    workload = _workload_of(subject, objects)
    found = objects.get(workload.cluster, workload.kind, workload.namespace, workload.name)
    template = getattr(getattr(found, "spec", None), "template", None)
    if isinstance(template, WorkloadTemplate):
        for reference in _config_maps(template.spec):
            if reference is not None and reference.name:
                yield ObjectRef("ConfigMap", workload.namespace, reference.name)


def _config_maps(spec: TemplateSpec) -> Iterator[LocalReference | None]:
    for volume in spec.volumes or ():
        yield volume.config_map
        for source in (volume.projected.sources if volume.projected else None) or ():
            yield source.config_map
    for container in (*(spec.init_containers or ()), *(spec.containers or ())):
        for source_of_all in container.env_from or ():
            yield source_of_all.config_map_ref
        for variable in container.env or ():
            if variable.value_from is not None:
                yield variable.value_from.config_map_key_ref


def _scalers(subject: Subject, objects: Objects) -> Iterator[ObjectRef]:
    if not subject.namespace:
        return
    for found in objects.objects(subject.cluster, "HorizontalPodAutoscaler"):
        if isinstance(found, HorizontalPodAutoscaler) and found.metadata.namespace == subject.namespace:
            target = found.spec.scale_target_ref
            if (target.kind, target.name) == (subject.kind, subject.name):
                yield ObjectRef("HorizontalPodAutoscaler", subject.namespace, found.metadata.name)


def _concerned(related: Mapping[ObjectRef, Relation], pods: Iterable[Pod]) -> Iterator[ObjectRef]:
    yield from (ref for ref, relation in related.items() if relation is not Relation.NODE)
    bad = [pod for pod in pods if not _is_well(pod)][:MOST_PODS]
    for pod in bad:
        yield ObjectRef("Pod", pod.metadata.namespace, pod.metadata.name)
        for owner in pod.metadata.owner_references or ():
            yield ObjectRef(owner.kind, pod.metadata.namespace, owner.name)


def _is_well(pod: Pod) -> bool:
    if pod.status.phase == "Succeeded":
        return True
    statuses = _statuses(pod)
    return pod.status.phase == "Running" and not any(
        _fails(status) or _is_unwell(status) for status in statuses
    )


def _age_key(pod: Pod) -> tuple[float, str]:
    created = pod.metadata.creation_timestamp
    return (created.timestamp() if created else 0.0, pod.metadata.name)


def _lookup(cluster: str, objects: Objects) -> Lookup:
    def look_up(kind: str, namespace: str, name: str) -> KubeObject | None:
        return objects.get(cluster, kind, namespace, name)

    return look_up
