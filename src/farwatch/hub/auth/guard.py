"""The one check that every request passes."""

from __future__ import annotations

from typing import Any

from litestar.connection import ASGIConnection
from litestar.exceptions import NotAuthorizedException
from litestar.handlers.base import BaseRouteHandler

from farwatch.hub.auth.tokens import ApiTokens

OPEN = {"open": True}
"""Put into a route's ``opt``: served without a token. Only health, the console's files, the runbooks and the link
(which has tokens of its own) are."""


def require_token(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
    """Let a request through that carries a valid API token as ``Authorization: Bearer``.

    The token's name is in the request's state then, as ``author``: who asks, for the record.

    Raises:
        NotAuthorizedException: It carries none, or one that is unknown or revoked.
    """
    if handler.opt.get("open"):
        return
    scheme, _, token = connection.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise NotAuthorizedException(
            "this needs an API token: send 'Authorization: Bearer TOKEN' (the hub printed one at its first start)",
            headers={"WWW-Authenticate": "Bearer"},
        )
    tokens: ApiTokens = connection.app.state.api_tokens
    found = tokens.authenticate(token.strip())
    if found is None:
        raise NotAuthorizedException(
            "this API token is unknown or revoked",
            headers={"WWW-Authenticate": 'Bearer error="invalid_token"'},
        )
    connection.state["author"] = found.name
