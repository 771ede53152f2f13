"""Who was granted one namespace sees that, and nothing else of the fleet, whatever they ask."""

from __future__ import annotations

import http.client
import json
import threading
from collections.abc import Iterator
from queue import Queue
from typing import Any
from urllib.parse import urlsplit

import pytest

pytestmark = [pytest.mark.integration, pytest.mark.xdist_group("access")]

OWN = {"cluster": "prod", "namespace": "own-namespace"}
HIDDEN_NAMESPACE = "hidden-namespace"
HIDDEN_CLUSTER = "hidden-cluster"

PARAMETERS = {"cluster": "prod", "name": "prod"}
"""What stands in the place of a path's parameters."""

QUERIES = {"/api/v1/search": "q=hidden", "/api/v1/alerting/config/diff": "from=1&to=1"}
STREAM = "/api/v1/stream"
ELSEWHERE = (
    "fingerprint",
    "silence_id",
    "user_id",
    "team_id",
    "version",
    "link_id",
    "provider",
    "kind}/{name}",
    "alertname",
)
"""Parameters of routes that give one thing, and not a list."""


@pytest.fixture(scope="module")
def hub(common_stage: Any) -> Any:
    """A hub of two clusters; one is there, with two namespaces, and of both and the other there are alerts."""
    hub, sim = common_stage.hub(), common_stage.sim()
    common_stage.linked_agent(hub, "prod", sim.kubeconfig)
    hub.add_cluster(HIDDEN_CLUSTER)
    for name in (OWN["namespace"], HIDDEN_NAMESPACE):
        sim.put_namespace(name)
        pod = {"metadata": {"name": f"{name}-pod"}, "spec": {"containers": [{"name": "c", "image": "i"}]}}
        sim.call("POST", f"/api/v1/namespaces/{name}/pods", pod)
    post_alerts(hub, "First")
    for matchers in (f'cluster="{HIDDEN_CLUSTER}"', 'cluster="prod", namespace="own-namespace"'):
        hub.post("/silences", {"matchers": matchers, "endsAt": "2100-01-01T00:00:00Z", "comment": matchers})
    return hub


@pytest.fixture(scope="module")
def reader(hub: Any) -> str:
    """The token of who may see one namespace."""
    scope = {"clusters": [OWN["cluster"]], "namespaces": [OWN["namespace"]]}
    body = {"name": "reader", "kind": "service", "grants": [{"role": "viewer", "scope": scope}]}
    token: str = hub.post("/tokens", body)["token"]
    return token


def post_alerts(hub: Any, name: str) -> None:
    """One of each place, what is hidden first."""
    places = ({"cluster": HIDDEN_CLUSTER, "namespace": "own-namespace"}, {"cluster": "prod"}, {})
    places += ({"cluster": "prod", "namespace": HIDDEN_NAMESPACE}, OWN)
    for place in places:
        answer = hub.ask("POST", "/api/v2/alerts", [{"labels": {"alertname": name, **place}}])
        assert answer.status == 200, answer.text


def list_paths(hub: Any) -> Iterator[str]:
    """The path of each route that lists something."""
    document = hub.ask("GET", "/api/schema").json
    for path, operations in document["paths"].items():
        one_thing = path.startswith("/api/v1/session") or any(word in path for word in ELSEWHERE)
        if "get" not in operations or path == STREAM or one_thing:
            continue
        for kind in ("pods", "namespaces", "nodes", "events") if "{kind}" in path else ("",):
            filled = path.format(kind=kind, **PARAMETERS)
            yield f"{filled}?{QUERIES[path]}" if path in QUERIES else filled
    yield from (f"/api/v2/{noun}" for noun in ("alerts", "alerts/groups", "receivers", "silences"))


def check(answer: Any, path: str) -> None:
    """There is nothing of other places in it."""
    if isinstance(answer, dict):
        assert answer.get("cluster", "") in {"", "prod"}, (path, answer)
        assert answer.get("namespace", "") in {"", None, "own-namespace"}, (path, answer)
    if isinstance(answer, dict | list):
        for part in answer.values() if isinstance(answer, dict) else answer:
            check(part, path)


