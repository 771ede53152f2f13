from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from httpx import ASGITransport, AsyncClient

from farwatch.hub.alerting import Alert
from farwatch.hub.alerting.config import Config
from farwatch.hub.alerting.document import parse_document
from farwatch.hub.alerting.fingerprints import fingerprint
from farwatch.hub.alerting.routes.v2.views import Viewer
from farwatch.hub.alerting.suppression import Suppression
from farwatch.hub.app import create_alertmanager_app
from farwatch.hub.options import ListenerAuth

CONFIG = """
route:
  receiver: everybody
  group_by: [alertname]
  routes:
    - {receiver: team, matchers: [severity="critical"]}
receivers: [{name: everybody}, {name: team}]
inhibit_rules:
  - {source_matchers: [alertname="Down"], target_matchers: [severity="warning"], equal: [cluster]}
"""


@pytest.fixture
async def am(api: Any) -> Any:
    config, problems = parse_document(CONFIG, "alertmanager.yml", Config)
    assert config is not None, problems
    await api.hub.alerting.reload(config)
    return api


def posting(name: str, **labels: str) -> dict[str, Any]:
    return {"labels": {"alertname": name, **labels}}


async def post(am: Any, *alerts: dict[str, Any]) -> None:
    answer = await am.ask("POST", "/api/v2/alerts", list(alerts))
    assert (answer.status_code, answer.text) == (200, "")


async def read(am: Any, **query: Any) -> list[dict[str, Any]]:
    answer = await am.ask("GET", "/api/v2/alerts", **query)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()
    assert [alert["fingerprint"] for alert in found] == sorted(alert["fingerprint"] for alert in found)
    return found


def names(alerts: list[dict[str, Any]]) -> set[str]:
    return {alert["labels"]["alertname"] for alert in alerts}


async def test_an_alert_comes_back_in_alertmanagers_shape(am: Any) -> None:
    await post(
        am,
        {
            "labels": {"alertname": "Disk", "severity": "critical", "empty": ""},
            "annotations": {"summary": "full"},
            "startsAt": "2026-01-02T03:04:05.678901Z",
            "endsAt": "2199-01-02T03:04:05+02:00",
            "generatorURL": "http://prometheus.example/graph",
            "unknown": 1,
        },
    )
    (alert,) = await read(am)
    assert datetime.fromisoformat(alert.pop("updatedAt")) > datetime.now(UTC) - timedelta(minutes=1)
    assert alert == {
        "labels": {"alertname": "Disk", "severity": "critical"},
        "annotations": {"summary": "full"},
        "startsAt": "2026-01-02T03:04:05.678Z",
        "endsAt": "2199-01-02T01:04:05.000Z",
        "generatorURL": "http://prometheus.example/graph",
        "fingerprint": fingerprint(alert["labels"]),
        "receivers": [{"name": "team"}],
        "status": {"state": "active", "silencedBy": [], "inhibitedBy": [], "mutedBy": []},
    }


async def test_times_that_are_missing_are_filled_in(am: Any) -> None:
    await post(
        am,
        posting("A"),
        {**posting("B"), "startsAt": "0001-01-01T00:00:00Z", "endsAt": "0001-01-01T00:00:00Z"},
    )
    for alert in await read(am):
        starts, ends = (datetime.fromisoformat(alert[key]) for key in ("startsAt", "endsAt"))
        assert abs(datetime.now(UTC) - starts) < timedelta(minutes=1)
        assert ends - starts == timedelta(minutes=5)


async def test_an_alert_of_the_hub_itself_is_shown_with_an_end_to_come(am: Any) -> None:
    await am.hub.alerting.put(
        [Alert(labels={"alertname": "Own"}, annotations={}, starts_at=datetime.now(UTC))]
    )
    (alert,) = await read(am)
    assert datetime.fromisoformat(alert["endsAt"]) > datetime.now(UTC)
    assert "generatorURL" not in alert


