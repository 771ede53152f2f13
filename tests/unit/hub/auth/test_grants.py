from __future__ import annotations

from typing import Any

import pytest

from farwatch.hub.auth.grants import Holder, HolderKind, LastAdminError
from farwatch.hub.auth.policy import RULES, Permission
from farwatch.hub.auth.principal import Grant, Role, Scope
from farwatch.hub.auth.scopes import GrantError, check_grant

EVERYTHING = {"role": "admin", "scope": {}}
SHOP = {"role": "viewer", "scope": {"clusters": ["prod"], "namespaces": ["shop"]}}


async def add_user(api: Any, name: str) -> str:
    user = await api.hub.people.users.create(name)
    return str(user.id)


async def add(api: Any, path: str, body: object, **headers: str) -> Any:
    headers["Authorization"] = "Bearer the-token-of-the-test"
    answer = await api.client.post(f"/api/v1{path}", json=body, headers=headers)
    assert answer.status_code == 201, answer.text
    return answer.json()


class TestGrants:
    async def test_of_a_user_are_given_changed_and_taken_back(self, api: Any) -> None:
        await api.add_cluster("prod")
        user = await add_user(api, "alice")
        path = f"/users/{user}/grants"
        made = await add(api, path, SHOP)
        assert made["words"] == "viewer in the namespace shop of the cluster prod"
        assert api.hub.grants.of_user(user) == (Grant(Role.VIEWER, Scope(("prod",), namespaces=("shop",))),)
        listed = await api.get(path)
        assert [one["id"] for one in listed["items"]] == [made["id"]]

        changed = await api.ask("PUT", f"/api/v1{path}/{made['id']}", {"role": "operator"})
        assert (changed.status_code, changed.json()["words"]) == (200, "operator everywhere")
        assert (await api.get(path))["version"] != listed["version"]
        await api.hub.grants.load()
        assert api.hub.grants.of_user(user) == (Grant(Role.OPERATOR),)
        assert (await api.ask("DELETE", f"/api/v1{path}/{made['id']}")).status_code == 204
        await api.hub.grants.load()
        assert api.hub.grants.of_user(user) == ()

    async def test_are_held_through_teams_as_long_as_somebody_is_in_them(self, api: Any) -> None:
        user = await add_user(api, "alice")
        team = await add(api, "/teams", {"name": "On call", "description": "who is woken"})
        await add(api, f"/teams/{team['id']}/grants", {"role": "operator"})
        member = f"/api/v1/teams/{team['id']}/members/{user}"
        joined = (await api.ask("PUT", member)).json()
        assert [one["name"] for one in joined["members"]] == ["alice"]
        assert (await api.ask("PUT", member)).status_code == 200
        (held,) = (await api.get(f"/users/{user}/grants"))["inherited"]
        assert (held["teamName"], held["words"]) == ("On call", "operator everywhere")
        await api.hub.grants.load()
        assert api.hub.grants.of_user(user) == (Grant(Role.OPERATOR),)
        assert (await api.ask("DELETE", member)).status_code == 204
        assert api.hub.grants.of_user(user) == ()
        assert (await api.fault("DELETE", member.removeprefix("/api/v1")))[0] == 404

    async def test_are_not_changed_by_who_has_read_others(self, api: Any) -> None:
        user = await add_user(api, "alice")
        path = f"/users/{user}/grants"
        read = (await api.get(path))["version"]
        await add(api, path, {"role": "viewer"}, **{"If-Match": read})
        answer = await api.client.post(
            f"/api/v1{path}",
            json={"role": "operator"},
            headers={"Authorization": "Bearer the-token-of-the-test", "If-Match": read},
        )
        assert answer.status_code == 412
        assert "read them again" in answer.json()["detail"]
        assert api.hub.grants.of_user(user) == (Grant(Role.VIEWER),)

    async def test_that_cannot_be_are_refused_with_every_fault(self, api: Any) -> None:
        await api.add_cluster("prod")
        user = await add_user(api, "alice")
        bad = {
            "role": "viewer",
            "scope": {
                "clusters": ["prod", "nope"],
                "clusterLabels": {"1st": "x", "env": ""},
                "namespaces": ["Shop"],
            },
        }
        status, detail = await api.fault("POST", f"/users/{user}/grants", bad)
        assert status == 400
        for fault in (
            "no cluster is named 'nope'; there are: prod",
            "'Shop' cannot be a namespace",
            "'1st' cannot be a label",
            "the value of 'env'",
        ):
            assert fault in detail
        assert (await api.fault("POST", f"/users/{user}/grants", {"role": "king"}))[0] == 400
        assert (await api.fault("POST", "/users/nobody/grants", {"role": "viewer"}))[0] == 404
        await add(api, f"/users/{user}/grants", {"role": "viewer"})
        status, detail = await api.fault("POST", f"/users/{user}/grants", {"role": "viewer"})
        assert (status, detail) == (400, "this is granted to them already")

    async def test_of_an_identity_providers_groups_come_and_go_beside_those_of_people(self, api: Any) -> None:
        user = await add_user(api, "alice")
        holder = Holder(HolderKind.USER, user)
        grants = api.hub.grants
        await grants.add(holder, Grant(Role.VIEWER), by="admin")
        await grants.sync(user, "corp", [Grant(Role.OPERATOR), Grant(Role.VIEWER, Scope(namespaces=("a",)))])
        await grants.sync(user, "corp", [Grant(Role.OPERATOR)])
        await grants.load()
        assert set(map(str, grants.of_user(user))) == {str(Grant(Role.VIEWER)), str(Grant(Role.OPERATOR))}
        (synced,) = [held for held in grants.held(holder) if held.source]
        status, detail = await api.fault("DELETE", f"/users/{user}/grants/{synced.id}")
        assert (status, "take it away there" in detail) == (404, True)

    def test_of_a_scope_may_name_what_is_not_there_yet_but_for_clusters(self) -> None:
        check_grant(Grant(Role.VIEWER, Scope(cluster_labels={"env": "later"}, namespaces=("later",))), set())
        with pytest.raises(GrantError, match="no cluster is named 'x'; there are: none yet"):
            check_grant(Grant(Role.VIEWER, Scope(("x",))), set())


