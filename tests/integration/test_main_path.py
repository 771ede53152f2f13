"""The main job end to end: a pod fails in a cluster, a person is told; and what the API and the command line show of it."""

from __future__ import annotations

import http.client
import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import pytest

pytestmark = [pytest.mark.integration, pytest.mark.xdist_group("main_path")]

CLUSTER = "prod-eu-west-1"


@pytest.fixture(scope="module")
def hub(common_stage: Any) -> Any:
    return common_stage.hub()


@pytest.fixture(scope="module")
def sim(common_stage: Any) -> Any:
    return common_stage.sim()


@pytest.fixture(scope="module")
def agent(common_stage: Any, hub: Any, sim: Any) -> Any:
    return common_stage.linked_agent(hub, CLUSTER, sim.kubeconfig)


class LiveStream:
    """Follows /api/v1/stream; ``events`` are (type, body) as they came."""

    def __init__(self, url: str, token: str, query: str = "") -> None:
        parts = urlsplit(url)
        assert parts.hostname is not None
        self.events: list[tuple[str, Any]] = []
        self._connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=60)
        self._connection.request(
            "GET", f"/api/v1/stream{query}", headers={"Authorization": f"Bearer {token}"}
        )
        self._answer = self._connection.getresponse()
        assert self._answer.status == 200
        assert self._answer.headers["Content-Type"].startswith("text/event-stream")
        # From here on nothing is missed, and it is known from where. A browser would take any data for an event.
        first = list(iter(self._answer.readline, b"\r\n"))
        assert first[0] == b": following\r\n"
        assert [line.partition(b":")[0] for line in first[1:]] == [b"id"]
        self._thread = threading.Thread(target=self._read)
        self._thread.start()

    def _read(self) -> None:
        kind = ""
        try:
            while line := self._answer.readline().decode():
                field, _, value = line.rstrip("\r\n").partition(": ")
                if field == "event":
                    kind = value
                elif field == "data":
                    self.events.append((kind, json.loads(value)))
        except OSError:
            pass  # closed from here

    def close(self) -> None:
        sock = self._connection.sock
        if sock is not None:
            sock.shutdown(2)
        self._thread.join(10)
        self._connection.close()


def assert_page_is_open(hub: Any, url: str) -> None:
    assert url.startswith(hub.url)
    assert hub.ask("GET", url.removeprefix(hub.url), token="").status == 200


@pytest.fixture
def live(hub: Any) -> Iterator[LiveStream]:
    stream = LiveStream(hub.url, hub.token)
    yield stream
    stream.close()


def test_a_crash_loop_is_told_once_while_it_lasts_and_once_when_it_is_over(
    common_stage: Any, hub: Any, sim: Any, agent: Any, live: LiveStream
) -> None:
    sink = common_stage.sink
    assert (
        sim.make_trouble("crash-loop", namespace="shop", workload="web")["target"] == "deployments/shop/web"
    )

    told = sink.wait_told("KubePodCrashLooping")

    expected = {
        "alertname": "KubePodCrashLooping",
        "severity": "warning",
        "cluster": CLUSTER,
        "namespace": "shop",
        "workload_kind": "Deployment",
        "workload": "web",
    }
    assert expected.items() <= told["labels"].items()
    assert "exit" in told["annotations"]["description"]
    assert_page_is_open(hub, told["annotations"]["runbook_url"])
    assert "web" in told["annotations"]["summary"]
    assert told["endsAt"] == "0001-01-01T00:00:00Z"
    assert datetime.fromisoformat(told["startsAt"]) <= datetime.now(UTC)
    message = next(message for message in sink.messages if told in message["alerts"])
    assert message.keys() == {
        "version",
        "groupKey",
        "truncatedAlerts",
        "status",
        "receiver",
        "notification_reason",
        "groupLabels",
        "commonLabels",
        "commonAnnotations",
        "externalURL",
        "alerts",
    }
    assert (message["version"], message["status"], message["receiver"]) == ("4", "firing", "sink")
    assert message["externalURL"] == hub.url
    assert message["groupLabels"] == message["commonLabels"] == told["labels"]

    firing = hub.wait_alert("KubePodCrashLooping", CLUSTER)
    assert firing["labels"] == told["labels"]
    assert firing["fingerprint"] == told["fingerprint"]
    assert hub.get(f"/alerts/{firing['fingerprint']}")["status"] == "firing"
    assert hub.get(f"/clusters/{CLUSTER}")["alerts"] == 1

    sim.mend()
    resolved = sink.wait_told("KubePodCrashLooping", "resolved")
    assert resolved["fingerprint"] == told["fingerprint"]
    assert resolved["startsAt"] == told["startsAt"]
    assert datetime.fromisoformat(resolved["endsAt"]) >= datetime.fromisoformat(told["startsAt"])
    assert hub.find_alert("KubePodCrashLooping", CLUSTER) is None
    assert hub.wait_alert("KubePodCrashLooping", CLUSTER, "resolved")["fingerprint"] == told["fingerprint"]
    assert len(sink.told("KubePodCrashLooping", "firing")) == 1
    assert len(sink.told("KubePodCrashLooping", "resolved")) == 1
    statuses = [alert["status"] for kind, alert in live.events if kind == "alert"]
    assert (statuses[0], statuses[-1]) == ("firing", "resolved")
    changed = {change["kind"] for kind, change in live.events if kind == "change"}
    assert {"Pod", "ReplicaSet", "Event"} <= changed
    outcomes = {attempt["outcome"] for attempt in hub.get("/notifications")["items"]}
    assert outcomes == {"delivered"}


