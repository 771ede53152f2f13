"""Values that people write in settings: durations, addresses, URLs."""

from __future__ import annotations

import ipaddress
import re
from typing import Self
from urllib.parse import urlsplit

_UNITS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400}
_DURATION_PART = re.compile(r"([0-9]+(?:\.[0-9]+)?)(ms|s|m|h|d)")
_MAX_PORT = 65535


class Duration(float):
    """Seconds, written like ``500ms``, ``60s``, ``5m`` or ``1h30m``."""

    @classmethod
    def parse(cls, text: str) -> Self:
        """Reads a duration; raises ValueError for anything else, a number without a unit included."""
        parts = _DURATION_PART.findall(text)
        if not parts or "".join(number + unit for number, unit in parts) != text:
            raise ValueError("not a duration such as 500ms, 60s, 5m or 1h30m")
        return cls(sum(float(number) * _UNITS[unit] for number, unit in parts))


class Address(str):
    """Where to listen: ``:13133`` (every interface), ``127.0.0.1:13133`` or ``[::1]:13133``."""

    __slots__ = ()

    @classmethod
    def parse(cls, text: str) -> Self:
        """Checks an address; raises ValueError when it has no port or a wrong one."""
        host, colon, port = text.rpartition(":")
        if not colon or not (port.isascii() and port.isdecimal()) or int(port) > _MAX_PORT:
            raise ValueError("not an address such as :13133 or 127.0.0.1:13133")
        if ":" in host and not (host.startswith("[") and host.endswith("]")):
            raise ValueError("an IPv6 address stands in brackets, such as [::1]:13133")
        return cls(text)

    @property
    def host(self) -> str | None:
        """The interface's address; None for every interface."""
        return self.rpartition(":")[0].strip("[]") or None

    @property
    def port(self) -> int:
        """The port; 0 lets the system choose."""
        return int(self.rpartition(":")[2])


class HubUrl(str):
    """Where the hub is: ``https://hub.example.com``, with a path when it does not stand at the root."""

    __slots__ = ()

    @classmethod
    def parse(cls, text: str) -> Self:
        """Checks a URL and brings ``wss`` and ``ws`` to ``https`` and ``http``; raises ValueError otherwise."""
        url = urlsplit(text)
        url = url._replace(scheme={"wss": "https", "ws": "http"}.get(url.scheme, url.scheme))
        if url.scheme not in {"https", "http"} or not url.hostname:
            raise ValueError("not a URL such as https://hub.example.com")
        if url.username or url.password:
            raise ValueError("a URL holds no credentials; the token has a setting of its own")
        if url.query or url.fragment:
            raise ValueError("a hub's URL has neither query nor fragment")
        _ = url.port  # a wrong port raises here, at the start, and not when connecting
        return cls(url.geturl().rstrip("/"))

    @property
    def encrypted(self) -> bool:
        """Whether the link is protected by TLS."""
        return self.startswith("https://")

    @property
    def loopback(self) -> bool:
        """Whether the URL names this machine, so that nobody can listen on the way."""
        host = urlsplit(self).hostname or ""
        if host == "localhost":
            return True
        try:
            return ipaddress.ip_address(host).is_loopback
        except ValueError:
            return False
