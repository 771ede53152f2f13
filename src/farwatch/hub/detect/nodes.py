"""Trouble of nodes: they are not ready, do not report, run short, or come and go.

A cordoned node is being worked on and takes no new pods; that alone is no trouble, but what follows is told as on any
other node.
"""

from __future__ import annotations

from farwatch.hub.detect.findings import Finding, View
from farwatch.hub.detect.reading import epoch, find_condition, quote, show_span, since_of
from farwatch.kube.objects import Node

_PRESSURES = ("MemoryPressure", "DiskPressure", "PIDPressure")


def check_not_ready(node: Node, view: View) -> Finding | None:
    """The kubelet reports that its node is not ready. A node that is just starting is given time."""
    ready = find_condition(node.status.conditions, "Ready")
    if ready is None or ready.status != "False" or node.metadata.deletion_timestamp:
        return None
    since = since_of(ready, view.now)
    created = epoch(node.metadata.creation_timestamp, view.now)
    is_starting = since is not None and created is not None and since - created < view.limits["startup_grace"]
    return Finding(
        facts=f"Its kubelet says {ready.reason or 'not ready'}{quote(ready.message)}.{_tell_cordon(node)}",
        since=since,
        grace=view.limits["startup_grace"] if is_starting else 0.0,
    )


def check_unreachable(node: Node, view: View) -> Finding | None:
    """The kubelet has stopped reporting; the control plane waited 40 to 50 s before it said so."""
    ready = find_condition(node.status.conditions, "Ready")
    if ready is None or ready.status != "Unknown" or node.metadata.deletion_timestamp:
        return None
    return Finding(
        facts=(
            f"Its kubelet does not report: {ready.reason or 'unknown'}{quote(ready.message)}. Its pods may still run; "
            f"what they are doing is not known.{_tell_cordon(node)}"
        ),
        since=since_of(ready, view.now),
    )


def check_pressure(node: Node, view: View) -> Finding | None:
    """The node runs short of memory, disk or process numbers; its kubelet will evict pods."""
    short = [
        condition
        for kind in _PRESSURES
        if (condition := find_condition(node.status.conditions, kind)) and condition.status == "True"
    ]
    if not short:
        return None
    moments = [moment for condition in short if (moment := since_of(condition, view.now)) is not None]
    return Finding(
        facts=" ".join(
            f"{condition.type}: {condition.reason or ''}{quote(condition.message)}." for condition in short
        ),
        since=min(moments, default=None),
    )


def check_flapping(node: Node, view: View) -> Finding | None:
    """The node was ready and not ready in turn, several times within a short while."""
    needed, window = int(view.limits["transitions"]), view.limits["window"]
    recent = [moment for moment in view.cluster.transitions(node.metadata.name) if moment > view.now - window]
    if len(recent) < needed:
        return None
    return Finding(
        facts=f"It changed between ready and not ready {len(recent)} times within {show_span(window)}.",
        since=recent[0],
        until=recent[-needed] + window,
    )


def _tell_cordon(node: Node) -> str:
    return " It is cordoned." if node.spec.unschedulable else ""
