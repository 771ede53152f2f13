"""How to reach a cluster and what to show it: the address, TLS and credentials that a client needs."""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from farwatch.kube.clock import SYSTEM_CLOCK, Clock
from farwatch.kube.errors import KubeConfigError

TOKEN_FILE_SECONDS = 60.0
"""How long a token read from a file is used before it is read again; kubelets renew it well before it expires."""


@dataclass(frozen=True)
class Credentials:
    """What to show the API server with each request.

    Attributes:
        headers: Authorization and impersonation headers; a name may come more than once.
        tls: Verifies the server and carries the client certificate, if any; None for plain HTTP.
    """

    headers: tuple[tuple[str, str], ...] = ()
    tls: ssl.SSLContext | None = None


class CredentialsSource(Protocol):
    """Where credentials come from, as they may change while a process runs."""

    async def current(self) -> Credentials:
        """What to show now.

        Raises:
            KubeConfigError: They cannot be had.
        """
        ...

    def invalidate(self, refused: Credentials) -> bool:
        """Say that the server refused these (401). Whether :meth:`current` may now give others.

        Of several requests that were refused with the same credentials only the first makes them be had anew.
        """
        ...


@dataclass(frozen=True)
class StaticCredentials:
    """Credentials that never change."""

    credentials: Credentials = field(default_factory=Credentials)

    async def current(self) -> Credentials:  # noqa: D102 - the protocol's
        return self.credentials

    def invalidate(self, refused: Credentials) -> bool:  # noqa: ARG002, D102 - the protocol's
        return False


class TokenFileCredentials:
    """A bearer token in a file that is rewritten as it is renewed: read again each minute and when refused."""

    def __init__(self, path: Path, base: Credentials, clock: Clock = SYSTEM_CLOCK) -> None:
        self._path = path
        self._base = base
        self._clock = clock
        self._cached: Credentials | None = None
        self._read_at = 0.0

    async def current(self) -> Credentials:  # noqa: D102 - the protocol's
        now = self._clock.monotonic()
        if self._cached is None or now - self._read_at >= TOKEN_FILE_SECONDS:
            self._cached = with_bearer(self._base, self._read())
            self._read_at = now
        return self._cached

    def invalidate(self, refused: Credentials) -> bool:  # noqa: D102 - the protocol's
        if refused is self._cached:
            self._cached = None
        return True

    def _read(self) -> str:
        try:
            token = self._path.read_text().strip()
        except (OSError, UnicodeDecodeError) as error:
            raise KubeConfigError(f"token file {self._path}: {describe_os_error(error)}") from error
        if not token:
            raise KubeConfigError(f"token file {self._path} is empty")
        return token


@dataclass(frozen=True)
class ClusterAccess:
    """One way to reach one cluster.

    Attributes:
        server: The API server's URL, without a slash at the end.
        credentials: What to show it.
        server_name: The name its certificate must carry, when that is not the URL's host.
        proxy: URL of the HTTP proxy to go through; None: directly, whatever the environment says.
        namespace: The namespace that the configuration names, or ``default``.
        origin: Where this came from, for people: ``kubeconfig /path, context prod``.
    """

    server: str
    credentials: CredentialsSource = field(default_factory=StaticCredentials)
    server_name: str | None = None
    proxy: str | None = None
    namespace: str = "default"
    origin: str = ""


def with_bearer(base: Credentials, token: str) -> Credentials:
    """The credentials with this bearer token."""
    return Credentials((*base.headers, ("Authorization", f"Bearer {token}")), base.tls)


def describe_os_error(error: Exception) -> str:
    """An error of reading a file in few words: ``no such file or directory``."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror.lower()
    return str(error) or type(error).__name__
