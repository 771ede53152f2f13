from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from farwatch.hub.alerting import Alert

NOW = datetime.now(UTC)


def alert(name: str, **labels: str) -> Alert:
    return Alert(
        labels={"alertname": name, "severity": "warning", **labels},
        annotations={"summary": name},
        starts_at=NOW - timedelta(minutes=1),
    )


@pytest.fixture
async def alerts(api: Any) -> list[Alert]:
    made = [alert("A", cluster="prod"), alert("B", cluster="prod"), alert("A", cluster="dev")]
    await api.hub.alerting.put(made)
    await api.hub.alerting.put([msgspec.structs.replace(made[1], ends_at=NOW)])
    await api.hub.telemetry.flush()
    return made


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ({}, 4),
        ({"cluster": "prod"}, 3),
        ({"alertname": "A"}, 2),
        ({"transition": "resolved"}, 1),
        ({"until": "2020-01-01T00:00:00Z"}, 0),
        ({"since": "2020-01-01T00:00:00"}, 4),
        ({"cluster": "no such"}, 0),
    ],
)
@pytest.mark.usefixtures("alerts")
async def test_transitions_are_chosen_by_time_cluster_and_name(
    api: Any, query: dict[str, str], count: int
) -> None:
    assert len((await api.get("/history/alerts", **query))["items"]) == count


@pytest.mark.usefixtures("alerts")
async def test_a_cursor_leads_to_the_next_page(api: Any) -> None:
    first = await api.get("/history/alerts", limit=3)
    second = await api.get("/history/alerts", limit=3, cursor=first["cursor"])
    assert (len(first["items"]), len(second["items"]), second["cursor"]) == (3, 1, "")
    assert first["items"][0]["transition"] == "resolved"


@pytest.mark.usefixtures("alerts")
async def test_statistics_tell_what_it_comes_to(api: Any) -> None:
    found = await api.get("/history/statistics")
    assert (found["totals"]["firings"], found["totals"]["unresolved"]) == (3, 2)
    assert [(share["value"], share["firings"]) for share in found["byAlertname"]] == [("A", 2), ("B", 1)]
    assert [(share["value"], share["firings"]) for share in found["byCluster"]] == [("prod", 2), ("dev", 1)]
    assert (await api.get("/history/statistics", cluster="dev"))["totals"]["firings"] == 1


@pytest.mark.parametrize("path", ["alerts", "notifications", "silences", "statistics"])
@pytest.mark.parametrize(
    ("query", "detail"),
    [
        (
            {"since": "2026-01-02T00:00:00Z", "until": "2026-01-01T00:00:00Z"},
            "`since` must be before `until`",
        ),
        ({"since": "2500-01-01T00:00:00Z"}, "`since` must be before `until`"),
        ({"since": "yesterday"}, "since"),
        ({"until": "1960-01-01T00:00:00Z"}, "`since` must be before `until`"),
    ],
)
async def test_a_range_that_is_none_is_refused(
    api: Any, path: str, query: dict[str, str], detail: str
) -> None:
    found = await api.fault("GET", f"/history/{path}", **query)
    assert found[0] == 400
    assert detail in found[1]


@pytest.mark.parametrize(("path", "name"), [("alerts", "transition"), ("notifications", "outcome")])
async def test_a_kind_that_there_is_not_is_refused(api: Any, path: str, name: str) -> None:
    found = await api.fault("GET", f"/history/{path}", **{name: "nope"})
    assert found[0] == 400
    assert f"{name}: Invalid enum value 'nope'" in found[1]


@pytest.mark.parametrize("path", ["alerts", "notifications", "silences"])
@pytest.mark.parametrize(
    ("query", "detail"),
    [({"cursor": "x"}, "begin again without it"), ({"limit": 0}, ">= 1"), ({"limit": 1001}, "<= 1000")],
)
async def test_a_page_that_is_none_is_refused(
    api: Any, path: str, query: dict[str, Any], detail: str
) -> None:
    found = await api.fault("GET", f"/history/{path}", **query)
    assert found[0] == 400
    assert detail in found[1]


async def test_an_alert_is_explained_with_its_notifications(api: Any, alerts: list[Alert]) -> None:
    found = await api.get(f"/alerts/{alerts[0].fingerprint}/explain")
    assert found["status"] == "firing"
    assert found["words"][1] == "No silence and no inhibition applies to it."
    assert found["destinations"][0]["receiver"] == "nobody"
    assert found["destinations"][0]["groupLabels"] == {"alertname": "A", "cluster": "prod"}
    assert found["routes"][0]["verdict"] == "taken"
    assert found["notifications"] == []
    assert (await api.fault("GET", "/alerts/0/explain"))[0] == 404


async def test_labels_are_explained_without_an_alert(api: Any) -> None:
    answer = await api.ask("POST", "/api/v1/alerting/explain", {"labels": {"alertname": "X", "empty": ""}})
    assert answer.status_code == 200
    found = answer.json()
    assert found["labels"] == {"alertname": "X"}
    assert found["status"] == "unknown"
    assert (await api.fault("POST", "/alerting/explain", {"labels": {"a": 1}}))[0] == 400
    assert (await api.fault("POST", "/alerting/explain", {"label": {}}))[0] == 400


async def test_the_tree_of_routes_is_told_with_what_is_inherited(api: Any) -> None:
    found = await api.get("/alerting/routes")
    assert found["receiver"] == "nobody"
    assert found["groupBy"] == ["alertname", "cluster", "namespace"]
    assert found["routes"] == []
