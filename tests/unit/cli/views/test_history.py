from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from farwatch.cli.views import history as views
from farwatch.cli.views.history import (
    Choice,
    Notification,
    Statistics,
    Transition,
    flapping_table,
    notification_table,
    share_table,
    transition_table,
)
from farwatch.client import ClientError

Show = Callable[..., str]
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
LOCAL = f"{NOON.astimezone():%m-%d %H:%M:%S}"

FIRED = Transition(
    time=NOON,
    transition="fired",
    fingerprint="0011223344556677",
    labels={"alertname": "Down", "cluster": "prod"},
    annotations={"summary": "it is down"},
)
SENT = Notification(
    time=NOON,
    receiver="team",
    integration="slack",
    reason="first notification",
    outcome="refused",
    attempts=3,
    alertnames=["A", "B", "C"],
    firing=["1", "2"],
    resolved=["3"],
    detail="403 no",
)
STATISTICS = {
    "totals": {
        "firings": 1,
        "alerts": 1,
        "unresolved": 0,
        "acknowledged": 1,
        "neverAcknowledged": 0,
        "meanSecondsToAcknowledge": 60.0,
        "meanSecondsToResolve": 5400.0,
        "medianSecondsToResolve": 5400.0,
    },
    "byAlertname": [{"value": "Down", "firings": 1, "unresolved": 0, "meanSecondsToResolve": 5400.0}],
    "bySeverity": [{"value": "", "firings": 1, "unresolved": 0, "meanSecondsToResolve": None}],
    "byCluster": [],
    "flapping": [{"fingerprint": "00112233", "labels": {"a": "b"}, "firings": 4, "firingSeconds": 90.0}],
}


class TestTransitions:
    def test_are_a_line_each_where_there_is_room(self, show: Show) -> None:
        lines = show(transition_table([FIRED])).split("\n")
        assert lines[1].split() == [*LOCAL.split(), "fired", "00112233", "prod", "Down", "it", "is", "down"]

    def test_are_stacked_where_there_is_little(self, show: Show) -> None:
        lines = show(transition_table([FIRED], narrow=True), 60).split("\n")
        assert [line[33:].strip() for line in lines] == ["ALERT", "Down", "prod", "it is down"]

    def test_tell_who_acknowledged_and_what_they_said(self, show: Show) -> None:
        taken = msgspec.structs.replace(FIRED, transition="acknowledged", by="admin", note="on it")
        assert show(transition_table([taken])).endswith("admin: on it")


class TestNotifications:
    def test_tell_of_which_alerts_and_what_was_answered(self, show: Show) -> None:
        line = show(notification_table([SENT]), 200).split("\n")[1]
        assert "refused  team/slack  A, B, ... (2 firing, 1 resolved)" in line
        assert line.endswith("first notification, 3 attempts: 403 no")

    def test_are_stacked_where_there_is_little_room(self, show: Show) -> None:
        lines = show(notification_table([SENT], narrow=True), 70).split("\n")
        assert [line[25:].strip() for line in lines[1:]] == [
            "team/slack",
            "A, B, ... (2 firing, 1 resolved)",
            "first notification, 3 attempts: 403 no",
        ]


class TestStatistics:
    def test_are_told_in_words_and_tables(self, show: Show) -> None:
        found = msgspec.convert(STATISTICS, Statistics)
        assert show(share_table("ALERT", found.by_alertname)).split("\n")[1].split() == [
            "Down",
            "1",
            "0",
            "1h30m",
        ]
        assert show(share_table("SEVERITY", found.by_severity)).split("\n")[1].split() == ["-", "1", "0", "-"]
        assert show(flapping_table(found.flapping)).split("\n")[1].split() == [
            "00112233",
            "4",
            "1m30s",
            "a=b",
        ]

    async def test_are_printed_without_what_there_is_none_of(
        self, hub: Any, capsys: pytest.CaptureFixture[str]
    ) -> None:
        hub.answer = STATISTICS
        await views.print_statistics(hub.url, "t", Choice("7d", "", {}), as_json=False)
        shown = capsys.readouterr().out
        assert shown.startswith("1 firing of 1 alert, 0 unresolved\n  acknowledged 1, never 0; mean time to")
        assert "mean time to acknowledge 1m" in shown
        assert "SEVERITY" in shown
        assert "CLUSTER" not in shown
        assert "These come and go:" in shown


class TestAsking:
    async def test_takes_spans_and_choices_along(self, hub: Any, capsys: pytest.CaptureFixture[str]) -> None:
        hub.answer = {"items": [], "cursor": ""}
        choice = Choice("2026-11-20T00:00:00Z", "2026-11-20T12:00:00Z", {"cluster": "prod", "alertname": ""})
        await views.print_alerts(hub.url, "t", choice, as_json=False)
        await views.print_notifications(hub.url, "t", choice, as_json=True)
        (_, first), (_, second) = hub.asked
        assert first == (
            "/api/v1/history/alerts?since=2026-11-20T00:00:00%2B00:00&until=2026-11-20T12:00:00%2B00:00&cluster=prod"
        )
        assert second.startswith("/api/v1/history/notifications?since=")
        assert capsys.readouterr().out == "Nothing happened to alerts in that time.\n[]\n"

    async def test_of_a_time_that_is_none_asks_nothing(self, hub: Any) -> None:
        with pytest.raises(ClientError, match="neither a span of time"):
            await views.print_alerts(hub.url, "t", Choice("yesterday", "", {}), as_json=False)
        assert hub.asked == []

    def test_begins_so_long_before_the_end(self) -> None:
        found = Choice("1h", "2h", {}).asked(NOON)
        assert found == {"since": "2026-11-20T09:00:00+00:00", "until": "2026-11-20T10:00:00+00:00"}
