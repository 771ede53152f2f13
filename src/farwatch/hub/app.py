"""The composition root: the only place that knows every part."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from contextlib import AsyncExitStack, suppress
from http import HTTPStatus
from itertools import groupby
from pathlib import Path
from typing import NamedTuple, Self

import aiohttp
import structlog
from litestar import Litestar, Router
from litestar.config.compression import CompressionConfig
from litestar.datastructures import ResponseHeader, State
from litestar.openapi.config import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.openapi.spec import Components, SecurityScheme
from litestar.types import ControllerRouterHandler

from farwatch import __version__
from farwatch.hub import alerting as alerts
from farwatch.hub import audit, backup, detect, fleet, install, inventory, problems
from farwatch.hub.alerting import Alerting
from farwatch.hub.alerting import routes as alerting_routes
from farwatch.hub.alerting.routes import management
from farwatch.hub.audit import routes as audit_routes
from farwatch.hub.audit.middleware import AuditMiddleware, note_intent
from farwatch.hub.auth import FirstLines, People, oidc
from farwatch.hub.auth import routes as auth_routes
from farwatch.hub.auth.access import list_entries
from farwatch.hub.auth.following import Followed, Following
from farwatch.hub.auth.grants import Grants
from farwatch.hub.auth.guard import SELF, admit_anyone, require_principal
from farwatch.hub.auth.oidc import routes as oidc_routes
from farwatch.hub.auth.people import ADMIN
from farwatch.hub.auth.policy import describe
from farwatch.hub.auth.routes.session import SignInProvider
from farwatch.hub.auth.sessions import Session
from farwatch.hub.auth.teams import Teams
from farwatch.hub.auth.tokens import FIRST_TOKEN
from farwatch.hub.auth.visibility import ClusterDirectory
from farwatch.hub.backup import Backups, Folder
from farwatch.hub.backup import routes as backup_routes
from farwatch.hub.console import routes as console_routes
from farwatch.hub.console.pages import ConsolePages
from farwatch.hub.console.runbooks import RunbookPages
from farwatch.hub.detect import routes as detect_routes
from farwatch.hub.detection import Detection
from farwatch.hub.evidence import EvidenceStore, Gatherer, Investigation, Limits, RecentChanges
from farwatch.hub.evidence import routes as evidence_routes
from farwatch.hub.fleet import (
    Clusters,
    Fleet,
    FleetChange,
    FleetChangeKind,
    LinkServer,
    LinkSettings,
    key_routes,
)
from farwatch.hub.fleet import routes as fleet_routes
from farwatch.hub.health import routes as health_routes
from farwatch.hub.health.faults import find_faults
from farwatch.hub.install import Installs, Renderer
from farwatch.hub.install import routes as install_routes
from farwatch.hub.install.strangers import Strangers
from farwatch.hub.inventory import ChangeLog, Inventory, ObjectChange, Past, PastTables, Rows
from farwatch.hub.inventory import routes as inventory_routes
from farwatch.hub.live import Publisher, Streams
from farwatch.hub.live import routes as live_routes
from farwatch.hub.options import HubOptions, ListenerAuth
from farwatch.hub.overview import Overview
from farwatch.hub.overview import routes as overview_routes
from farwatch.hub.settings import SettingsReader
from farwatch.hub.settings import routes as settings_routes
from farwatch.hub.store import (
    DataDirectory,
    Records,
    Succession,
    Telemetry,
    TelemetryError,
    TelemetrySettings,
)
from farwatch.hub.watchdog import Heartbeat, IngestLag, Life, Watchdog
from farwatch.kube.kinds import KINDS
from farwatch.kube.selectors import SelectorError

GZIP_LEVEL = 3
"""Beyond it, a large answer of JSON takes ten times as long to become a fifth smaller."""

_KIND_ORDER = {kind: place for place, kind in enumerate(KINDS)}

_STATUSES: dict[type[Exception], int] = {
    audit.AuditNotKeptError: HTTPStatus.SERVICE_UNAVAILABLE,
    audit.AuditQueryError: HTTPStatus.BAD_REQUEST,
    fleet.ClusterNotFoundError: HTTPStatus.NOT_FOUND,
    fleet.TokenNotFoundError: HTTPStatus.NOT_FOUND,
    fleet.ClusterExistsError: HTTPStatus.CONFLICT,
    fleet.ClusterLabelError: HTTPStatus.BAD_REQUEST,
    fleet.ClusterNameError: HTTPStatus.BAD_REQUEST,
    fleet.KeyNotFoundError: HTTPStatus.NOT_FOUND,
    fleet.KeyPatternError: HTTPStatus.BAD_REQUEST,
    install.ChartMissingError: HTTPStatus.SERVICE_UNAVAILABLE,
    install.ExternalUrlError: HTTPStatus.CONFLICT,
    install.InstallOptionsError: HTTPStatus.BAD_REQUEST,
    install.LinkGoneError: HTTPStatus.GONE,
    install.LinkNotFoundError: HTTPStatus.NOT_FOUND,
    install.RenderError: HTTPStatus.SERVICE_UNAVAILABLE,
    inventory.InventoryError: HTTPStatus.BAD_REQUEST,
    SelectorError: HTTPStatus.BAD_REQUEST,
    alerts.AlertingError: HTTPStatus.BAD_REQUEST,
    alerts.AlertNotFiringError: HTTPStatus.CONFLICT,
    alerts.AlertNotFoundError: HTTPStatus.NOT_FOUND,
    alerts.AlertsNotKeptError: HTTPStatus.SERVICE_UNAVAILABLE,
    alerts.ConfigChangedError: HTTPStatus.PRECONDITION_FAILED,
    alerts.ConfigLockedError: HTTPStatus.CONFLICT,
    alerts.ConfigNotWrittenError: HTTPStatus.SERVICE_UNAVAILABLE,
    alerts.NoConfigFileError: HTTPStatus.CONFLICT,
    alerts.NotAcknowledgedError: HTTPStatus.NOT_FOUND,
    alerts.ReceiverNotFoundError: HTTPStatus.NOT_FOUND,
    alerts.SilenceNotFoundError: HTTPStatus.NOT_FOUND,
    alerts.VersionNotFoundError: HTTPStatus.NOT_FOUND,
    TelemetryError: HTTPStatus.SERVICE_UNAVAILABLE,
    backup.BackupError: HTTPStatus.SERVICE_UNAVAILABLE,
    backup.BackupRunningError: HTTPStatus.CONFLICT,
}
"""What the features' own errors are over HTTP."""

