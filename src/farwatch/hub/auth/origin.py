"""Whether a browser sends a request for one of the hub's own pages, and not for somebody else's."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from litestar.connection import ASGIConnection, Request
from litestar.exceptions import PermissionDeniedException

_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_OWN_SITES = frozenset({"same-origin", "none"})


def is_safe(connection: ASGIConnection[Any, Any, Any, Any]) -> bool:
    """Whether a request asks for nothing but an answer that other origins cannot read; a WebSocket may do anything."""
    return isinstance(connection, Request) and connection.method in _SAFE_METHODS


def ensure_same_origin(
    connection: ASGIConnection[Any, Any, Any, Any], external_url: str, *, silent_is_own: bool = False
) -> None:
    """Refuse what a browser sends for a page of another origin: it would act with its user's cookie.

    Browsers say so by ``Sec-Fetch-Site`` (Fetch Metadata); older ones, and all that open a WebSocket, by ``Origin``.

    Args:
        connection: The request.
        external_url: The hub's address as people reach it: a proxy may hide it from the ``Host`` header.
        silent_is_own: Whether to let through what says neither, as programs do that are no browser.

    Raises:
        PermissionDeniedException: It is from another origin, or does not say where from.
    """
    site = connection.headers.get("sec-fetch-site")
    origin = connection.headers.get("origin")
    if site is not None:
        same = site in _OWN_SITES
    elif origin is not None:
        same = _place(origin) in {_place(f"//{connection.headers.get('host', '')}"), _place(external_url)}
    else:
        same = silent_is_own
    if not same:
        raise PermissionDeniedException(
            f"a session's cookie counts only for pages of this hub, and this request is from {_describe(site, origin)}: "
            "use the console, or an API token"
        )


def _place(address: str) -> tuple[str, int | None] | None:
    """Host and port; the scheme may have been lost in a proxy, and with it the port that goes without saying."""
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        return None
    if not parts.hostname:
        return None
    return parts.hostname, None if port in {80, 443} else port


def _describe(site: str | None, origin: str | None) -> str:
    if origin is not None:
        return repr(origin[:200])
    return f"another one ({site[:40]})" if site is not None else "nobody knows where"