def test_every_list_shows_what_was_granted_and_nothing_else(hub: Any, reader: str, eventually: Any) -> None:
    eventually(lambda: "own-namespace-pod" in hub.names("pods", "prod"), "the pod is known")
    eventually(lambda: len(hub.get("/history/alerts")["items"]) >= 5, "the history is written")
    served, refused = [], []
    for path in list_paths(hub):
        as_admin = hub.ask("GET", path)
        assert as_admin.status == 200, (path, as_admin.text)
        answer = hub.ask("GET", path, token=reader)
        (served if answer.status == 200 else refused).append(path)
        if answer.status == 403:
            assert json.loads(answer.text)["missing"]["permission"], path
            continue
        assert answer.status == 200, (path, answer.text)
        assert HIDDEN_NAMESPACE not in answer.text, path
        assert HIDDEN_CLUSTER not in answer.text, path
        if answer.headers["content-type"].startswith("application/json"):
            check(answer.json, path)
    for path in (
        "/api/v1/alerts",
        "/api/v1/objects/pods",
        "/api/v1/table/pods",
        "/api/v1/overview",
        "/api/v1/silences",
    ):
        assert path in served
    for path in ("/metrics", "/api/v1/users", "/api/v1/audit", "/api/v1/alerting/config", "/api/v1/backups"):
        assert path in refused


def test_what_was_granted_is_there(hub: Any, reader: str, eventually: Any) -> None:
    eventually(lambda: "own-namespace-pod" in hub.names("pods", "prod"), "the pod is known")

    def get(path: str) -> Any:
        return hub.ask("GET", f"/api/v1{path}", token=reader).json

    alerts = get("/alerts")["items"]
    assert "First" in {alert["labels"].pop("alertname") for alert in alerts}
    assert all(alert["labels"] == OWN for alert in alerts)
    assert [one["object"]["metadata"]["name"] for one in get("/objects/pods")["items"]] == [
        "own-namespace-pod"
    ]
    assert [one["name"] for one in get("/table/pods")["rows"]] == ["own-namespace-pod"]
    assert [one["name"] for one in get("/clusters")["items"]] == ["prod"]
    assert [one["comment"] for one in get("/silences")["items"]] == [
        'cluster="prod", namespace="own-namespace"'
    ]


def test_the_live_stream_tells_of_what_was_granted_alone(hub: Any, reader: str, eventually: Any) -> None:
    parts = urlsplit(hub.url)
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=60)
    connection.request("GET", STREAM, headers={"Authorization": f"Bearer {reader}"})
    answer = connection.getresponse()
    assert answer.status == 200
    lines: Queue[str] = Queue()

    def read() -> None:
        for line in answer:
            lines.put(line.decode().strip())
            if b"Last" in line:
                return

    reading = threading.Thread(target=read, daemon=True)
    reading.start()
    assert lines.get(timeout=60) == ": following"
    post_alerts(hub, "Second")
    post_alerts(hub, "Last")
    reading.join(60)
    told = [lines.get() for _ in range(lines.qsize())]
    connection.close()
    bodies = [json.loads(line.removeprefix("data: ")) for line in told if line.startswith("data: ")]
    alerts = [body["labels"] for body in bodies if "labels" in body and "fingerprint" in body]
    assert alerts == [{"alertname": name, **OWN} for name in ("Second", "Last")]
    assert HIDDEN_CLUSTER not in "".join(told)
    assert HIDDEN_NAMESPACE not in "".join(told)


def test_writing_elsewhere_is_refused_with_the_missing_grant(hub: Any, reader: str) -> None:
    body = {"matchers": 'cluster="prod", namespace="own-namespace"', "endsAt": "2100-01-01T00:00:00Z"}
    answer = hub.ask("POST", "/api/v1/silences", body, token=reader)
    assert answer.status == 403
    assert answer.json["missing"]["role"] == "operator"
    assert hub.ask("GET", f"/api/v1/clusters/{HIDDEN_CLUSTER}", token=reader).status == 404
    assert hub.ask("DELETE", "/api/v1/clusters/prod", token=reader).status == 403
