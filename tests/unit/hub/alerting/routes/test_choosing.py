"""The list of alerts as a page asks for it: chosen, ordered, in windows, counted, grouped."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from farwatch.hub.alerting import Alert

NOW = datetime.now(UTC)


def alert(name: str, minutes: int, severity: str = "warning", **labels: str) -> Alert:
    return Alert(
        labels={"alertname": name, "severity": severity, **labels},
        annotations={"summary": f"{name} of {labels.get('workload', 'nothing')} is wrong"},
        starts_at=NOW - timedelta(minutes=minutes),
    )


MADE = {
    "crash": alert(
        "CrashLooping",
        5,
        "critical",
        cluster="prod",
        namespace="shop",
        workload_kind="Deployment",
        workload="cart",
    ),
    "memory": alert(
        "OutOfMemory", 3, cluster="prod", namespace="shop", workload_kind="Deployment", workload="cart"
    ),
    "node": alert("NodeNotReady", 9, "info", cluster="prod", node="a"),
    "dev": alert("CrashLooping", 1, cluster="dev", namespace="web", deployment="site"),
    "odd": alert("Odd", 7, "strange"),
}
KEYS = {made.fingerprint: key for key, made in MADE.items()}


@pytest.fixture
async def alerts(api: Any) -> dict[str, Alert]:
    await api.hub.alerting.put(list(MADE.values()))
    return MADE


async def silence(api: Any, matchers: str) -> str:
    until = (NOW + timedelta(hours=1)).isoformat()
    answer = await api.ask("POST", "/api/v1/silences", {"matchers": matchers, "endsAt": until})
    assert answer.status_code == 201, answer.text
    made: str = answer.json()["id"]
    return made


async def listed(api: Any, **query: Any) -> list[str]:
    return [KEYS[item["fingerprint"]] for item in (await api.get("/alerts", **query))["items"]]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"filter": 'cluster="prod"'}, {"crash", "memory", "node"}),
        ({"filter": ['cluster="prod"', "severity!~info|critical"]}, {"memory"}),
        ({"filter": '{cluster="prod", severity="info"}'}, {"node"}),
        ({"filter": 'namespace=""'}, {"node", "odd"}),
        ({"search": "CART memory"}, {"memory"}),
        ({"search": MADE["odd"].fingerprint[:8]}, {"odd"}),
        ({"receiver": "nobody"}, set(MADE)),
        ({"receiver": "else"}, set()),
        ({"cluster": "dev"}, {"dev"}),
    ],
)
@pytest.mark.usefixtures("alerts")
async def test_alerts_are_chosen_by_matchers_words_and_receiver(
    api: Any, query: dict[str, Any], expected: set[str]
) -> None:
    assert set(await listed(api, **query)) == expected


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ("severity", ["crash", "dev", "memory", "node", "odd"]),
        ("-severity", ["odd", "node", "dev", "memory", "crash"]),
        ("age", ["dev", "memory", "crash", "odd", "node"]),
        ("-age", ["node", "odd", "crash", "memory", "dev"]),
        ("name", ["dev", "crash", "node", "odd", "memory"]),
    ],
)
@pytest.mark.usefixtures("alerts")
async def test_alerts_come_in_the_order_that_is_asked_for(api: Any, order: str, expected: list[str]) -> None:
    assert await listed(api, sort=order) == expected
    assert await listed(api, sort=order, limit=2, offset=1) == expected[1:3]


@pytest.mark.usefixtures("alerts")
async def test_what_is_done_about_alerts_is_told_and_can_be_chosen(api: Any) -> None:
    await silence(api, 'alertname="CrashLooping"')
    crash, memory, odd = (MADE[key].fingerprint for key in ("crash", "memory", "odd"))
    await api.ask("POST", f"/api/v1/alerts/{crash}/acknowledgement", {"note": ""})
    until = (NOW + timedelta(hours=1)).isoformat()
    await api.ask("POST", f"/api/v1/alerts/{memory}/snooze", {"until": until})
    found = {KEYS[item["fingerprint"]]: item["states"] for item in (await api.get("/alerts"))["items"]}
    assert found == {
        "crash": ["acknowledged", "silenced"],
        "memory": ["silenced", "snoozed"],
        "node": ["active"],
        "dev": ["silenced"],
        "odd": ["active"],
    }
    assert set(await listed(api, state="silenced")) == {"crash", "memory", "dev"}
    assert set(await listed(api, state=["snoozed", "acknowledged"])) == {"crash", "memory"}
    assert set(await listed(api, state="active")) == {"node", "odd"}
    assert (await api.get(f"/alerts/{odd}"))["receivers"] == ["nobody"]


@pytest.mark.usefixtures("alerts")
async def test_facets_count_what_was_chosen_on_all_pages(api: Any) -> None:
    found = await api.get("/alerts", filter='cluster="prod"', facets="true", limit=1)
    assert (found["total"], len(found["items"])) == (3, 1)
    facets = {
        name: {count["value"]: count["count"] for count in counts} for name, counts in found["facets"].items()
    }
    assert facets == {
        "severity": {"critical": 1, "warning": 1, "info": 1},
        "cluster": {"prod": 3},
        "alertname": {"CrashLooping": 1, "OutOfMemory": 1, "NodeNotReady": 1},
        "namespace": {"shop": 2, "": 1},
        "state": {"active": 3},
    }
    assert [count["value"] for count in found["facets"]["severity"]] == ["critical", "warning", "info"]


@pytest.mark.parametrize(
    ("path", "query", "detail"),
    [
        ("/alerts", {"filter": "severity"}, "filter: "),
        ("/alerts", {"filter": ["a=b", 'c=~"("']}, 'filter[1]: "(" is not a regular expression'),
        ("/alerts", {"filter": "x" * 10_001}, "filter: has 10001 characters: 10000 are the most"),
        ("/alerts", {"filter": ["a=b"] * 101}, "filter: there are 101: 100 are the most"),
        ("/alerts", {"sort": "colour"}, "sort='colour' is none of severity, age, name"),
        ("/alerts", {"state": "asleep"}, "state"),
        (
            "/alerts",
            {"sort": "age", "cursor": "1-0123456789abcdef"},
            "cursor goes with the order of the list alone",
        ),
        ("/alerts", {"search": "x" * 201}, "search"),
        ("/alerts/groups", {"by": "colour"}, "by"),
        ("/alerts/groups", {"filter": "severity"}, "filter: "),
        ("/alerts/labels", {"filter": "severity"}, "filter: "),
        ("/alerts/labels/x/values", {"limit": 0}, "limit"),
    ],
)
async def test_a_wrong_wish_is_refused_by_name(
    api: Any, path: str, query: dict[str, Any], detail: str
) -> None:
    status, told = await api.fault("GET", path, **query)
    assert status == 400
    assert detail in told


@pytest.mark.parametrize("by", ["route", "cluster", "namespace", "workload", "alertname"])
@pytest.mark.usefixtures("alerts")
async def test_the_alerts_of_a_group_are_those_that_its_filter_chooses(api: Any, by: str) -> None:
    found = await api.get("/alerts/groups", by=by)
    assert found["alerts"] == len(MADE)
    assert found["total"] == len(found["items"])
    together: list[str] = []
    for group in found["items"]:
        query = {"filter": group["filter"], "group": group.get("group", "")}
        chosen = (await api.get("/alerts", **query))["items"]
        assert len(chosen) == group["alerts"], group
        together += [item["fingerprint"] for item in chosen]
    assert sorted(together) == sorted(KEYS)


@pytest.mark.usefixtures("alerts")
async def test_groups_say_how_bad_they_are_the_worst_first(api: Any) -> None:
    first, *others = (await api.get("/alerts/groups", by="workload"))["items"]
    assert first["labels"] == {
        "cluster": "prod",
        "namespace": "shop",
        "workload_kind": "Deployment",
        "workload": "cart",
    }
    assert first["severities"] == [{"value": "critical", "count": 1}, {"value": "warning", "count": 1}]
    assert (first["severity"], first["alerts"]) == ("critical", 2)
    assert first["oldestAt"] < first["newestAt"]
    assert [group["severity"] for group in others] == ["warning", "info", "strange"]


@pytest.mark.usefixtures("alerts")
async def test_groups_as_routed_say_who_is_told_and_when(api: Any) -> None:
    groups = (await api.get("/alerts/groups"))["items"]
    assert {group["notified"]["receiver"] for group in groups} == {"nobody"}
    assert {tuple(group["labels"]) for group in groups} >= {("alertname", "cluster", "namespace")}
    assert (await api.get("/alerts", group="of no such name"))["total"] == 0


@pytest.mark.usefixtures("alerts")
async def test_names_and_values_of_labels_are_told_by_how_many_alerts_have_them(api: Any) -> None:
    names = await api.get("/alerts/labels")
    assert names["items"][0] == {"value": "alertname", "count": 5}
    assert {"value": "workload", "count": 2} in names["items"]
    assert (await api.get("/alerts/labels", search="LOAD"))["items"] == [
        {"value": "workload", "count": 2},
        {"value": "workload_kind", "count": 2},
    ]
    clusters = await api.get("/alerts/labels/cluster/values")
    assert clusters["items"] == [{"value": "prod", "count": 3}, {"value": "dev", "count": 1}]
    narrowed = await api.get("/alerts/labels/alertname/values", filter='cluster="prod"', search="o", limit=1)
    assert (narrowed["items"], narrowed["total"]) == ([{"value": "OutOfMemory", "count": 1}], 3)
    assert (await api.get("/alerts/labels/no such/values"))["items"] == []


async def bulk(api: Any, what: str, body: dict[str, Any]) -> dict[str, Any]:
    answer = await api.ask("POST", f"/api/v1/alerts/{what}", body)
    assert answer.status_code == 200, answer.text
    result: dict[str, Any] = answer.json()
    return result


@pytest.mark.usefixtures("alerts")
async def test_many_alerts_are_taken_on_at_once_and_let_go_again(api: Any) -> None:
    keys = [MADE["crash"].fingerprint, MADE["odd"].fingerprint, "0123456789abcdef"]
    done = await bulk(api, "acknowledge", {"fingerprints": keys, "note": "on it"})
    assert [(item["fingerprint"], item["ok"]) for item in done["items"]] == [
        (keys[0], True),
        (keys[1], True),
        (keys[2], False),
    ]
    assert done["failed"] == 1
    assert "no alert has the fingerprint '0123456789abcdef'" in done["items"][2]["error"]
    assert set(await listed(api, state="acknowledged")) == {"crash", "odd"}
    undone = await bulk(api, "unacknowledge", {"matchers": 'cluster="prod"'})
    assert [item["fingerprint"] for item in undone["items"]] == [keys[0]]
    assert await listed(api, state="acknowledged") == ["odd"]


@pytest.mark.usefixtures("alerts")
async def test_many_alerts_are_snoozed_each_by_a_silence_of_its_own(api: Any) -> None:
    until = (NOW + timedelta(hours=2)).isoformat()
    done = await bulk(api, "snooze", {"matchers": 'namespace="shop"', "until": until, "note": "later"})
    assert done["failed"] == 0
    silences = {item["id"] for item in (await api.get("/silences"))["items"]}
    assert {item["silence"] for item in done["items"]} == silences
    assert set(await listed(api, state="snoozed")) == {"crash", "memory"}


@pytest.mark.parametrize(
    ("what", "body", "detail"),
    [
        ("acknowledge", {}, "give `fingerprints` or `matchers`"),
        ("acknowledge", {"fingerprints": ["a"], "matchers": "a=b"}, "one of them, and not both"),
        ("acknowledge", {"matchers": "("}, "matchers: "),
        ("acknowledge", {"matchers": "{}"}, "matchers: there are none"),
        (
            "acknowledge",
            {"fingerprints": [str(n) for n in range(1001)]},
            "1000 are the most at once; nothing was done",
        ),
        (
            "snooze",
            {"fingerprints": [str(n) for n in range(101)], "until": "2030-01-01T00:00:00Z"},
            "100 are the most",
        ),
        ("snooze", {"fingerprints": ["a"]}, "until"),
        ("unacknowledge", {"fingerprints": "a"}, "fingerprints"),
    ],
)
async def test_what_cannot_be_done_to_many_is_refused_whole(
    api: Any, what: str, body: dict[str, Any], detail: str
) -> None:
    status, told = await api.fault("POST", f"/alerts/{what}", body)
    assert status == 400
    assert detail in told


@pytest.mark.usefixtures("alerts")
async def test_a_snooze_into_the_past_says_so_for_each_alert(api: Any) -> None:
    done = await bulk(api, "snooze", {"matchers": "namespace=shop", "until": "2020-01-01T00:00:00Z"})
    assert {item["error"] for item in done["items"]} == {"a silence must start before it ends"}


@pytest.mark.usefixtures("alerts")
async def test_related_alerts_are_listed_the_nearest_first(api: Any) -> None:
    crash = MADE["crash"].fingerprint
    found = await api.get(f"/alerts/{crash}/related")
    told = [
        (KEYS[item["alert"]["fingerprint"]], item["relation"], item["secondsLater"])
        for item in found["items"]
    ]
    assert told == [("memory", "workload", 120), ("node", "cluster", -240), ("dev", "elsewhere", 240)]
    assert found["total"] == 3
    assert len((await api.get(f"/alerts/{crash}/related", limit=1))["items"]) == 1
