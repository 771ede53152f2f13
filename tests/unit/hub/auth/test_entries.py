"""Every route against every role: what is not in the table here is not served."""

from __future__ import annotations

from typing import Any

import pytest
from litestar import Litestar, get

from farwatch.hub.alerting.routes import v2
from farwatch.hub.alerting.routes.management import router as management
from farwatch.hub.app import create_app, create_description
from farwatch.hub.auth.access import (
    Access,
    ForbiddenError,
    RouteEntry,
    UnguardedRouteError,
    authorize,
    list_entries,
    needs,
)
from farwatch.hub.auth.policy import RULES, Permission
from farwatch.hub.auth.principal import Grant, Principal, PrincipalKind, Role, Scope

ROUTES = {
    "GET /": "open",
    "GET /-/healthy": "open",
    "HEAD /-/healthy": "open",
    "GET /-/ready": "open",
    "HEAD /-/ready": "open",
    "POST /-/reload": "admin alerting.configure",
    "PUT /-/reload": "admin alerting.configure",
    "GET /activez": "open",
    "GET /alerts": "open",
    "GET /alerts/{rest}": "open",
    "GET /api/schema": "self",
    "GET /api/schema/openapi.json": "self",
    "GET /api/schema/{path}": "self",
    "GET /api/v1/agents": "viewer clusters.read",
    "GET /api/v1/agents/{cluster}/process": "viewer clusters.read",
    "GET /api/v1/alerting/config": "viewer alerting.read",
    "PUT /api/v1/alerting/config": "admin alerting.configure",
    "GET /api/v1/alerting/config/diff": "viewer alerting.read",
    "POST /api/v1/alerting/config/rollback": "admin alerting.configure",
    "GET /api/v1/alerting/config/schema": "viewer alerting.read",
    "POST /api/v1/alerting/config/validate": "admin alerting.configure",
    "GET /api/v1/alerting/config/versions": "viewer alerting.read",
    "GET /api/v1/alerting/config/versions/{version}": "viewer alerting.read",
    "POST /api/v1/alerting/explain": "viewer alerts.read",
    "GET /api/v1/alerting/receivers": "viewer alerting.read",
    "POST /api/v1/alerting/receivers/{name}/test": "operator receivers.test",
    "POST /api/v1/alerting/reload": "admin alerting.configure",
    "GET /api/v1/alerting/routes": "viewer alerting.read",
    "GET /api/v1/alerts": "viewer alerts.read",
    "POST /api/v1/alerts/acknowledge": "operator alerts.write",
    "GET /api/v1/alerts/groups": "viewer alerts.read",
    "GET /api/v1/alerts/labels": "viewer alerts.read",
    "GET /api/v1/alerts/labels/{name}/values": "viewer alerts.read",
    "POST /api/v1/alerts/snooze": "operator alerts.write",
    "POST /api/v1/alerts/unacknowledge": "operator alerts.write",
    "GET /api/v1/alerts/{fingerprint}": "viewer alerts.read",
    "DELETE /api/v1/alerts/{fingerprint}/acknowledgement": "operator alerts.write",
    "POST /api/v1/alerts/{fingerprint}/acknowledgement": "operator alerts.write",
    "GET /api/v1/alerts/{fingerprint}/evidence": "viewer alerts.read",
    "GET /api/v1/alerts/{fingerprint}/explain": "viewer alerts.read",
    "GET /api/v1/alerts/{fingerprint}/related": "viewer alerts.read",
    "POST /api/v1/alerts/{fingerprint}/snooze": "operator alerts.write",
    "GET /api/v1/alerts/{fingerprint}/timeline": "viewer alerts.read",
    "GET /api/v1/audit": "admin audit.read",
    "GET /api/v1/audit/export": "admin audit.read",
    "GET /api/v1/audit/verify": "admin audit.read",
    "GET /api/v1/backups": "admin backups.manage",
    "POST /api/v1/backups": "admin backups.manage",
    "GET /api/v1/clusters": "viewer clusters.read",
    "POST /api/v1/clusters": "admin clusters.manage",
    "GET /api/v1/clusters/{cluster}/activity": "viewer objects.read",
    "GET /api/v1/clusters/{cluster}/changes": "viewer objects.read",
    "GET /api/v1/clusters/{cluster}/objects/{kind}/{name}": "viewer objects.read",
    "GET /api/v1/clusters/{cluster}/objects/{kind}/{name}/detail": "viewer objects.read",
    "GET /api/v1/clusters/{cluster}/objects/{kind}/{name}/diff": "viewer objects.read",
    "GET /api/v1/clusters/{cluster}/objects/{kind}/{name}/history": "viewer objects.read",
    "DELETE /api/v1/clusters/{name}": "admin clusters.manage",
    "GET /api/v1/clusters/{name}": "viewer clusters.read",
    "PATCH /api/v1/clusters/{name}": "admin clusters.manage",
    "GET /api/v1/clusters/{name}/install": "admin clusters.manage",
    "POST /api/v1/clusters/{name}/install": "admin clusters.manage",
    "POST /api/v1/clusters/{name}/install/helm": "admin clusters.manage",
    "GET /api/v1/clusters/{name}/install/{link_id}": "admin clusters.manage",
    "DELETE /api/v1/clusters/{name}/tokens": "admin clusters.manage",
    "GET /api/v1/clusters/{name}/tokens": "admin clusters.manage",
    "POST /api/v1/clusters/{name}/tokens": "admin clusters.manage",
    "DELETE /api/v1/clusters/{name}/tokens/{token_id}": "admin clusters.manage",
    "GET /api/v1/detectors": "viewer alerts.read",
    "GET /api/v1/runbooks/{alertname}": "self",
    "GET /api/v1/history/alerts": "viewer alerts.read",
    "GET /api/v1/history/noise": "viewer alerts.read",
    "GET /api/v1/history/notifications": "viewer alerts.read",
    "GET /api/v1/history/silences": "viewer silences.read",
    "GET /api/v1/history/statistics": "viewer alerts.read",
    "GET /api/v1/history/timeline": "viewer alerts.read",
    "GET /api/v1/notifications": "viewer alerts.read",
    "GET /api/v1/objects/{kind}": "viewer objects.read",
    "GET /api/v1/organisation-keys": "admin keys.manage",
    "POST /api/v1/organisation-keys": "admin keys.manage",
    "DELETE /api/v1/organisation-keys/{key_id}": "admin keys.manage",
    "GET /api/v1/overview": "viewer clusters.read",
    "GET /api/v1/roles": "self",
    "GET /api/v1/search": "viewer objects.read",
    "DELETE /api/v1/session": "self",
    "GET /api/v1/session": "self",
    "PATCH /api/v1/session": "self",
    "POST /api/v1/session": "open",
    "GET /api/v1/session/options": "open",
    "DELETE /api/v1/session/others": "self",
    "GET /api/v1/session/others": "self",
    "DELETE /api/v1/session/others/{session_id}": "self",
    "POST /api/v1/session/password": "self",
    "GET /api/v1/session/sso/{provider}/callback": "open",
    "GET /api/v1/session/sso/{provider}/login": "open",
    "GET /api/v1/session/sso/{provider}/logout": "open",
    "GET /api/v1/settings": "viewer settings.read",
    "GET /api/v1/silences": "viewer silences.read",
    "POST /api/v1/silences": "operator silences.write",
    "POST /api/v1/silences/preview": "viewer silences.read",
    "DELETE /api/v1/silences/{silence_id}": "operator silences.write",
    "GET /api/v1/silences/{silence_id}": "viewer silences.read",
    "PUT /api/v1/silences/{silence_id}": "operator silences.write",
    "GET /api/v1/stream": "self",
    "GET /api/v1/table/{kind}": "viewer objects.read",
    "GET /api/v1/teams": "admin users.manage",
    "POST /api/v1/teams": "admin users.manage",
    "DELETE /api/v1/teams/{team_id}": "admin users.manage",
    "GET /api/v1/teams/{team_id}": "admin users.manage",
    "PATCH /api/v1/teams/{team_id}": "admin users.manage",
    "GET /api/v1/teams/{team_id}/grants": "admin users.manage",
    "POST /api/v1/teams/{team_id}/grants": "admin users.manage",
    "DELETE /api/v1/teams/{team_id}/grants/{grant_id}": "admin users.manage",
    "PUT /api/v1/teams/{team_id}/grants/{grant_id}": "admin users.manage",
    "DELETE /api/v1/teams/{team_id}/members/{user_id}": "admin users.manage",
    "PUT /api/v1/teams/{team_id}/members/{user_id}": "admin users.manage",
    "GET /api/v1/tokens": "self",
    "POST /api/v1/tokens": "self",
    "DELETE /api/v1/tokens/{token_id}": "self",
    "GET /api/v1/users": "admin users.manage",
    "POST /api/v1/users": "admin users.manage",
    "DELETE /api/v1/users/{user_id}": "admin users.manage",
    "GET /api/v1/users/{user_id}": "admin users.manage",
    "PATCH /api/v1/users/{user_id}": "admin users.manage",
    "GET /api/v1/users/{user_id}/grants": "admin users.manage",
    "POST /api/v1/users/{user_id}/grants": "admin users.manage",
    "DELETE /api/v1/users/{user_id}/grants/{grant_id}": "admin users.manage",
    "PUT /api/v1/users/{user_id}/grants/{grant_id}": "admin users.manage",
    "POST /api/v1/users/{user_id}/password": "admin users.manage",
    "DELETE /api/v1/users/{user_id}/sessions": "admin users.manage",
    "GET /api/v2/alerts": "viewer alerts.read",
    "POST /api/v2/alerts": "operator alerts.post",
    "GET /api/v2/alerts/groups": "viewer alerts.read",
    "GET /api/v2/receivers": "viewer alerts.read",
    "DELETE /api/v2/silence/{silence_id}": "operator silences.write",
    "GET /api/v2/silence/{silence_id}": "viewer silences.read",
    "GET /api/v2/silences": "viewer silences.read",
    "POST /api/v2/silences": "operator silences.write",
    "GET /api/v2/status": "viewer alerts.read",
    "GET /charts/{file}": "open",
    "GET /clusters": "open",
    "GET /clusters/{rest}": "open",
    "GET /console/assets/{name}": "open",
    "GET /console/{name}": "open",
    "GET /healthz": "open",
    "GET /history": "open",
    "GET /history/{rest}": "open",
    "GET /install/{token}": "open",
    "HEAD /install/{token}": "open",
    "WEBSOCKET /link": "open",
    "GET /login": "open",
    "GET /login/{rest}": "open",
    "GET /metrics": "viewer metrics.read",
    "GET /objects": "open",
    "GET /objects/{rest}": "open",
    "GET /readyz": "open",
    "GET /routing": "open",
    "GET /routing/{rest}": "open",
    "GET /rules": "open",
    "GET /rules/{rest}": "open",
    "GET /runbooks": "open",
    "GET /runbooks/{alertname}": "open",
    "GET /settings": "open",
    "GET /settings/{rest}": "open",
    "GET /silences": "open",
    "GET /silences/{rest}": "open",
}
"""What each route asks for: nothing (open), to be signed in (self), or a permission, with the least role that has it."""

