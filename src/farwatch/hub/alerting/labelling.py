"""Labels of clusters, on the alerts that name one.

An alert whose label ``cluster`` names a cluster is given that cluster's labels, as far as it has none of the same name:
what an alert says of itself holds. Labels are an alert's identity; so when a cluster's change, each of its alerts ends
as it was, and begins anew as it is now, with the same start.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

import msgspec

from farwatch.hub.alerting.alerts import Alert
from farwatch.hub.alerting.fingerprints import fingerprints

CLUSTER = "cluster"
"""The label that names an alert's cluster."""


class Labelling:
    """The labels of all clusters, by name. Whoever changes them must have nothing put meanwhile."""

    def __init__(self) -> None:
        self._labels: dict[str, Mapping[str, str]] = {}
        self._leaving: set[str] = set()

    def set(self, cluster: str, labels: Mapping[str, str]) -> None:
        """A cluster has these labels from now on."""
        self._leaving.discard(cluster)
        if labels:
            self._labels[cluster] = labels
        else:
            self._labels.pop(cluster, None)

    def leave(self, cluster: str) -> None:
        """There is no such cluster any more; its alerts are still to be ended, by the labels that they have."""
        if cluster in self._labels:
            self._leaving.add(cluster)

    def let_go(self, firing: Iterable[Alert]) -> None:
        """Forget the labels of clusters that left, once none of their alerts fires."""
        if self._leaving:
            needed = {alert.labels.get(CLUSTER, "") for alert in firing if alert.cluster_labels}
            for cluster in self._leaving - needed:
                self.set(cluster, {})

    def label(self, alerts: Sequence[Alert]) -> Sequence[Alert]:
        """The alerts, with the labels of their clusters."""
        if not self._labels:
            return alerts
        labelled = list(alerts)
        changed: dict[int, dict[str, str]] = {}
        for place, alert in enumerate(alerts):
            labels = self._labels.get(alert.labels.get(CLUSTER, ""))
            if labels is not None and (added := _missing(alert, labels)):
                changed[place] = added
        sets = [{**own_labels(alerts[place]), **added} for place, added in changed.items()]
        for (place, added), whole, digest in zip(changed.items(), sets, fingerprints(sets), strict=True):
            labelled[place] = msgspec.structs.replace(
                alerts[place], labels=whole, cluster_labels=tuple(added), fingerprint=digest
            )
        return labelled


def own_labels(alert: Alert) -> dict[str, str]:
    """The labels that an alert has of itself, without its cluster's."""
    if not alert.cluster_labels:
        return alert.labels
    return {name: value for name, value in alert.labels.items() if name not in alert.cluster_labels}


def unlabelled(alert: Alert) -> Alert:
    """The alert as it was put."""
    if not alert.cluster_labels:
        return alert
    return msgspec.structs.replace(alert, labels=own_labels(alert), cluster_labels=(), fingerprint="")


def relabel(
    firing: Iterable[Alert], cluster: str, labels: Mapping[str, str], moment: datetime
) -> list[Alert]:
    """What is to be put when a cluster's labels change: each alert that is different by it, ended, and begun anew.

    Args:
        firing: Every alert that fires.
        cluster: The cluster's name.
        labels: The labels that it has from now on.
        moment: Now.
    """
    labelling = Labelling()
    labelling.set(cluster, labels)
    said: list[Alert] = []
    for alert in firing:
        if alert.labels.get(CLUSTER) != cluster:
            continue
        (begun,) = labelling.label([unlabelled(alert)])
        if begun.labels != alert.labels:
            ended = msgspec.structs.replace(alert, ends_at=max(moment, alert.starts_at), timeout=False)
            said += (ended, begun)
    return said


def _missing(alert: Alert, labels: Mapping[str, str]) -> dict[str, str]:
    own = own_labels(alert)
    return {name: value for name, value in labels.items() if name not in own}
