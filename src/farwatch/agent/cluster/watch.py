"""Follows the cluster's objects, and hands them to the link: as they are, and as they change."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterable, Iterator
from typing import Protocol

import structlog

from farwatch.agent.state import AgentState
from farwatch.kube.client import KubeClient
from farwatch.kube.clock import SYSTEM_CLOCK, Clock
from farwatch.kube.comparison import ObservedChange
from farwatch.kube.kinds import KINDS, Kind
from farwatch.kube.reflector import Counters, Timing
from farwatch.kube.sink import WatchState
from farwatch.kube.store import StoredObject
from farwatch.kube.watches import Watches
from farwatch.link import frames
from farwatch.link.frames import Item

_log = structlog.get_logger(__name__)


class Listener(Protocol):
    """Who is told what happens in the cluster: the uplink."""

    def kind_synced(self, kind: str) -> None:
        """All objects of a kind are known."""

    def changed(self, kind: str, item: Item) -> None:
        """An object changed; the source shows it already."""

    def status_changed(self) -> None:
        """The agent's state is another."""


class ClusterWatch:
    """The watches of every kind. To the link it is the source of objects, to the watches the sink of changes.

    Args:
        client: For the API server.
        state: Is told how each watch stands.
        kinds: What to follow, in the order of the first sync.
        namespaces: Watch only these; empty means all.
        exclude: Watch everything but these.
        poll: Seconds between lists, instead of watching.
        clock: Time and chance.
        on_denial: Is called when a kind is denied, or is so no longer.
        trim: Gives memory back to the system once the first lists are in.
    """

    def __init__(
        self,
        client: KubeClient,
        state: AgentState,
        *,
        kinds: Iterable[Kind] = KINDS.values(),
        namespaces: tuple[str, ...] = (),
        exclude: tuple[str, ...] = (),
        poll: float | None = None,
        clock: Clock = SYSTEM_CLOCK,
        on_denial: Callable[[], None] = lambda: None,
        trim: Callable[[], None] | None = None,
    ) -> None:
        self._watches = Watches(
            client,
            self,
            kinds=kinds,
            namespaces=namespaces,
            exclude=exclude,
            timing=Timing(poll=poll),
            clock=clock,
        )
        self._stores = self._watches.stores
        self._state = state
        self._clock = clock
        self._on_denial = on_denial
        self._trim = trim or trim_memory
        self._settled = False
        self._synced: set[str] = set()
        self._listener: Listener | None = None
        state.stores = self._stores

    async def run(self, listener: Listener) -> None:
        """Follows everything until cancelled."""
        self._listener = listener
        await self._watches.run()

    def counters(self) -> dict[str, list[Counters]]:
        """What the watches of each kind have gone through."""
        found: dict[str, list[Counters]] = {}
        for reflector in self._watches.reflectors:
            found.setdefault(reflector.kind.name, []).append(reflector.counters)
        return found

    # --- what the link asks -----------------------------------------------------------------------------------

    def kinds(self) -> Iterable[str]:
        """The kinds whose objects are known, owners before what they own."""
        return [kind for kind in self._stores if kind in self._synced]

    def items(self, kind: str) -> Iterator[Item]:
        """All objects of a kind, unpacked one by one."""
        for stored in self._stores[kind]:
            yield self._show(stored)

    def item(self, kind: str, namespace: str, name: str) -> Item | None:
        """One object as it is now."""
        stored = self._stores[kind].get(namespace, name)
        return None if stored is None else self._show(stored)

    def _show(self, stored: StoredObject) -> Item:
        return Item(*stored, self._clock.time())

    # --- what the watches tell --------------------------------------------------------------------------------

    def synced(self, kind: str) -> None:
        """A kind's first list is in."""
        self._synced.add(kind)
        if self._listener is not None:
            self._listener.kind_synced(kind)

    def changed(self, kind: str, change: ObservedChange) -> None:
        """An object changed."""
        if self._listener is not None:
            item = Item(
                change.namespace,
                change.name,
                change.uid,
                change.resource_version,
                change.document,
                change.observed_at,
                change.after_gap,
            )
            self._listener.changed(kind, item)

    def status(self, kind: str, state: WatchState, message: str) -> None:
        """The watch of a kind stands otherwise now."""
        was = self._state.watch_state(kind)
        if not self._state.set_kind(kind, frames.WatchState(state), message):
            return
        if (state is WatchState.DENIED) != (was is frames.WatchState.DENIED):
            self._on_denial()
        if state is WatchState.DENIED:
            _log.warning(
                "may not be watched; grant list and watch (with poll, list alone), or live without it",
                kind=kind,
                reason=message,
            )
        elif state is WatchState.FAILING:
            _log.warning("cannot be watched for now", kind=kind, reason=message)
        elif state is WatchState.SYNCED and was is not frames.WatchState.SYNCING:
            _log.info("watched again", kind=kind, after=was.value)
        if self._listener is not None:
            self._listener.status_changed()
        self._settle()

    def _settle(self) -> None:
        kinds = self._state.kinds
        if self._settled or any(kind.state is frames.WatchState.SYNCING for kind in kinds):
            return
        self._settled = True
        self._trim()
        unsynced = {
            kind.kind: kind.state.value for kind in kinds if kind.state is not frames.WatchState.SYNCED
        }
        _log.info("every kind has been tried", objects=sum(self._state.objects.values()), unsynced=unsynced)


def trim_memory() -> None:
    """Gives back what the first lists needed and the allocator kept; does nothing where there is no glibc."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