LISTENER = {
    route: entry for route, entry in ROUTES.items() if route.split()[1].startswith(("/api/v2/", "/-/"))
}
"""What the listener serves that is nothing but an Alertmanager."""


def spell(entry: RouteEntry) -> tuple[str, str]:
    route = f"{entry.method} {entry.path}"
    if isinstance(entry.entry, Access):
        return route, entry.entry.value
    role = RULES[entry.entry].role
    return route, f"{role} {entry.entry}" if role else entry.entry.value


def holding(*grants: Grant) -> Principal:
    return Principal(PrincipalKind.USER, "u1", "alice", grants)


def test_every_route_asks_for_what_the_table_says_and_the_table_names_every_route() -> None:
    assert dict(map(spell, list_entries(create_description()))) == ROUTES


def test_the_listener_of_alertmanager_asks_for_the_same() -> None:
    app = Litestar([v2.router, management], openapi_config=None)
    assert dict(map(spell, list_entries(app))) == LISTENER


@pytest.mark.parametrize("role", [None, *Role])
def test_every_role_is_let_in_where_the_table_says_and_nowhere_else(role: Role | None) -> None:
    app = create_description()
    someone = holding(Grant(role)) if role else holding()
    handlers = {
        f"{method} {route.path_format}": handler
        for route in app.routes
        for handler in getattr(route, "route_handlers", [])
        for method in handler.http_methods
        if method != "OPTIONS"
    }
    for route, entry in ROUTES.items():
        if route.startswith("WEBSOCKET"):
            continue
        handler, (least, _, _) = handlers[route], entry.partition(" ")
        allowed = least in {"open", "self"} or (role is not None and role.includes(Role(least)))
        if allowed:
            authorize(someone, handler)
        else:
            with pytest.raises(ForbiddenError):
                authorize(someone, handler)


