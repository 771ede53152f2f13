"""API tokens over HTTP: whose they are, and what they may do."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from farwatch.hub.auth.principal import Grant, Role, Scope

OPERATOR = Grant(Role.OPERATOR, Scope(clusters=("prod",)))


def at(world: Any, **later: float) -> str:
    return (datetime.fromtimestamp(world.clock.now, UTC) + timedelta(**later)).isoformat()


async def make(world: Any, **wanted: Any) -> Any:
    answer = await world.ask("POST", "/tokens", {"name": "ci", **wanted})
    assert answer.status_code == 201, answer.text
    return answer.json()


async def find(world: Any, token_id: str, token: str = "") -> Any:
    listed = (await world.ask("GET", "/tokens", **({"token": token} if token else {}))).json()["items"]
    return next((each for each in listed if each["id"] == token_id), None)


async def test_a_personal_token_does_what_its_owner_may_and_only_while_they_may(world: Any) -> None:
    ada = await world.add("ada", "purple monkey dishwasher", Grant(Role.ADMIN))
    browser = await world.sign_in("ada")
    answer = await browser.post("/api/v1/tokens", json={"name": "mine"})
    made = answer.json()
    shown = await find(world, made["id"])
    assert (shown["kind"], shown["owner"], shown["ownerName"], shown["createdBy"]) == (
        "personal",
        ada,
        "ada",
        "ada",
    )
    assert (await world.ask("GET", "/users", token=made["token"])).status_code == 200
    (held,) = world.grants.held(world.holder(ada))
    await world.grants.remove(world.holder(ada), held.id)
    assert (await world.ask("GET", "/users", token=made["token"])).status_code == 403
    assert (await world.ask("GET", "/tokens", token=made["token"])).status_code == 200


async def test_a_personal_token_is_narrowed_by_its_own_grants_and_scopes(world: Any) -> None:
    await world.add("ada", "purple monkey dishwasher", Grant(Role.ADMIN))
    browser = await world.sign_in("ada")
    for wanted in ({"grants": [{"role": "viewer"}]}, {"scopes": ["alerts.read"]}):
        made = (await browser.post("/api/v1/tokens", json={"name": "less", **wanted})).json()
        refused = await world.ask("GET", "/users", token=made["token"])
        assert refused.status_code == 403
        assert refused.json()["missing"]["permission"] == "users.manage"


async def test_a_service_token_has_grants_of_its_own(world: Any) -> None:
    made = await make(world, kind="service", grants=[{"role": "operator", "scope": {"clusters": ["prod"]}}])
    principal = world.people.of_token(made["token"])
    assert (principal.kind, principal.name, principal.grants) == ("token", "ci", (OPERATOR,))
    assert (await world.ask("GET", "/users", token=made["token"])).status_code == 403


async def test_a_token_for_what_is_not_there_is_refused_by_its_name(world: Any) -> None:
    grants = [{"role": "viewer", "scope": {"clusters": ["prd"], "namespaces": ["Shop"]}}]
    status, detail = await world.fault("POST", "/tokens", {"name": "ci", "kind": "service", "grants": grants})
    assert status == 400
    assert "no cluster is named 'prd'; there are: prod" in detail
    assert "'Shop' cannot be a namespace" in detail


async def test_without_a_kind_a_token_makes_one_that_may_do_everything_as_ever(world: Any) -> None:
    made = await make(world)
    assert world.people.of_token(made["token"]).grants == (Grant(Role.ADMIN),)
    assert (await find(world, made["id"]))["kind"] == "service"


async def test_people_see_and_revoke_their_own_tokens_alone(world: Any) -> None:
    await world.add("ada")
    await world.add("bob")
    ada, bob = await world.sign_in("ada"), await world.sign_in("bob")
    mine = (await ada.post("/api/v1/tokens", json={"name": "adas"})).json()
    assert [each["name"] for each in (await bob.get("/api/v1/tokens")).json()["items"]] == []
    assert (await bob.delete(f"/api/v1/tokens/{mine['id']}")).status_code == 404
    assert (
        await bob.post(
            "/api/v1/tokens", json={"name": "x", "kind": "service", "grants": [{"role": "viewer"}]}
        )
    ).status_code == 403
    assert [each["name"] for each in (await ada.get("/api/v1/tokens")).json()["items"]] == ["adas"]
    assert (await ada.delete(f"/api/v1/tokens/{mine['id']}")).status_code == 204
    assert (await world.ask("GET", "/tokens", token=mine["token"])).status_code == 401


async def test_a_token_makes_none_that_may_do_more_than_itself(world: Any) -> None:
    maker = await make(
        world,
        kind="service",
        grants=[{"role": "admin"}],
        scopes=["tokens.manage", "alerts.read"],
        expiresAt=at(world, days=5),
    )

    async def ask(**wanted: Any) -> Any:
        body = {"name": "child", "kind": "service", "grants": [{"role": "admin"}], **wanted}
        return await world.ask("POST", "/tokens", body, token=maker["token"])

    assert (await ask(scopes=["users.manage"])).status_code == 403
    assert (await ask(expiresAt=at(world, days=6))).status_code == 403
    assert (await ask(kind="personal")).status_code == 403
    child = (await ask()).json()
    shown = await find(world, child["id"])
    assert shown["scopes"] == ["alerts.read", "tokens.manage"]
    assert shown["expiresAt"] == (await find(world, maker["id"]))["expiresAt"]


async def test_a_personal_token_makes_no_personal_token(world: Any) -> None:
    await world.add("ada", "purple monkey dishwasher", Grant(Role.ADMIN))
    browser = await world.sign_in("ada")
    made = (await browser.post("/api/v1/tokens", json={"name": "mine", "scopes": ["own.account"]})).json()
    refused = await world.ask("POST", "/tokens", {"name": "more"}, token=made["token"])
    assert refused.status_code == 403
    assert "made by people who are signed in" in refused.json()["detail"]


async def test_a_token_ends_when_it_was_to_end_and_says_so_before(world: Any) -> None:
    made = await make(world, expiresAt=at(world, days=20))
    assert (await find(world, made["id"]))["state"] == "valid"
    world.clock.now += 7 * 86400
    assert (await find(world, made["id"]))["state"] == "expiring"
    assert world.people.of_token(made["token"]) is not None
    world.clock.now += 13 * 86400
    assert (await find(world, made["id"]))["state"] == "expired"
    assert world.people.of_token(made["token"]) is None


async def test_it_is_known_when_a_token_was_used_last_also_after_a_restart(world: Any) -> None:
    made = await make(world)
    assert "lastUsedAt" not in await find(world, made["id"])
    world.clock.now += 60
    used = datetime.fromtimestamp(world.clock.now, UTC)
    await world.ask("GET", "/tokens", token=made["token"])
    assert datetime.fromisoformat((await find(world, made["id"]))["lastUsedAt"]) == used
    await world.people.tokens.flush()
    world.people.tokens._used.clear()
    assert datetime.fromisoformat((await find(world, made["id"]))["lastUsedAt"]) == used


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        ({"kind": "service"}, "grants: a service token needs some"),
        ({"kind": "agent"}, "kind"),
        ({"kind": "service", "grants": []}, "grants"),
        ({"kind": "service", "grants": [{"role": "root"}]}, "role"),
        ({"kind": "service", "grants": [{"role": "admin", "scope": {"cluster": ["prod"]}}]}, "cluster"),
        ({"scopes": ["everything"]}, "scopes"),
        ({"scopes": []}, "scopes"),
        ({"expiresAt": "2020-01-01T00:00:00Z"}, "expiresAt: is not in the future"),
        ({"expiresAt": "2090-01-01T00:00:00Z"}, "more than ten years"),
        ({"expiresAt": "2027-06-01T00:00:00"}, "has no time zone"),
        ({"owner": "somebody"}, "owner"),
        ({"name": ""}, "name"),
        ({"name": "a\x00b"}, "name"),
        (
            {"kind": "service", "grants": [{"role": "viewer", "scope": {"clusters": ["gone"]}}]},
            "no cluster is named",
        ),
        ({"expiresAt": "0001-01-01T00:00:00+14:00"}, "expiresAt: is not in the future"),
        ({"expiresAt": "9999-12-31T23:59:59-14:00"}, "more than ten years"),
    ],
)
async def test_a_token_that_cannot_be_is_refused_with_the_reason(world: Any, wanted: Any, said: str) -> None:
    status, detail = await world.fault("POST", "/tokens", {"name": "ci", **wanted})
    assert status == 400
    assert said in detail
