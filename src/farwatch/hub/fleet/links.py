"""The hub's side of every link: who may come in, what their agents tell, what they are asked."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing, suppress
from typing import assert_never

import structlog
from sqlalchemy.exc import SQLAlchemyError

from farwatch.hub.fleet.changes import FleetChange, FleetChangeKind
from farwatch.hub.fleet.clusters import Cluster, Clusters, Sighting, token_id
from farwatch.hub.fleet.connection import SEND_SECONDS, Connection, Socket
from farwatch.hub.fleet.connections import Connections, LinkCounters
from farwatch.hub.fleet.errors import AgentAwayError
from farwatch.hub.fleet.intake import StateIntake
from farwatch.hub.fleet.presence import AgentView, FollowerView, Presence
from farwatch.hub.fleet.reception import Reception
from farwatch.hub.fleet.refusals import RefusalView
from farwatch.hub.fleet.settings import LinkSettings
from farwatch.hub.fleet.sightings import Sightings
from farwatch.hub.inventory import ChangeLog, Inventory
from farwatch.link.events import (
    CallFailed,
    CallReplied,
    ChangesReceived,
    Closed,
    HelloReceived,
    HubEvent,
    SnapshotBegan,
    SnapshotEnded,
    SnapshotItemsReceived,
    StatusReceived,
)
from farwatch.link.frames import AgentInfo, CloseCode, WatchState
from farwatch.link.hub import HubSession

TICK_SECONDS = 0.5
SIGHTINGS_EVERY_SECONDS = 60.0

_NOT_TO_BE_HAD = frozenset({WatchState.DENIED, WatchState.ABSENT})

log = structlog.get_logger(__name__)


class LinkServer:
    """Keeps the links to all agents; the WebSocket endpoint hands each connection to ``serve``.

    Args:
        clusters: Who may come in.
        inventory: Takes what agents tell of their objects.
        change_log: Makes it durable.
        settings: How links are kept.
        clock: Seconds since the epoch.
        monotonic: Monotonic seconds.
    """

    def __init__(
        self,
        clusters: Clusters,
        inventory: Inventory,
        change_log: ChangeLog,
        settings: LinkSettings,
        *,
        clock: Callable[[], float],
        monotonic: Callable[[], float],
    ) -> None:
        self._clusters = clusters
        self._intake = StateIntake(inventory, change_log)
        self._settings = settings
        self._clock = clock
        self._monotonic = monotonic
        self._presence = Presence(clock, monotonic, settings.grace_seconds, settings.restart_grace_seconds)
        self._connections = Connections()
        self._reception = Reception(
            clusters, self._connections, settings.refused_retry_seconds, clock, self._tell
        )
        self._sightings = Sightings(clusters, clock)
        self.counters = LinkCounters(refused=self._reception.refused)
        self._subscribers: list[Callable[[Sequence[FleetChange]], None]] = []
        self._ticker: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Expect the agents that were there before, and begin to look at the clock. Before the first ``serve``."""
        for cluster in await self._clusters.list():
            if cluster.last_seen is not None:
                self._presence.expect(cluster.name, cluster.last_seen)
        self._ticker = asyncio.create_task(self._tick_forever(), name="links-ticker")

    async def close(self) -> None:
        """Tell every agent that the hub stops, wait until they have heard it, and keep when they were last seen."""
        if self._ticker is not None:
            self._ticker.cancel()
            await asyncio.gather(self._ticker, return_exceptions=True)
        connections = tuple(self._connections)
        for connection in connections:
            connection.close(CloseCode.SHUTTING_DOWN, "the hub stops; come back soon")
        with suppress(TimeoutError):
            async with asyncio.timeout(SEND_SECONDS):
                for connection in connections:
                    await connection.over.wait()
        await self.keep_sightings()

    def subscribe(self, subscriber: Callable[[Sequence[FleetChange]], None]) -> None:
        """Hand every later change of the fleet to a callable that does not block."""
        self._subscribers.append(subscriber)

    # --- how agents stand -------------------------------------------------------------------------------------

    def agent(self, cluster: str) -> AgentView | None:
        """How a cluster's agent stands; None if it never came."""
        return self._presence.view(cluster)

    def agents(self) -> list[AgentView]:
        """How every agent stands that ever came, by cluster."""
        return self._presence.views()

    def followers(self, cluster: str) -> list[FollowerView]:
        """Its agents that have a link and do not lead, by pod."""
        return self._presence.followers(cluster)

    def count_followers(self, cluster: str) -> int:
        """How many those are."""
        return self._connections.count_followers(cluster)

    def refusals(self, cluster: str) -> list[RefusalView]:
        """Agents that came for a cluster and were turned away, since one was last let in; the latest first."""
        return self._reception.refusals(cluster)

    # --- what the hub wants of agents -------------------------------------------------------------------------

    async def call(
        self,
        cluster: str,
        method: str,
        params: object = None,
        *,
        timeout_seconds: float = 30.0,
        user: str = "",
    ) -> bytes:
        """Ask a cluster's agent, and get its answer in MessagePack.

        Args:
            cluster: Whose agent.
            method: A name from the agent's allow-list.
            params: The method's parameters.
            timeout_seconds: How long to wait.
            user: On whose behalf.

        Raises:
            AgentAwayError: It is not connected, or left before it answered.
            CallFailedError: It said no, or did not answer in time.
        """
        async with aclosing(
            self.stream(cluster, method, params, timeout_seconds=timeout_seconds, user=user)
        ) as parts:
            return b"".join([part async for part in parts])

    async def stream(
        self, cluster: str, method: str, params: object = None, *, timeout_seconds: float, user: str = ""
    ) -> AsyncGenerator[bytes]:
        """Ask a cluster's agent, and get the parts of its answer as they come. To stop it, close the generator.

        Raises:
            AgentAwayError: It is not connected, or left before it answered.
            CallFailedError: It said no, or did not end in time.
        """
        connection = self._connections.leader(cluster)
        if connection is None:
            raise AgentAwayError(
                f"the agent of {cluster!r} is not connected: see to it that it runs and reaches the hub"
            )
        async with aclosing(connection.call(method, params, timeout_seconds, user)) as parts:
            async for part in parts:
                yield part

    async def close_worthless(self) -> None:
        """Close every link that was opened with a token which is revoked or has ended."""
        self._reception.look_again()
        worthless = await self._clusters.worthless_tokens()
        for connection in self._connections:
            if connection.cluster and connection.token_id in worthless:
                connection.close(
                    CloseCode.REVOKED_TOKEN,
                    f"token {connection.token_id} was revoked or has ended: give the agent the cluster's new token",
                )

    def remove(self, cluster: str) -> None:
        """The cluster left the fleet: close its link, and forget its agent."""
        self._reception.look_again()
        for connection in self._connections.remove(cluster):
            connection.close(CloseCode.BAD_TOKEN, f"cluster {cluster!r} was removed from the fleet")
        self._sightings.forget(cluster)
        self._reception.forget(cluster)
        self._intake.forget(cluster)
        self._tell(self._presence.remove(cluster))

    def rename(self, old: str, cluster: Cluster) -> None:
        """A cluster has another name: its agents are sent away, to come back under it at once."""
        self._reception.look_again()
        self._connections.remove_leader(old)
        for connection in self._connections:
            if connection.cluster == old:
                connection.close(
                    CloseCode.SHUTTING_DOWN,
                    f"cluster {old!r} is called {cluster.name!r} from now on: come back",
                )
        self._sightings.forget(old)
        self._intake.forget(old)
        if cluster.last_seen is not None and self._presence.view(cluster.name) is None:
            self._presence.expect(cluster.name, cluster.last_seen, "the cluster was renamed")
        self._tell(self._presence.remove(old))

    # --- the clock --------------------------------------------------------------------------------------------

    def tick(self) -> None:
        """Look at the clock: heartbeats, deadlines of calls, agents that are lost by now."""
        now = self._monotonic()
        for connection in self._connections:
            for event in connection.tick(now):
                self._handle(connection, event)
        self._tell(self._presence.advance())

    async def keep_sightings(self) -> None:
        """Write when agents were last seen; once a minute is enough for what it is used for."""
        try:
            await self._sightings.keep()
            await self.close_worthless()
        except SQLAlchemyError as error:
            log.warning("cannot keep when agents were last seen, will try again", error=str(error))

    async def _tick_forever(self) -> None:
        kept_at = self._monotonic()
        while True:
            await asyncio.sleep(TICK_SECONDS)
            try:
                self.tick()
                if self._monotonic() >= kept_at + SIGHTINGS_EVERY_SECONDS:
                    kept_at = self._monotonic()
                    await self.keep_sightings()
            except Exception:
                # Without this task every link would be taken for silent: it goes on whatever happens.
                log.exception("looking at the links' clock failed")

    # --- one connection ---------------------------------------------------------------------------------------

    async def serve(self, socket: Socket, token: str, peer: str) -> None:
        """Keep a link on an accepted WebSocket; returns when it is over, and has closed it.

        Args:
            socket: The WebSocket.
            token: What stood in the upgrade request's Authorization header, without ``Bearer``; empty if nothing.
            peer: Where the connection comes from, for people.
        """
        connection = Connection(
            socket,
            HubSession(self._monotonic, heartbeat_seconds=self._settings.heartbeat_seconds),
            token_id=token_id(token),
            peer=peer,
            grant_bytes=self._settings.credit_bytes // 4,
        )

        async def take(data: bytes) -> None:
            await self._take(connection, token, data)

        self._connections.add(connection)
        try:
            await connection.run(take)
        except Exception:
            # One agent's link must never take the hub down; whatever it was ended this link alone.
            log.exception("a link failed", cluster=connection.cluster, peer=peer)
        finally:
            self._leave(connection, had_its_place=self._connections.discard(connection))

    async def _take(self, connection: Connection, token: str, data: bytes) -> None:
        self.counters.frames += 1
        self.counters.bytes += len(data)
        for event in connection.session.receive(data):
            if isinstance(event, HelloReceived):
                await self._greet(connection, token, event.hello.agent)
            else:
                self._handle(connection, event)

    async def _greet(self, connection: Connection, token: str, agent: AgentInfo) -> None:
        found = await self._reception.admit(connection, token, agent)
        if found is None:
            return
        connection.session.welcome(found.name, self._settings.credit_bytes)
        connection.send()
        connection.cluster = found.name
        self._connections.let_in(connection)
        self._reception.forget(found.name)
        self.counters.opened += 1
        log.info(
            "agent connected",
            cluster=found.name,
            peer=connection.peer,
            role=agent.role,
            pod=agent.pod,
            version=agent.version,
        )
        if connection.instance:
            self._presence.follow(found.name, connection.peer, agent)
            return
        self._intake.open(connection)
        self._sightings.arrive(
            Sighting(
                cluster=found.name,
                token_id=connection.token_id,
                time=self._clock(),
                agent_version=agent.version,
                kubernetes_version=agent.kubernetes_version,
            )
        )
        self._tell(self._presence.connect(found.name, connection.peer, agent))

    def _handle(self, connection: Connection, event: HubEvent) -> None:
        match event:
            case ChangesReceived() | SnapshotItemsReceived() | SnapshotBegan() | SnapshotEnded():
                if connection.instance:
                    connection.close(
                        CloseCode.WRONG_STATE, "only the agent that leads tells the cluster's objects"
                    )
                else:
                    self._intake.take(connection, event)
                    self._tell_when_synced(connection)
            case StatusReceived(status=status) if connection.instance:
                self._tell(self._presence.report_of_follower(connection.cluster, connection.instance, status))
            case StatusReceived(status=status):
                self._tell(self._presence.report(connection.cluster, status))
                self._tell_when_synced(connection)
            case CallReplied() | CallFailed():
                connection.answer(event)
            case Closed():
                connection.ended = event
                connection.send()
                told = connection.session.introduced
                if event.code is CloseCode.UNSUPPORTED_PROTOCOL and told is not None:
                    self._reception.note(connection, told.cluster_name, event, told)
            case HelloReceived():
                raise AssertionError("a Hello is greeted, not handled")
            case _:
                assert_never(event)

    def _tell_when_synced(self, connection: Connection) -> None:
        """Once on each connection: every kind that can be had has been compared with what was known before."""
        status = self._presence.view(connection.cluster)
        if connection.synced or status is None or status.status is None or not status.status.kinds:
            return
        wanted = {kind.kind for kind in status.status.kinds if kind.state not in _NOT_TO_BE_HAD}
        if wanted <= connection.snapshots_ended:
            connection.synced = True
            now = self._clock()
            self._tell(
                [FleetChange(cluster=connection.cluster, kind=FleetChangeKind.CLUSTER_SYNCED, time=now)]
            )

    def _leave(self, connection: Connection, *, had_its_place: bool) -> None:
        code = connection.ended.code if connection.ended else None
        reason = connection.ended.reason if connection.ended else "the connection broke"
        self.counters.closed[code or "disconnected"] += 1
        if connection.cluster:
            log.info("agent left", cluster=connection.cluster, peer=connection.peer, code=code, reason=reason)
        if not had_its_place:
            return
        if connection.instance:
            self._presence.unfollow(connection.cluster, connection.instance)
        else:
            self._sightings.leave(connection.cluster)
            self._tell(self._presence.disconnect(connection.cluster, code, reason))

    def _tell(self, changes: Sequence[FleetChange]) -> None:
        if not changes:
            return
        for subscriber in self._subscribers:
            try:
                subscriber(changes)
            except Exception:
                # A fault in one subscriber must not cost the others, nor the link.
                self.counters.failed_subscribers += 1
                log.exception("a subscriber failed to take changes of the fleet", subscriber=repr(subscriber))