async def test_nothing_but_what_is_open_is_served_to_who_is_not_signed_in(people: Any) -> None:
    for route, entry in ROUTES.items():
        method, path = route.split()
        if entry != "open":
            answer = await people.client.request(method, fill_in(path))
            assert answer.status_code == 401, route


async def test_who_has_too_little_is_refused_by_the_name_of_what_is_missing(people: Any) -> None:
    nobody = people.holder("nobody")
    viewer = people.holder("viewer", Grant(Role.VIEWER))
    operator = people.holder("operator", Grant(Role.OPERATOR))
    lacking = {"viewer": [nobody], "operator": [nobody, viewer], "admin": [nobody, viewer, operator]}
    for route, entry in ROUTES.items():
        method, path = route.split()
        least, _, permission = entry.partition(" ")
        for someone in lacking.get(least, ()):
            answer = await someone.ask(method, fill_in(path))
            assert answer.status_code == 403, (route, someone.name)
            if path.startswith("/api/v1/"):
                assert answer.json()["missing"] == {"permission": permission, "role": least}, route


async def test_what_is_of_no_cluster_is_refused_to_who_is_admin_of_them_all_by_name(people: Any) -> None:
    inside = people.holder("inside", Grant(Role.ADMIN, Scope(cluster_labels={"env": "prod"})))
    for route, entry in ROUTES.items():
        method, path = route.split()
        _, _, permission = entry.partition(" ")
        if permission and RULES[Permission(permission)].reach == "fleet":
            assert (await inside.ask(method, fill_in(path))).status_code == 403, route


