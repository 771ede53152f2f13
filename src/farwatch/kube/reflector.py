"""Keeps a store equal to what the API server has of one kind, and tells each difference.

List, then watch from the list's version; where the server streams lists, both in one request. After any gap (the
version expired, the stream said something unreadable, polling) the new list is compared with the store, and only the
differences are told, marked ``after_gap``.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from http import HTTPStatus

import structlog

from farwatch.backoff import Backoff, jittered
from farwatch.kube.client import KubeClient
from farwatch.kube.clock import SYSTEM_CLOCK, Clock
from farwatch.kube.comparison import Comparison, ObservedChange, put_object, remove_object
from farwatch.kube.decoding import Bookmark, Malformed, ObjectDeleted, ObjectSeen, StreamFailed, WatchEvent
from farwatch.kube.errors import BAD_BODY, ApiError, ApiUnreachable, KubeError, StreamIdle
from farwatch.kube.kinds import Kind
from farwatch.kube.objects import ObjectMeta
from farwatch.kube.pacing import Pacer
from farwatch.kube.sink import Sink, WatchState
from farwatch.kube.store import PackedStore
from farwatch.kube.stream import IDLE_SECONDS, WatchStream

_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Timing:
    """How long a reflector waits for what, in seconds.

    Attributes:
        poll: List this often instead of watching; None: watch.
        idle: A watch that stands still for longer is given up.
        initial_idle: The same while a streamed list comes in: the sign of a server that does not stream lists.
        denied_retry: How long after being denied to ask again.
        absent_retry: How long after finding the kind absent to look again.
        watch_least: The server ends each watch after this, or up to twice as long: at random, so that not all
            clients come back at once.
        backoff: Between failures.
    """

    poll: float | None = None
    idle: float = IDLE_SECONDS
    initial_idle: float = 15.0
    denied_retry: float = 60.0
    absent_retry: float = 600.0
    watch_least: float = 300.0
    backoff: Backoff = field(default_factory=Backoff)


@dataclass
class Counters:
    """What a reflector has gone through since it started, for metrics.

    Attributes:
        lists: Lists begun, streamed ones included.
        watches: Watches begun, without those that a streamed list begins.
        events: What came in watches, bookmarks included.
        changes: What the sink was told.
        malformed: Objects that could not be read.
        truncated: Streams that ended within a line.
        expired: Versions and continue tokens that the server no longer knew.
        idle: Streams given up because they stood still.
        failures: Everything else that went wrong.
    """

    lists: int = 0
    watches: int = 0
    events: int = 0
    changes: int = 0
    malformed: int = 0
    truncated: int = 0
    expired: int = 0
    idle: int = 0
    failures: int = 0


_QUICK_END_SECONDS = 1.0
"""A watch that ends sooner was not ended for its age: asking again at once would be a busy loop."""

_HEALTHY_SECONDS = 60.0
"""A stream that lived this long makes earlier failures forgotten, even if nothing happened in it."""

_FAILING_AFTER = 2
"""One failure of a watch that ran well is daily life (a server restarts, a balancer moves us); two are trouble."""

_REFUSES_STREAMING = frozenset(
    {HTTPStatus.BAD_REQUEST, HTTPStatus.FORBIDDEN, HTTPStatus.UNPROCESSABLE_ENTITY}
)
"""How servers refuse a streamed list: before they knew of it, with its feature gate off, and, as it is a watch,
where watching is not allowed but listing may be."""


class Reflector:
    """Follows one kind in one namespace, or in all, until its task is cancelled.

    Args:
        client: For the API server.
        kind: What to follow.
        store: Kept equal; may be shared by reflectors of the same kind for different namespaces.
        sink: Is told. The first list is told as changes too (an empty store is compared like any other).
        namespace: Where; empty for everywhere.
        field_selector: Which of them, as the API server selects; empty for all.
        timing: How long to wait for what.
        streaming: Whether to try a streamed list; after one refusal it is not tried again.
        clock: Time and chance.

    Attributes:
        counters: What it has gone through.
        settled: Set once the first attempt has ended, well or badly.
    """

    def __init__(
        self,
        client: KubeClient,
        kind: Kind,
        store: PackedStore,
        sink: Sink,
        *,
        namespace: str = "",
        field_selector: str = "",
        timing: Timing | None = None,
        streaming: bool = True,
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        self.kind = kind
        self.namespace = namespace
        self.counters = Counters()
        self.settled = asyncio.Event()
        self._client = client
        self._store = store
        self._sink = sink
        self._field_selector = field_selector
        self._timing = timing or Timing()
        self._streaming = streaming
        self._clock = clock
        self._log = _log.bind(kind=kind.name, namespace=namespace or None)
        self._version = ""  # where to watch on from; empty: a list is needed
        self._has_synced = False
        self._failures = 0
        self._told: tuple[WatchState, str] | None = None

    async def run(self) -> None:
        """Follow the kind for ever. Raises nothing but what the sink raises."""
        self._enter(WatchState.SYNCING)
        while True:
            try:
                await self._follow()
            except KubeError as error:
                await self._clock.sleep(await self._judge(error))

    # --- the normal course ------------------------------------------------------------------------------------

    async def _follow(self) -> None:
        """One list, if needed, and one watch until it ends; or one list and the wait for the next."""
        if self._timing.poll is not None:
            await self._list()
            self._failures = 0
            self._enter(WatchState.SYNCED)
            await self._clock.sleep(jittered(self._timing.poll, self._clock.random()))
        elif self._version:
            await self._watch()
        elif self._streaming:
            await self._watch_with_list()
        else:
            await self._list()
            await self._watch()

    async def _list(self) -> None:
        self.counters.lists += 1
        comparison = Comparison(self._store, self.namespace)
        version = ""
        async for page in self._client.list_pages(
            self.kind, self.namespace, field_selector=self._field_selector
        ):
            version = page.resource_version
            now = self._clock.time()
            for unreadable in page.malformed:
                self._see_malformed(unreadable, comparison)
            for found in page.items:
                self._emit(comparison.see(found, now))
        self._finish(comparison, version)

    async def _watch(self) -> None:
        self.counters.watches += 1
        async with self._open(idle_seconds=self._timing.idle, resource_version=self._version) as stream:
            self._enter(WatchState.SYNCED)
            await self._read(stream)

    async def _watch_with_list(self) -> None:
        """A watch that begins with a streamed list; where the server does not do that, it is not asked again."""
        self.counters.lists += 1
        comparison = Comparison(self._store, self.namespace)
        try:
            async with self._open(idle_seconds=self._timing.initial_idle, initial_events=True) as stream:
                await self._read_list(stream, comparison)
                self._enter(WatchState.SYNCED)
                stream.idle_seconds = self._timing.idle
                await self._read(stream)
        except (ApiError, StreamIdle) as error:
            if self._version or (isinstance(error, ApiError) and error.status not in _REFUSES_STREAMING):
                raise
            self._streaming = False
            self._log.debug("lists are not streamed here, reading them in pages", why=str(error))

    @asynccontextmanager
    async def _open(
        self, *, idle_seconds: float, resource_version: str = "", initial_events: bool = False
    ) -> AsyncIterator[WatchStream]:
        """An open watch; leaving it, judges whether the stream was a healthy one."""
        timeout_seconds = int(self._timing.watch_least * (1 + self._clock.random()))
        async with self._client.watch(
            self.kind,
            self.namespace,
            resource_version=resource_version,
            timeout_seconds=timeout_seconds,
            initial_events=initial_events,
            idle_seconds=idle_seconds,
            field_selector=self._field_selector,
        ) as stream:
            opened_at = self._clock.monotonic()
            is_frozen = False
            try:
                yield stream
            except StreamIdle:
                is_frozen = True
                raise
            finally:
                lived = self._clock.monotonic() - opened_at
                self.counters.truncated += stream.ended_in_line
                if lived >= _HEALTHY_SECONDS and not is_frozen:
                    self._failures = 0
        if lived < _QUICK_END_SECONDS:
            raise ApiUnreachable(f"{self._client.access.server} ended a watch as soon as it began")

    async def _read_list(self, stream: WatchStream, comparison: Comparison) -> None:
        """Read a streamed list to its end, and what came with the end."""
        async for events in stream:
            remaining = iter(events)
            if any(self._apply_initial(event, comparison) for event in remaining):
                for event in remaining:
                    self._apply(event)
                return
        raise StreamIdle("the server ended a streamed list before it was whole")

    async def _read(self, stream: WatchStream) -> None:
        pacer = Pacer()
        async for events in stream:
            for event in events:
                self._apply(event)
            pause = pacer.pause(stream.last_read_bytes, self._clock.monotonic())
            if pause > 0:
                stream.pause()
                try:
                    await self._clock.sleep(pause)
                finally:
                    stream.resume()

    # --- events -----------------------------------------------------------------------------------------------

    def _apply(self, event: WatchEvent) -> None:
        self.counters.events += 1
        match event:
            case ObjectSeen(found):
                self._emit(put_object(self._store, found, self._clock.time()))
                self._advance(found.metadata.resource_version)
            case ObjectDeleted(metadata):
                self._remove(metadata)
                self._advance(metadata.resource_version)
            case Bookmark(version):
                self._advance(version)
            case Malformed():
                self._see_malformed(event)
                self._advance(event.metadata.resource_version if event.metadata else "")
            case StreamFailed(error):
                raise error

    def _apply_initial(self, event: WatchEvent, comparison: Comparison) -> bool:
        """Apply an event of a streamed list; whether it was the list's end."""
        self.counters.events += 1
        match event:
            case ObjectSeen(found):
                self._emit(comparison.see(found, self._clock.time()))
            case ObjectDeleted(metadata):
                self._remove(metadata)
            case Bookmark(version, True):
                self._finish(comparison, version)
                return True
            case Bookmark():
                raise StreamIdle("the server sent a bookmark instead of the end of a streamed list")
            case Malformed():
                self._see_malformed(event, comparison)
            case StreamFailed(error):
                raise error
        return False

    def _remove(self, metadata: ObjectMeta) -> None:
        self._emit(
            remove_object(
                self._store,
                metadata.namespace,
                metadata.name,
                self._clock.time(),
                resource_version=metadata.resource_version,
            )
        )

    def _see_malformed(self, event: Malformed, comparison: Comparison | None = None) -> None:
        self.counters.malformed += 1
        name = event.metadata.name if event.metadata else None
        self._log.warning("an object cannot be read and is left as it was", name=name, error=event.error)
        if comparison is not None:
            comparison.see_unreadable(event.metadata)

    def _finish(self, comparison: Comparison, version: str) -> None:
        """A list is whole."""
        self._emit(comparison.finish(self._clock.time()))
        self._version = version
        if not self._has_synced:
            self._has_synced = True
            self._sink.synced(self.kind.name)

    def _emit(self, changes: Iterable[ObservedChange]) -> None:
        for change in changes:
            self.counters.changes += 1
            self._sink.changed(self.kind.name, change)

    def _advance(self, version: str) -> None:
        """A watch has come this far; it can be resumed from here, and earlier failures are over."""
        if version:
            self._version = version
            self._failures = 0

    # --- trouble ----------------------------------------------------------------------------------------------

    async def _judge(self, error: KubeError) -> float:
        """What a failure means for the watch, and how many seconds to wait before going on."""
        chance = self._clock.random()
        if isinstance(error, ApiError):
            if error.is_gone:
                return self._judge_gone(error, chance)
            if error.is_forbidden:
                self._version = ""
                self._enter(WatchState.DENIED, error.message)
                return jittered(self._timing.denied_retry, chance)
            if error.is_not_found and await self._is_absent():
                self._version = ""
                self._enter(WatchState.ABSENT, error.message)
                return jittered(self._timing.absent_retry, chance)
            if error.reason == BAD_BODY:
                self._version = ""  # what was lost with the line that nobody can read, only a list tells
        if isinstance(error, StreamIdle):
            self.counters.idle += 1
            if self._failures:
                # Resuming did not help. An etcd restored from a backup counts from below our version, and its
                # server keeps back all that happens until it has come that far.
                self._version = ""
        else:
            self.counters.failures += 1
        return self._judge_failure(error, chance)

    def _judge_gone(self, error: ApiError, chance: float) -> float:
        """A version too old is daily life: list at once, unless that has just been tried."""
        self.counters.expired += 1
        self._version = ""
        if self._failures == 0:
            self._failures = 1
            return 0.0
        return self._judge_failure(error, chance)

    def _judge_failure(self, error: KubeError, chance: float) -> float:
        self._failures += 1
        if self._failures >= _FAILING_AFTER or not self._has_synced:
            self._enter(WatchState.FAILING, str(error))
        retry_after = error.retry_after if isinstance(error, ApiError) else None
        return self._timing.backoff.delay(self._failures, chance, retry_after)

    async def _is_absent(self) -> bool:
        """Whether the cluster lacks the kind; a 404 alone may also be a proxy's."""
        try:
            return not await self._client.serves(self.kind)
        except KubeError:
            return False

    def _enter(self, state: WatchState, message: str = "") -> None:
        """Note how the watch stands, and tell if that is news."""
        if state is not WatchState.SYNCING:
            self.settled.set()
        if (state, message) != self._told:
            self._told = (state, message)
            self._log.debug("watch", state=state.value, message=message or None)
            self._sink.status(self.kind.name, state, message)