async def test_alerts_that_have_ended_are_not_read(am: Any) -> None:
    await post(am, posting("A"), posting("B"))
    await post(am, {**posting("A"), "endsAt": datetime.now(UTC).isoformat()})
    assert names(await read(am)) == {"B"}


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"filter": 'alertname="Disk"'}, {"Disk"}),
        ({"filter": "alertname=~D.*"}, {"Disk", "Down"}),
        ({"filter": ["alertname=~D.*", "severity!=critical"]}, {"Down"}),
        ({"filter": 'team=""'}, {"Cpu", "Down"}),
        ({"filter": 'team!=""'}, {"Disk"}),
        ({"filter": '"päth"="ä/b"'}, {"Cpu"}),
        ({"filter": "nobody=x"}, set()),
        ({"receiver": "team"}, {"Disk"}),
        ({"receiver": "tea"}, set()),
        ({"receiver": "every.*"}, {"Cpu", "Down"}),
        ({"receiver_matchers": 'owner="x"'}, set()),
        ({"inhibited": "false"}, {"Disk", "Down"}),
        ({"active": "false"}, {"Cpu"}),
        ({"active": "false", "inhibited": "no"}, set()),
        ({"unprocessed": "false"}, {"Cpu", "Disk", "Down"}),
    ],
)
async def test_alerts_are_chosen(am: Any, query: dict[str, Any], expected: set[str]) -> None:
    await post(
        am,
        posting("Disk", severity="critical", team="a"),
        posting("Cpu", severity="warning", cluster="x", päth="ä/b"),
        posting("Down", cluster="x"),
    )
    assert names(await read(am, **query)) == expected


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ({"filter": "nonsense"}, "bad matcher format: nonsense is not a matcher"),
        ({"filter": "a=~("}, "is not a regular expression"),
        ({"filter": '{a="b"}'}, "is not a matcher"),
        ({"receiver": "("}, "failed to parse receiver param: "),
        ({"receiver_matchers": "x"}, "failed to parse receiver_matchers param: "),
    ],
)
@pytest.mark.parametrize("path", ["/api/v2/alerts", "/api/v2/alerts/groups"])
async def test_a_bad_query_gets_a_json_string(am: Any, path: str, query: dict[str, Any], words: str) -> None:
    answer = await am.ask("GET", path, **query)
    assert answer.status_code == 400
    assert words in answer.json()


async def test_who_is_inhibited_is_told_by_whom(am: Any) -> None:
    await post(am, posting("Cpu", severity="warning", cluster="x"), posting("Down", cluster="x"))
    by_name = {alert["labels"]["alertname"]: alert for alert in await read(am)}
    assert by_name["Cpu"]["status"] == {
        "state": "suppressed",
        "silencedBy": [],
        "inhibitedBy": [by_name["Down"]["fingerprint"]],
        "mutedBy": [],
    }


async def test_a_list_that_is_being_sent_survives_a_reload_that_renames_receivers(am: Any) -> None:
    await post(am, posting("A"))
    (known,) = am.hub.alerting.known()
    viewer = Viewer(am.hub.alerting, datetime.now(UTC).timestamp())
    config, problems = parse_document(CONFIG.replace("everybody", "all"), "alertmanager.yml", Config)
    assert config is not None, problems
    await am.hub.alerting.reload(config)
    shown = viewer.view(known, viewer.receivers(known), Suppression())
    assert [receiver.name for receiver in shown.receivers] == ["all"]


async def test_of_very_many_that_cannot_be_taken_the_first_are_named(am: Any) -> None:
    answer = await am.ask("POST", "/api/v2/alerts", [{"labels": {}}] * 103)
    assert answer.status_code == 400
    lines = answer.json().splitlines()
    assert (len(lines), lines[99]) == (101, "alert 99: at least one label pair required")
    assert lines[100] == "and 3 more alerts that cannot be taken"


async def test_of_a_batch_the_valid_ones_are_taken_and_the_others_named(am: Any) -> None:
    answer = await am.ask(
        "POST",
        "/api/v2/alerts",
        [
            posting("Good"),
            {**posting("Late"), "startsAt": "2026-01-02T00:00:00Z", "endsAt": "2026-01-01T00:00:00Z"},
            {"labels": {"empty": ""}},
            {"labels": {"": "x"}},
            {**posting("Remark"), "annotations": {"": "x"}},
            {**posting("Old"), "startsAt": "1800-01-01T00:00:00Z"},
            posting("GoodToo"),
        ],
    )
    assert answer.status_code == 400
    assert answer.json().splitlines() == [
        "alert 1: start time must be before end time",
        "alert 2: at least one label pair required",
        'alert 3: invalid label set: invalid name ""',
        'alert 4: invalid annotations: invalid name ""',
        "alert 5: a time is not in the years 1970 to 2261",
    ]
    assert names(await read(am)) == {"Good", "GoodToo"}


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "the body is no list of alerts"),
        (b"not json", "the body is no list of alerts"),
        (b"{}", "Expected `array"),
        (b"[null]", "$[0]"),
        (b"[{}]", "alert 0: labels are required"),
        (b'[{"labels": {"a": "b"}}, {"labels": null}]', "alert 1: labels are required"),
        (b'[{"labels": {"a": "b"}}, {"labels": {"a": 1}}]', "alert 1: labels: Expected `str`, got `int`"),
        (b'[{"labels": {"a": "b"}, "annotations": {"a": 1}}]', "alert 0: annotations: Expected `str`"),
        (b'[{"labels": {"a": "b"}, "startsAt": 5}]', "$[0].startsAt"),
        (b'[{"labels": {"a": "b"}, "endsAt": "tomorrow"}]', "$[0].endsAt"),
        (b'[{"labels": {"a": "\xff"}}]', "alert 0: labels: not UTF-8"),
        (b'[{"labels": {"a": "b"}}] x', "the body is no list of alerts"),
    ],
)
async def test_a_body_that_is_no_list_of_alerts_is_refused_as_a_whole(
    am: Any, body: bytes, words: str
) -> None:
    answer = await am.ask("POST", "/api/v2/alerts", body)
    assert answer.status_code == 400
    assert words in answer.json()
    assert await read(am) == []