_log = structlog.get_logger(__name__)


class _Stores(NamedTuple):
    """What must be open before any part can work, and outlives them all."""

    records: Records
    telemetry: Telemetry
    http: aiohttp.ClientSession


def _load_detectors(path: Path | None, runbook_url: str) -> detect.DetectSettings:
    if path is None:
        return detect.DetectSettings(default_runbook_url=runbook_url)
    return detect.DetectSettings.load(path, default_runbook_url=runbook_url)


class _Files(NamedTuple):
    """What people have written for the hub to go by."""

    alerting: alerts.ConfigFile
    detectors: detect.DetectSettings
    providers: list[oidc.ProviderSection]

    @classmethod
    def read(cls, options: HubOptions, external_url: str) -> Self:
        return cls(
            alerts.first_file(options.alerting),
            _load_detectors(options.detectors, external_url + detect.RUNBOOK_PATH),
            oidc.load_providers(options.sso) if options.sso else [],
        )

    def read_again(self, options: HubOptions, external_url: str) -> _Files:
        """As they are by now; a fault does not keep the hub from taking over with what it has read before."""
        try:
            return self.read(options, external_url)
        except (alerts.AlertingError, detect.DetectSettingsError, oidc.SsoError) as error:
            _log.error("taking over with files as they were: what they are now has a fault", error=str(error))
            return self


