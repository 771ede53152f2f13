"""What a hub is started with."""

from __future__ import annotations

import math
from enum import StrEnum
from ipaddress import ip_network
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from farwatch.hub.auth import SessionSettings
from farwatch.hub.evidence import DEFAULT_WAIT_SECONDS, LONGEST_WAIT_SECONDS
from farwatch.hub.store import Table
from farwatch.hub.store.address import ServerAddress
from farwatch.hub.store.telemetry import DEFAULT_RETENTION_DAYS, MAX_RETENTION_DAYS
from farwatch.hub.watchdog import HeartbeatSettings
from farwatch.logs import LogLevel

MIN_SESSION_HOURS = 0.1
MAX_SESSION_DAYS = 366

_ODD_IN_PATHS = frozenset("&#?%'")


class OptionsError(Exception):
    """An option cannot be used; the message is one line that names it, the fault, and the way out."""


class ListenerAuth(StrEnum):
    """What a listener wants of clients."""

    TOKEN = "token"  # noqa: S105 - a choice, not a token
    NONE = "none"


class HubOptions(msgspec.Struct, frozen=True, kw_only=True):
    """How a hub runs.

    Attributes:
        data: The directory of its stores.
        listen: ``HOST:PORT`` to serve on; port 0 takes a free one.
        alertmanager_listen: ``HOST:PORT`` to serve Alertmanager's API alone on; empty: only beside the hub's own.
        alertmanager_auth: What that wants of clients: ``token``, or ``none``.
        alerting: A file in Alertmanager's format; None tells nobody.
        detectors: A YAML file with the detectors' settings; None takes the defaults.
        sso: A YAML file with identity providers; None: people sign in with passwords alone.
        external_url: The hub's address as people reach it; empty takes the one it listens on.
        retention: For how many days rows of the telemetry store are kept: ``DAYS`` for every table, ``TABLE=DAYS`` for
            one; the last word on a table holds.
        agent_grace_seconds: How long an agent may be away before it is called lost.
        evidence_wait_seconds: How long a notification waits for the evidence of its alerts; 0: not at all.
        heartbeat_url: What to ask for while the hub is healthy, for somebody outside to wait for; empty: nothing.
        heartbeat_seconds: How often.
        log_level: From which level on to log.
        admin_token: An API token to accept; None makes one at the first start.
        admin_password: The password of the user ``admin``; None makes one at the first start.
        alerting_editable: Whether the hub may write that file, so that people can edit it in the console.
        session_idle_hours: For how long after their last request people stay signed in.
        session_days: For how long after signing in, whatever they ask for.
        trusted_proxies: Addresses and networks of proxies that say truly, by ``X-Forwarded-For``, where a request is from.
        alerting_reload_seconds: How often to look whether the alerting file has changed; 0: only when asked to.
        database: The ``postgresql://`` URL of the records; empty keeps them in a file of the data directory.
        database_file: A file with that URL.
        standby: Wait for as long as another hub works on that database, and take over when it is gone.
        telemetry: The ``https://`` or ``http://`` URL of a ClickHouse server for what happened; empty keeps it in the
            data directory.
        telemetry_file: A file with that URL.
        telemetry_ca: A PEM file with the authorities that may vouch for that server; None takes the system's.
        backups: The directory for backups; None takes ``backups`` in the data directory.
        bootstrap_cluster: A cluster to add at the start, unless its token is known; empty: none.
        bootstrap_token_file: A file with its agent's token.
    """

    data: Path = Path("data")
    listen: str = "127.0.0.1:8080"
    alertmanager_listen: str = ""
    alertmanager_auth: str = ListenerAuth.TOKEN
    alerting: Path | None = None
    detectors: Path | None = None
    sso: Path | None = None
    external_url: str = ""
    retention: tuple[str, ...] = ()
    agent_grace_seconds: float = 45.0
    evidence_wait_seconds: float = DEFAULT_WAIT_SECONDS
    heartbeat_url: str = ""
    heartbeat_seconds: float = 60.0
    log_level: str = "info"
    admin_token: str | None = None
    admin_password: str | None = None
    session_idle_hours: float = 12.0
    session_days: float = 7.0
    trusted_proxies: tuple[str, ...] = ()
    alerting_editable: bool = False
    alerting_reload_seconds: float = 0.0
    database: str = ""
    database_file: Path | None = None
    standby: bool = False
    telemetry: str = ""
    telemetry_file: Path | None = None
    telemetry_ca: Path | None = None
    backups: Path | None = None
    bootstrap_cluster: str = ""
    bootstrap_token_file: Path | None = None

    @property
    def retention_days(self) -> dict[Table, int]:
        """For how many days each table's rows are kept.

        Raises:
            OptionsError: A word is of neither form, or names no table.
        """
        days = dict.fromkeys(Table, DEFAULT_RETENTION_DAYS)
        for text in self.retention:
            days |= _read_retention(text)
        return days

    @property
    def database_url(self) -> str:
        """Where the records are; empty: in the data directory.

        Raises:
            OptionsError: The file cannot be read, or is empty.
        """
        return self.database or _read_secret(self.database_file, "--database-file")

    @property
    def telemetry_server(self) -> ServerAddress | None:
        """Where what happened is kept; None: in the data directory.

        Raises:
            OptionsError: The file cannot be read, or is empty.
            TelemetryError: The URL cannot be used; the message shows nothing of it.
        """
        url = self.telemetry or _read_secret(self.telemetry_file, "--telemetry-file")
        return ServerAddress.read(url, self.telemetry_ca) if url else None

    @property
    def bootstrap_token(self) -> str:
        """The token of the cluster to begin with; empty: there is none.

        Raises:
            OptionsError: The file cannot be read, or is empty.
        """
        return _read_secret(self.bootstrap_token_file, "--bootstrap-token-file")

    @property
    def backup_directory(self) -> Path:
        """Where backups are written to."""
        return (self.backups or self.data / "backups").absolute()

    @property
    def sessions(self) -> SessionSettings:
        """How long people stay signed in."""
        return SessionSettings(self.session_idle_hours * 3600, self.session_days * 24 * 3600)

    @property
    def heartbeat(self) -> HeartbeatSettings:
        """Where a sign of life goes."""
        return HeartbeatSettings(url=self.heartbeat_url, interval_seconds=self.heartbeat_seconds)

    def check(self) -> None:
        """Look at what can be judged before anything is opened.

        Raises:
            OptionsError: An option cannot be used.
        """
        if self.log_level.lower() not in set(LogLevel):
            raise OptionsError(f"--log-level {self.log_level[:50]!r} is none of {', '.join(LogLevel)}")
        if self.alertmanager_auth not in set(ListenerAuth):
            raise OptionsError(
                f"--alertmanager-auth {self.alertmanager_auth[:50]!r} is none of {', '.join(ListenerAuth)}"
            )
        if not 0 <= self.agent_grace_seconds < math.inf:
            raise OptionsError(f"--agent-grace {self.agent_grace_seconds} is not zero or more seconds")
        if not 0 <= self.evidence_wait_seconds <= LONGEST_WAIT_SECONDS:
            raise OptionsError(
                f"--evidence-wait {self.evidence_wait_seconds:g} is not from 0 to {LONGEST_WAIT_SECONDS:g} seconds"
            )
        if self.heartbeat_url and not _is_web_address(self.heartbeat_url, query=True):
            # Its value may hold a secret.
            raise OptionsError("--heartbeat-url is not an address such as https://example.com/ping/1")
        if not 1 <= self.heartbeat_seconds < math.inf:
            raise OptionsError(f"--heartbeat-interval {self.heartbeat_seconds:g} is less than a second")
        self._check_people()
        self._check_pairs()
        if _ODD_IN_PATHS & set(str(self.backup_directory)):
            raise OptionsError(
                f"--backups {str(self.backup_directory)[:200]!r} holds one of {' '.join(sorted(_ODD_IN_PATHS))}, "
                "which the telemetry engine cannot take: choose another directory"
            )
        _ = self.retention_days
        if self.external_url and not _is_web_address(self.external_url):
            raise OptionsError(
                f"--external-url {self.external_url[:200]!r} is not an address such as https://hub.example.com"
            )

    def _check_people(self) -> None:
        """What is said of sessions, and of who they are from."""
        if not MIN_SESSION_HOURS <= self.session_idle_hours <= MAX_SESSION_DAYS * 24:
            raise OptionsError(
                f"--session-idle-hours {self.session_idle_hours:g} is not from {MIN_SESSION_HOURS} to "
                f"{MAX_SESSION_DAYS * 24}"
            )
        if not MIN_SESSION_HOURS / 24 <= self.session_days <= MAX_SESSION_DAYS:
            raise OptionsError(f"--session-days {self.session_days:g} is not from 0.01 to {MAX_SESSION_DAYS}")
        for proxy in self.trusted_proxies:
            _check_network(proxy)

    def _check_pairs(self) -> None:
        """Options that need, or exclude, one another."""
        if not 0 <= self.alerting_reload_seconds < math.inf:
            raise OptionsError(
                f"--alerting-reload {self.alerting_reload_seconds:g} is not zero or more seconds"
            )
        if self.alerting_reload_seconds and self.alerting is None:
            raise OptionsError("--alerting-reload has no file to look at: give --alerting as well")
        if self.alerting_editable and self.alerting is None:
            raise OptionsError(
                "--alerting-editable has no file to edit: give --alerting as well; without it, the configuration is in the "
                "records, and can be edited"
            )
        if self.sso and not self.external_url:
            raise OptionsError("--sso needs --external-url: providers send people back to that address")
        if self.database and self.database_file:
            raise OptionsError(
                "--database and --database-file both say where the records are: give one of them"
            )
        if self.standby and not (self.database or self.database_file):
            raise OptionsError(
                "--standby has no database to share with other hubs: give --database or --database-file"
            )
        if self.telemetry and self.telemetry_file:
            raise OptionsError(
                "--telemetry and --telemetry-file both say where the telemetry is: give one of them"
            )
        if self.telemetry_ca and not (self.telemetry or self.telemetry_file):
            raise OptionsError("--telemetry-ca has no server to vouch for: give --telemetry as well")
        if bool(self.bootstrap_cluster) != bool(self.bootstrap_token_file):
            raise OptionsError(
                "--bootstrap-cluster and --bootstrap-token-file belong together: give both, or neither"
            )


