"""Labels of clusters, on the alerts that name one.

An alert whose label ``cluster`` names a cluster is given that cluster's labels, as far as it has none of the same name:
what an alert says of itself holds. Labels are an alert's identity; so when a cluster's change, each of its alerts ends
as it was, and begins anew as it is now, with the same start.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

import msgspec

from farwatch.hub.alerting.alerts import Alert
from farwatch.hub.alerting.fingerprints import fingerprints

CLUSTER = "cluster"
"""The label that names an alert's cluster."""

REMEMBERED = 131_072
"""So many alerts, about, are recognised when they are put again; those that fire share the labels that are kept."""


class _Labelled(NamedTuple):
    """What comes of an alert's own labels: all of them, the names of those that are its cluster's, and the identity."""

    labels: dict[str, str]
    added: tuple[str, ...]
    fingerprint: str

    def put_onto(self, alert: Alert) -> Alert:
        return msgspec.structs.replace(
            alert, labels=self.labels, cluster_labels=self.added, fingerprint=self.fingerprint
        )


class Labelling:
    """The labels of all clusters, by name. Whoever changes them must have nothing put meanwhile."""

    def __init__(self) -> None:
        self._labels: dict[str, Mapping[str, str]] = {}
        self._leaving: set[str] = set()
        self._remembered: dict[str, _Labelled] = {}

    def set(self, cluster: str, labels: Mapping[str, str]) -> None:
        """A cluster has these labels from now on."""
        self._leaving.discard(cluster)
        self._remembered.clear()
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

    def complete(self, labels: Mapping[str, str]) -> dict[str, str]:
        """The labels of an alert as they are when it is put."""
        return {**self._labels.get(labels.get(CLUSTER, ""), {}), **labels}

    def label(self, alerts: Sequence[Alert]) -> Sequence[Alert]:
        """The alerts, with the labels of their clusters."""
        if not self._labels:
            return alerts
        return self._label([unlabelled(alert) for alert in alerts])

    def _label(self, alerts: Sequence[Alert]) -> list[Alert]:
        concerned = {
            alert.fingerprint: alert for alert in alerts if alert.labels.get(CLUSTER, "") in self._labels
        }
        found = {key: self._remembered[key] for key in concerned.keys() & self._remembered.keys()}
        found |= self._look_up([alert for key, alert in concerned.items() if key not in found])
        return [
            labelled.put_onto(alert)
            if (labelled := found.get(alert.fingerprint)) is not None and labelled.added
            else alert
            for alert in alerts
        ]

    def _look_up(self, alerts: Sequence[Alert]) -> dict[str, _Labelled]:
        """What alerts are given, by fingerprint, all at once; what is put again and again is found once."""
        wholes = [self.complete(alert.labels) for alert in alerts]
        found = {
            alert.fingerprint: _Labelled(
                whole, tuple(name for name in whole if name not in alert.labels), digest
            )
            for alert, whole, digest in zip(alerts, wholes, fingerprints(wholes), strict=True)
        }
        if len(self._remembered) + len(found) > REMEMBERED:
            self._remembered.clear()
        self._remembered |= found
        return found


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
