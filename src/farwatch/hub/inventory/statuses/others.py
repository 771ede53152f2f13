"""The status of storage, network, policy and what merely is. Pure."""

from __future__ import annotations

from farwatch.hub.inventory.statuses.status import TERMINATING, Level, Status, is_terminating, quote
from farwatch.kube.objects import (
    Event,
    Ingress,
    KubeObject,
    Namespace,
    PersistentVolume,
    PersistentVolumeClaim,
    ResourceQuota,
    Service,
)
from farwatch.kube.quantities import QuantityError, parse_quantity

_CLAIM_LEVELS = {"Bound": Level.OK, "Pending": Level.WARN, "Lost": Level.BAD}
_VOLUME_LEVELS = {
    "Bound": Level.OK,
    "Available": Level.OK,
    "Released": Level.WARN,
    "Pending": Level.WARN,
    "Failed": Level.BAD,
}
_WHY = {
    "Pending": "no volume is bound to it yet",
    "Lost": "the volume it was bound to is gone",
    "Released": "its claim is gone, and nobody has reclaimed it",
}


def namespace_status(found: Namespace) -> Status:
    """Of a Namespace: its phase, and what holds its end up."""
    if not is_terminating(found) and found.status.phase != "Terminating":
        return Status(found.status.phase or "Active", Level.OK)
    held_up = [
        condition
        for condition in found.status.conditions or ()
        if condition.status == "True" and condition.type != "NamespaceDeletionContentSuccess"
    ]
    return Status("Terminating", Level.WARN, quote(*(condition.message for condition in held_up[:2])))


def claim_status(found: PersistentVolumeClaim) -> Status:
    """Of a PersistentVolumeClaim: its phase."""
    if is_terminating(found):
        return TERMINATING
    phase = found.status.phase or "Unknown"
    return Status(phase, _CLAIM_LEVELS.get(phase, Level.UNKNOWN), _WHY.get(phase, ""))


def volume_status(found: PersistentVolume) -> Status:
    """Of a PersistentVolume: its phase."""
    if is_terminating(found):
        return TERMINATING
    phase = found.status.phase or "Unknown"
    said = quote(found.status.reason, found.status.message)
    why = _WHY.get(phase, "") if phase == "Released" else ""
    return Status(phase, _VOLUME_LEVELS.get(phase, Level.UNKNOWN), said or why)


def service_status(found: Service) -> Status:
    """Of a Service: whether its load balancer has an address, where it asks for one."""
    if is_terminating(found):
        return TERMINATING
    balancer = found.status.load_balancer
    if found.spec.type == "LoadBalancer" and not (balancer and balancer.ingress):
        return Status("Pending", Level.WARN, "no load balancer has given it an address yet")
    return Status("Active", Level.OK)


def ingress_status(found: Ingress) -> Status:
    """Of an Ingress: whether it has an address; not every controller writes one."""
    if is_terminating(found):
        return TERMINATING
    balancer = found.status.load_balancer
    if balancer and balancer.ingress:
        return Status("Active", Level.OK)
    return Status("NoAddress", Level.UNKNOWN, "no controller has written an address to it")


def quota_status(found: ResourceQuota) -> Status:
    """Of a ResourceQuota: whether something of it is used up."""
    if is_terminating(found):
        return TERMINATING
    hard, used = found.status.hard or {}, found.status.used or {}
    full = sorted(name for name, limit in hard.items() if _is_used_up(used.get(name, "0"), limit))
    if full:
        return Status("UsedUp", Level.WARN, quote("nothing is left", ", ".join(full)))
    return Status("WithinLimits", Level.OK)


def event_status(found: Event) -> Status:
    """Of an Event: its type."""
    word = found.type or "Normal"
    return Status(word, Level.OK if word == "Normal" else Level.WARN)


def plain_status(found: KubeObject) -> Status:
    """Of what has no state of its own: it is there, or about to go."""
    return TERMINATING if is_terminating(found) else Status("Present", Level.OK)


def _is_used_up(used: str, limit: str) -> bool:
    try:
        return parse_quantity(limit) > 0 and parse_quantity(used) >= parse_quantity(limit)
    except QuantityError:
        return False
