"""The connections that are open: who leads each cluster, and who follows; and what became of those before."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from farwatch.hub.fleet.connection import Connection
from farwatch.link.frames import CloseCode

MAX_FOLLOWERS = 10_000
"""Links of one cluster beside its leader's; twice the nodes of the largest clusters there are."""


@dataclass(slots=True)
class LinkCounters:
    """What became of links, since the start.

    Attributes:
        opened: Links whose agent was let in.
        refused: Agents that were turned away, by reason.
        closed: Links that ended, by reason; ``disconnected`` when the connection broke without a word.
        frames: Messages received.
        bytes: Their size, as it came.
        failed_subscribers: Batches of changes that a subscriber failed to take.
    """

    opened: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    closed: Counter[str] = field(default_factory=Counter)
    frames: int = 0
    bytes: int = 0
    failed_subscribers: int = 0


class Connections:
    """Every connection, and the place in its cluster of each whose agent was let in.

    Attributes:
        max_followers: How many agents of one cluster may have a link and not lead.
    """

    def __init__(self, max_followers: int = MAX_FOLLOWERS) -> None:
        self.max_followers = max_followers
        self._all: set[Connection] = set()
        self._leaders: dict[str, Connection] = {}
        self._followers: dict[str, dict[str, Connection]] = {}

    def __iter__(self) -> Iterator[Connection]:
        """Those there are now, also of agents that were not let in yet; others may come and go meanwhile."""
        return iter(tuple(self._all))

    def leader(self, cluster: str) -> Connection | None:
        """That of the agent that leads a cluster."""
        return self._leaders.get(cluster)

    def count_followers(self, cluster: str) -> int:
        """How many agents of a cluster have a link and do not lead."""
        return len(self._followers.get(cluster, ()))

    def add(self, connection: Connection) -> None:
        """There is one more, of an agent that was not let in yet."""
        self._all.add(connection)

    def make_room(self, cluster: str, newer: Connection) -> bool:
        """Close whatever the newer one replaces; False when there are too many."""
        if not newer.instance:
            older = self._leaders.pop(cluster, None)
        else:
            older = self._followers.get(cluster, {}).pop(newer.instance, None)
            if older is None and self.count_followers(cluster) >= self.max_followers:
                return False
        if older is not None:
            older.close(CloseCode.SUPERSEDED, f"another agent of {cluster!r} connected, from {newer.peer}")
        return True

    def let_in(self, connection: Connection) -> None:
        """Its agent leads its cluster from now on, or follows; there is room."""
        if connection.instance:
            self._followers.setdefault(connection.cluster, {})[connection.instance] = connection
        else:
            self._leaders[connection.cluster] = connection

    def discard(self, connection: Connection) -> bool:
        """It is over; gives whether its agent had its place until now, and no newer one has taken it."""
        self._all.discard(connection)
        if connection.instance:
            place, key = self._followers.get(connection.cluster, {}), connection.instance
        else:
            place, key = self._leaders, connection.cluster
        if place.get(key) is not connection:
            return False
        del place[key]
        return True

    def remove_leader(self, cluster: str) -> Connection | None:
        """Nobody leads the cluster any more."""
        return self._leaders.pop(cluster, None)

    def remove(self, cluster: str) -> list[Connection]:
        """The cluster is no more; gives whose place was in it."""
        leader = self.remove_leader(cluster)
        followers = self._followers.pop(cluster, {}).values()
        return [*followers] if leader is None else [leader, *followers]