async def _open_stores(options: HubOptions, exits: AsyncExitStack, succession: Succession) -> _Stores:
    """Claim the data directory and open what is in it; ``exits`` closes it again."""
    directory = DataDirectory.claim(options.data)
    exits.callback(directory.release)
    records = await Records.open(options.database_url or directory, succession)
    exits.push_async_callback(records.close)
    settings = TelemetrySettings(retention_days=options.retention_days, backups=options.backup_directory)
    telemetry = await Telemetry.open(options.telemetry_server or directory, settings)
    exits.push_async_callback(telemetry.close)
    http = alerts.open_http_session()
    exits.push_async_callback(http.close)
    return _Stores(records, telemetry, http)


class Hub:
    """Every part of a running hub, put together.

    Attributes are the parts that the API serves; each route reads the ones it needs from the application's state.

    Attributes:
        started_at: When it was started, seconds since the epoch.
        first: What was made at the first start, to be shown once.
    """

    def __init__(
        self,
        options: HubOptions,
        files: _Files,
        stores: _Stores,
        external_url: str,
    ) -> None:
        self.first = FirstLines(None, None)
        self.external_url = external_url
        self.started_at = time.time()
        self.postings = alerts.Postings()
        self.detect_settings = files.detectors
        self.telemetry = stores.telemetry
        self.audit = audit.Audit(stores.records, time.time)
        self.grants = Grants(
            stores.records,
            Teams(stores.records, time.time),
            lambda: (user.id for user in self.people.users.list() if user.disabled_at is None),
            time.time,
        )
        self.people = People(stores.records, self.grants, time.time, options.sessions)
        self.provider_groups = oidc.ProviderGroups(
            stores.records, {each.id: each for each in files.providers}, self.grants, time.time
        )
        self.sso = oidc.Sso(files.providers, external_url, self.provider_groups, self.audit, time.time)
        self.backups = Backups(Folder(options.backup_directory), stores.records, stores.telemetry, time.time)
        self.inventory = Inventory(time.time)
        self.rows = Rows()
        self.inventory.follow(self.rows)
        self.change_log = ChangeLog(stores.telemetry, time.time)
        self.past = Past(stores.telemetry, time.time)
        self.streams = Streams()
        clusters = Clusters(stores.records, time.time)
        self.cluster_directory = ClusterDirectory()
        links = LinkServer(
            clusters,
            self.inventory,
            self.change_log,
            LinkSettings(grace_seconds=options.agent_grace_seconds),
            clock=time.time,
            monotonic=time.monotonic,
        )
        self.fleet = Fleet(clusters, links, self.inventory, self.change_log)
        self.installs = Installs(
            stores.records,
            clusters,
            external_url=options.external_url.rstrip("/"),
            renderer=Renderer(),
            clock=time.time,
        )
        self.recent_changes = RecentChanges()
        self.evidence = Gatherer(
            Investigation(self.inventory, self.recent_changes, links, clock=time.time),
            EvidenceStore(stores.records),
            time.time,
            Limits(wait_seconds=options.evidence_wait_seconds),
        )
        self.alerting = Alerting(
            records=stores.records,
            config=files.alerting.config,
            http=stores.http,
            external_url=external_url,
            evidence=self.evidence,
        )
        self.configuration = alerts.Configuration(
            files.alerting,
            self.alerting,
            time.time,
            versions=alerts.Versions(stores.records, time.time),
            file_editable=options.alerting_editable,
            directory=options.data.absolute() / "alerting",
        )
        self.configuration_watch = alerts.ConfigurationWatch(
            self.configuration, options.alerting_reload_seconds
        )
        self.alert_history = alerts.History(stores.telemetry)
        self.history_keeper = alerts.HistoryKeeper(stores.telemetry, self.alerting.get)
        self.engine = detect.Engine(files.detectors)
        self.detection = Detection(self.engine, self.alerting, time.time)
        self.ingest_lag = IngestLag(time.time)
        self.watchdog = Watchdog(
            life=Life(stores.records),
            lag=self.ingest_lag,
            alerting=self.alerting,
            find_faults=lambda: find_faults(self.telemetry, self.detection, self.alerting),
            runbook_url=external_url + detect.RUNBOOK_PATH,
            clock=time.time,
        )
        self.overview = Overview(
            fleet=self.fleet,
            rows=self.rows,
            alerting=self.alerting,
            recent=self.recent_changes,
            lag=self.ingest_lag,
            clock=time.time,
        )
        self.heartbeat = Heartbeat(options.heartbeat, stores.http, self.watchdog.faults)
        self.settings = SettingsReader(
            options,
            stores.records,
            stores.telemetry,
            external_url=external_url,
            started_at=self.started_at,
        )
        self._exits = AsyncExitStack()

    @classmethod
    async def start(
        cls, options: HubOptions, external_url: str, succession: Succession | None = None
    ) -> Self:
        """Claim the data directory, open the stores, take up what was known, and begin to work.

        Args:
            options: How the hub is to run.
            external_url: Where people reach it.
            succession: How to get along with other hubs on the same database.

        Raises:
            StoreError: The data directory or a store cannot be used.
            AlertingError: The alerting configuration cannot be used.
            DetectSettingsError: The detectors' settings cannot be used.
            SsoError: The file of identity providers cannot be used.
            AuditError: The audit log cannot be written.
            AuthError: The admin token cannot be used.
            FleetError: The cluster to begin with cannot be added.
            OptionsError: A file that an option names cannot be read.
        """
        succession = succession or Succession()
        files = _Files.read(options, external_url)
        if options.bootstrap_cluster:
            fleet.check_first_cluster(options.bootstrap_cluster, options.bootstrap_token)
        async with AsyncExitStack() as exits:
            stores = await _open_stores(options, exits, succession)
            if (
                options.bootstrap_cluster
            ):  # first of all: a hub that cannot add it has made no user, and logged none
                await fleet.add_first_cluster(
                    stores.records, options.bootstrap_cluster, options.bootstrap_token, time.time()
                )
            if succession.stand_by:
                files = files.read_again(options, external_url)
            hub = cls(options, files, stores, external_url)
            hub.first = await hub._let_in(options)
            await hub.audit.start()
            exits.push_async_callback(hub.audit.stop)
            await hub._note_first()
            await hub.provider_groups.apply_file([user.id for user in hub.people.users.list()])
            exits.push_async_callback(hub.sso.stop)
            hub._subscribe()
            await hub._begin(exits)
            hub._exits = exits.pop_all()
        return hub

    async def stop(self) -> None:
        """Let go of everything, in the order opposite to the start."""
        await self._exits.aclose()

    async def _let_in(self, options: HubOptions) -> FirstLines:
        await self.people.load()
        return await self.people.let_in(options.admin_token, options.admin_password)

    async def _note_first(self) -> None:
        """Write down what was made to let somebody in."""
        if self.first.password is not None:
            await self.audit.record(audit.Action.USER_CREATE, target=audit.Target(kind="user", name=ADMIN))
        if self.first.token is not None:
            await self.audit.record(
                audit.Action.TOKEN_CREATE, target=audit.Target(kind="token", name=FIRST_TOKEN)
            )

    async def _note_resets(self, resets: int) -> None:
        """Write down that `farwatch admin reset` was run on the hub's machine."""
        with suppress(audit.AuditNotKeptError):  # its entry waits
            target = audit.Target(kind="user", name=ADMIN)
            await self.audit.record(audit.Action.ADMIN_RESET, target=target, resets=resets)

    async def _note_expired(self, session: Session) -> None:
        """Write down that somebody was not seen for long, and has to sign in again."""
        user = self.people.users.look_up(session.user_id)
        with suppress(audit.AuditNotKeptError):  # its entry waits
            await self.audit.record(
                audit.Action.SESSION_EXPIRE,
                target=audit.Target(kind="session", id=session.id, name=user.name if user else ""),
                provider=session.provider,
            )

    async def _note_followed(self, old: str, new: str | None, followed: Sequence[Followed]) -> None:
        """Write down what became of grants when a cluster got another name, or was removed."""
        cause = f"cluster {old} renamed to {new}" if new else f"cluster {old} removed"
        names = {user.id: user.name for user in self.people.users.list()}
        names |= {team.id: team.name for team in self.grants.teams.list()}
        for each in followed:
            token = self.people.tokens.look_up(each.id)
            name = token.name if token else names.get(each.id, "")
            with suppress(audit.AuditNotKeptError):  # its entry waits
                await self.audit.record(
                    audit.Action.GRANT_CHANGE,
                    target=audit.Target(kind=each.kind, id=each.id, name=name, cluster=new or old),
                    taken=describe(each.before),
                    granted=describe(each.after) if each.after else "",
                    cause=cause,
                )

    async def _note_reload(self, cause: alerts.Cause, error: str) -> None:
        """Write down that the configuration was read again without anybody asking over HTTP."""
        if cause.asked_for:
            return
        result = audit.Result.FAILED if error else audit.Result.OK
        target = audit.Target(kind="alerting", name=str(self.configuration.path or ""))
        digest = self.configuration.digest
        with suppress(audit.AuditNotKeptError):  # it is in the log, and its entry waits
            await self.audit.record(
                audit.Action.ALERTING_RELOAD,
                target=target,
                result=result,
                cause=cause,
                digest=digest,
                reason=error,
            )

    def _subscribe(self) -> None:
        """Connect each part with what must know of it: data flows one way."""
        publisher = Publisher(self.streams, self.rows, self.alerting.get, time.time)
        self.fleet.clusters.follow_names(
            Following((self.grants.follow, self.people.tokens.follow), self._note_followed).follow
        )
        self.fleet.clusters.subscribe_labels(self.cluster_directory.keep)
        self.fleet.clusters.subscribe_labels(self.alerting.label_cluster)
        self.configuration.subscribe(self._note_reload)
        self.people.sessions.subscribe_expired(self._note_expired)
        self.inventory.subscribe(self.recent_changes.observe)
        self.inventory.subscribe(self.detection.observe_changes)
        self.inventory.subscribe(publisher.publish_changes)
        self.inventory.subscribe(self.ingest_lag.observe)
        self.fleet.links.subscribe(self.ingest_lag.observe_fleet)
        self.fleet.links.subscribe(self.recent_changes.observe_fleet)
        self.fleet.links.subscribe(self.detection.observe_fleet)
        self.fleet.links.subscribe(publisher.publish_fleet)
        self.alerting.subscribe(self.evidence.observe)
        self.alerting.subscribe(self.history_keeper.keep_alerts)
        self.alerting.subscribe(publisher.publish_alerts)
        self.alerting.subscribe_notifications(self.history_keeper.keep_notifications)
        self.alerting.subscribe_notifications(publisher.publish_notifications)
        self.alerting.subscribe_silences(self.history_keeper.keep_silences)
        self.alerting.subscribe_silences(publisher.publish_silences)
        self.alerting.acknowledgements.subscribe(self.history_keeper.keep_acknowledgements)
        self.alerting.acknowledgements.subscribe(publisher.publish_acknowledgements)
        self.configuration.subscribe(publisher.publish_configuration)

    async def _begin(self, exits: AsyncExitStack) -> None:
        """Set the parts to work: who takes in what others give out comes before them, and stops after them."""
        self.people.start(self._note_resets)
        exits.push_async_callback(self.people.stop)
        exits.push_async_callback(self.backups.stop)
        exits.push_async_callback(self.change_log.close)
        self.past.start()
        exits.push_async_callback(self.past.stop)
        exits.push_async_callback(self.evidence.stop)
        exits.push_async_callback(self.recent_changes.stop)
        await self.configuration.start()
        await self.alerting.start()
        exits.push_async_callback(self.alerting.stop)
        self.history_keeper.resume(self.alerting.active(), time.time())
        await self._label_alerts()
        await self._take_up()
        self.detection.start()
        exits.push_async_callback(self.detection.stop)
        await self.fleet.links.start()
        exits.push_async_callback(self.fleet.links.close)
        await self.watchdog.start()
        exits.push_async_callback(self.watchdog.stop)
        self.configuration_watch.start()
        exits.push_async_callback(self.configuration_watch.stop)
        self.heartbeat.start()
        exits.push_async_callback(self.heartbeat.stop)
        exits.callback(self.streams.close)

    async def _label_alerts(self) -> None:
        """Give alerts the labels that their clusters have by now: a kill may have come between the two."""
        known = {cluster.name: cluster.labels for cluster in await self.fleet.clusters.list()}
        labelled = {
            alert.labels.get("cluster", "") for alert in self.alerting.active() if alert.cluster_labels
        }
        for name in sorted(labelled - known.keys()):
            await self.alerting.label_cluster(name, {})
        await self.fleet.clusters.tell_labels()

    async def _take_up(self) -> None:
        """Load what was known before the restart, and let go of what belongs to clusters that were removed."""
        known = {cluster.name for cluster in await self.fleet.clusters.list()}
        stored = await self.change_log.load()
        for orphan in sorted({row.cluster for row in stored} - known):
            await self.change_log.forget(orphan)
        loaded = self.inventory.load(row for row in stored if row.cluster in known)
        for (cluster, kind), changes in _by_cluster_and_kind(loaded):
            self.engine.load(cluster, kind, [change.object for change in changes])
        active = self.alerting.active()
        # What others posted is theirs to end, whatever it is called.
        own = [alert for alert in active if alert.origin is alerts.Origin.HUB]
        self.engine.restore(map(alerts.unlabelled, own))
        # A kill between the removal of a cluster and the end of its alerts leaves them to nobody else.
        for removed in sorted({alert.labels.get("cluster", "") for alert in own} - known):
            self.engine.observe_fleet(
                FleetChange(cluster=removed, kind=FleetChangeKind.CLUSTER_REMOVED, time=time.time())
            )
        self.recent_changes.start(self.change_log, known, time.time())
        await self.evidence.start(active)
        if loaded or active:
            _log.info("took up where the last run ended", objects=len(loaded), alerts=len(active))


