"""The composition root: the only place that knows every part."""

from __future__ import annotations

import time
from collections.abc import Iterable
from contextlib import AsyncExitStack
from http import HTTPStatus
from itertools import groupby
from typing import Self

import structlog
from litestar import Litestar, Router
from litestar.config.compression import CompressionConfig
from litestar.datastructures import State
from litestar.openapi.config import OpenAPIConfig
from litestar.openapi.spec import Components, SecurityScheme

from farwatch import __version__
from farwatch.hub import alerting as alerts
from farwatch.hub import auth, detect, fleet, inventory, problems
from farwatch.hub.alerting import Alerting
from farwatch.hub.alerting import routes as alerting_routes
from farwatch.hub.auth import ApiTokens
from farwatch.hub.auth import routes as auth_routes
from farwatch.hub.auth.guard import require_token
from farwatch.hub.console import routes as console_routes
from farwatch.hub.detection import Detection
from farwatch.hub.fleet import Clusters, Fleet, LinkServer, LinkSettings
from farwatch.hub.fleet import routes as fleet_routes
from farwatch.hub.health import routes as health_routes
from farwatch.hub.inventory import ChangeLog, Inventory, ObjectChange
from farwatch.hub.inventory import routes as inventory_routes
from farwatch.hub.live import Publisher, Streams
from farwatch.hub.live import routes as live_routes
from farwatch.hub.options import HubOptions
from farwatch.hub.store import (
    AlertEventRow,
    DataDirectory,
    QueryError,
    Records,
    Table,
    Telemetry,
    TelemetrySettings,
)
from farwatch.kube.kinds import KINDS

_KIND_ORDER = {kind: place for place, kind in enumerate(KINDS)}

_STATUSES: dict[type[Exception], int] = {
    auth.ApiTokenNotFoundError: HTTPStatus.NOT_FOUND,
    auth.LastApiTokenError: HTTPStatus.CONFLICT,
    fleet.ClusterNotFoundError: HTTPStatus.NOT_FOUND,
    fleet.TokenNotFoundError: HTTPStatus.NOT_FOUND,
    fleet.ClusterExistsError: HTTPStatus.CONFLICT,
    fleet.ClusterNameError: HTTPStatus.BAD_REQUEST,
    inventory.InventoryError: HTTPStatus.BAD_REQUEST,
    QueryError: HTTPStatus.SERVICE_UNAVAILABLE,
}
"""What the features' own errors are over HTTP."""

_log = structlog.get_logger(__name__)


