"""What each route asks of who calls it: its entry, and the check that no route is without one."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from typing import Any, NamedTuple

from litestar import Litestar
from litestar.enums import HttpMethod
from litestar.exceptions import PermissionDeniedException
from litestar.handlers import HTTPRouteHandler
from litestar.handlers.base import BaseRouteHandler
from litestar.routes import ASGIRoute, HTTPRoute, WebSocketRoute

from farwatch.hub.auth.policy import Decision, Permission, decide
from farwatch.hub.auth.principal import Principal
from farwatch.hub.problems import MissingGrant

_KEY = "access"
CLUSTER_PARAMETER = "access_cluster"


class Access(StrEnum):
    """What a route may ask for instead of a permission."""

    OPEN = "open"
    """Nothing: health, what the console's page is made of, the runbooks, signing in, and what has tokens of its own."""

    SELF = "self"
    """To be signed in: it serves everybody what is their own, or filters what it serves by what they may see."""


Entry = Permission | Access

OPEN = {_KEY: Access.OPEN}
"""Put into a route's ``opt``: served to everybody."""

SELF = {_KEY: Access.SELF}
"""Put into a route's ``opt``: served to everybody who is signed in."""


def needs(permission: Permission, *, cluster: str = "") -> dict[str, Any]:
    """For a route's ``opt``: served to who has this permission somewhere.

    What of it they may see or change is then for the route to ask, with ``visibility``.

    Args:
        permission: What is needed.
        cluster: The parameter of the path that names a cluster, if the permission is needed for that one.
    """
    return {_KEY: permission, CLUSTER_PARAMETER: cluster}


class ForbiddenError(PermissionDeniedException):
    """Somebody may not do what they asked for; the message says what they lack.

    Attributes:
        missing: The grant that they lack.
    """

    missing: MissingGrant | None

    def __init__(self, decision: Decision) -> None:
        super().__init__(decision.reason)
        lacks = decision.missing
        self.missing = None
        if lacks is not None:
            self.missing = MissingGrant(
                permission=lacks.permission,
                role=lacks.role,
                cluster=lacks.cluster,
                namespace=lacks.namespace,
            )


class UnguardedRouteError(Exception):
    """A route says nothing of who may call it; the message names it."""


class RouteEntry(NamedTuple):
    """What one method of one route asks for; a WebSocket's is called ``WEBSOCKET``."""

    method: str
    path: str
    entry: Entry


def entry_of(handler: BaseRouteHandler) -> Entry | None:
    """What a route asks for; None if it does not say."""
    entry = handler.opt.get(_KEY)
    return entry if isinstance(entry, (Permission, Access)) else None


def is_open(handler: BaseRouteHandler) -> bool:
    """Whether a route is served to everybody."""
    return entry_of(handler) is Access.OPEN


def authorize(principal: Principal, handler: BaseRouteHandler) -> None:
    """Let somebody call a route, or not. A route without an entry is nobody's.

    Raises:
        ForbiddenError: They may not.
    """
    entry = Access.SELF if _answers_options(handler) else entry_of(handler)
    if isinstance(entry, Access):
        return
    if entry is None:
        raise ForbiddenError(Decision(allowed=False, reason="nobody may: the hub knows no right to this"))
    decision = decide(principal, entry)
    if not decision.allowed:
        raise ForbiddenError(decision)


def list_entries(app: Litestar) -> list[RouteEntry]:
    """What every route of an application asks for, by path and method; a server asks this once, before it serves.

    Raises:
        UnguardedRouteError: One does not say.
    """
    entries = []
    for method, path, handler in _handlers(app):
        entry = entry_of(handler)
        if entry is None:
            raise UnguardedRouteError(
                f"{method} {path} ({handler.handler_name}) says nothing of who may call it: give it "
                "opt=needs(Permission...), OPEN or SELF"
            )
        entries.append(RouteEntry(method, path, entry))
    return sorted(entries, key=lambda entry: (entry.path, entry.method))


def _handlers(app: Litestar) -> Iterator[tuple[str, str, BaseRouteHandler]]:
    for route in app.routes:
        match route:
            case HTTPRoute():
                for handler in route.route_handlers:
                    if not _answers_options(handler):
                        for method in handler.http_methods:
                            yield str(method), route.path_format, handler
            case WebSocketRoute():
                yield "WEBSOCKET", route.path_format, route.route_handler
            case ASGIRoute():
                yield "ASGI", route.path_format, route.route_handler


def _answers_options(handler: BaseRouteHandler) -> bool:
    """Whether it is the framework's own answer about which methods a path has: for everybody who is signed in."""
    return isinstance(handler, HTTPRouteHandler) and handler.http_methods == {HttpMethod.OPTIONS}
