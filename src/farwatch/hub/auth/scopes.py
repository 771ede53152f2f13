"""What a grant may be for: the names that scopes hold."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping

from farwatch.hub.auth.errors import AuthError
from farwatch.hub.auth.principal import Grant, Scope

MAX_NAMES = 100
MAX_LABEL_LENGTH = 64
MAX_VALUE_LENGTH = 256
NAMES_TOLD = 20

_LABEL = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
_NAMESPACE = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")


class GrantError(AuthError):
    """Something cannot be granted; the message names every fault."""


def check_grant(grant: Grant, clusters: Collection[str]) -> None:
    """See to it that something can be granted.

    Args:
        grant: What.
        clusters: The names of all clusters.

    Raises:
        GrantError: It cannot; the message names every fault.
    """
    faults = list(_find_faults(grant.scope, clusters))
    if faults:
        raise GrantError("; ".join(faults))


def _find_faults(scope: Scope, clusters: Collection[str]) -> Iterator[str]:
    for field, names in (("clusters", scope.clusters), ("namespaces", scope.namespaces)):
        if len(names) > MAX_NAMES:
            yield f"{field}: {len(names)} are given: {MAX_NAMES} are the most"
        if len(set(names)) < len(names):
            yield f"{field}: a name is given more than once"
    known = ", ".join(sorted(clusters)[:NAMES_TOLD]) or "none yet"
    for name in scope.clusters[:MAX_NAMES]:
        if name not in clusters:
            yield f"clusters: no cluster is named {name[:80]!r}; there are: {known}"
    for name in scope.namespaces[:MAX_NAMES]:
        if not _NAMESPACE.fullmatch(name):
            yield f"namespaces: {name[:80]!r} cannot be a namespace: use letters a-z, digits and '-'"
    yield from _find_label_faults(scope.cluster_labels)


def _find_label_faults(labels: Mapping[str, str]) -> Iterator[str]:
    if len(labels) > MAX_NAMES:
        yield f"clusterLabels: {len(labels)} are given: {MAX_NAMES} are the most"
    for name, value in labels.items():
        if len(name) > MAX_LABEL_LENGTH or not _LABEL.fullmatch(name):
            yield f"clusterLabels: {name[:80]!r} cannot be a label of a cluster"
        if not 0 < len(value) <= MAX_VALUE_LENGTH or not value.isprintable():
            yield f"clusterLabels: the value of {name[:80]!r} cannot be one: use 1 to {MAX_VALUE_LENGTH} characters"
