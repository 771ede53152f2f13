"""Trouble of what workloads draw on: autoscalers, claims, quotas, namespaces."""

from __future__ import annotations

from farwatch.hub.detect.findings import Finding, View
from farwatch.hub.detect.reading import epoch, find_condition, quote, since_of
from farwatch.kube.objects import HorizontalPodAutoscaler, Namespace, PersistentVolumeClaim, ResourceQuota
from farwatch.kube.quantities import QuantityError, parse_quantity

_WAITS_ON_PURPOSE = frozenset({"WaitForFirstConsumer", "WaitForPodScheduled"})
_HOLDS_A_NAMESPACE = (
    "NamespaceDeletionDiscoveryFailure",
    "NamespaceDeletionGroupVersionParsingFailure",
    "NamespaceDeletionContentFailure",
    "NamespaceContentRemaining",
    "NamespaceFinalizersRemaining",
)


def check_hpa_maxed_out(hpa: HorizontalPodAutoscaler, view: View) -> Finding | None:
    """It runs at its upper bound and would go on. One without metrics, or with equal bounds, decides nothing."""
    most = hpa.spec.max_replicas
    if hpa.metadata.deletion_timestamp or (hpa.spec.min_replicas or 1) >= most:
        return None
    if (hpa.status.current_replicas or 0) < most or hpa.status.desired_replicas < most:
        return None
    active = find_condition(hpa.status.conditions, "ScalingActive")
    limited = find_condition(hpa.status.conditions, "ScalingLimited")
    if active is not None and active.status == "False":
        return None
    wants_more = limited is not None and limited.status == "True" and limited.reason == "TooManyReplicas"
    target = hpa.spec.scale_target_ref
    more = f", and would scale further{quote(limited.message)}" if wants_more and limited else ""
    return Finding(
        facts=f"{target.kind} {target.name} runs at its maximum of {most} replicas{more}.",
        since=since_of(limited, view.now) if wants_more and limited else None,
    )


def check_claim_pending(claim: PersistentVolumeClaim, view: View) -> Finding | None:
    """No volume is bound, though something asks for it; or the volume that was bound is gone."""
    if claim.metadata.deletion_timestamp or claim.status.phase not in {"Pending", "Lost"}:
        return None
    note = view.cluster.note("PersistentVolumeClaim", claim)
    if claim.status.phase == "Lost":
        return Finding(facts=f"Its volume {claim.spec.volume_name} does not exist any more.", certain=True)
    if note is not None and note.reason in _WAITS_ON_PURPOSE:
        return None
    storage_class = claim.spec.storage_class_name
    asked = (claim.spec.resources.requests or {}).get("storage", "") if claim.spec.resources else ""
    why = f" Last event: {note.reason}{quote(note.message)}." if note else ""
    return Finding(
        facts=(
            f"No volume is bound to it; it asks for {asked or 'storage'} of "
            f"{f'class {storage_class}' if storage_class else 'the default class'}.{why}"
        ),
        since=epoch(claim.metadata.creation_timestamp, view.now),
    )


def check_quota(quota: ResourceQuota, view: View) -> Finding | None:
    """More than a share of something is used; at all of it, new objects are refused."""
    if quota.metadata.deletion_timestamp:
        return None
    used = quota.status.used or {}
    full = []
    for resource, hard in sorted((quota.status.hard or {}).items()):
        share = _share(used.get(resource, "0"), hard)
        if share > view.limits["ratio"]:
            full.append(f"{resource} {used[resource]} of {hard} ({share:.0%})")
    return Finding(facts=f"Used: {', '.join(full)}.") if full else None


def _share(used: str, hard: str) -> float:
    """How much of a limit is used, 1 being all of it; 0 where there is no limit to speak of."""
    try:
        most = parse_quantity(hard)
        return float(parse_quantity(used) / most) if most else 0.0
    except QuantityError:
        return 0.0


def check_namespace_terminating(namespace: Namespace, view: View) -> Finding | None:
    """Its deletion was asked for and does not come to an end."""
    if namespace.metadata.deletion_timestamp is None:
        return None
    held = [
        condition
        for kind in _HOLDS_A_NAMESPACE
        if (condition := find_condition(namespace.status.conditions, kind)) and condition.status == "True"
    ]
    why = " ".join(f"{condition.reason or condition.type}{quote(condition.message)}." for condition in held)
    return Finding(
        facts=f"Its deletion does not end. {why}".strip(),
        since=epoch(namespace.metadata.deletion_timestamp, view.now),
    )