def create_app(hub: Hub) -> Litestar:
    """The HTTP application around a running hub.

    Raises:
        UnguardedRouteError: A route does not say who may call it.
    """
    app = Litestar(
        _route_handlers(),
        guards=[require_principal, note_intent],
        middleware=[AuditMiddleware],
        exception_handlers=problems.handlers(_STATUSES),
        request_max_body_size=problems.MAX_BODY_BYTES,
        # A large answer of Alertmanager's API would keep everybody waiting while it is compressed; the console's
        # files are compressed once.
        compression_config=CompressionConfig(
            backend="gzip",
            gzip_compress_level=GZIP_LEVEL,
            exclude=["/api/v1/stream", "/api/v2/", console_routes.ASSETS_PATH],
        ),
        openapi_config=_describe_api(),
        state=_state(hub),
        logging_config=None,
    )
    list_entries(app)
    return app


def create_description() -> Litestar:
    """The application without a hub: it can say what the API is, and nothing else."""
    return Litestar(_route_handlers(), openapi_config=_describe_api(), logging_config=None)


def _route_handlers() -> list[ControllerRouterHandler]:
    api = Router(
        "/api/v1",
        route_handlers=[
            auth_routes.router,
            oidc_routes.router,
            fleet_routes.router,
            key_routes.router,
            install_routes.router,
            inventory_routes.router,
            alerting_routes.router,
            detect_routes.router,
            console_routes.api_router,
            evidence_routes.router,
            backup_routes.router,
            audit_routes.router,
            overview_routes.router,
            settings_routes.router,
            live_routes.router,
        ],
        # Answers hold secrets (new tokens) and what was true a moment ago.
        response_headers=[ResponseHeader(name="Cache-Control", value="no-store", documentation_only=False)],
    )
    return [
        api,
        alerting_routes.v2.router,
        management.router,
        fleet_routes.link,
        install_routes.open_router,
        health_routes.router,
        console_routes.router,
    ]


