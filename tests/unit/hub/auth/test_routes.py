from __future__ import annotations

from typing import Any


async def test_a_tokens_secret_is_in_the_answer_that_makes_it_and_never_again(api: Any) -> None:
    answer = await api.ask("POST", "/api/v1/tokens", {"name": "ci"})
    assert answer.status_code == 201
    made = answer.json()
    assert made["name"] == "ci"
    assert (await api.ask("GET", "/api/v1/clusters", token=made["token"])).status_code == 200

    listed = await api.ask("GET", "/api/v1/tokens")
    assert [token["name"] for token in listed.json()["items"]] == ["environment", "ci"]
    assert made["token"] not in listed.text


async def test_a_revoked_token_is_listed_with_the_time_of_its_end(api: Any) -> None:
    made = (await api.ask("POST", "/api/v1/tokens", {"name": "ci"})).json()
    assert (await api.ask("DELETE", f"/api/v1/tokens/{made['id']}")).status_code == 204
    (revoked,) = [token for token in (await api.get("/tokens"))["items"] if token["id"] == made["id"]]
    assert revoked["revokedAt"] >= revoked["createdAt"]


async def test_the_last_token_stays(api: Any) -> None:
    (only,) = (await api.get("/tokens"))["items"]
    status, detail = await api.fault("DELETE", f"/tokens/{only['id']}")
    assert status == 409
    assert "create another one first" in detail


async def test_an_unknown_token_cannot_be_revoked(api: Any) -> None:
    status, detail = await api.fault("DELETE", "/tokens/nope")
    assert status == 404
    assert "'nope'" in detail


async def test_an_overlong_name_is_refused(api: Any) -> None:
    assert (await api.fault("POST", "/tokens", {"name": "x" * 101}))[0] == 400
    assert (await api.ask("POST", "/api/v1/tokens", {"name": "x" * 100})).status_code == 201
