"""What pods and nodes use, as metrics-server tells it (metrics.k8s.io/v1beta1)."""

from __future__ import annotations

import zlib
from typing import Any, NamedTuple

from farwatch.sim.collection import Change, ChangeType
from farwatch.sim.store import Store
from farwatch.sim.times import format_time

_WINDOW = "15s"
_API_VERSION = "metrics.k8s.io/v1beta1"
_UNITS = {
    "Ki": 2**10,
    "Mi": 2**20,
    "Gi": 2**30,
    "Ti": 2**40,
    "k": 1e3,
    "M": 1e6,
    "G": 1e9,
    "T": 1e12,
    "m": 1e-3,
}


class Usage(NamedTuple):
    """CPU in cores, memory in bytes."""

    cpu: float
    memory: float

    def __add__(self, other: Usage) -> Usage:  # type: ignore[override] # sums, where tuples would chain
        """Both together."""
        return Usage(self.cpu + other.cpu, self.memory + other.memory)

    def as_quantities(self) -> dict[str, str]:
        """As metrics-server writes it: nanocores and kibibytes."""
        return {"cpu": f"{round(self.cpu * 1e9)}n", "memory": f"{round(self.memory / 1024)}Ki"}


_IDLE_CONTAINER = Usage(0.002, 16 * 2**20)
_NODE_OVERHEAD = Usage(0.15, 900 * 2**20)


class Metrics:
    """The use of every running pod and ready node of a store.

    A container uses a steady share of its requests, told by its pod's uid, until ``set_usage`` says otherwise.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._set: dict[tuple[str, str], dict[str, Usage]] = {}
        store.subscribe("pods", self._forget_deleted)

    def set_usage(self, namespace: str, pod: str, container: str, usage: Usage) -> None:
        """Let a container use this much from now on, until its pod is deleted."""
        self._set.setdefault((namespace, pod), {})[container] = usage

    def pod_metrics(self, pod: dict[str, Any]) -> dict[str, Any] | None:
        """The ``PodMetrics`` of a pod, or None when it does not run."""
        if pod.get("status", {}).get("phase") != "Running":
            return None
        metadata = pod["metadata"]
        return {
            "metadata": {
                "name": metadata["name"],
                "namespace": metadata["namespace"],
                "creationTimestamp": format_time(self._store.clock()),
                **({"labels": metadata["labels"]} if metadata.get("labels") else {}),
            },
            "timestamp": format_time(self._store.clock()),
            "window": _WINDOW,
            "containers": [
                {"name": container["name"], "usage": self._usage(pod, container).as_quantities()}
                for container in pod["spec"]["containers"]
            ],
        }

    def node_metrics(self, nodes: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """The ``NodeMetrics`` of those of the nodes that are ready."""
        used = self._used_by_node()
        return [
            {
                "metadata": {
                    "name": node["metadata"]["name"],
                    "creationTimestamp": format_time(self._store.clock()),
                    **({"labels": node["metadata"]["labels"]} if node["metadata"].get("labels") else {}),
                },
                "timestamp": format_time(self._store.clock()),
                "window": _WINDOW,
                "usage": (_NODE_OVERHEAD + used.get(node["metadata"]["name"], Usage(0, 0))).as_quantities(),
            }
            for node in nodes
            if _is_ready(node)
        ]

    def _used_by_node(self) -> dict[str, Usage]:
        used: dict[str, Usage] = {}
        for entry in self._store.collection("pods").entries():
            if entry.fields["status.phase"] == "Running":
                pod = entry.decode()
                for container in pod["spec"]["containers"]:
                    node = entry.fields["spec.nodeName"]
                    used[node] = used.get(node, Usage(0, 0)) + self._usage(pod, container)
        return used

    def _usage(self, pod: dict[str, Any], container: dict[str, Any]) -> Usage:
        metadata = pod["metadata"]
        chosen = self._set.get((metadata["namespace"], metadata["name"]), {}).get(container["name"])
        if chosen:
            return chosen
        requests = (container.get("resources") or {}).get("requests") or {}
        share = 0.3 + 0.6 * (zlib.crc32(metadata["uid"].encode()) % 1000) / 1000
        return Usage(
            read_quantity(requests["cpu"]) * share if "cpu" in requests else _IDLE_CONTAINER.cpu,
            read_quantity(requests["memory"]) * share if "memory" in requests else _IDLE_CONTAINER.memory,
        )

    def _forget_deleted(self, change: Change) -> None:
        if change.type is ChangeType.DELETED:
            self._set.pop(change.entry.key, None)


def as_list(kind: str, items: list[dict[str, Any]]) -> dict[str, Any]:
    """``PodMetricsList`` or ``NodeMetricsList``."""
    return {"kind": f"{kind}List", "apiVersion": _API_VERSION, "metadata": {}, "items": items}


def as_object(kind: str, item: dict[str, Any]) -> dict[str, Any]:
    """One ``PodMetrics`` or ``NodeMetrics`` by itself."""
    return {"kind": kind, "apiVersion": _API_VERSION, **item}


def read_quantity(text: str) -> float:
    """A quantity's value: ``500m`` is 0.5, ``1Ki`` is 1024."""
    for unit, factor in _UNITS.items():
        if text.endswith(unit):
            return float(text.removesuffix(unit)) * factor
    return float(text)


def _is_ready(node: dict[str, Any]) -> bool:
    conditions = node.get("status", {}).get("conditions") or ()
    return any(condition["type"] == "Ready" and condition["status"] == "True" for condition in conditions)
