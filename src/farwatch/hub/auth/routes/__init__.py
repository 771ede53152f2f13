"""Signing in, people and tokens over HTTP."""

from litestar import Router

from farwatch.hub.auth.routes import grants, roles, session, teams, tokens, users
from farwatch.hub.auth.routes.faults import HANDLERS

router = Router(
    "/",
    route_handlers=[session.router, tokens.router, users.router, grants.router, roles.router, teams.router],
    exception_handlers=HANDLERS,
)
