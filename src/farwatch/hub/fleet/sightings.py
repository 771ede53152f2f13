"""When agents were last seen, so that a hub that starts knows whom to expect."""

from __future__ import annotations

from collections.abc import Callable

from msgspec.structs import replace

from farwatch.hub.fleet.clusters import Clusters, Sighting


class Sightings:
    """Gathers when agents were last seen; whoever owns it has them kept once in a while.

    Args:
        clusters: The records.
        clock: Seconds since the epoch.
    """

    def __init__(self, clusters: Clusters, clock: Callable[[], float]) -> None:
        self._clusters = clusters
        self._clock = clock
        self._present: dict[str, Sighting] = {}
        self._left: dict[str, Sighting] = {}

    def arrive(self, sighting: Sighting) -> None:
        """An agent is there from now on."""
        self._present[sighting.cluster] = sighting

    def leave(self, cluster: str) -> None:
        """It is not any more."""
        sighting = self._present.pop(cluster, None)
        if sighting is not None:
            self._left[cluster] = replace(sighting, time=self._clock())

    def forget(self, cluster: str) -> None:
        """The cluster left the fleet."""
        self._present.pop(cluster, None)
        self._left.pop(cluster, None)

    async def keep(self) -> None:
        """Write to the records who is there now, and who left since the last time.

        Raises:
            SQLAlchemyError: It cannot be written now; nothing of it is forgotten.
        """
        now = self._clock()
        left, self._left = self._left, {}
        present = [replace(sighting, time=now) for sighting in self._present.values()]
        try:
            await self._clusters.record_sightings((*left.values(), *present))
        except BaseException:
            self._left = left | self._left
            raise
