from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from farwatch.hub.alerting import Alert

NOW = datetime.now(UTC)
WEB = Alert(
    labels={"alertname": "Down", "cluster": "prod", "path": 'a"b\\c'},
    annotations={"summary": "web is down"},
    starts_at=NOW - timedelta(minutes=1),
)
PATH = f"/alerts/{WEB.fingerprint}"


async def test_an_alert_is_acknowledged_in_the_name_of_the_token_until_it_is_taken_back(api: Any) -> None:
    await api.hub.alerting.put([WEB])
    answer = await api.ask("POST", f"/api/v1{PATH}/acknowledgement", {"note": "on it"})
    assert answer.status_code == 201
    assert (answer.json()["by"], answer.json()["note"]) == ("environment", "on it")
    shown = await api.get(PATH)
    assert (shown["acknowledgement"]["by"], shown["acknowledgement"]["note"]) == ("environment", "on it")
    assert (await api.get("/alerts"))["items"][0]["acknowledgement"] == shown["acknowledgement"]

    assert (await api.ask("DELETE", f"/api/v1{PATH}/acknowledgement")).status_code == 204
    assert "acknowledgement" not in await api.get(PATH)


async def test_an_acknowledgement_is_part_of_the_alert_s_history_and_ends_with_the_alert(api: Any) -> None:
    await api.hub.alerting.put([WEB])
    await api.ask("POST", f"/api/v1{PATH}/acknowledgement", {"note": "on it"})
    await api.hub.alerting.put([msgspec.structs.replace(WEB, ends_at=datetime.now(UTC))])
    assert "acknowledgement" not in await api.get(PATH)
    await api.hub.telemetry.flush()
    found = (await api.get("/history/alerts", fingerprint=WEB.fingerprint))["items"]
    assert [item["transition"] for item in found] == ["resolved", "acknowledged", "fired"]
    assert (found[1]["by"], found[1]["note"]) == ("environment", "on it")
    totals = (await api.get("/history/statistics"))["totals"]
    assert (totals["firings"], totals["acknowledged"], totals["unresolved"]) == (1, 1, 0)


async def test_a_snooze_silences_exactly_this_alert(api: Any) -> None:
    await api.hub.alerting.put([WEB])
    until = (NOW + timedelta(hours=2)).isoformat()
    answer = await api.ask("POST", f"/api/v1{PATH}/snooze", {"until": until, "note": "tomorrow"})
    assert answer.status_code == 201
    made = answer.json()
    assert made["matchers"] == '{alertname="Down",cluster="prod",path="a\\"b\\\\c"}'
    silence = await api.get(f"/silences/{made['silence']}")
    assert (silence["comment"], silence["createdBy"], silence["hushes"]) == ("tomorrow", "environment", 1)
    assert (await api.get(PATH))["silencedBy"] == [made["silence"]]
    assert api.hub.alerting.suppression(WEB.fingerprint).silenced_by == (made["silence"],)


async def test_a_snooze_leaves_an_alert_alone_that_has_more_labels(api: Any) -> None:
    more = Alert(labels={**WEB.labels, "pod": "web-0"}, annotations={}, starts_at=NOW)
    await api.hub.alerting.put([WEB, more])
    answer = await api.ask("POST", f"/api/v1{PATH}/snooze", {"until": (NOW + timedelta(hours=2)).isoformat()})
    assert api.hub.alerting.suppression(WEB.fingerprint).silenced_by == (answer.json()["silence"],)
    assert api.hub.alerting.suppression(more.fingerprint).silenced_by == ()


@pytest.mark.parametrize(
    ("request_", "body", "status", "detail"),
    [
        (("POST", "/alerts/0/acknowledgement"), {}, 409, "there is nothing to take on"),
        (("DELETE", PATH + "/acknowledgement"), None, 404, "nobody has acknowledged"),
        (("POST", PATH + "/acknowledgement"), {"note": "x" * 10_001}, 400, "10000 are the most"),
        (("POST", PATH + "/acknowledgement"), {"nte": "x"}, 400, "nte"),
        (
            ("POST", "/alerts/0/snooze"),
            {"until": "2100-01-01T00:00:00Z"},
            404,
            "no alert has the fingerprint",
        ),
        (("POST", PATH + "/snooze"), {"until": "2020-01-01T00:00:00Z"}, 400, "start before it ends"),
        (("POST", PATH + "/snooze"), {}, 400, "until"),
    ],
)
async def test_what_makes_no_sense_is_refused_by_name(
    api: Any, request_: tuple[str, str], body: Any, status: int, detail: str
) -> None:
    await api.hub.alerting.put([WEB])
    found = await api.fault(*request_, body)
    assert found[0] == status
    assert detail in found[1]
