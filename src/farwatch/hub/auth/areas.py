"""Parts of the fleet, as a store is asked for what is in them."""

from __future__ import annotations

from collections.abc import Sequence

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


def to_sql(
    areas: Areas, cluster: str = "cluster", namespace: str | None = "namespace"
) -> tuple[str, dict[str, Sequence[str]]]:
    """A condition in the store's SQL, with what is bound in it: that a row is in one of the areas.

    Args:
        areas: The areas.
        cluster: The column, or expression, that names a row's cluster.
        namespace: Likewise its namespace; None where rows have none, and any part of a cluster will do.
    """
    bound: dict[str, Sequence[str]] = {}
    either = []
    for place, area in enumerate(areas):
        conditions = []
        if area.clusters is not None:
            bound[f"area_{place}_clusters"] = area.clusters
            conditions.append(f"has({{area_{place}_clusters:Array(String)}}, {cluster})")
        if area.namespaces is not None and namespace is not None:
            bound[f"area_{place}_namespaces"] = area.namespaces
            conditions.append(f"has({{area_{place}_namespaces:Array(String)}}, {namespace})")
        if not conditions:
            return "true", {}
        either.append(" AND ".join(conditions))
    return "(" + (" OR ".join(either) or "false") + ")", bound