async def test_an_empty_list_is_fine(am: Any) -> None:
    await post(am)
    assert (await am.ask("POST", "/api/v2/alerts", b"null")).status_code == 200


async def test_a_body_beyond_the_limit_is_refused(am: Any) -> None:
    answer = await am.ask("POST", "/api/v2/alerts", b" " * (32 * 1024 * 1024 + 1))
    assert answer.status_code == 413
    assert "post fewer alerts at a time" in answer.json()


async def test_groups_are_read_by_receiver(am: Any) -> None:
    await post(am, posting("Disk", severity="critical"), posting("Disk", pod="b"), posting("Cpu", pod="c"))
    answer = await am.ask("GET", "/api/v2/alerts/groups")
    assert [
        (group["receiver"]["name"], group["labels"], len(group["alerts"])) for group in answer.json()
    ] == [
        ("everybody", {"alertname": "Cpu"}, 1),
        ("everybody", {"alertname": "Disk"}, 1),
        ("team", {"alertname": "Disk"}, 1),
    ]
    (group,) = (await am.ask("GET", "/api/v2/alerts/groups", receiver="team")).json()
    assert group["alerts"][0]["receivers"] == [{"name": "team"}]
    assert group["routeLabels"] == {}
    assert (await am.ask("GET", "/api/v2/alerts/groups", filter="pod=x")).json() == []


async def test_receivers_and_status_are_read(am: Any) -> None:
    receivers = await am.ask("GET", "/api/v2/receivers")
    assert receivers.json() == [{"name": "everybody"}, {"name": "team"}]
    assert (await am.ask("GET", "/api/v2/receivers", receiver_matchers="a=b")).json() == []
    status = (await am.ask("GET", "/api/v2/status")).json()
    assert status["cluster"] == {"status": "disabled", "peers": []}
    assert status["versionInfo"]["version"].startswith("farwatch-")
    assert "receiver: nobody" in status["config"]["original"]
    assert datetime.fromisoformat(status["uptime"]) < datetime.now(UTC)


@pytest.mark.parametrize("path", ["/-/healthy", "/-/ready"])
async def test_health_is_told_to_everybody(am: Any, path: str) -> None:
    assert (await am.ask("GET", path, token=None)).text == "OK"
    assert (await am.ask("HEAD", path, token=None)).status_code == 200


async def test_a_reload_without_a_file_fails_in_words(am: Any) -> None:
    answer = await am.ask("POST", "/-/reload")
    assert answer.status_code == 500
    assert answer.text.startswith("failed to reload config: the hub was started without --alerting")
    assert (await am.ask("POST", "/-/reload", token=None)).status_code == 401


def basic(user: str, password: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 401),
        (basic("anybody", "the-token-of-the-test"), 200),
        (basic("", "the-token-of-the-test"), 200),
        (basic("the-token-of-the-test", ""), 401),
        (basic("anybody", "another"), 401),
        ({"Authorization": "Basic not base64"}, 401),
        ({"Authorization": "Basic " + base64.b64encode(b"\xff:\xff").decode()}, 401),
        ({"Authorization": "Digest the-token-of-the-test"}, 401),
    ],
)
async def test_a_token_may_come_as_a_password(am: Any, headers: dict[str, str], status: int) -> None:
    answer = await am.client.get("/api/v2/alerts", headers=headers)
    assert answer.status_code == status
    if status == 401:
        assert "API token" in answer.json()


@pytest.mark.parametrize(("auth", "status"), [(ListenerAuth.NONE, 200), (ListenerAuth.TOKEN, 401)])
async def test_the_listener_of_its_own_serves_nothing_else(
    running: Any, auth: ListenerAuth, status: int
) -> None:
    transport = ASGITransport(create_alertmanager_app(running, auth))
    async with AsyncClient(transport=transport, base_url="http://hub.test") as client:
        assert (await client.get("/api/v2/alerts")).status_code == status
        assert (await client.post("/api/v2/alerts", json=[posting("A")])).status_code == status
        assert (await client.get("/-/healthy")).status_code == 200
        for path in ("/api/v1/alerts", "/healthz", "/api/schema", "/"):
            assert (await client.get(path)).status_code == 404
