"""Signing in, people and tokens over HTTP."""

from litestar import Router

from farwatch.hub.auth.routes import session, tokens, users
from farwatch.hub.auth.routes.faults import HANDLERS

router = Router(
    "/", route_handlers=[session.router, tokens.router, users.router], exception_handlers=HANDLERS
)
