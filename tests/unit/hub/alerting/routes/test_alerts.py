from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from farwatch.hub.alerting import Alert
from farwatch.hub.alerting.dispatch import NotifyReason
from farwatch.hub.alerting.evidence import Digest
from farwatch.hub.alerting.nflog import LogKey
from farwatch.hub.alerting.notify import Attempt, Outcome

NOW = datetime.now(UTC)


def alert(name: str, minutes: int = 1, *, resolved: bool = False, **labels: str) -> Alert:
    starts = NOW - timedelta(minutes=minutes)
    return Alert(
        labels={"alertname": name, "severity": "warning", **labels},
        annotations={"summary": f"{name} is wrong"},
        starts_at=starts,
        ends_at=starts + timedelta(seconds=5) if resolved else None,
    )


@pytest.fixture
async def alerts(api: Any) -> list[Alert]:
    made = [
        alert("Newest", 1, cluster="prod", namespace="shop"),
        alert("Oldest", 9, cluster="prod"),
        alert("Elsewhere", 5, cluster="dev", namespace="shop"),
        alert("Over", 7, cluster="prod", resolved=True),
    ]
    await api.hub.alerting.put([alert("Over", 7, cluster="prod")])
    await api.hub.alerting.put(made)
    return made


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({}, ["Oldest", "Elsewhere", "Newest"]),
        ({"status": "firing"}, ["Oldest", "Elsewhere", "Newest"]),
        ({"status": "resolved"}, ["Over"]),
        ({"status": "all"}, ["Oldest", "Over", "Elsewhere", "Newest"]),
        ({"cluster": "prod"}, ["Oldest", "Newest"]),
        ({"label": "namespace=shop"}, ["Elsewhere", "Newest"]),
        ({"label": ["namespace=shop", "cluster=dev"]}, ["Elsewhere"]),
        ({"label": ["cluster=dev", "cluster=prod"]}, []),
        ({"cluster": "dev", "label": "cluster=prod"}, []),
        ({"label": "namespace="}, []),
        ({"label": "alertname=Ne=west"}, []),
    ],
)
@pytest.mark.usefixtures("alerts")
async def test_alerts_are_selected_and_come_the_oldest_first(
    api: Any, query: dict[str, Any], expected: list[str]
) -> None:
    found = (await api.get("/alerts", **query))["items"]
    assert [item["labels"]["alertname"] for item in found] == expected


@pytest.mark.usefixtures("alerts")
async def test_alerts_come_in_pages(api: Any) -> None:
    seen: list[str] = []
    cursor = ""
    for _ in range(2):
        page = await api.get("/alerts", status="all", limit=2, cursor=cursor)
        assert (len(page["items"]), page["total"]) == (2, 4)
        seen += [item["labels"]["alertname"] for item in page["items"]]
        cursor = page["cursor"]
    assert seen == ["Oldest", "Over", "Elsewhere", "Newest"]
    assert cursor == ""


async def test_an_alert_is_shown_with_its_status_and_times(api: Any, alerts: list[Alert]) -> None:
    firing = await api.get(f"/alerts/{alerts[0].fingerprint}")
    assert firing["status"] == "firing"
    assert firing["annotations"] == {"summary": "Newest is wrong"}
    assert "endsAt" not in firing
    assert datetime.fromisoformat(firing["startsAt"]) == alerts[0].starts_at

    over = await api.get(f"/alerts/{alerts[3].fingerprint}")
    assert over["status"] == "resolved"
    assert datetime.fromisoformat(over["endsAt"]) == alerts[3].ends_at


@pytest.mark.parametrize(
    ("path", "query", "status", "detail"),
    [
        ("/alerts", {"status": "open"}, 400, "status: Invalid enum value 'open'"),
        ("/alerts", {"label": "namespace"}, 400, "label='namespace' is not of the form NAME=VALUE"),
        ("/alerts", {"label": "=shop"}, 400, "is not of the form NAME=VALUE"),
        ("/alerts/0000000000000000", {}, 404, "no alert has the fingerprint '0000000000000000'"),
        ("/alerts/" + "x" * 5000, {}, 404, "no alert has the fingerprint"),
        ("/alerts", {"limit": 0}, 400, "limit: Expected `int` >= 1"),
        ("/alerts", {"limit": 1001}, 400, "limit: Expected `int` <= 1000"),
        ("/alerts", {"cursor": "x"}, 400, "cursor 'x' is not one that a page gave"),
        ("/notifications", {"limit": 0}, 400, "limit: Expected `int` >= 1"),
        ("/notifications", {"limit": 501}, 400, "limit: Expected `int` <= 500"),
    ],
)
async def test_a_question_that_makes_no_sense_is_told_so(
    api: Any, path: str, query: dict[str, Any], status: int, detail: str
) -> None:
    found = await api.fault("GET", path, **query)
    assert found[0] == status
    assert detail in found[1]
    assert len(found[1]) < 300


async def test_attempts_to_tell_somebody_come_the_latest_first(
    api: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = [
        Attempt(
            time=NOW.timestamp() + number,
            key=LogKey("team", "webhook", 0, '{}:{alertname="Broken"}'),
            reason=NotifyReason.FIRST,
            number=number,
            seconds=0.1,
            outcome=Outcome.DELIVERED if number == 3 else Outcome.RETRYABLE,
            detail="" if number == 3 else "503 Service Unavailable",
        )
        for number in (1, 2, 3)
    ]
    monkeypatch.setattr(api.hub.alerting, "attempts", lambda: made)
    found = (await api.get("/notifications"))["items"]
    assert [attempt["attempt"] for attempt in found] == [3, 2, 1]
    assert found[0]["outcome"] == "delivered"
    assert "detail" not in found[0]
    assert (found[1]["receiver"], found[1]["integration"]) == ("team", "webhook")
    assert found[1]["detail"] == "503 Service Unavailable"
    assert [attempt["attempt"] for attempt in (await api.get("/notifications", limit=2))["items"]] == [3, 2]


async def test_an_alert_tells_that_there_is_evidence(api: Any) -> None:
    found, without = alert("A", pod="a"), alert("A", pod="b")
    await api.hub.alerting.put([found, without])
    api.hub.evidence._remember(found, Digest(logs=("panic",)))
    api.hub.evidence._remember(without, Digest(missing=("no logs",)))
    shown = {
        item["labels"]["pod"]: item.get("evidence", False) for item in (await api.get("/alerts"))["items"]
    }
    assert shown == {"a": True, "b": False}
    assert (await api.get(f"/alerts/{found.fingerprint}"))["evidence"] is True
