from typing import Any

import pytest

from farwatch.sim.server.identity import ADMIN_GROUP, Tokens, User
from farwatch.sim.server.tokenrequests import answer_token_request
from farwatch.sim.store import Store

ACCOUNT = "system:serviceaccount:shop:robot"


@pytest.fixture
def tokens(store: Store) -> Tokens:
    store.create("serviceaccounts", {"metadata": {"name": "robot", "namespace": "shop"}})
    return Tokens({"admins": User("admin", (ADMIN_GROUP,))})


def request(store: Store, tokens: Tokens, **spec: Any) -> Any:
    return answer_token_request(store, tokens, "shop", "robot", {"spec": spec})


def who(tokens: Tokens, token: str) -> str:
    user = tokens.authenticate(f"Bearer {token}")
    return user.name if user else ""


def test_a_token_stands_for_its_account_until_it_expires(store: Store, tokens: Tokens, clock: Any) -> None:
    made = request(store, tokens, expirationSeconds=600)["status"]
    assert who(tokens, made["token"]) == ACCOUNT
    assert made["expirationTimestamp"] == "2027-01-15T08:10:00Z"
    clock.now += 600
    assert who(tokens, made["token"]) == ""


def test_a_token_ends_with_its_account_even_if_another_takes_the_name(store: Store, tokens: Tokens) -> None:
    token = request(store, tokens)["status"]["token"]
    store.delete("serviceaccounts", "shop", "robot")
    assert who(tokens, token) == ""
    store.create("serviceaccounts", {"metadata": {"name": "robot", "namespace": "shop"}})
    assert who(tokens, token) == ""


def test_a_server_that_lets_everybody_in_still_knows_whom_it_issued_tokens(store: Store) -> None:
    store.create("serviceaccounts", {"metadata": {"name": "robot", "namespace": "shop"}})
    tokens = Tokens()
    token = request(store, tokens)["status"]["token"]
    assert who(tokens, token) == ACCOUNT
    assert who(tokens, "any") == "kubernetes-admin"


def test_tokens_are_issued_over_the_api_and_only_for_accounts_there_are(
    ask: Any, store: Store, tokens: Tokens
) -> None:
    path = "/api/v1/namespaces/shop/serviceaccounts/{}/token"
    code, made = ask("POST", path.format("robot"), {"spec": {}})
    assert (code, made["kind"], made["spec"]["expirationSeconds"]) == (201, "TokenRequest", 3600)
    assert made["status"]["token"]
    assert ask("POST", path.format("nobody"), {})[0] == 404
    assert ask("GET", path.format("robot"))[0] == 405
    code, refused = ask("POST", path.format("robot"), {"spec": {"expirationSeconds": 5}})
    assert code == 422
    assert "less than 10 minutes" in refused["message"]
