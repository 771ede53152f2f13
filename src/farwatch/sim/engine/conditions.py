"""The conditions of a node, as kubelet v1.36 words them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from farwatch.sim.times import format_time

Document = dict[str, Any]


@dataclass(frozen=True)
class Health:
    """One state of one node condition: what the kubelet posts, and the Event it reports on the way into it."""

    type: str
    status: str
    reason: str
    message: str
    event: str


READY = Health("Ready", "True", "KubeletReady", "kubelet is posting ready status", "NodeReady")
NOT_READY = Health(
    "Ready",
    "False",
    "KubeletNotReady",
    "[container runtime is down, PLEG is not healthy: pleg was last seen active 3m11s ago; threshold is 3m0s]",
    "NodeNotReady",
)


class Pressure(StrEnum):
    """What a node can run short of; the value is the condition's type."""

    MEMORY = "MemoryPressure"
    DISK = "DiskPressure"
    PID = "PIDPressure"


RELAXED = {
    Pressure.MEMORY: Health(
        "MemoryPressure",
        "False",
        "KubeletHasSufficientMemory",
        "kubelet has sufficient memory available",
        "NodeHasSufficientMemory",
    ),
    Pressure.DISK: Health(
        "DiskPressure",
        "False",
        "KubeletHasNoDiskPressure",
        "kubelet has no disk pressure",
        "NodeHasNoDiskPressure",
    ),
    Pressure.PID: Health(
        "PIDPressure",
        "False",
        "KubeletHasSufficientPID",
        "kubelet has sufficient PID available",
        "NodeHasSufficientPID",
    ),
}
PRESSED = {
    Pressure.MEMORY: Health(
        "MemoryPressure",
        "True",
        "KubeletHasInsufficientMemory",
        "kubelet has insufficient memory available",
        "NodeHasInsufficientMemory",
    ),
    Pressure.DISK: Health(
        "DiskPressure", "True", "KubeletHasDiskPressure", "kubelet has disk pressure", "NodeHasDiskPressure"
    ),
    Pressure.PID: Health(
        "PIDPressure",
        "True",
        "KubeletHasInsufficientPID",
        "kubelet has insufficient PID available",
        "NodeHasInsufficientPID",
    ),
}
PRESSURE_TAINTS = {
    Pressure.MEMORY: "node.kubernetes.io/memory-pressure",
    Pressure.DISK: "node.kubernetes.io/disk-pressure",
    Pressure.PID: "node.kubernetes.io/pid-pressure",
}
SOUND = (*RELAXED.values(), READY)
"""The conditions of a node that is well, in the order kubelets post them."""


def node_condition(health: Health, now: float) -> Document:
    """A condition as a kubelet posts it."""
    return {
        "type": health.type,
        "status": health.status,
        "lastHeartbeatTime": format_time(now),
        "lastTransitionTime": format_time(now),
        "reason": health.reason,
        "message": health.message,
    }
