"""The one check that every request passes."""

from __future__ import annotations

import base64
import binascii
from typing import Any

from litestar.connection import ASGIConnection
from litestar.exceptions import NotAuthorizedException
from litestar.handlers.base import BaseRouteHandler

from farwatch.hub.auth.tokens import ApiTokens

OPEN = {"open": True}
"""Put into a route's ``opt``: served without a token. Only health, the console's files, the runbooks and the link
(which has tokens of its own) are."""


def require_token(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
    """Let a request through that carries a valid API token: as ``Authorization: Bearer``, or as a password.

    With HTTP basic authentication, which is what many tools of the field know, any user name will do.

    The token's name is in the request's state then, as ``author``: who asks, for the record.

    Raises:
        NotAuthorizedException: It carries none, or one that is unknown or revoked.
    """
    if handler.opt.get("open"):
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
    connection.state["author"] = found.name


def admit_anyone(connection: ASGIConnection[Any, Any, Any, Any], _handler: BaseRouteHandler) -> None:
    """Let every request through: where a listener is open on purpose. Nobody is its ``author``."""
    connection.state["author"] = ""


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