def fill_in(path: str) -> str:
    """A path, with something in the place of its parameters."""
    return path.replace("{version}", "1").replace("{", "").replace("}", "")


class TestRoutesWithoutEntry:
    def test_keep_a_server_from_starting(self, running: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        from farwatch.hub import app as app_module  # noqa: PLC0415 - to add to what it serves

        @get("/forgotten")
        async def forgotten() -> None:
            """Nobody has said who may call it."""

        handlers = [*app_module._route_handlers(), forgotten]
        monkeypatch.setattr(app_module, "_route_handlers", lambda: handlers)
        with pytest.raises(UnguardedRouteError, match=r"GET /forgotten \(forgotten\) says nothing of who"):
            create_app(running)

    def test_are_served_to_nobody(self) -> None:
        @get("/forgotten")
        async def forgotten() -> None:
            """Nobody has said who may call it."""

        app = Litestar([forgotten], openapi_config=None)
        (handler,) = [
            handler
            for route in app.routes
            for handler in route.route_handlers  # type: ignore[union-attr]
            if "GET" in handler.http_methods
        ]
        with pytest.raises(ForbiddenError, match="nobody may"):
            authorize(holding(Grant(Role.ADMIN)), handler)

    def test_are_not_those_whose_router_says_it(self) -> None:
        @get("/known", opt=needs(Permission.ALERTS_READ))
        async def known() -> None:
            """Somebody has."""

        app = Litestar([known], openapi_config=None)
        assert list_entries(app) == [RouteEntry("GET", "/known", Permission.ALERTS_READ)]
