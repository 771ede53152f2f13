"""The agent's state on its way to the hub: snapshots, then changes, in bounded memory, nothing dropped.

Each kind goes through three stages. **Waiting**: its snapshot has not begun; changes need no attention, since the
snapshot will show them. **Showing**: the snapshot is read from the source page by page; changes queue up behind it.
**Live**: changes are sent as they come.

Queued changes keep their documents, so that every version reaches the history. When they exceed ``hold_bytes``
(the hub is slow) the next ones are noted by name only, the latest per object wins, and the object is read from the
source when its turn comes. When more than ``spill_objects`` names are noted, the kind with most of them begins anew
with a snapshot.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Protocol

from farwatch.link.frames import (
    MAX_FRAME_BYTES,
    Changes,
    Item,
    SnapshotBegin,
    SnapshotEnd,
    SnapshotItems,
)

ITEM_OVERHEAD_BYTES = 48
"""What an item takes beyond its strings and document: MessagePack's headers, the time, the flag."""

MAX_ITEM_BYTES = MAX_FRAME_BYTES // 2
"""No object is larger than the 3 MiB an API server accepts; one that is cannot be sent, and is counted."""

Key = tuple[str, str]
StateFrame = SnapshotBegin | SnapshotItems | SnapshotEnd | Changes


class Source(Protocol):
    """Where the agent's objects are. It shows a change already when the session is told of it."""

    def kinds(self) -> Iterable[str]:
        """The kinds that are synced, owners before what they own."""

    def items(self, kind: str) -> Iterator[Item]:
        """All objects of a kind, read lazily while objects come and go.

        An object that is there from the first to the last item is named; one that comes or goes meanwhile may be.
        Each is as it is when it is named, with ``observed_at`` now.
        """

    def item(self, kind: str, namespace: str, name: str) -> Item | None:
        """One object as it is now; None when there is none."""


@dataclass(frozen=True)
class OutboxLimits:
    """How much is sent at a time and held in between.

    Attributes:
        page_bytes: The size of a frame of items; exceeded by one item at most.
        hold_bytes: Documents of queued changes, all kinds together.
        spill_objects: Names of changed objects that are noted without a document, all kinds together.
    """

    page_bytes: int = 128 * 1024
    hold_bytes: int = 1024 * 1024
    spill_objects: int = 16_384


class _Stage(Enum):
    WAITING = auto()
    SHOWING = auto()
    LIVE = auto()


@dataclass
class _Queue:
    """One kind's way to the hub.

    Attributes:
        held: Changes with their documents, oldest first.
        spilled: Changes beyond what may be held, after all that are: the last change of each object, without its
            document.
        firsts: While showing, the first held change of each object; None once the snapshot has named the object.
        again: While showing, too much was noted: once this snapshot has ended, another follows.
    """

    kind: str
    stage: _Stage = _Stage.WAITING
    held: deque[Item] = field(default_factory=deque)
    spilled: dict[Key, Item] = field(default_factory=dict)
    firsts: dict[Key, Item | None] = field(default_factory=dict)
    again: bool = False
    shown: Iterator[Item] = field(default_factory=lambda: iter(()))
    count: int = 0


