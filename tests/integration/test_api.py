"""The API of a running hub: nothing without a token, and each bad parameter is named."""

from __future__ import annotations

import re
import socket
from typing import Any
from urllib.parse import urlencode

import pytest

pytestmark = [pytest.mark.integration, pytest.mark.xdist_group("api")]

PROBLEM = "application/problem+json"
METHODS = {"get", "post", "put", "patch", "delete"}
OPEN_PATHS = re.compile(r"/(healthz|readyz|activez|console/.*|runbooks(/.*)?|api/v1/session/options)?")
SIGN_IN = ("POST", "/api/v1/session")


@pytest.fixture(scope="module")
def hub(common_stage: Any) -> Any:
    hub = common_stage.hub()
    hub.add_cluster("known")
    return hub


@pytest.fixture(scope="module")
def operations(hub: Any) -> list[tuple[str, str]]:
    """Method and path of everything in the hub's own document."""
    schema = hub.ask("GET", "/api/schema/openapi.json").json
    return [
        (method.upper(), re.sub(r"{\w+}", "1", path))
        for path, item in schema["paths"].items()
        for method in item.keys() & METHODS
    ]


@pytest.mark.parametrize(
    "token", ["", "guessed", "fwa_0123456789ab_" + "x" * 43], ids=["none", "guess", "agent"]
)
def test_every_operation_needs_a_token(hub: Any, operations: list[tuple[str, str]], token: str) -> None:
    needing = [
        (method, path)
        for method, path in operations
        if not OPEN_PATHS.fullmatch(path) and (method, path) != SIGN_IN
    ]
    assert {path for _, path in needing} >= {
        "/metrics",
        "/api/v1/clusters",
        "/api/v1/stream",
        "/api/v1/alerts",
    }
    for method, path in needing:
        answer = hub.ask(method, path, token=token)
        assert answer.status == 401, (method, path, answer)
        assert answer.headers["Content-Type"] == PROBLEM


def test_an_agents_token_opens_nothing_of_the_api(hub: Any) -> None:
    token = hub.post("/clusters/known/tokens", {})["token"]
    assert hub.ask("GET", "/api/v1/clusters", token=token).status == 401


def test_health_needs_no_token(hub: Any) -> None:
    for path in ("/healthz", "/readyz"):
        answer = hub.ask("GET", path, token="")
        assert (answer.status, answer.json["ok"]) == (200, True)


def test_an_api_token_opens_everything_until_it_is_revoked(hub: Any) -> None:
    made = hub.post("/tokens", {"name": "mine"})
    assert hub.ask("GET", "/api/v1/alerts", token=made["token"]).status == 200
    hub.delete(f"/tokens/{made['id']}")
    assert hub.ask("GET", "/api/v1/alerts", token=made["token"]).status == 401
    assert made["token"] not in str(hub.get("/tokens")) + hub.log


@pytest.mark.parametrize(
    ("path", "query", "named"),
    [
        ("/objects/pods", {"limit": "0"}, "limit"),
        ("/objects/pods", {"limit": "100000"}, "limit"),
        ("/objects/pods", {"limit": "many"}, "limit"),
        ("/objects/pods", {"continue": "made up"}, "continue"),
        ("/objects/pods", {"labels": "app in ("}, "label selector 'app in ('"),
        ("/objects/dragons", {}, "'dragons' is not a kind"),
        ("/clusters/known/changes", {"since": "yesterday"}, "since"),
        ("/clusters/known/changes", {"until": "-"}, "until"),
        ("/clusters/known/changes", {"before": "x"}, "before"),
        ("/clusters/known/changes", {"kind": "dragons"}, "'dragons' is not a kind"),
        ("/clusters/known/changes", {"documents": "perhaps"}, "documents"),
        ("/alerts", {"status": "asleep"}, "status"),
        ("/alerts", {"label": "severity"}, "label"),
        ("/notifications", {"limit": "-1"}, "limit"),
        ("/stream", {"types": "alert,rumour"}, "types"),
    ],
)
def test_a_bad_parameter_is_named(hub: Any, path: str, query: dict[str, str], named: str) -> None:
    answer = hub.ask("GET", f"/api/v1{path}?{urlencode(query)}")
    assert answer.status == 400, answer
    assert answer.headers["Content-Type"] == PROBLEM
    assert answer.json["status"] == 400
    assert named in answer.json["detail"]


@pytest.mark.parametrize(
    ("path", "body", "named"),
    [
        ("/clusters", {"name": "Not A Name"}, "'Not A Name' cannot be a cluster's name"),
        ("/clusters", {"name": "x" * 64}, "at most 63"),
        ("/clusters", {"name": "x", "colour": "red"}, "colour"),
        ("/clusters", b"{", "not JSON"),
        ("/clusters/known/tokens", {"overlapSeconds": -1}, "overlapSeconds"),
        ("/clusters/known/tokens", {"overlapSeconds": "long"}, "overlapSeconds"),
        ("/tokens", {"name": ""}, "name"),
    ],
)
def test_a_bad_body_is_named(hub: Any, path: str, body: object, named: str) -> None:
    answer = hub.ask("POST", f"/api/v1{path}", body)
    assert answer.status == 400, answer
    assert answer.headers["Content-Type"] == PROBLEM
    assert named in answer.json["detail"]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/clusters/absent"),
        ("DELETE", "/clusters/absent"),
        ("GET", "/clusters/absent/tokens"),
        ("DELETE", "/clusters/known/tokens/absent"),
        ("GET", "/clusters/known/objects/pods/absent?namespace=shop"),
        ("GET", "/alerts/absent"),
        ("DELETE", "/tokens/absent"),
    ],
)
def test_what_is_not_there_is_named(hub: Any, method: str, path: str) -> None:
    answer = hub.ask(method, f"/api/v1{path}")
    assert answer.status == 404, answer
    assert answer.headers["Content-Type"] == PROBLEM
    assert "absent" in answer.json["detail"]


@pytest.mark.parametrize(
    "data",
    [b"\x16\x03\x01\x02\x00\x01\x00", b"GET\r\n\r\n", b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 100_000],
    ids=["TLS", "no HTTP", "endless headers"],
)
def test_what_is_no_request_stops_nobody(hub: Any, data: bytes) -> None:
    host, port = hub.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=20) as connection:
        try:
            connection.sendall(data)
            connection.shutdown(socket.SHUT_WR)
            while connection.recv(65536):
                pass
        except ConnectionError:
            pass  # it has heard enough
    assert hub.ask("GET", "/healthz").status == 200
