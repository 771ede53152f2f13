"""The fleet as a whole: what concerns its clusters, their links and their objects at once."""

from __future__ import annotations

from farwatch.hub.fleet.clusters import ROTATION_OVERLAP_SECONDS, Clusters, IssuedToken
from farwatch.hub.fleet.links import LinkServer
from farwatch.hub.inventory import ChangeLog, Inventory


class Fleet:
    """Adds and removes clusters, and changes their tokens, so that every part follows at once.

    Attributes:
        clusters: The clusters and tokens in the records; for reading.
        links: The links to their agents.
    """

    def __init__(
        self, clusters: Clusters, links: LinkServer, inventory: Inventory, change_log: ChangeLog
    ) -> None:
        self.clusters = clusters
        self.links = links
        self._inventory = inventory
        self._log = change_log

    async def add(self, name: str) -> IssuedToken:
        """Add a cluster with its first token.

        Raises:
            ClusterNameError: The name does not fit the rule.
            ClusterExistsError: It is taken.
        """
        return await self.clusters.add(name)

    async def remove(self, name: str) -> None:
        """Remove a cluster: its tokens are worthless, its link is closed, its objects are gone.

        The history of its changes stays until its time is over.

        Raises:
            ClusterNotFoundError: There is none of this name.
            TelemetryError: The store cannot forget its objects now; removing it again is not needed, they are compared
                away should a cluster of this name come back.
        """
        await self.clusters.remove(name)
        self.links.remove(name)
        self._inventory.remove(name)
        await self._log.forget(name)

    async def rotate(self, name: str, overlap_seconds: float = ROTATION_OVERLAP_SECONDS) -> IssuedToken:
        """Make a new token; those valid now stay valid for the overlap. A link opened with them closes at its end.

        Raises:
            ClusterNotFoundError: There is no such cluster.
        """
        issued = await self.clusters.rotate(name, overlap_seconds)
        await self.links.close_worthless()
        return issued

    async def revoke(self, name: str, token_id: str) -> None:
        """Make a token worthless at once, and close the link that was opened with it.

        Raises:
            TokenNotFoundError: The cluster has no such token.
        """
        await self.clusters.revoke(name, token_id)
        await self.links.close_worthless()