class Outbox:
    """Decides which state frame is sent next.

    Args:
        source: Where the objects are.
        limits: Bounds of pages and memory.

    Attributes:
        oversized: Objects that were not sent because no frame can hold them.
    """

    def __init__(self, source: Source, limits: OutboxLimits) -> None:
        self._source = source
        self._limits = limits
        self._queues: dict[str, _Queue] = {}
        self._waiting: deque[_Queue] = deque()
        self._showing: _Queue | None = None
        self._ready: dict[str, _Queue] = {}
        self._changes_first = False
        self.held_bytes = 0
        self.spilled_objects = 0
        self.oversized = 0

    @property
    def empty(self) -> bool:
        """Whether nothing waits to be sent."""
        return not (self._waiting or self._showing or self._ready)

    def add_kind(self, kind: str) -> None:
        """A kind has synced: its snapshot is due. Does nothing for a kind that is there already."""
        if kind not in self._queues:
            queue = self._queues[kind] = _Queue(kind)
            self._waiting.append(queue)

    def put(self, kind: str, item: Item) -> None:
        """An object has changed."""
        queue = self._queues.get(kind)
        if queue is None or queue.stage is _Stage.WAITING or queue.again:
            return
        size = _size(item)
        if size > MAX_ITEM_BYTES:
            self.oversized += 1
            return
        if queue.spilled or self.held_bytes + size > self._limits.hold_bytes:
            self._spill(queue, item)
        else:
            queue.held.append(item)
            self.held_bytes += size
            if queue.stage is _Stage.SHOWING:
                queue.firsts.setdefault((item.namespace, item.name), item)
        if queue.stage is _Stage.LIVE:
            self._ready[kind] = queue

    def next_frame(self) -> StateFrame | None:
        """The next state frame; None when there is nothing to send.

        Changes and the pages of a snapshot take turns, so that neither keeps the other waiting.
        """
        frame = self._next_changes() if self._changes_first else None
        if frame is not None:
            self._changes_first = False
            return frame
        self._changes_first = True
        return self._next_of_snapshot() or self._next_changes()

    # --- changes ----------------------------------------------------------------------------------------------

    def _next_changes(self) -> Changes | None:
        while self._ready:
            kind, queue = next(iter(self._ready.items()))
            del self._ready[kind]
            items = self._pop(queue)
            if queue.held or queue.spilled:
                self._ready[kind] = queue
            if items:
                return Changes(kind=kind, items=items)
        return None

    def _pop(self, queue: _Queue) -> list[Item]:
        items: list[Item] = []
        size = 0
        held = queue.held
        limit = self._limits.page_bytes
        while held and size < limit:
            item = held.popleft()
            items.append(item)
            size += _size(item)
        self.held_bytes -= size
        while queue.spilled and size < limit:
            spilled = self._unspill(queue)
            if self._fits(spilled):
                items.append(spilled)
                size += _size(spilled)
        return items

    def _spill(self, queue: _Queue, item: Item) -> None:
        key = (item.namespace, item.name)
        self.spilled_objects += key not in queue.spilled
        queue.spilled[key] = Item(
            item.namespace, item.name, item.uid, item.resource_version, None, item.observed_at, item.after_gap
        )
        if self.spilled_objects > self._limits.spill_objects:
            self._begin_anew(max(self._queues.values(), key=lambda queue: len(queue.spilled)))

    def _unspill(self, queue: _Queue) -> Item:
        key = next(iter(queue.spilled))
        last = queue.spilled.pop(key)
        self.spilled_objects -= 1
        now = self._source.item(queue.kind, *key)
        if now is None:
            return last
        return Item(
            now.namespace,
            now.name,
            now.uid,
            now.resource_version,
            now.document,
            last.observed_at,
            last.after_gap,
        )

    def _begin_anew(self, queue: _Queue) -> None:
        self._forget(queue)
        if queue.stage is _Stage.SHOWING:
            # The snapshot under way is ended first: a hub that is always behind must see one end.
            queue.again = True
        else:
            queue.stage = _Stage.WAITING
            self._waiting.append(queue)

    def _forget(self, queue: _Queue) -> None:
        self.held_bytes -= sum(map(_size, queue.held))
        self.spilled_objects -= len(queue.spilled)
        queue.held.clear()
        queue.spilled.clear()
        queue.firsts.clear()
        self._ready.pop(queue.kind, None)

    # --- snapshots --------------------------------------------------------------------------------------------

    def _next_of_snapshot(self) -> SnapshotBegin | SnapshotItems | SnapshotEnd | None:
        queue = self._showing
        if queue is None:
            return self._begin_snapshot() if self._waiting else None
        items: list[Item] = []
        size = 0
        for item in queue.shown:
            items.append(item)
            size += _size(item)
            if size >= self._limits.page_bytes:
                break
        if not items:
            return self._end_snapshot(queue)
        queue.count += len(items)
        return SnapshotItems(kind=queue.kind, items=items)

    def _begin_snapshot(self) -> SnapshotBegin:
        queue = self._showing = self._waiting.popleft()
        queue.stage = _Stage.SHOWING
        queue.count = 0
        queue.shown = self._show(queue)
        return SnapshotBegin(kind=queue.kind)

    def _end_snapshot(self, queue: _Queue) -> SnapshotEnd:
        self._showing = None
        queue.firsts.clear()
        queue.stage = _Stage.LIVE
        if queue.again:
            queue.again = False
            queue.stage = _Stage.WAITING
            self._waiting.append(queue)
        elif queue.held or queue.spilled:
            self._ready[queue.kind] = queue
        return SnapshotEnd(kind=queue.kind, count=queue.count)

    def _show(self, queue: _Queue) -> Iterator[Item]:
        """The objects of a snapshot, each as it was before the second of its queued changes.

        The changes follow behind the snapshot; were it to show what they lead to, the hub would see an object go
        back in time. So an object is shown as its first queued change has it, and not at all if that is a deletion.
        """
        firsts = queue.firsts
        for item in self._source.items(queue.kind):
            key = (item.namespace, item.name)
            if firsts and key in firsts:
                first, firsts[key] = firsts[key], None
                if first is not None and first.document is not None:
                    yield first
            elif self._fits(item):
                yield item
        # Changed, then deleted or replaced before their turn came: the hub still sees the change, then the end.
        for key, first in list(firsts.items()):
            if first is not None and first.document is not None:
                now = self._source.item(queue.kind, *key)
                if now is None or now.uid != first.uid:
                    yield first

    def _fits(self, item: Item) -> bool:
        if _size(item) <= MAX_ITEM_BYTES:
            return True
        self.oversized += 1
        return False


def _size(item: Item) -> int:
    """About how many bytes an item takes in a frame."""
    document = item.document
    return (
        ITEM_OVERHEAD_BYTES
        + len(item.namespace)
        + len(item.name)
        + len(item.uid)
        + len(item.resource_version)
        + (len(document) if document is not None else 0)
    )