def _check_network(text: str) -> None:
    try:
        ip_network(text)
    except ValueError as error:
        raise OptionsError(
            f"--trusted-proxies {text[:100]!r} is neither an address nor a network such as 10.0.0.0/8: {error}"
        ) from error


def _read_secret(path: Path | None, option: str) -> str:
    if path is None:
        return ""
    try:
        text = path.read_text().strip()
    except (OSError, UnicodeDecodeError) as error:
        raise OptionsError(
            f"{option} {path} cannot be read: {getattr(error, 'strerror', None) or 'not UTF-8'}"
        ) from error
    if not text:
        raise OptionsError(f"{option} {path} is empty")
    return text


def _read_retention(text: str) -> dict[Table, int]:
    name, separator, number = text.rpartition("=")
    tables = [table for table in Table if not separator or table == name]
    if not tables or not number.isdecimal() or not 1 <= int(number) <= MAX_RETENTION_DAYS:
        raise OptionsError(
            f"--retention {text[:50]!r} is neither DAYS, from 1 to {MAX_RETENTION_DAYS}, nor TABLE=DAYS with one of the "
            f"tables {', '.join(Table)}"
        )
    return dict.fromkeys(tables, int(number))


def _is_web_address(text: str, *, query: bool = False) -> bool:
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    plain = not parts.fragment and (query or not parts.query)
    return parts.scheme in {"http", "https"} and bool(parts.hostname) and plain
