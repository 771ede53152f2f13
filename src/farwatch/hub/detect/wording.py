"""What an alert says: its labels, which identify and route it, and its annotations, which people read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from farwatch.hub.detect.findings import Finding, ObjectKey, Subject
from farwatch.hub.detect.reading import show_time
from farwatch.hub.detect.registry import Detector

DESCRIPTION_LIMIT = 1500
"""How many characters a description has at most: what chat and mail show without folding it away."""

NAMED_PODS = 5
"""How many pods of a workload are named."""


def write_labels(
    detector: Detector, severity: str, subject: Subject, containers: Iterable[str]
) -> dict[str, str]:
    """The labels of an alert: those that apply to its subject, and the container where just one is at fault."""
    labels = {"alertname": detector.name, "severity": severity, "cluster": subject.cluster}
    match subject.kind:
        case "Cluster":
            pass
        case "Node":
            labels["node"] = subject.name
        case "Namespace":
            labels["namespace"] = subject.name
        case kind:
            labels |= {"namespace": subject.namespace, "workload_kind": kind, "workload": subject.name}
            if kind == "Pod":
                labels["pod"] = subject.name
    distinct = set(containers)
    if len(distinct) == 1:
        labels["container"] = distinct.pop()
    return labels


def read_subject(labels: Mapping[str, str]) -> Subject:
    """The subject that ``write_labels`` was given."""
    cluster, namespace = labels.get("cluster", ""), labels.get("namespace", "")
    if "workload" in labels:
        return Subject(cluster, namespace, labels.get("workload_kind", ""), labels["workload"])
    if "node" in labels:
        return Subject(cluster, "", "Node", labels["node"])
    if namespace:
        return Subject(cluster, "", "Namespace", namespace)
    return Subject(cluster, "", "Cluster", cluster)


def write_annotations(
    detector: Detector,
    subject: Subject,
    findings: Sequence[tuple[ObjectKey, Finding]],
    since: float,
    runbook_url: str,
) -> dict[str, str]:
    """Summary, description and runbook of an alert.

    Args:
        detector: What raised it.
        subject: What it is about.
        findings: What was found, the oldest first.
        since: Since when, in seconds since the epoch.
        runbook_url: Where runbooks are, with ``{alertname}`` or ``{anchor}`` where the alert is named.
    """
    return {
        "summary": detector.summary.format(subject=show_subject(subject)),
        "description": _describe(subject, findings, since),
        "runbook_url": runbook_url.replace("{alertname}", detector.name).replace(
            "{anchor}", detector.name.lower()
        ),
    }


def show_subject(subject: Subject) -> str:
    """A subject as a sentence names it, ``Deployment shop/checkout in prod-eu``."""
    if subject.kind == "Cluster":
        return f"Cluster {subject.name}"
    place = f"{subject.namespace}/" if subject.namespace else ""
    return f"{subject.kind} {place}{subject.name} in {subject.cluster}"


def _describe(subject: Subject, findings: Sequence[tuple[ObjectKey, Finding]], since: float) -> str:
    first, finding = findings[0]
    is_part = first.kind != subject.kind or first.name != subject.name
    lead = f"Pod {first.name}: " if is_part else ""
    if len(findings) > 1:
        names = sorted(key.name for key, _ in findings)
        more = f" and {len(names) - NAMED_PODS} more" if len(names) > NAMED_PODS else ""
        lead = f"{len(names)} pods: {', '.join(names[:NAMED_PODS])}{more}. For one, {first.name}: "
    tail = f" Since {show_time(since)}."
    text = lead + finding.facts
    room = DESCRIPTION_LIMIT - len(tail)
    return (text if len(text) <= room else text[: room - 1] + "…") + tail
