from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from farwatch.hub.alerting import Alert

NOW = datetime.now(UTC)


@pytest.fixture
async def alerts(api: Any) -> list[Alert]:
    made = [
        Alert(
            labels={"alertname": name, "severity": "critical", "cluster": cluster},
            annotations={},
            starts_at=NOW - timedelta(hours=2),
        )
        for name, cluster in (("A", "prod"), ("B", "dev"))
    ]
    await api.hub.alerting.put(made)
    await api.hub.alerting.put([msgspec.structs.replace(made[1], ends_at=NOW - timedelta(hours=1))])
    await api.hub.telemetry.flush()
    return made


@pytest.mark.usefixtures("alerts")
async def test_the_timeline_tells_what_fires_and_what_did(api: Any) -> None:
    found = await api.get("/history/timeline", steps=24)
    assert found["stepSeconds"] == 3600
    by_name = {row["labels"]["alertname"]: row for row in found["rows"]}
    assert by_name.keys() == {"A", "B"}
    assert by_name["A"]["stretches"][-1]["until"] == found["until"]
    assert by_name["B"]["stretches"][-1]["until"] < found["until"]
    assert (found["omittedRows"], found["rollouts"], found["moreRollouts"]) == (0, [], False)


@pytest.mark.usefixtures("alerts")
async def test_the_noise_report_names_what_fires(api: Any) -> None:
    found = await api.get("/history/noise", by="cluster")
    assert {row["value"] for row in found["mostFrequent"]} == {"prod", "dev"}
    assert [row["neverAcknowledged"] for row in found["neverAcknowledged"]] == [1, 1]
    assert [row["value"] for row in found["longest"]] == ["dev"]


@pytest.mark.parametrize(
    ("path", "query", "detail"),
    [
        ("timeline", {"steps": 0}, "steps"),
        ("timeline", {"steps": 501}, "steps"),
        ("timeline", {"by": "colour"}, "by"),
        (
            "timeline",
            {"since": "2026-01-02T00:00:00Z", "until": "2026-01-01T00:00:00Z"},
            "`since` must be before",
        ),
        ("noise", {"by": "colour"}, "by"),
        ("noise", {"limit": 0}, "limit"),
        ("noise", {"since": "2500-01-01T00:00:00Z"}, "`since` must be before"),
    ],
)
async def test_a_wrong_wish_is_refused(api: Any, path: str, query: dict[str, Any], detail: str) -> None:
    status, told = await api.fault("GET", f"/history/{path}", **query)
    assert status == 400
    assert detail in told