def test_the_api_shows_the_cluster_as_the_api_server_has_it(hub: Any, sim: Any, agent: Any) -> None:
    found = hub.get(f"/clusters/{CLUSTER}")

    assert found["name"] == CLUSTER
    assert found["agentState"] == "connected"
    assert found["apiServerReachable"] is True
    assert found["uid"] == sim.call("GET", "/api/v1/namespaces/kube-system")["metadata"]["uid"]
    assert found["kubernetesVersion"] == sim.call("GET", "/version")["gitVersion"]
    assert (found["nodes"], found["pods"]) == (2, len(sim.names("/api/v1/pods")))
    assert {watch["state"] for watch in found["watches"]} == {"synced"}
    assert CLUSTER in [cluster["name"] for cluster in hub.get("/clusters")["items"]]


def test_objects_are_found_by_label_and_page_by_page(hub: Any, sim: Any, agent: Any, eventually: Any) -> None:
    for number in range(5):
        sim.put_namespace(f"page-{number}", made="by-test", parity="odd" if number % 2 else "even")
    everything = {f"page-{number}" for number in range(5)}
    eventually(lambda: hub.names("namespaces", CLUSTER, labels="made=by-test") == everything, "5 namespaces")

    assert hub.names("Namespace", CLUSTER, labels="made=by-test,parity!=odd") == {
        "page-0",
        "page-2",
        "page-4",
    }
    assert hub.names("namespaces", "another", labels="made=by-test") == set()
    seen, token, remaining = [], "", []
    while True:
        page = hub.get("/objects/namespaces", labels="made=by-test", limit=2, **{"continue": token})
        seen += [item["object"]["metadata"]["name"] for item in page["items"]]
        remaining.append(page["remaining"])
        token = page["continue"]
        if not token:
            break
    assert seen == sorted(everything)
    assert remaining == [3, 1, 0]


def test_the_changes_of_an_object_say_what_changed(hub: Any, sim: Any, agent: Any, eventually: Any) -> None:
    sim.put_namespace("history", tier="one")
    eventually(lambda: len(hub.changes(CLUSTER, kind="Namespace", name="history")) == 1, "the creation")
    sim.patch("/api/v1/namespaces/history", {"metadata": {"labels": {"tier": "two"}}})
    eventually(lambda: len(hub.changes(CLUSTER, kind="Namespace", name="history")) == 2, "the update")
    sim.call("DELETE", "/api/v1/namespaces/history")

    def operations() -> list[str]:
        changes = hub.changes(CLUSTER, kind="Namespace", name="history", documents="true")
        return [change["operation"] for change in changes]

    eventually(lambda: "deleted" in operations(), "the deletion")
    changes = hub.changes(CLUSTER, kind="Namespace", name="history", documents="true")
    assert [change["operation"] for change in changes][::-1][:2] == ["created", "updated"]
    updated = changes[-2]
    assert updated["object"]["metadata"]["labels"]["tier"] == "two"
    (field,) = (field for field in updated["fields"] if "tier" in field["path"])
    assert (field["before"], field["after"]) == ("one", "two")
    assert not any(change.get("afterGap") for change in changes)
    assert [change["sequence"] for change in changes] == sorted(
        (change["sequence"] for change in changes), reverse=True
    )


