"""Labels of clusters: env, region, team, whatever tells them apart; every alert of a cluster carries them."""

from __future__ import annotations

import re
from collections.abc import Mapping

from farwatch.hub.fleet.errors import ClusterLabelError

MAX_LABELS = 32
"""How many labels a cluster has at most."""

MAX_LABEL_NAME_LENGTH = 64
MAX_LABEL_VALUE_LENGTH = 256

RESERVED_NAMES = frozenset(
    {
        "alertname",
        "cluster",
        "container",
        "namespace",
        "node",
        "pod",
        "severity",
        "workload",
        "workload_kind",
    }
)
"""What alerts say of themselves: no cluster speaks for them."""

# Source: https://prometheus.io/docs/concepts/data_model/#metric-names-and-labels
_NAME = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")


def check_labels(labels: Mapping[str, str]) -> dict[str, str]:
    """The labels, in the order of their names, if a cluster can have them.

    Names are what Prometheus takes as label names, and none of ``RESERVED_NAMES``; values are not empty.

    Raises:
        ClusterLabelError: It cannot.
    """
    if len(labels) > MAX_LABELS:
        raise ClusterLabelError(
            f"{len(labels)} labels are more than the {MAX_LABELS} that a cluster can have"
        )
    for name, value in labels.items():
        _check_name(name)
        _check_value(name, value)
    return dict(sorted(labels.items()))


def change_labels(labels: Mapping[str, str], changes: Mapping[str, str | None]) -> dict[str, str]:
    """Labels after changes: a value sets one, None takes one away, what is not named stays.

    Raises:
        ClusterLabelError: A cluster cannot have what comes of it.
    """
    merged = {name: value for name, value in {**labels, **changes}.items() if value is not None}
    return check_labels(merged)


def _check_name(name: str) -> None:
    if len(name) > MAX_LABEL_NAME_LENGTH or not _NAME.fullmatch(name):
        raise ClusterLabelError(
            f"{name[:80]!r} cannot be a label's name: use at most {MAX_LABEL_NAME_LENGTH} letters, digits and '_', not "
            "beginning with a digit"
        )
    if name in RESERVED_NAMES:
        raise ClusterLabelError(f"the label {name!r} is the alerts' own: choose another name")
    if name.startswith("__"):
        raise ClusterLabelError(
            f"the label {name[:80]!r} begins with '__', which Prometheus keeps for itself"
        )


def _check_value(name: str, value: str) -> None:
    if not 0 < len(value) <= MAX_LABEL_VALUE_LENGTH:
        raise ClusterLabelError(
            f"the value of the label {name!r} has {len(value)} characters: use 1 to {MAX_LABEL_VALUE_LENGTH}"
        )
    if not value.isprintable():
        raise ClusterLabelError(f"the value of the label {name!r} holds characters that cannot be shown")
