"""The cluster's work, done by one process of a cluster at a time: alone, or for as long as it is elected."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

import structlog

from farwatch.agent.cluster.watch import ClusterWatch, trim_memory
from farwatch.agent.state import AgentState, Standing
from farwatch.agent.uplink import Uplink
from farwatch.kube.election import LeaderElector
from farwatch.kube.reflector import Counters
from farwatch.link.frames import Item

_log = structlog.get_logger(__name__)


class ClusterWork:
    """Follows the cluster's objects while it is this process's to do. To the link it is the source of objects.

    Args:
        make_watch: A new watch of everything; one watches once.
        state: Is told how this process stands.
    """

    def __init__(self, make_watch: Callable[[], ClusterWatch], state: AgentState) -> None:
        self._make_watch = make_watch
        self._state = state
        self._watch: ClusterWatch | None = None

    async def run(self, uplink: Uplink, elector: LeaderElector | None) -> None:
        """Does the work whenever it is this process's to do, until cancelled."""
        if elector is None:
            await self._follow(uplink)
        while elector is not None:
            await elector.wait_for(leading=True)
            await self._lead(uplink, elector)

    def counters(self) -> Mapping[str, Sequence[Counters]]:
        """What the watches of each kind have gone through, since this process leads."""
        return self._watch.counters() if self._watch else {}

    # --- what the link asks -----------------------------------------------------------------------------------

    def kinds(self) -> Iterable[str]:
        """The kinds whose objects are known; none while the work is another's."""
        return self._watch.kinds() if self._watch else ()

    def items(self, kind: str) -> Iterator[Item]:
        """All objects of a kind, unpacked one by one."""
        return self._watch.items(kind) if self._watch else iter(())

    def item(self, kind: str, namespace: str, name: str) -> Item | None:
        """One object as it is now."""
        return self._watch.item(kind, namespace, name) if self._watch else None

    # --- inside -----------------------------------------------------------------------------------------------

    async def _lead(self, uplink: Uplink, elector: LeaderElector) -> None:
        """From being elected to being so no longer; the hub hears of both by a new Hello."""
        self._state.standing = Standing.LEADING
        self._state.begin_watching()
        following = asyncio.create_task(self._follow(uplink), name="watch")
        deposed = asyncio.create_task(elector.wait_for(leading=False), name="deposed")
        uplink.redial("it leads now")
        try:
            await asyncio.wait((following, deposed), return_when=asyncio.FIRST_COMPLETED)
        finally:
            following.cancel()
            deposed.cancel()
            await asyncio.gather(following, deposed, return_exceptions=True)
        if not following.cancelled() and (fault := following.exception()) is not None:
            raise fault
        self._watch = None
        self._state.standing = Standing.STANDBY
        self._state.begin_watching()
        trim_memory()
        uplink.redial("it no longer leads")

    async def _follow(self, uplink: Uplink) -> None:
        self._watch = self._make_watch()
        await self._watch.run(uplink)
