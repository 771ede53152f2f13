"""The fleet as a whole: what concerns its clusters, their links and their objects at once."""

from __future__ import annotations

from collections.abc import Mapping

from farwatch.hub.fleet.clusters import ROTATION_OVERLAP_SECONDS, Cluster, Clusters, IssuedToken
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

    async def add(self, name: str, labels: Mapping[str, str] | None = None) -> IssuedToken:
        """Add a cluster with its first token.

        Raises:
            ClusterNameError: The name does not fit the rule.
            ClusterLabelError: A cluster cannot have such labels.
            ClusterExistsError: The name is taken.
        """
        return await self.clusters.add(name, labels)

    async def rename(self, old: str, new: str) -> Cluster:
        """Give a cluster another name.

        It leaves under the old one: its alerts resolve, its objects are forgotten. Its agents are sent away, come back at
        once with the tokens they have, and tell everything anew, under the new name. History stays under the old one.

        Raises:
            ClusterNotFoundError: There is none of the old name.
            ClusterNameError: The new name does not fit the rule.
            ClusterExistsError: It is taken.
            TelemetryError: The store cannot forget its objects under the old name now; they are forgotten at the next start.
        """
        renamed = await self.clusters.rename(old, new)
        self.links.rename(old, renamed)
        self._inventory.remove(old)
        await self._log.forget(old)
        return renamed

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

    async def revoke_key(self, key_id: str) -> None:
        """Make an organisation key worthless at once, and close the links that were opened with it.

        Raises:
            KeyNotFoundError: There is no such key.
        """
        await self.clusters.keys.revoke(key_id)
        await self.links.close_worthless()

    async def revoke(self, name: str, token_id: str) -> None:
        """Make a token worthless at once, and close the link that was opened with it.

        Raises:
            TokenNotFoundError: The cluster has no such token.
        """
        await self.clusters.revoke(name, token_id)
        await self.links.close_worthless()
