"""Which proxy a request goes through, from ``HTTPS_PROXY``, ``HTTP_PROXY`` and ``NO_PROXY``.

aiohttp ignores these variables for WebSockets, and knows neither networks nor ``https://`` proxies in them. The rules
here are those most programs in a cluster follow, as golang.org/x/net/http/httpproxy documents them: the scheme of
the destination chooses the variable; this machine itself is never reached through a proxy; an entry of ``NO_PROXY`` is

- ``*``: everything;
- an address or a network (``10.0.0.0/8``), compared when the destination is written as an address;
- a name, which stands for itself and all names below it; with a leading ``.`` or ``*.`` only for those below it;
- any of them but a network with a ``:port``, then for that port alone.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from urllib.parse import urlsplit

import msgspec

_DEFAULT_PORTS = {"https": 443, "http": 80}


class ProxySettings(msgspec.Struct, frozen=True, kw_only=True):
    """The three variables, as written; empty when not set.

    Attributes:
        https_proxy: For ``https`` and ``wss`` destinations; may hold ``user:password@``.
        http_proxy: For ``http`` and ``ws`` destinations.
        no_proxy: What to reach directly.
    """

    https_proxy: str = ""
    http_proxy: str = ""
    no_proxy: str = ""

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> ProxySettings:
        """Reads the variables, upper case before lower; raises ValueError for a proxy that is no HTTP proxy."""
        found = {}
        for name in ("https_proxy", "http_proxy", "no_proxy"):
            variable = name.upper() if environment.get(name.upper()) else name
            value = environment.get(variable, "").strip()
            found[name] = value if name == "no_proxy" else _proxy_url(variable, value)
        return cls(**found)

    def __repr__(self) -> str:
        return f"ProxySettings({self.describe(self.https_proxy)!r}, {self.describe(self.http_proxy)!r}, {self.no_proxy!r})"

    @staticmethod
    def describe(proxy: str) -> str:
        """A proxy's URL without its credentials, for logs."""
        url = urlsplit(proxy)
        return url._replace(netloc=url.netloc.rpartition("@")[2]).geturl()

    def resolve(self, destination: str) -> str | None:
        """The URL of the proxy for a destination's URL, credentials included; None says: go there directly."""
        url = urlsplit(destination)
        proxy = self.https_proxy if url.scheme in {"https", "wss"} else self.http_proxy
        host = (url.hostname or "").rstrip(".")
        port = url.port or _DEFAULT_PORTS["https" if url.scheme in {"https", "wss"} else "http"]
        if not proxy or _local(host) or any(_matches(entry, host, port) for entry in _entries(self.no_proxy)):
            return None
        return proxy


def _proxy_url(variable: str, value: str) -> str:
    if not value:
        return ""
    with_scheme = value if "://" in value else f"http://{value}"
    try:
        url = urlsplit(with_scheme)
        usable = url.scheme in _DEFAULT_PORTS and bool(url.hostname) and url.port != 0
    except ValueError:
        usable = False
    if not usable:
        scheme, _, rest = with_scheme.partition("://")
        shown = f"{scheme}://{rest.rpartition('@')[2]}"
        raise ValueError(f"{variable}: {shown!r} is not a proxy such as http://proxy.example.com:3128")
    return with_scheme


def _entries(no_proxy: str) -> list[str]:
    return no_proxy.replace(",", " ").lower().split()


def _local(host: str) -> bool:
    address = _address(host)
    return host == "localhost" or (address is not None and address.is_loopback)


def _matches(entry: str, host: str, port: int) -> bool:
    if entry == "*":
        return True
    address = _address(host)
    if "/" in entry:
        return address is not None and _in_network(address, entry)
    name, only_port = _split_port(entry)
    if only_port is not None and only_port != port:
        return False
    if address is not None:
        return _address(name) == address
    name = name.removeprefix("*").rstrip(".")
    if name.startswith("."):
        return host.endswith(name)
    return host == name or host.endswith(f".{name}")


def _split_port(entry: str) -> tuple[str, int | None]:
    if entry.startswith("["):
        name, _, rest = entry[1:].partition("]")
        port = rest.removeprefix(":")
    elif entry.count(":") == 1:
        name, _, port = entry.partition(":")
    else:
        name, port = entry, ""
    return name, int(port) if port.isdecimal() else None


def _in_network(address: ipaddress.IPv4Address | ipaddress.IPv6Address, network: str) -> bool:
    try:
        return address in ipaddress.ip_network(network, strict=False)
    except ValueError:
        return False


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None
