"""Where a ClickHouse server is, and who the hub is there."""

from __future__ import annotations

import re
import ssl
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from typing import Self
from urllib.parse import unquote, urlsplit

from farwatch.hub.store.errors import TelemetryError

DEFAULT_DATABASE = "farwatch"
DEFAULT_USER = "default"

_PORTS = {"http": 8123, "https": 8443}
_DATABASE = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,63}")
_FORM = "https://user:password@host:8443/database"
_FIRST_PRINTABLE = 32


@dataclass(frozen=True)
class ServerAddress:
    """A ClickHouse server's HTTP interface, a user, and a database.

    Attributes:
        scheme: ``http`` or ``https``.
        host: A name or an address.
        port: Of the HTTP interface.
        database: Holds the telemetry and nothing else.
        user: Whom the hub is there.
        password: Never shown.
        ca: A PEM file with the authorities to trust; None: the system's.
    """

    scheme: str
    host: str
    port: int
    database: str = DEFAULT_DATABASE
    user: str = DEFAULT_USER
    password: str = field(default="", repr=False)
    ca: Path | None = None

    @classmethod
    def read(cls, url: str, ca: Path | None = None) -> Self:
        """An address out of ``https://user:password@host:8443/database``; all but scheme and host may be left out.

        Raises:
            TelemetryError: It is of another form; the message shows nothing of it.
        """
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError:
            raise TelemetryError(f"the telemetry server's URL is not of the form {_FORM}") from None
        if parts.scheme not in _PORTS or not parts.hostname or port == 0:
            raise TelemetryError(f"the telemetry server's URL is not of the form {_FORM}")
        if parts.query or parts.fragment:
            raise TelemetryError(
                f"the telemetry server's URL takes nothing behind ? or #: it is of the form {_FORM}"
            )
        database = unquote(parts.path.strip("/")) or DEFAULT_DATABASE
        if not _DATABASE.fullmatch(database):
            raise TelemetryError(
                "the path of the telemetry server's URL is not the name of a database: letters, digits, _ and -"
            )
        user, password = unquote(parts.username or "") or DEFAULT_USER, unquote(parts.password or "")
        if any(ord(sign) < _FIRST_PRINTABLE for sign in user + password):
            raise TelemetryError("the telemetry server's URL has a control character in its user or password")
        if ca is not None and parts.scheme != "https":
            raise TelemetryError("a CA for the telemetry server needs an https:// URL")
        return cls(parts.scheme, parts.hostname, port or _PORTS[parts.scheme], database, user, password, ca)

    @property
    def root(self) -> str:
        """What requests go to."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}/"

    @property
    def name(self) -> str:
        """What messages call it: without the password."""
        return f"{self.root}{self.database}"

    @property
    def exposed(self) -> bool:
        """Whether the password and every row can be read on the way."""
        if self.scheme == "https":
            return False
        try:
            return not ip_address(self.host).is_loopback
        except ValueError:
            return self.host != "localhost"

    def trust(self) -> ssl.SSLContext | None:
        """Whom to believe that they are the server; None where there is no TLS.

        Raises:
            TelemetryError: The CA file cannot be read.
        """
        if self.scheme != "https":
            return None
        try:
            return ssl.create_default_context(cafile=self.ca)
        except ssl.SSLError:
            raise TelemetryError(
                f"the telemetry server's CA file {self.ca} holds no certificate in PEM"
            ) from None
        except OSError as error:
            raise TelemetryError(
                f"the telemetry server's CA file {self.ca} cannot be read: {error.strerror}"
            ) from error