class Hub:
    """Every part of a running hub, put together.

    Attributes are the parts that the API serves; each route reads the ones it needs from the application's state.
    """

    def __init__(
        self,
        *,
        api_tokens: ApiTokens,
        fleet: Fleet,
        inventory: Inventory,
        change_log: ChangeLog,
        alerting: Alerting,
        streams: Streams,
        telemetry: Telemetry,
    ) -> None:
        self.api_tokens = api_tokens
        self.fleet = fleet
        self.inventory = inventory
        self.change_log = change_log
        self.alerting = alerting
        self.streams = streams
        self.telemetry = telemetry
        self._exits = AsyncExitStack()

    @classmethod
    async def start(cls, options: HubOptions, external_url: str) -> Self:
        """Claim the data directory, open the stores, take up what was known, and begin to work.

        Raises:
            StoreError: The data directory or a store cannot be used.
            AlertingError: The alerting configuration cannot be used.
            DetectSettingsError: The detectors' settings cannot be used.
            AuthError: The admin token cannot be used.
        """
        config = alerts.load(options.alerting) if options.alerting else alerts.DEFAULT
        settings = (
            detect.DetectSettings.load(options.detectors) if options.detectors else detect.DetectSettings()
        )
        async with AsyncExitStack() as exits:
            directory = DataDirectory.claim(options.data)
            exits.callback(directory.release)
            records = await Records.open(directory)
            exits.push_async_callback(records.close)
            telemetry = await Telemetry.open(
                directory, TelemetrySettings(retention_days=dict.fromkeys(Table, options.retention_days))
            )
            exits.push_async_callback(telemetry.close)
            http = alerts.open_http_session()
            exits.push_async_callback(http.close)

            objects = Inventory(time.time)
            change_log = ChangeLog(telemetry, time.time)
            exits.push_async_callback(change_log.close)
            clusters = Clusters(records, time.time)
            links = LinkServer(
                clusters,
                objects,
                change_log,
                LinkSettings(grace_seconds=options.agent_grace_seconds),
                clock=time.time,
                monotonic=time.monotonic,
            )
            alerting = Alerting(records=records, config=config, http=http, external_url=external_url)
            engine = detect.Engine(settings)
            detection = Detection(engine, alerting, time.time)
            streams = Streams()
            publisher = Publisher(streams)

            hub = cls(
                api_tokens=ApiTokens(records, time.time),
                fleet=Fleet(clusters, links, objects, change_log),
                inventory=objects,
                change_log=change_log,
                alerting=alerting,
                streams=streams,
                telemetry=telemetry,
            )
            await hub.api_tokens.load()
            hub.first_token = await hub.api_tokens.ensure_admin(options.admin_token)

            alerting.subscribe(hub.keep_alert_events)
            alerting.subscribe(publisher.publish_alerts)
            await alerting.start()
            exits.push_async_callback(alerting.stop)
            await hub.take_up(engine)

            objects.subscribe(detection.observe_changes)
            objects.subscribe(publisher.publish_changes)
            links.subscribe(detection.observe_fleet)
            links.subscribe(publisher.publish_fleet)
            detection.start()
            exits.push_async_callback(detection.stop)
            await links.start()
            exits.push_async_callback(links.close)
            exits.callback(streams.close)
            hub._exits = exits.pop_all()
        return hub

    first_token: str | None = None
    """The API token made at the first start, to be shown once; None on every later start."""

    async def stop(self) -> None:
        """Let go of everything, in the order opposite to the start."""
        await self._exits.aclose()

    async def take_up(self, engine: detect.Engine) -> None:
        """Load what was known before the restart into the inventory and the engine."""
        known = {cluster.name for cluster in await self.fleet.clusters.list()}
        stored = await self.change_log.load()
        for orphan in sorted({row.cluster for row in stored} - known):
            await self.change_log.forget(orphan)
        loaded = self.inventory.load(row for row in stored if row.cluster in known)
        for (cluster, kind), changes in _by_cluster_and_kind(loaded):
            engine.load(cluster, kind, [change.object for change in changes])
        engine.restore(self.alerting.active())
        if loaded:
            _log.info(
                "took up where the last run ended", objects=len(loaded), alerts=len(self.alerting.active())
            )

    def keep_alert_events(self, events: Iterable[alerts.AlertEvent]) -> None:
        """Write each transition of an alert to the telemetry store."""
        self.telemetry.insert(Table.ALERT_EVENTS, [_to_row(event) for event in events])


def create_app(hub: Hub) -> Litestar:
    """The HTTP application around a running hub."""
    api = Router(
        "/api/v1",
        route_handlers=[
            auth_routes.router,
            fleet_routes.router,
            inventory_routes.router,
            alerting_routes.router,
            live_routes.router,
        ],
    )
    state = State(
        {
            "hub": hub,
            "api_tokens": hub.api_tokens,
            "fleet": hub.fleet,
            "inventory": hub.inventory,
            "change_log": hub.change_log,
            "alerting": hub.alerting,
            "streams": hub.streams,
            "telemetry": hub.telemetry,
        }
    )
    return Litestar(
        [api, fleet_routes.link, health_routes.router, console_routes.router],
        guards=[require_token],
        exception_handlers=problems.handlers(_STATUSES),
        compression_config=CompressionConfig(backend="gzip", exclude=["/api/v1/stream"]),
        openapi_config=OpenAPIConfig(
            title="Farwatch",
            version=__version__,
            path="/api/schema",
            components=Components(security_schemes={"token": SecurityScheme(type="http", scheme="bearer")}),
            security=[{"token": []}],
        ),
        state=state,
        logging_config=None,
    )


def _by_cluster_and_kind(
    changes: Iterable[ObjectChange],
) -> Iterable[tuple[tuple[str, str], Iterable[ObjectChange]]]:
    """Owners before what they own, in the order of ``KINDS``."""
    ordered = sorted(changes, key=lambda change: (change.cluster, _KIND_ORDER[change.kind]))
    return groupby(ordered, key=lambda change: (change.cluster, change.kind))


def _to_row(event: alerts.AlertEvent) -> AlertEventRow:
    alert = event.alert
    return AlertEventRow(
        time=event.time,
        fingerprint=event.fingerprint,
        transition=event.transition,
        alertname=alert.labels.get("alertname", ""),
        cluster=alert.labels.get("cluster", ""),
        namespace=alert.labels.get("namespace", ""),
        starts_at=alert.starts_at.timestamp(),
        ends_at=alert.ends_at.timestamp() if alert.ends_at else None,
        labels=alert.labels,
        annotations=alert.annotations,
    )
