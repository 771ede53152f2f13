"""How an agent is to be installed, and the chart's values that it means."""

from __future__ import annotations

import re
from collections.abc import Mapping
from ipaddress import ip_address
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

import msgspec

from farwatch.hub.install.errors import ExternalUrlError, InstallOptionsError

_MODES = {"light": "deployment", "full": "daemonset", "deployment": "deployment", "daemonset": "daemonset"}
_NAMESPACE = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")

OURS = ("agentToken", "apiKey", "clusterName", "existingSecret")
"""Values that the hub sees to itself."""


class ProxyOptions(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel", omit_defaults=True
):
    """The proxies between a cluster and the hub."""

    http: str = ""
    https: str = ""
    no_proxy: str = ""
    existing_secret: str = ""


class ImageOptions(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel", omit_defaults=True
):
    """Where the agent's image comes from, if not from where the chart says."""

    repository: str = ""
    tag: str = ""
    digest: str = ""
    pull_policy: str = ""
    pull_secrets: tuple[str, ...] = ()


class InstallOptions(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel", omit_defaults=True
):
    """How an agent is to be installed.

    `mode` is `light` (one pod watches the cluster's objects; the chart's `deployment`) or `full` (a pod on every node, one
    of which does that as well; `daemonset`). `values` are any other values of the chart.
    """

    mode: Literal["light", "full", "deployment", "daemonset"] = "light"
    namespace: str = "farwatch"
    proxy: ProxyOptions = ProxyOptions()
    watch_namespaces: list[str] = []
    exclude_namespaces: list[str] = []
    ca_bundle: Annotated[str, msgspec.Meta(max_length=256 * 1024)] = ""
    image: ImageOptions = ImageOptions()
    features: dict[str, bool] = {}
    values: dict[str, Any] = {}


class HelmOptions(InstallOptions, frozen=True, forbid_unknown_fields=True):
    """How an agent is to be installed by Helm.

    `hubUrl` is where the cluster reaches the hub, such as `https://hub.example.com`; empty takes the hub's
    `--external-url`.
    """

    hub_url: Annotated[str, msgspec.Meta(max_length=2000)] = ""


def to_values(options: InstallOptions, *, cluster: str, hub_url: str) -> dict[str, Any]:
    """The chart's values, but for the token.

    Raises:
        InstallOptionsError: An option cannot be used.
        ExternalUrlError: No agent may link to this address.
    """
    if not _NAMESPACE.fullmatch(options.namespace):
        raise InstallOptionsError(
            f"namespace: {options.namespace[:80]!r} cannot be a namespace's name, such as farwatch"
        )
    for name in OURS:
        if name in options.values:
            raise InstallOptionsError(f"values.{name}: the hub sees to it; leave it out")
    extra = options.values.get("hub", {})
    if not isinstance(extra, dict) or "url" in extra:
        raise InstallOptionsError("values.hub.url: it is the hub's --external-url; leave it out")
    chosen: dict[str, Any] = {
        "mode": _MODES[options.mode],
        "clusterName": cluster,
        "hub": {"url": hub_url} | _admit_plain(hub_url, allowed=extra.get("allowInsecure") is True),
        "watchNamespaces": options.watch_namespaces,
        "excludeNamespaces": options.exclude_namespaces,
        "caBundle": options.ca_bundle,
        "proxy": msgspec.to_builtins(options.proxy),
        "image": msgspec.to_builtins(options.image),
        "features": options.features,
    }
    return _merge(options.values, {name: value for name, value in chosen.items() if value})


def choose_hub_url(said: str, external_url: str) -> str:
    """Where a cluster reaches the hub: what was said of it, or else what the hub was started with.

    Raises:
        InstallOptionsError: What was said is no address.
        ExternalUrlError: Nobody said.
    """
    if not said:
        check_external_url(external_url)
        return external_url
    try:
        parts = urlsplit(said)
        usable = parts.scheme in {"http", "https"} and parts.hostname and not parts.query + parts.fragment
    except ValueError:
        usable = False
    if not usable:
        raise InstallOptionsError(f"hubUrl: {said[:200]!r} is not an address such as https://hub.example.com")
    return said.rstrip("/")


def check_external_url(url: str) -> None:
    """See that the hub knows its own address.

    Raises:
        ExternalUrlError: It does not.
    """
    if not url:
        raise ExternalUrlError(
            "the hub does not know the address under which clusters reach it: start it with "
            "--external-url https://hub.example.com"
        )


def _admit_plain(url: str, *, allowed: bool) -> dict[str, bool]:
    """Without TLS: only on this machine, or where somebody wants it so."""
    parts = urlsplit(url)
    if parts.scheme == "https":
        return {}
    if allowed or _is_loopback(parts.hostname or ""):
        return {"allowInsecure": True}
    raise ExternalUrlError(
        f"the hub's address {url} has no TLS, and agents would send their tokens in the clear: put a proxy that ends TLS before "
        "the hub and start it with --external-url https://..., or, on a network that you trust, install with the values "
        '{"hub": {"allowInsecure": true}}'
    )


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def _merge(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for name, value in over.items():
        below = merged.get(name)
        if isinstance(below, dict) and isinstance(value, dict):
            merged[name] = _merge(below, value)
        else:
            merged[name] = value
    return merged
