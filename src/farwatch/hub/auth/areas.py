"""Parts of the fleet, as a store is asked for what is in them."""

from __future__ import annotations

import msgspec


class Area(msgspec.Struct, frozen=True):
    """Some namespaces of some clusters.

    Attributes:
        clusters: The names of the clusters; None for all, and for what is of none.
        namespaces: The names of the namespaces; None for all, and for what is in none.
    """

    clusters: tuple[str, ...] | None = None
    namespaces: tuple[str, ...] | None = None


Areas = tuple[Area, ...]
"""What is in any one of them; of none, nothing is."""

EVERYTHING: Areas = (Area(),)

_SEPARATOR = ","
"""In no name of a cluster or a namespace that somebody can be granted."""


def covers(areas: Areas, cluster: str | None, namespace: str | None) -> bool:
    """Whether something is in one of them; None stands for any cluster there may be, and likewise any namespace."""
    return any(_has(area.clusters, cluster) and _has(area.namespaces, namespace) for area in areas)


def to_sql(
    areas: Areas, cluster: str = "cluster", namespace: str = "namespace"
) -> tuple[str, dict[str, str]]:
    """A condition in the store's SQL, with what is bound in it: that a row is in one of the areas.

    Args:
        areas: The areas.
        cluster: The column, or expression, that names a row's cluster.
        namespace: Likewise its namespace.
    """
    bound: dict[str, str] = {}
    either = []
    for place, area in enumerate(areas):
        conditions = []
        for column, parameter, names in (
            (cluster, f"area_{place}_clusters", area.clusters),
            (namespace, f"area_{place}_namespaces", area.namespaces),
        ):
            if names is not None:
                bound[parameter] = _SEPARATOR.join(names)
                conditions.append(f"has(splitByChar('{_SEPARATOR}', {{{parameter}:String}}), {column})")
        if not conditions:
            return "true", {}
        # Of no name a split makes one that is empty, as that of what is of no cluster.
        nowhere = () in (area.clusters, area.namespaces)
        either.append("false" if nowhere else "(" + " AND ".join(conditions) + ")")
    return "(" + (" OR ".join(either) or "false") + ")", bound


def _has(names: tuple[str, ...] | None, name: str | None) -> bool:
    return names is None or (name is not None and name in names)
