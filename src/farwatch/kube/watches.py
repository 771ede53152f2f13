"""Everything that is followed in one cluster: a reflector for each kind and namespace, told as one per kind.

With ``--namespaces a,b`` a kind is followed once in each; those share the kind's store. The kind counts as synced
when each of them has been read or refused, at least one of them read, and its state is the worst of theirs. Kinds
that have no namespace are asked for in the whole cluster even so, but whoever names namespaces may well have granted
nothing beyond them: being denied is what was chosen then, and the kind counts as one that is not there.

With ``--exclude-namespaces x,y`` the server itself leaves out what is in them, and the namespaces' own objects.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence

from farwatch.kube.client import KubeClient
from farwatch.kube.clock import SYSTEM_CLOCK, Clock
from farwatch.kube.comparison import ObservedChange
from farwatch.kube.kinds import KINDS, Kind
from farwatch.kube.reflector import Reflector, Timing
from farwatch.kube.sink import Sink, WatchState
from farwatch.kube.store import PackedStore

FIRST_SYNC_SECONDS = 10.0
"""How long the first list of a kind may hold up the next kind's. One after the other keeps memory's peak low, and
brings owners before what they own."""

NOT_GRANTED = "not granted beyond the watched namespaces, and done without"
"""Begins the message of a kind without a namespace that is denied where only some namespaces are watched."""

_NAMESPACE = "Namespace"

_WORST_FIRST = (
    WatchState.FAILING,
    WatchState.DENIED,
    WatchState.SYNCING,
    WatchState.ABSENT,
    WatchState.SYNCED,
)

_AT_FIRST_LIST = frozenset({WatchState.SYNCING, WatchState.FAILING})
"""Of a namespace that has not been read: its objects may come any moment."""


class Watches:
    """Follows a cluster until cancelled.

    Args:
        client: For the API server.
        sink: Is told. Of a kind's objects it hears from its ``synced`` on; what was there then is in the store.
        kinds: What to follow, in the order of the first sync.
        namespaces: Where; empty for everywhere.
        exclude: Of everywhere, what to leave out.
        timing: How long to wait for what; ``poll`` lists instead of watching.
        clock: Time and chance.

    Attributes:
        stores: What the cluster has, by kind name.
        reflectors: Who follows it, for their counters.
    """

    def __init__(
        self,
        client: KubeClient,
        sink: Sink,
        *,
        kinds: Iterable[Kind] = KINDS.values(),
        namespaces: Sequence[str] = (),
        exclude: Sequence[str] = (),
        timing: Timing | None = None,
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        self.reflectors: list[Reflector] = []
        stores: dict[str, PackedStore] = {}
        for kind in kinds:
            store = stores[kind.name] = PackedStore()
            where = tuple(dict.fromkeys(namespaces)) if namespaces and kind.namespaced else ("",)
            whole = _KindWatch(kind.name, where, sink, optional=bool(namespaces) and not kind.namespaced)
            self.reflectors += [
                Reflector(
                    client,
                    kind,
                    store,
                    _Part(whole, namespace),
                    namespace=namespace,
                    field_selector="" if namespace else _leave_out(kind, exclude),
                    timing=timing,
                    clock=clock,
                )
                for namespace in where
            ]
        self.stores: Mapping[str, PackedStore] = stores

    async def run(self) -> None:
        """Follow everything. Ends only by cancelling, or by what the sink raises."""
        async with asyncio.TaskGroup() as group:
            for reflector in self.reflectors:
                group.create_task(
                    reflector.run(), name=f"watch {reflector.kind.plural} {reflector.namespace}"
                )
                await _wait_briefly(reflector.settled)


async def _wait_briefly(event: asyncio.Event) -> None:
    try:
        async with asyncio.timeout(FIRST_SYNC_SECONDS):
            await event.wait()
    except TimeoutError:
        return


def _leave_out(kind: Kind, namespaces: Iterable[str]) -> str:
    """The field selector of what is not in these namespaces, nor one of them; other kinds have no namespace."""
    if not kind.namespaced and kind.name != _NAMESPACE:
        return ""
    field = "metadata.namespace" if kind.namespaced else "metadata.name"
    return ",".join(f"{field}!={namespace}" for namespace in dict.fromkeys(namespaces))


class _KindWatch:
    """Makes one of the reflectors of a kind in several namespaces.

    Where the kind is ``optional``, being denied is told as absence.
    """

    def __init__(self, kind: str, namespaces: Sequence[str], sink: Sink, *, optional: bool) -> None:
        self._kind = kind
        self._optional = optional
        self._sink = sink
        self._states = dict.fromkeys(namespaces, (WatchState.SYNCING, ""))
        self._unread = set(namespaces)
        self._has_synced = False
        self._told: tuple[WatchState, str] | None = None

    def part_synced(self, namespace: str) -> None:
        self._unread.discard(namespace)
        self._sync_if_read()

    def part_status(self, namespace: str, state: WatchState, message: str) -> None:
        if self._optional and state is WatchState.DENIED:
            state, message = WatchState.ABSENT, f"{NOT_GRANTED}: {message}"
        self._states[namespace] = (state, f"{namespace}: {message}" if namespace and message else message)
        self._sync_if_read()
        worst = min(self._states.values(), key=lambda told: _WORST_FIRST.index(told[0]))
        if worst != self._told:
            self._told = worst
            self._sink.status(self._kind, *worst)

    def changed(self, change: ObservedChange) -> None:
        if self._has_synced:
            self._sink.changed(self._kind, change)

    def _sync_if_read(self) -> None:
        """Tell that the kind is synced, once nobody is still at the first list and somebody has read one.

        One who fails is still at it: whoever is told takes what the store lacks for gone.
        """
        waiting = any(self._states[namespace][0] in _AT_FIRST_LIST for namespace in self._unread)
        if not self._has_synced and not waiting and len(self._unread) < len(self._states):
            self._has_synced = True
            self._sink.synced(self._kind)


class _Part:
    """The sink of one namespace's reflector."""

    def __init__(self, whole: _KindWatch, namespace: str) -> None:
        self._whole = whole
        self._namespace = namespace

    def synced(self, kind: str) -> None:  # noqa: ARG002 - there is just one
        self._whole.part_synced(self._namespace)

    def changed(self, kind: str, change: ObservedChange) -> None:  # noqa: ARG002 - there is just one
        self._whole.changed(change)

    def status(self, kind: str, state: WatchState, message: str) -> None:  # noqa: ARG002 - there is just one
        self._whole.part_status(self._namespace, state, message)