def test_the_live_stream_keeps_to_what_was_asked_for(hub: Any, sim: Any, agent: Any, eventually: Any) -> None:
    others = LiveStream(hub.url, hub.token, "?cluster=another")
    changes = LiveStream(hub.url, hub.token, f"?types=change&cluster={CLUSTER}")
    try:
        sim.put_namespace("seen-live")
        eventually(
            lambda: any(body["name"] == "seen-live" for _, body in list(changes.events)), "the change, live"
        )
        assert others.events == []
        assert {kind for kind, _ in changes.events} == {"change"}
    finally:
        others.close()
        changes.close()


# --- the command line -----------------------------------------------------------------------------------------


def test_cluster_add_prints_the_token_once_as_json(common_stage: Any, hub: Any) -> None:
    done = common_stage.cli(hub, "cluster", "add", "added-by-cli", "--json")
    added = json.loads(done.output)
    assert added.keys() == {"name", "token"}
    assert added["name"] == "added-by-cli"
    assert done.wait() == 0

    listed = json.loads(common_stage.cli(hub, "cluster", "list", "--json").output)
    states = {cluster["name"]: cluster["agentState"] for cluster in listed}
    assert states["added-by-cli"] == "never_connected"
    assert added["token"] not in json.dumps(listed)
    assert added["token"] not in hub.log

    again = common_stage.cli(hub, "cluster", "add", "added-by-cli")
    assert again.wait() == 1
    assert again.log.count("\n") == 1
    assert "exists already" in again.log
    hub.delete("/clusters/added-by-cli")


def test_alerts_prints_what_fires_as_json_and_as_a_table(
    common_stage: Any, hub: Any, sim: Any, agent: Any, eventually: Any
) -> None:
    sim.make_trouble("image-pull", namespace="shop")
    firing = hub.wait_alert("KubePodImagePullFailed", CLUSTER)

    items = json.loads(common_stage.cli(hub, "alerts", "--json").output)
    table = common_stage.cli(hub, "alerts").output
    elsewhere = common_stage.cli(hub, "alerts", "--cluster", "another").output
    sim.mend()

    found = [item for item in items if item["fingerprint"] == firing["fingerprint"]]
    assert [item["labels"] for item in found] == [firing["labels"]]
    assert "KubePodImagePullFailed" in table
    assert firing["labels"]["workload"] in table
    assert elsewhere == "Nothing fires.\n"
    eventually(lambda: not hub.find_alert("KubePodImagePullFailed", CLUSTER), "the alert is over")


@pytest.mark.parametrize(
    "command", [("alerts",), ("alerts", "--json"), ("cluster", "list"), ("cluster", "add", "x")]
)
def test_without_a_hub_a_command_says_so_in_one_line(
    common_stage: Any, hub: Any, command: tuple[str, ...]
) -> None:
    done = common_stage.cli(hub, *command, FARWATCH_HUB="http://127.0.0.1:1")
    assert done.wait() == 1
    assert done.output == ""
    assert done.log.count("\n") == 1
    assert "cannot reach the hub at http://127.0.0.1:1" in done.log
    assert "is it running?" in done.log


def test_with_a_wrong_token_a_command_says_so_in_one_line(common_stage: Any, hub: Any) -> None:
    done = common_stage.cli(hub, "alerts", FARWATCH_TOKEN="wrong")
    assert done.wait() == 1
    assert (done.output, done.log.count("\n")) == ("", 1)
    assert "this API token is unknown or revoked (--token or FARWATCH_TOKEN)" in done.log
