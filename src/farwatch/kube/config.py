"""Finds out how to reach the cluster: from a kubeconfig, or from what Kubernetes puts into every pod."""

from __future__ import annotations

import binascii
import os
from base64 import b64decode, b64encode
from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

from farwatch.kube.access import (
    ClusterAccess,
    Credentials,
    CredentialsSource,
    StaticCredentials,
    TokenFileCredentials,
    describe_os_error,
    with_bearer,
)
from farwatch.kube.clock import SYSTEM_CLOCK, Clock
from farwatch.kube.errors import KubeConfigError
from farwatch.kube.execplugin import ExecCredentials
from farwatch.kube.kubeconfig import Cluster, Kubeconfig, User, read_kubeconfig
from farwatch.kube.tls import add_client_certificate, server_context

SERVICE_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
"""Where Kubernetes mounts a pod's token, namespace and the cluster's authority."""


def load_access(path: str | Path | None = None, context: str | None = None) -> ClusterAccess:
    """The way to the cluster that the user most likely means.

    What is named explicitly, by argument or ``KUBECONFIG``; otherwise, in a pod, the pod's own cluster; otherwise
    ``~/.kube/config``.

    Raises:
        KubeConfigError: It cannot be read, or something in it is missing.
    """
    if path or context or os.environ.get("KUBECONFIG") or not os.environ.get("KUBERNETES_SERVICE_HOST"):
        return load_kubeconfig(path, context)
    return load_in_cluster()


def load_kubeconfig(
    path: str | Path | None = None,
    context: str | None = None,
    *,
    environ: Mapping[str, str] = os.environ,
    clock: Clock = SYSTEM_CLOCK,
) -> ClusterAccess:
    """The way to a cluster that a kubeconfig describes.

    Args:
        path: The file; None: those in ``KUBECONFIG``, or ``~/.kube/config``.
        context: Which of its contexts; None: its current one.
        environ: The environment.
        clock: Time, for credentials that expire.

    Raises:
        KubeConfigError: It cannot be read, or something in it is missing.
    """
    config = read_kubeconfig([Path(path)] if path else _default_paths(environ))
    name = context or config.current_context
    if not name:
        raise KubeConfigError(f"{config.origin}: no current-context; name one of {_names(config.contexts)}")
    chosen = _pick(config, config.contexts, name, "context")
    if not chosen.cluster:
        raise KubeConfigError(f"{config.origin}: context {name!r} names no cluster")
    cluster = _pick(config, config.clusters, chosen.cluster, "cluster")
    user = _pick(config, config.users, chosen.user, "user") if chosen.user else User()
    origin = f"{config.origin}, context {name}"
    try:
        return ClusterAccess(
            server=_server(cluster),
            credentials=_credentials(cluster, user, clock),
            server_name=cluster.tls_server_name or None,
            proxy=_proxy(cluster),
            namespace=chosen.namespace or "default",
            origin=origin,
        )
    except KubeConfigError as error:
        raise KubeConfigError(f"{origin}: {error}") from error


def load_in_cluster(
    directory: Path = SERVICE_ACCOUNT,
    *,
    environ: Mapping[str, str] = os.environ,
    clock: Clock = SYSTEM_CLOCK,
) -> ClusterAccess:
    """The way to the cluster that this pod runs in, as its service account.

    Raises:
        KubeConfigError: This is no pod, or one without a service account's token.
    """
    host, port = environ.get("KUBERNETES_SERVICE_HOST", ""), environ.get("KUBERNETES_SERVICE_PORT", "443")
    if not host:
        raise KubeConfigError("not in a cluster (KUBERNETES_SERVICE_HOST is not set); name a kubeconfig")
    token_path = directory / "token"
    if not token_path.exists():
        raise KubeConfigError(
            f"no service account token at {token_path}; set automountServiceAccountToken: true for the pod"
        )
    base = Credentials(tls=server_context(directory / "ca.crt"))
    return ClusterAccess(
        server=f"https://[{host}]:{port}" if ":" in host else f"https://{host}:{port}",
        credentials=TokenFileCredentials(token_path, base, clock),
        namespace=_read_namespace(directory / "namespace"),
        origin="in-cluster configuration",
    )


def _read_namespace(path: Path) -> str:
    try:
        return path.read_text().strip() or "default"
    except FileNotFoundError:
        return "default"
    except (OSError, UnicodeDecodeError) as error:
        raise KubeConfigError(f"namespace file {path}: {describe_os_error(error)}") from error


