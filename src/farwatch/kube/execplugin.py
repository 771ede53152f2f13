"""Credentials from a command: kubeconfig's ``exec`` plugins (``client.authentication.k8s.io``), as cloud CLIs use it."""

from __future__ import annotations

import asyncio
import os
from base64 import b64encode
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from farwatch.kube.access import Credentials, describe_os_error, with_bearer
from farwatch.kube.clock import SYSTEM_CLOCK, Clock
from farwatch.kube.errors import KubeConfigError
from farwatch.kube.kubeconfig import Cluster, ExecPlugin

API_VERSIONS = frozenset({"client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1"})

PLUGIN_SECONDS = 60.0
"""How long a plugin may run; some ask a cloud's API several times."""

_EXPIRY_MARGIN_SECONDS = 10.0


class _ExecStatus(msgspec.Struct, rename="camel"):
    expiration_timestamp: datetime | None = None
    token: str | None = None
    client_certificate_data: str | None = None
    client_key_data: str | None = None


class _ExecCredential(msgspec.Struct, rename="camel"):
    kind: str
    api_version: str
    status: _ExecStatus | None = None


class ExecCredentials:
    """Runs a plugin when credentials are needed, and again when they expire or are refused.

    Args:
        plugin: What to run.
        base: The credentials to complete.
        cluster: Told to plugins that ask for it.
        certified: Gives a TLS context with a client certificate and key (PEM) that a plugin printed.
        clock: Time; expiry is in wall-clock time, as the plugin writes it.
    """

    def __init__(
        self,
        plugin: ExecPlugin,
        base: Credentials,
        cluster: Cluster,
        certified: Callable[[bytes, bytes], Credentials],
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        if plugin.api_version not in API_VERSIONS:
            supported = " or ".join(sorted(API_VERSIONS))
            raise KubeConfigError(
                f"exec plugin {plugin.command!r}: apiVersion {plugin.api_version!r} is not supported, "
                f"make it {supported}"
            )
        if plugin.interactive_mode == "Always":
            raise KubeConfigError(
                f"exec plugin {plugin.command!r} wants a terminal (interactiveMode: Always), and there is none"
            )
        self._plugin = plugin
        self._base = base
        self._cluster = cluster
        self._certified = certified
        self._clock = clock
        self._lock = asyncio.Lock()
        self._cached: Credentials | None = None
        self._expires_at: float | None = None

    async def current(self) -> Credentials:  # noqa: D102 - the protocol's
        async with self._lock:
            if self._cached is None or self._has_expired():
                self._cached = self._accept(await self._run())
            return self._cached

    def invalidate(self, refused: Credentials) -> bool:  # noqa: D102 - the protocol's
        if refused is self._cached:
            self._cached = None
        return True

    def _has_expired(self) -> bool:
        return (
            self._expires_at is not None and self._clock.time() >= self._expires_at - _EXPIRY_MARGIN_SECONDS
        )

    async def _run(self) -> _ExecStatus:
        plugin = self._plugin
        try:
            process = await asyncio.create_subprocess_exec(
                plugin.command,
                *(plugin.args or ()),
                env=self._environment(),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
            )
        except OSError as error:
            hint = f"; {_one_line(plugin.install_hint)}" if plugin.install_hint else ""
            raise self._error(f"{describe_os_error(error)}{hint}") from error
        try:
            async with asyncio.timeout(PLUGIN_SECONDS):
                output, complaints = await process.communicate()
        except TimeoutError as error:
            raise self._error(f"printed nothing within {PLUGIN_SECONDS:g} s") from error
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        if process.returncode:
            said = _one_line(complaints.decode(errors="replace"))
            raise self._error(f"failed with exit code {process.returncode}: {said or 'no message'}")
        return self._parse(output)

    def _parse(self, output: bytes) -> _ExecStatus:
        """What the plugin printed. Its output is a secret: no message quotes it."""
        try:
            printed = msgspec.json.decode(output, type=_ExecCredential)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise self._error(f"printed something that is not an ExecCredential ({error})") from error
        if printed.kind != "ExecCredential" or printed.api_version != self._plugin.api_version:
            raise self._error(f"did not print an ExecCredential of {self._plugin.api_version}")
        status = printed.status
        if status is None or not (status.token or status.client_certificate_data):
            raise self._error("printed neither a token nor a client certificate")
        if bool(status.client_certificate_data) != bool(status.client_key_data):
            raise self._error(
                "printed a client certificate without its key, or a key without its certificate"
            )
        return status

    def _accept(self, status: _ExecStatus) -> Credentials:
        self._expires_at = status.expiration_timestamp.timestamp() if status.expiration_timestamp else None
        credentials = self._base
        if status.client_certificate_data and status.client_key_data:
            credentials = self._certified(
                status.client_certificate_data.encode(), status.client_key_data.encode()
            )
        return with_bearer(credentials, status.token) if status.token else credentials

    def _environment(self) -> Mapping[str, str]:
        spec: dict[str, Any] = {"interactive": False}
        if self._plugin.provide_cluster_info:
            spec["cluster"] = _cluster_info(self._cluster)
        info = {"kind": "ExecCredential", "apiVersion": self._plugin.api_version, "spec": spec}
        return {
            **os.environ,
            **{variable.name: variable.value for variable in self._plugin.env or ()},
            "KUBERNETES_EXEC_INFO": msgspec.json.encode(info).decode(),
        }

    def _error(self, fault: str) -> KubeConfigError:
        return KubeConfigError(f"exec plugin {self._plugin.command!r}: {fault}")


def _cluster_info(cluster: Cluster) -> dict[str, Any]:
    authority = cluster.certificate_authority_data
    if not authority and cluster.certificate_authority:
        try:
            authority = b64encode(Path(cluster.certificate_authority).read_bytes()).decode()
        except OSError as error:
            raise KubeConfigError(
                f"certificate authority {cluster.certificate_authority}: {describe_os_error(error)}"
            ) from error
    fields = {
        "server": cluster.server,
        "tls-server-name": cluster.tls_server_name,
        "insecure-skip-tls-verify": cluster.insecure_skip_tls_verify,
        "certificate-authority-data": authority,
        "proxy-url": cluster.proxy_url,
    }
    return {name: value for name, value in fields.items() if value}


def _one_line(text: str, limit: int = 200) -> str:
    """The last line that says something: where programs put what went wrong."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1][:limit] if lines else ""