class TestLastAdmin:
    async def test_the_first_user_is_admin_everywhere_and_stays_it(self, api: Any) -> None:
        grants = api.hub.grants
        admin = api.hub.people.users.find("admin").id
        assert grants.admins() == {admin}
        (held,) = grants.held(Holder(HolderKind.USER, admin))
        path = f"/users/{admin}/grants/{held.id}"
        status, detail = await api.fault("DELETE", path)
        assert (status, "nobody would be left" in detail) == (409, True)
        assert (await api.fault("PUT", path, {"role": "viewer"}))[0] == 409
        assert (await api.fault("PUT", path, {"role": "admin", "scope": {"namespaces": ["a"]}}))[0] == 409
        assert grants.admins() == {admin}

    async def test_may_go_when_there_is_another_through_a_team_which_then_stays(self, api: Any) -> None:
        grants = api.hub.grants
        admin = api.hub.people.users.find("admin").id
        other = await add_user(api, "bob")
        team = await add(api, "/teams", {"name": "ops"})
        granted = await add(api, f"/teams/{team['id']}/grants", EVERYTHING)
        await api.ask("PUT", f"/api/v1/teams/{team['id']}/members/{other}")
        (held,) = grants.held(Holder(HolderKind.USER, admin))
        assert (await api.ask("DELETE", f"/api/v1/users/{admin}/grants/{held.id}")).status_code == 204
        for path in (
            f"/teams/{team['id']}",
            f"/teams/{team['id']}/members/{other}",
            f"/teams/{team['id']}/grants/{granted['id']}",
        ):
            assert (await api.fault("DELETE", path))[0] == 409, path
        assert grants.admins() == {other}

    async def test_is_nobody_who_may_not_sign_in(self, api: Any) -> None:
        grants = api.hub.grants
        other = await add_user(api, "bob")
        await grants.add(Holder(HolderKind.USER, other), Grant(Role.ADMIN), by="x")
        await api.hub.people.users.change(other, disabled_at=1.0)
        admin = api.hub.people.users.find("admin").id
        (held,) = grants.held(Holder(HolderKind.USER, admin))
        with pytest.raises(LastAdminError):
            await grants.remove(Holder(HolderKind.USER, admin), held.id)

    async def test_is_neither_disabled_nor_deleted_by_a_token(self, api: Any) -> None:
        admin = api.hub.people.users.find("admin").id
        for method, body in (("PATCH", {"disabled": True}), ("DELETE", None)):
            status, detail = await api.fault(method, f"/users/{admin}", body)
            assert (status, "nobody would be left" in detail) == (409, True)


class TestTeams:
    async def test_are_made_renamed_and_taken_away(self, api: Any) -> None:
        team = await add(api, "/teams", {"name": "ops"})
        assert (await api.fault("POST", "/teams", {"name": "OPS"}))[0] == 409
        assert (await api.fault("POST", "/teams", {"name": "-"}))[0] == 400
        path = f"/api/v1/teams/{team['id']}"
        renamed = await api.ask("PATCH", path, {"name": "Operations", "description": "all of them"})
        assert (renamed.json()["name"], renamed.json()["description"]) == ("Operations", "all of them")
        await api.hub.grants.load()
        assert [one["name"] for one in (await api.get("/teams"))["items"]] == ["Operations"]
        assert (await api.ask("DELETE", path)).status_code == 204
        assert (await api.fault("GET", f"/teams/{team['id']}"))[0] == 404
        assert (await api.get("/teams"))["items"] == []

    async def test_hold_nobody_who_is_unknown(self, api: Any) -> None:
        team = await add(api, "/teams", {"name": "ops"})
        assert (await api.fault("PUT", f"/teams/{team['id']}/members/nobody"))[0] == 404
        user = await add_user(api, "alice")
        assert (await api.fault("PUT", f"/teams/nope/members/{user}"))[0] == 404


async def test_roles_are_listed_with_what_each_may_do(api: Any) -> None:
    roles = {one["role"]: one["permissions"] for one in (await api.get("/roles"))["items"]}
    assert list(roles) == ["viewer", "operator", "admin"]
    assert len(roles["admin"]) == len(Permission)
    told = {one["permission"]: one["meaning"] for one in roles["viewer"]}
    assert told["alerts.read"] == RULES[Permission.ALERTS_READ].meaning
    assert "alerts.write" not in told
