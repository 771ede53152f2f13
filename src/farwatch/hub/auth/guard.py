"""The one check that every request passes: whom it is from, and whether they may."""

from __future__ import annotations

import base64
import binascii
from typing import Any

from litestar.connection import ASGIConnection
from litestar.exceptions import NotAuthorizedException, PermissionDeniedException
from litestar.handlers.base import BaseRouteHandler

from farwatch.hub.auth.access import OPEN, SELF, authorize, is_open, needs
from farwatch.hub.auth.cookies import read_cookie
from farwatch.hub.auth.origin import ensure_same_origin, is_safe
from farwatch.hub.auth.people import People
from farwatch.hub.auth.principal import Grant, Principal, PrincipalKind, Role
from farwatch.hub.auth.visibility import authorize_cluster

__all__ = [
    "OPEN",
    "SELF",
    "WITH_TEMPORARY_PASSWORD",
    "admit_anyone",
    "needs",
    "require_principal",
]

WITH_TEMPORARY_PASSWORD = {"temporary_password": True}
"""Put into a route's ``opt``, beside ``SELF``: served to people who have to choose their own password first."""

_EVERYTHING = (Grant(Role.ADMIN),)


def require_principal(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
    """Let a request through that shows who it is from, if they may.

    It shows an API token, as ``Authorization: Bearer`` or, as many tools of the field know it, as the password of HTTP
    basic authentication with any user name; or the cookie of a session.

    Who asks is in the request's state then, as ``principal``, and their name as ``author``, for the record.

    Raises:
        NotAuthorizedException: It shows nothing, or nothing that is valid.
        PermissionDeniedException: Who asks may not; or a page of another origin asks with their cookie.
    """
    if is_open(handler):
        return
    people: People = connection.app.state.people
    authorization = connection.headers.get("authorization", "")
    shown = _of_token(people, authorization) if authorization else _of_cookie(people, connection, handler)
    _let_in(connection, handler, shown)


def admit_anyone(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
    """Let every request through: where a listener is open on purpose. Nobody is its ``author``."""
    _let_in(connection, handler, Principal(PrincipalKind.ANONYMOUS, "", "", _EVERYTHING))


def _of_token(people: People, authorization: str) -> Principal:
    token = _find_token(authorization)
    principal = people.of_token(token) if token else None
    if not token:
        raise NotAuthorizedException(
            "this needs an API token: send 'Authorization: Bearer TOKEN'",
            headers={"WWW-Authenticate": "Bearer"},
        )
    if principal is None:
        raise NotAuthorizedException(
            "this API token is unknown or revoked",
            headers={"WWW-Authenticate": 'Bearer error="invalid_token"'},
        )
    return principal


def _of_cookie(
    people: People, connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler
) -> Principal:
    secret = read_cookie(connection)
    if not secret:
        raise NotAuthorizedException(
            "this needs an API token, or a session: sign in at /login, or send 'Authorization: Bearer TOKEN'",
            headers={"WWW-Authenticate": "Bearer"},
        )
    found = people.of_session(secret)
    if found is None:
        raise NotAuthorizedException(
            "this session has ended: sign in again", headers={"WWW-Authenticate": "Bearer"}
        )
    principal, user, _ = found
    if not is_safe(connection):
        ensure_same_origin(connection, connection.app.state.external_url)
    if user.must_change_password and not handler.opt.get("temporary_password"):
        raise PermissionDeniedException(
            "your password was chosen by somebody else: choose your own first, with POST /api/v1/session/password"
        )
    return principal


def _let_in(
    connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler, principal: Principal
) -> None:
    connection.state["principal"] = principal
    connection.state["author"] = principal.name
    authorize(principal, handler)
    authorize_cluster(connection, handler)


def _find_token(authorization: str) -> str:
    """The token in a header; empty if there is none."""
    scheme, _, credentials = authorization.partition(" ")
    match scheme.lower():
        case "bearer":
            return credentials.strip()
        case "basic":
            try:
                _, _, password = base64.b64decode(credentials, validate=True).decode().partition(":")
            except (binascii.Error, UnicodeDecodeError):
                return ""
            return password
        case _:
            return ""