def create_alertmanager_app(hub: Hub, auth: ListenerAuth) -> Litestar:
    """An HTTP application that is nothing but an Alertmanager."""
    app = Litestar(
        [alerting_routes.v2.router, management.router],
        guards=[admit_anyone if auth is ListenerAuth.NONE else require_principal, note_intent],
        middleware=[AuditMiddleware],
        exception_handlers=problems.handlers(_STATUSES),
        request_max_body_size=problems.MAX_BODY_BYTES,
        openapi_config=None,
        state=_state(hub),
        logging_config=None,
    )
    list_entries(app)
    return app


def _state(hub: Hub) -> State:
    """Where the routes find what they serve."""
    return State(
        {
            "acknowledgements": hub.alerting.acknowledgements,
            "alert_history": hub.alert_history,
            "alerting": hub.alerting,
            "audit": hub.audit,
            "backups": hub.backups,
            "change_log": hub.change_log,
            "console": ConsolePages(),
            "cluster_directory": hub.cluster_directory,
            "configuration": hub.configuration,
            "detect_settings": hub.detect_settings,
            "detection": hub.detection,
            "engine": hub.engine,
            "evidence": hub.evidence,
            "external_url": hub.external_url,
            "fleet": hub.fleet,
            "grants": hub.grants,
            "heartbeat": hub.heartbeat,
            "history_keeper": hub.history_keeper,
            "ingest_lag": hub.ingest_lag,
            "installs": hub.installs,
            "inventory": hub.inventory,
            "overview": hub.overview,
            "people": hub.people,
            "sign_in_providers": [
                SignInProvider(each.section.id, each.section.name, f"{oidc.PATH}/{each.section.id}/login")
                for each in hub.sso.providers.values()
            ],
            "sso": hub.sso,
            "past": hub.past,
            "past_tables": PastTables(hub.past, time.monotonic),
            "postings": hub.postings,
            "rows": hub.rows,
            "runbooks": RunbookPages(hub.detect_settings, hub.external_url),
            "settings": hub.settings,
            "started_at": hub.started_at,
            "strangers": Strangers(time.monotonic),
            "streams": hub.streams,
            "telemetry": hub.telemetry,
        }
    )


