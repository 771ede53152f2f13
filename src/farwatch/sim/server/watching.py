"""One client's watch: which events it gets, in which form, without I/O.

Events wait in a queue until the HTTP side takes them; a client that lets too many wait is cut off, as the real
server does, and lists anew.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable

import msgspec

from farwatch.sim.collection import Change, ChangeType, Entry, encode_event
from farwatch.sim.resources import Resource
from farwatch.sim.server.bookmarks import encode_bookmark
from farwatch.sim.server.options import ListOptions
from farwatch.sim.store import Store

_MOST_WAITING = 20_000

Render = Callable[[Entry], bytes]
"""An object in the form the client asked for."""


class Watch:
    """The events of one resource that one client selected.

    Args:
        store: Where objects live.
        resource: What is watched.
        namespace: Empty for all.
        options: What the client selected, and from where on.
        render: Turns an entry into the form asked for; None sends objects as they are.
        wake: Called when events begin to wait.
    """

    def __init__(
        self,
        store: Store,
        resource: Resource,
        namespace: str,
        options: ListOptions,
        *,
        render: Render | None = None,
        wake: Callable[[], None] = lambda: None,
    ) -> None:
        self._store = store
        self._resource = resource
        self._namespace = namespace
        self._options = options
        self._render = render
        self._wake = wake
        self._waiting: deque[bytes | tuple[ChangeType, Entry]] = deque()
        self.overrun = False
        self._begin()
        self._unsubscribe = store.subscribe(resource.name, self._queue)

    def take(self, most: int = 500) -> list[bytes]:
        """The lines that have waited longest; they wait no longer. They are encoded only now, to be few in memory."""
        return [self._encode(self._waiting.popleft()) for _ in range(min(most, len(self._waiting)))]

    def bookmark(self) -> None:
        """Queue a bookmark, when the client allows them: everything up to now is queued before it."""
        if self._options.bookmarks:
            self._waiting.append(encode_bookmark(self._resource, self._store.resource_version))
            self._wake()

    def close(self) -> None:
        """Take no more events."""
        self._unsubscribe()

    # --- what to send -----------------------------------------------------------------------------------------

    def _begin(self) -> None:
        options = self._options
        if options.initial_events or (options.initial_events is None and not options.version):
            self._queue_current()
            if options.initial_events and options.bookmarks:
                version = self._store.resource_version
                self._waiting.append(encode_bookmark(self._resource, version, initial_events_end=True))
        elif options.version:
            for change in self._store.changes_since(self._resource.name, options.version):
                self._queue(change)

    def _queue_current(self) -> None:
        entries: Iterable[Entry] = self._store.collection(self._resource.name).entries(self._namespace)
        for entry in filter(self._options.selects, entries):
            self._waiting.append((ChangeType.ADDED, entry))

    def _queue(self, change: Change) -> None:
        if self._namespace and change.entry.namespace != self._namespace:
            return
        event = self._select(change)
        if event is None or self.overrun:
            return
        if len(self._waiting) >= _MOST_WAITING:
            self.overrun = True
        else:
            self._waiting.append(event)
        self._wake()

    def _select(self, change: Change) -> tuple[ChangeType, Entry] | None:
        """What the change is to this client: an object that stops being selected is deleted for it."""
        before = change.previous is not None and self._options.selects(change.previous)
        after = change.type is not ChangeType.DELETED and self._options.selects(change.entry)
        match before, after:
            case True, True:
                return ChangeType.MODIFIED, change.entry
            case False, True:
                return ChangeType.ADDED, change.entry
            case True, False:
                return ChangeType.DELETED, _last_selected(change)
        return None

    def _encode(self, event: bytes | tuple[ChangeType, Entry]) -> bytes:
        if isinstance(event, bytes):
            return event
        change_type, entry = event
        return encode_event(change_type, self._render(entry) if self._render else entry.encoded)


def _last_selected(change: Change) -> Entry:
    """The last state that was selected, under the resource version at which that ended."""
    if change.type is ChangeType.DELETED or change.previous is None:
        return change.entry
    document = change.previous.decode()
    document["metadata"]["resourceVersion"] = str(change.resource_version)
    return msgspec.structs.replace(
        change.previous, resource_version=change.resource_version, encoded=msgspec.json.encode(document)
    )