def _default_paths(environ: Mapping[str, str]) -> list[Path]:
    """Like kubectl: of several files some may be missing, but not all."""
    named = [Path(part) for part in environ.get("KUBECONFIG", "").split(os.pathsep) if part]
    if not named:
        return [Path(environ.get("HOME") or "~").expanduser() / ".kube" / "config"]
    return [path for path in named if path.exists()] or named[:1]


_Entry = TypeVar("_Entry")


def _pick(config: Kubeconfig, entries: Mapping[str, _Entry], name: str, what: str) -> _Entry:
    try:
        return entries[name]
    except KeyError:
        raise KubeConfigError(f"{config.origin}: no {what} {name!r}; it has {_names(entries)}") from None


def _names(entries: Mapping[str, object]) -> str:
    return ", ".join(sorted(entries)) or "none"


def _server(cluster: Cluster) -> str:
    if not cluster.server:
        raise KubeConfigError("the cluster has no server")
    if not _is_http_url(cluster.server):
        raise KubeConfigError(f"server {cluster.server!r} is not an http or https URL")
    return cluster.server.rstrip("/")


def _proxy(cluster: Cluster) -> str | None:
    if not cluster.proxy_url:
        return None
    if not _is_http_url(cluster.proxy_url):
        # Not quoted: a proxy's URL may hold a password.
        raise KubeConfigError("proxy-url is not an http or https URL; other proxies are not supported")
    return cluster.proxy_url


def _is_http_url(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def _credentials(cluster: Cluster, user: User, clock: Clock) -> CredentialsSource:
    """Where a user's credentials come from. A token wins over a plugin, as with kubectl."""
    if user.auth_provider:
        raise KubeConfigError("auth-provider is no longer part of Kubernetes; use an exec plugin")
    base = _with_certificate(cluster, user)
    if user.token_file:
        return TokenFileCredentials(Path(user.token_file), base, clock)
    if user.token:
        return StaticCredentials(with_bearer(base, user.token))
    if user.username:
        pair = b64encode(f"{user.username}:{user.password or ''}".encode()).decode()
        return StaticCredentials(Credentials((*base.headers, ("Authorization", f"Basic {pair}")), base.tls))
    if user.exec_plugin is not None:

        def certified(certificate: bytes, key: bytes) -> Credentials:
            return _certified(cluster, base, certificate, key)

        return ExecCredentials(user.exec_plugin, base, cluster, certified, clock)
    return StaticCredentials(base)


def _with_certificate(cluster: Cluster, user: User) -> Credentials:
    headers: list[tuple[str, str]] = []
    if user.impersonated_user:
        headers.append(("Impersonate-User", user.impersonated_user))
        headers += [("Impersonate-Group", group) for group in user.impersonated_groups or ()]
    base = Credentials(tuple(headers))
    certificate = _material(user.client_certificate, user.client_certificate_data, "client-certificate")
    key = _material(user.client_key, user.client_key_data, "client-key")
    if (certificate is None) != (key is None):
        raise KubeConfigError("client-certificate and client-key belong together, and one is missing")
    if certificate is None or key is None:
        return _certified(cluster, base)
    return _certified(cluster, base, certificate, key)


def _certified(
    cluster: Cluster, base: Credentials, certificate: bytes | None = None, key: bytes | None = None
) -> Credentials:
    """The credentials with a TLS context for the cluster, showing that certificate if there is one."""
    if cluster.server.startswith("http://"):
        return base
    authority = cluster.certificate_authority_data
    pem = (
        _decode_base64(authority, "certificate-authority-data").decode(errors="replace") if authority else ""
    )
    file = Path(cluster.certificate_authority) if cluster.certificate_authority and not pem else None
    context = server_context(file, pem, verify=not cluster.insecure_skip_tls_verify)
    if certificate is not None and key is not None:
        add_client_certificate(context, certificate, key)
    return Credentials(base.headers, context)


def _material(path: str | None, data: str | None, what: str) -> bytes | None:
    """PEM from data in the kubeconfig, which win, or from a file that it names."""
    if data:
        return _decode_base64(data, f"{what}-data")
    if not path:
        return None
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise KubeConfigError(f"{what} {path}: {describe_os_error(error)}") from error


def _decode_base64(data: str, what: str) -> bytes:
    try:
        return b64decode("".join(data.split()), validate=True)
    except (binascii.Error, ValueError) as error:
        raise KubeConfigError(f"{what} is not base64") from error
