"""Parameters that routes about objects share."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from litestar.datastructures import State
from litestar.exceptions import ClientException
from litestar.params import PathParameter, QueryParameter

from farwatch.hub import times
from farwatch.hub.auth.policy import Permission
from farwatch.hub.auth.visibility import visibility
from farwatch.hub.inventory.table import Sees
from farwatch.hub.parameters import AnyRequest
from farwatch.kube.kinds import KINDS, KINDS_BY_PLURAL, Kind

LATEST_SECONDS = datetime(2200, 1, 1, tzinfo=UTC).timestamp()
"""The store's times end in 2262; what is beyond this is as good as the end of time."""

MAX_SEQUENCE = 2**63 - 1
"""The largest that a column of the store holds."""

KindInPath = Annotated[str, PathParameter(description="A kind (`Pod`) or its plural (`pods`), in any case.")]
At = Annotated[
    datetime | None,
    QueryParameter(description="As it was then; without a zone, in UTC. As it is now, when left out."),
]
NamespaceOf = Annotated[str, QueryParameter(description="Empty for kinds that live in none.")]


def find_kind(name: str) -> Kind:
    """A kind by its name (`Pod`) or plural (`pods`), in any case.

    Raises:
        ClientException: There is none; the message names them all.
    """
    kind = KINDS_BY_PLURAL.get(name.lower()) or next(
        (kind for kind in KINDS.values() if kind.name.lower() == name.lower()), None
    )
    if kind is None:
        raise ClientException(
            f"{name[:100]!r} is not a kind that is watched; those are {', '.join(sorted(KINDS))}"
        )
    return kind


def to_seconds(time: datetime) -> float:
    """Seconds since the epoch, within what the store can compare."""
    return min(max(times.to_seconds(time), 0.0), LATEST_SECONDS)


async def added_at(state: State, cluster: str) -> float:
    """Since when a cluster is in the fleet, seconds since the epoch: what was before is another's, that had its name.

    Raises:
        ClusterNotFoundError: It is not in the fleet.
    """
    found = await state.fleet.clusters.get(cluster)
    return float(found.created_at.timestamp())


def sight(request: AnyRequest) -> Sees | None:
    """Which objects who asks may see, by cluster and namespace; None: all."""
    seen = visibility(request, Permission.OBJECTS_READ)
    return None if seen.everything else seen.sees
