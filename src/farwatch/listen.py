"""Addresses to listen on, as flags give them."""

from __future__ import annotations

import re

_ADDRESS = re.compile(r"(?:\[(?P<ipv6>[^\[\]]+)\]|(?P<host>[^\[\]:]*)):(?P<port>[0-9]{1,5})")
_HIGHEST_PORT = 65535


class AddressError(Exception):
    """A text that is no address to listen on; the message is one line."""


def read_address(listen: str) -> tuple[str, int]:
    """Host and port of ``HOST:PORT``, ``:PORT`` (every interface) or ``[IPV6]:PORT``.

    Raises:
        AddressError: It is of another form.
    """
    found = _ADDRESS.fullmatch(listen)
    if found is None or int(found["port"]) > _HIGHEST_PORT:
        raise AddressError(f"--listen {listen[:100]!r} is not of the form HOST:PORT, such as 127.0.0.1:8080")
    return found["ipv6"] or found["host"] or "0.0.0.0", int(found["port"])  # noqa: S104 - ':PORT' asks for that
