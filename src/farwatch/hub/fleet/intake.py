"""What agents tell of their clusters' objects, on its way into the inventory and the change log."""

from __future__ import annotations

import asyncio
from typing import assert_never

from farwatch.hub.fleet.connection import Connection
from farwatch.hub.inventory import ChangeLog, Inventory
from farwatch.link.events import (
    ChangesReceived,
    SnapshotBegan,
    SnapshotEnded,
    SnapshotItemsReceived,
    StateEvent,
)


class StateIntake:
    """Takes in state: whoever subscribed to the inventory hears of changes at once, in here; the agent is told when they are durable.

    Args:
        inventory: Takes what agents tell of their objects.
        change_log: Makes it durable.
    """

    def __init__(self, inventory: Inventory, change_log: ChangeLog) -> None:
        self._inventory = inventory
        self._log = change_log
        self._newest: dict[str, asyncio.Future[None]] = {}

    def open(self, connection: Connection) -> None:
        """A cluster's objects come by this connection from now on; what came by others may not be durable yet."""
        connection.newest = self._newest.get(connection.cluster)

    def take(self, connection: Connection, event: StateEvent) -> None:
        """A part of the state came."""
        cluster, kind = connection.cluster, event.kind
        match event:
            case ChangesReceived(items=items):
                changes = self._inventory.apply(cluster, kind, items)
            case SnapshotItemsReceived(items=items):
                changes = self._inventory.snapshot_items(cluster, kind, items)
            case SnapshotEnded():
                changes = self._inventory.end_snapshot(cluster, kind)
                connection.snapshots_ended.add(kind)
            case SnapshotBegan():
                self._inventory.begin_snapshot(cluster, kind)
                changes = []
            case _:
                assert_never(event)
        durable = self._log.append(changes) if changes else None
        if durable is not None:
            self._newest[cluster] = durable
        connection.acknowledge(event.number, durable)
        connection.grant(event.size)

    def forget(self, cluster: str) -> None:
        """The cluster left the fleet, or has another name."""
        self._newest.pop(cluster, None)
