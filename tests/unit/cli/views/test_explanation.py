from __future__ import annotations

from typing import Any

import msgspec
import pytest

from farwatch.cli.views.acknowledgements import acknowledge, snooze, withdraw
from farwatch.cli.views.explanation import explain_alert

KEY = "0011223344556677"
FOUND = {
    "fingerprint": KEY,
    "status": "firing",
    "labels": {"alertname": "Down"},
    "words": ["The alert fires since noon."],
    "routes": [
        {"route": "{}", "depth": 0, "verdict": "taken", "words": "The topmost route takes it."},
        {"route": "1", "depth": 1, "verdict": "refused", "words": "This one does not."},
    ],
    "destinations": [{"receiver": "team", "groupKey": "{}:{}", "words": ["slack was told."]}],
    "notifications": [],
}


async def test_an_explanation_is_printed_from_how_it_stands_to_whom_it_leads(
    hub: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    hub.answer = FOUND
    await explain_alert(hub.url, "t", KEY, as_json=False)
    lines = [line.rstrip() for line in capsys.readouterr().out.rstrip("\n").split("\n")]
    assert lines == [
        f'{KEY}: alertname="Down"',
        "The alert fires since noon.",
        "",
        "✓ The topmost route takes it.",
        "  ✗ This one does not.",
        "",
        "team: {}:{}",
        "  slack was told.",
        "",
        "Nobody was told of it yet.",
    ]
    assert hub.asked == [("GET", f"/api/v1/alerts/{KEY}/explain")]


async def test_for_scripts_it_is_what_the_hub_said(hub: Any, capsys: pytest.CaptureFixture[str]) -> None:
    hub.answer = FOUND
    await explain_alert(hub.url, "t", KEY, as_json=True)
    assert msgspec.json.decode(capsys.readouterr().out) == FOUND


async def test_taking_on_putting_off_and_giving_back_ask_for_what_they_say(
    hub: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    hub.answer = {"silence": "s-1", "until": "2026-11-20T14:00:00Z"}
    await acknowledge(hub.url, "t", KEY, "on it")
    await snooze(hub.url, "t", KEY, "2026-11-20T14:00:00Z", "later")
    await withdraw(hub.url, "t", KEY)
    assert hub.asked == [
        ("POST", f"/api/v1/alerts/{KEY}/acknowledgement"),
        ("POST", f"/api/v1/alerts/{KEY}/snooze"),
        ("DELETE", f"/api/v1/alerts/{KEY}/acknowledgement"),
    ]
    assert hub.bodies[:2] == [{"note": "on it"}, {"until": "2026-11-20T14:00:00Z", "note": "later"}]
    assert "farwatch silences expire s-1" in capsys.readouterr().out
