"""Signing in, people and tokens over HTTP."""

from litestar import Router

from farwatch.hub.auth.routes import session, tokens
from farwatch.hub.auth.routes.faults import HANDLERS

router = Router("/", route_handlers=[session.router, tokens.router], exception_handlers=HANDLERS)
