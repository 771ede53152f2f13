"""Everything about one object on one page. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec

from farwatch.hub.alerting import Alert
from farwatch.hub.detect import read_subject
from farwatch.hub.inventory import Level, Status, status_of
from farwatch.hub.inventory.statuses import utc
from farwatch.hub.overview.objects.containers import ContainerView, show_containers
from farwatch.hub.overview.objects.scene import Ref, Scene, owned_by, owners_of
from farwatch.hub.overview.objects.words import explain
from farwatch.hub.overview.trouble import rank_severity, severity_of
from farwatch.kube.objects import (
    Condition,
    Event,
    HorizontalPodAutoscaler,
    KubeObject,
    PersistentVolume,
    PersistentVolumeClaim,
    Pod,
    TemplateSpec,
)

MOST_RELATED = 200
"""How many of its pods, and of what else it made, are listed; the worst first."""

MOST_EVENTS = 100
LONGEST_MESSAGE = 2_000

_BAD_WHEN_TRUE = frozenset(
    {
        "MemoryPressure",
        "DiskPressure",
        "PIDPressure",
        "NetworkUnavailable",
        "ReplicaFailure",
        "Failed",
        "FailureTarget",
        "DisruptionTarget",
        "NamespaceDeletionDiscoveryFailure",
        "NamespaceDeletionGroupVersionParsingFailure",
        "NamespaceDeletionContentFailure",
        "NamespaceContentRemaining",
        "NamespaceFinalizersRemaining",
    }
)
_NEITHER = frozenset({"Suspended", "ScalingLimited", "PodResizePending", "PodResizeInProgress"})
_WORST_FIRST = {
    level: place for place, level in enumerate((Level.BAD, Level.WARN, Level.UNKNOWN, Level.OK, Level.DONE))
}


class _View(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """The base of what is shown. Times are UTC."""


class RelatedView(_View, frozen=True):
    """Another object, and how it stands; `status` is absent where it is not known."""

    kind: str
    namespace: str
    name: str
    uid: str = ""
    status: Status | None = None
    created_at: datetime | None = None


class ConditionView(_View, frozen=True):
    """A condition, and whether what it says is as it should be."""

    type: str
    status: str
    level: Level
    reason: str = ""
    message: str = ""
    since: datetime | None = None


class EventView(_View, frozen=True):
    """An event about the object, or about what owns it or it owns."""

    kind: str
    name: str
    type: str
    reason: str
    message: str
    count: int
    last_seen: datetime | None = None
    first_seen: datetime | None = None
    source: str = ""


class AlertMark(_View, frozen=True):
    """An alert that fires about the object or what owns it."""

    fingerprint: str
    alertname: str
    severity: str
    summary: str
    starts_at: datetime


class ObjectDetail(_View, frozen=True):
    """Everything about one object.

    Attributes:
        cluster: Its cluster.
        kind: Its kind.
        namespace: Its namespace; empty for kinds that live in none.
        name: Its name.
        uid: Tells it from another of the same name.
        at: When it was so.
        status: How it stands.
        summary: What that means, in a sentence or two.
        created_at: When it was created.
        deleted_at: When its deletion was asked for.
        owners: Up the chain of controllers, the nearest first.
        owned: What its controller made, without pods.
        owned_count: How many of those there are.
        pods: The pods that it runs, or that are on the node; the worst first.
        pod_count: How many of those there are.
        containers: Its containers, or those of its pods' template.
        conditions: Its conditions.
        events: About it, what owns it and its pods; the latest first.
        alerts: That fire about it or what owns it, the worst first; none are given for a time in the past.
        node: The node that a pod is on.
        uses: What it refers to, as far as that is kept: ConfigMaps, a claim's volume, what an autoscaler scales.
        labels: Its labels.
        known_since: With a time in the past: from when on everything is known.
        object: As it is kept, in the Kubernetes API's shape.
    """

    cluster: str
    kind: str
    namespace: str
    name: str
    uid: str
    at: datetime
    status: Status
    summary: str
    object: dict[str, Any]
    created_at: datetime | None = None
    deleted_at: datetime | None = None
    owners: list[RelatedView] = []
    owned: list[RelatedView] = []
    owned_count: int = 0
    pods: list[RelatedView] = []
    pod_count: int = 0
    containers: list[ContainerView] = []
    conditions: list[ConditionView] = []
    events: list[EventView] = []
    alerts: list[AlertMark] = []
    node: RelatedView | None = None
    uses: list[RelatedView] = []
    labels: dict[str, str] = {}
    known_since: datetime | None = None


def describe(
    cluster: str, ref: Ref, found: KubeObject, scene: Scene, *, alerts: Iterable[Alert], at: datetime
) -> ObjectDetail:
    """Everything about one object.

    Args:
        cluster: Its cluster.
        ref: Which it is.
        found: The object.
        scene: What is around it.
        alerts: Those that fire.
        at: When all this is so.
    """
    meta = found.metadata
    status = status_of(ref.kind, found)
    owners = owners_of(scene, found)
    made, pods = owned_by(scene, ref.kind, found)
    about = {ref, *(owner for owner, _ in owners), *(_ref(kind, child) for kind, child in made)}
    if ref.kind != "Node":
        about |= {_ref("Pod", pod) for pod in pods}
    return ObjectDetail(
        cluster=cluster,
        kind=ref.kind,
        namespace=ref.namespace,
        name=ref.name,
        uid=meta.uid,
        at=at,
        status=status,
        summary=explain(ref.kind, found, status),
        object=msgspec.to_builtins(found),
        created_at=meta.creation_timestamp,
        deleted_at=meta.deletion_timestamp,
        owners=[_relate(owner, known) for owner, known in owners],
        owned=_worst_first(_relate(_ref(kind, child), child) for kind, child in made),
        owned_count=len(made),
        pods=_worst_first(_relate(_ref("Pod", pod), pod) for pod in pods),
        pod_count=len(pods),
        containers=show_containers(found),
        conditions=_show_conditions(found),
        events=_show_events(scene, ref, about),
        alerts=_show_alerts(cluster, {ref, *(owner for owner, _ in owners)}, ref, alerts),
        node=_node_of(scene, found),
        uses=[_relate(used, scene.get(used)) for used in dict.fromkeys(_used(found))],
        labels=meta.labels or {},
    )


# --- what is around it ----------------------------------------------------------------------------------------


def _ref(kind: str, found: KubeObject) -> Ref:
    return Ref(kind, found.metadata.namespace, found.metadata.name)


def _relate(ref: Ref, found: KubeObject | None) -> RelatedView:
    if found is None:
        return RelatedView(kind=ref.kind, namespace=ref.namespace, name=ref.name)
    return RelatedView(
        kind=ref.kind,
        namespace=ref.namespace,
        name=ref.name,
        uid=found.metadata.uid,
        status=status_of(ref.kind, found),
        created_at=found.metadata.creation_timestamp,
    )


def _worst_first(related: Iterable[RelatedView]) -> list[RelatedView]:
    ordered = sorted(
        related, key=lambda one: (_WORST_FIRST[one.status.level] if one.status else len(Level), one.name)
    )
    return ordered[:MOST_RELATED]


def _node_of(scene: Scene, found: KubeObject) -> RelatedView | None:
    name = found.spec.node_name if isinstance(found, Pod) else None
    return _relate(Ref("Node", "", name), scene.get(Ref("Node", "", name))) if name else None


def _used(found: KubeObject) -> Iterator[Ref]:
    namespace = found.metadata.namespace
    match found:
        case HorizontalPodAutoscaler():
            target = found.spec.scale_target_ref
            yield Ref(target.kind, namespace, target.name)
        case PersistentVolumeClaim() if found.spec.volume_name:
            yield Ref("PersistentVolume", "", found.spec.volume_name)
        case PersistentVolume() if found.spec.claim_ref:
            yield Ref("PersistentVolumeClaim", found.spec.claim_ref.namespace, found.spec.claim_ref.name)
    spec = getattr(getattr(getattr(found, "spec", None), "template", None), "spec", None)
    if isinstance(spec, TemplateSpec):
        for name in _config_maps(spec):
            yield Ref("ConfigMap", namespace, name)


def _config_maps(spec: TemplateSpec) -> Iterator[str]:
    for volume in spec.volumes or ():
        sources = (volume.projected.sources if volume.projected else None) or ()
        for reference in (volume.config_map, *(source.config_map for source in sources)):
            if reference and reference.name:
                yield reference.name
    for container in (*(spec.init_containers or ()), *(spec.containers or ())):
        whole = (source.config_map_ref for source in container.env_from or ())
        single = (one.value_from.config_map_key_ref for one in container.env or () if one.value_from)
        for reference in (*whole, *single):
            if reference and reference.name:
                yield reference.name


# --- what is said of it ---------------------------------------------------------------------------------------


def _show_conditions(found: KubeObject) -> list[ConditionView]:
    conditions: Sequence[Condition] = getattr(getattr(found, "status", None), "conditions", None) or ()
    is_over = isinstance(found, Pod) and found.status.phase == "Succeeded"
    return [
        ConditionView(
            type=condition.type,
            status=condition.status,
            level=Level.DONE if is_over else _grade(condition),
            reason=condition.reason or "",
            message=(condition.message or "")[:LONGEST_MESSAGE],
            since=condition.last_transition_time,
        )
        for condition in conditions
    ]


def _grade(condition: Condition) -> Level:
    if condition.status not in {"True", "False"}:
        return Level.UNKNOWN
    if condition.type in _NEITHER:
        return Level.OK if condition.status == "False" else Level.WARN
    is_good = (condition.status == "True") != (condition.type in _BAD_WHEN_TRUE)
    return Level.OK if is_good else Level.BAD


def _show_events(scene: Scene, ref: Ref, about: set[Ref]) -> list[EventView]:
    namespace = ref.namespace or None
    found = [
        event
        for event in scene.objects("Event", namespace)
        if isinstance(event, Event) and _is_about(event, about)
    ]
    shown = [_show_event(event) for event in found]
    shown.sort(key=lambda event: event.last_seen or datetime.min.replace(tzinfo=UTC), reverse=True)
    return shown[:MOST_EVENTS]


def _is_about(event: Event, about: set[Ref]) -> bool:
    involved = event.involved_object
    # Events about what lives in no namespace are in "default", and say so or nothing.
    return (
        Ref(involved.kind, involved.namespace, involved.name) in about
        or Ref(involved.kind, "", involved.name) in about
    )


def _show_event(event: Event) -> EventView:
    return EventView(
        kind=event.involved_object.kind,
        name=event.involved_object.name,
        type=event.type or "Normal",
        reason=event.reason or "",
        message=(event.message or "")[:LONGEST_MESSAGE],
        count=event.times_seen,
        last_seen=utc(event.last_seen),
        first_seen=event.first_timestamp or event.event_time or event.metadata.creation_timestamp,
        source=event.reporting_component or (event.source.component if event.source else None) or "",
    )


def _show_alerts(cluster: str, about: set[Ref], ref: Ref, alerts: Iterable[Alert]) -> list[AlertMark]:
    marks = [
        AlertMark(
            fingerprint=alert.fingerprint,
            alertname=alert.labels.get("alertname", ""),
            severity=severity_of(alert),
            summary=alert.annotations.get("summary", ""),
            starts_at=alert.starts_at,
        )
        for alert in alerts
        if alert.labels.get("cluster") == cluster and _concerns(alert, about, ref)
    ]
    return sorted(marks, key=lambda mark: (rank_severity(mark.severity), mark.starts_at, mark.fingerprint))


def _concerns(alert: Alert, about: set[Ref], ref: Ref) -> bool:
    if ref.kind == "Pod" and alert.labels.get("pod"):
        return (alert.labels.get("namespace"), alert.labels["pod"]) == (ref.namespace, ref.name)
    subject = read_subject(alert.labels)
    return Ref(subject.kind, subject.namespace, subject.name) in about