def _describe_api() -> OpenAPIConfig:
    return OpenAPIConfig(
        title="Farwatch",
        version=__version__,
        description="The API of a Farwatch hub. Times are RFC 3339, in UTC; errors are problem details (RFC 9457).",
        openapi_router=Router("/api/schema", route_handlers=[], opt=SELF, include_in_schema=False),
        # As JSON alone: pages that show it would have to be fetched from elsewhere, with the reader's token.
        render_plugins=[JsonRenderPlugin(path=("/", "/openapi.json"))],
        use_handler_docstrings=True,
        operation_id_creator=lambda handler, _method, _path: _to_camel_case(handler.handler_name),
        components=Components(
            security_schemes={
                "token": SecurityScheme(
                    type="http", scheme="bearer", description="An API token, as `/api/v1/tokens` makes them."
                )
            }
        ),
        security=[{"token": []}],
    )


def _to_camel_case(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(word.title() for word in others)


def _by_cluster_and_kind(
    changes: Iterable[ObjectChange],
) -> Iterable[tuple[tuple[str, str], Iterable[ObjectChange]]]:
    """Owners before what they own, in the order of ``KINDS``."""
    ordered = sorted(changes, key=lambda change: (change.cluster, _KIND_ORDER[change.kind]))
    return groupby(ordered, key=lambda change: (change.cluster, change.kind))
