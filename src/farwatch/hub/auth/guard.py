"""The one check that every request passes."""

from __future__ import annotations

import base64
import binascii
from typing import Any

from litestar.connection import ASGIConnection
from litestar.exceptions import NotAuthorizedException
from litestar.handlers.base import BaseRouteHandler

from farwatch.hub.auth.access import OPEN, SELF, authorize, is_open, needs
from farwatch.hub.auth.principal import Grant, Principal, PrincipalKind, Role
from farwatch.hub.auth.tokens import ApiTokens

__all__ = ["OPEN", "SELF", "admit_anyone", "needs", "require_token"]

_EVERYTHING = (Grant(Role.ADMIN),)


def require_token(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
    """Let a request through that carries a valid API token: as ``Authorization: Bearer``, or as a password.

    With HTTP basic authentication, which is what many tools of the field know, any user name will do.

    Who asks is in the request's state then, as ``principal``, and their name as ``author``, for the record.

    Raises:
        NotAuthorizedException: It carries none, or one that is unknown or revoked.
        ForbiddenError: Who asks may not.
    """
    if is_open(handler):
        return
    token = _find_token(connection.headers.get("authorization", ""))
    if not token:
        raise NotAuthorizedException(
            "this needs an API token: send 'Authorization: Bearer TOKEN' (the hub printed one at its first start)",
            headers={"WWW-Authenticate": "Bearer"},
        )
    tokens: ApiTokens = connection.app.state.api_tokens
    found = tokens.authenticate(token)
    if found is None:
        raise NotAuthorizedException(
            "this API token is unknown or revoked",
            headers={"WWW-Authenticate": 'Bearer error="invalid_token"'},
        )
    principal = Principal(PrincipalKind.TOKEN, found.id, found.name, _EVERYTHING, token_id=found.id)
    _let_in(connection, handler, principal)


def admit_anyone(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
    """Let every request through: where a listener is open on purpose. Nobody is its ``author``."""
    _let_in(connection, handler, Principal(PrincipalKind.ANONYMOUS, "", "", _EVERYTHING))


def _let_in(
    connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler, principal: Principal
) -> None:
    connection.state["principal"] = principal
    connection.state["author"] = principal.name
    authorize(principal, handler)


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
