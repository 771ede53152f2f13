from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Self

import msgspec
import pytest
from rich.console import RenderableType

from farwatch.cli.views import alerts as views
from farwatch.cli.views.alerts import Acknowledgement, Alert, alert_table
from farwatch.client import ClientError

Show = Callable[..., str]
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def alert(**changes: Any) -> Alert:
    labels = {
        "alertname": "KubePodCrashLooping",
        "severity": "warning",
        "cluster": "prod",
        "namespace": "shop",
        "workload": "web",
        **changes.pop("labels", {}),
    }
    found = {"labels": labels, "annotations": {"summary": "Deployment shop/web is crash looping"}, **changes}
    return Alert(**{"starts_at": NOON - timedelta(minutes=12), **found})


class TestAlertTable:
    def test_shows_each_alert_in_a_line_and_their_number(self, show: Show) -> None:
        lines = show(alert_table([alert(), alert(labels={"severity": "critical"})], NOON)).split("\n")
        assert lines[0].split() == [
            "ID",
            "SEVERITY",
            "ALERT",
            "CLUSTER",
            "NAMESPACE",
            "SUBJECT",
            "SINCE",
            "SUMMARY",
        ]
        assert "warning   KubePodCrashLooping  prod     shop       web      12m" in lines[1]
        assert lines[1].endswith("Deployment shop/web is crash looping")
        assert lines[-1] == "2 firing"

    def test_stacks_place_and_summary_below_the_name_where_there_is_little_room(self, show: Show) -> None:
        lines = show(alert_table([alert(fingerprint="0011223344556677")], NOON, narrow=True), 70).split("\n")
        assert lines == [
            "ID        SEVERITY  SINCE  ALERT",
            "00112233  warning   12m    KubePodCrashLooping",
            "                           prod / shop / web",
            "                           Deployment shop/web is crash looping",
            "1 firing",
        ]

    def test_tells_what_is_done_about_an_alert(self, show: Show) -> None:
        found = alert(acknowledgement=Acknowledgement(by="admin"), silenced_by=["1"], inhibited_by=["2"])
        line = show(alert_table([found], NOON), 200).split("\n")[1]
        assert "[seen to by admin, silenced, inhibited] Deployment shop/web is crash looping" in line

    def test_tells_that_there_is_evidence(self, show: Show) -> None:
        line = show(alert_table([alert(evidence=True)], NOON), 200).split("\n")[1]
        assert "[evidence] Deployment shop/web is crash looping" in line

    def test_tells_how_many_there_are_when_not_all_are_shown(self, show: Show) -> None:
        assert show(alert_table([alert()], NOON, total=9)).endswith("1 of 9 firing")

    def test_says_so_when_nothing_fires(self, show: Show) -> None:
        assert show(alert_table([], NOON)).split("\n")[-1] == "Nothing fires."

    def test_tells_a_fault_below(self, show: Show) -> None:
        assert show(alert_table([alert()], NOON, fault="cannot reach the hub"), 200).endswith(
            "cannot reach the hub"
        )

    @pytest.mark.parametrize(
        ("labels", "subject"),
        [
            ({"workload": "web", "pod": "web-1", "node": "n"}, "web"),
            ({"pod": "web-1", "node": "n"}, "web-1"),
            ({"node": "n"}, "n"),
            ({}, ""),
        ],
    )
    def test_names_the_largest_thing_that_an_alert_is_about(
        self, show: Show, labels: dict[str, str], subject: str
    ) -> None:
        found = Alert(labels={"alertname": "A", **labels}, annotations={}, starts_at=NOON)
        line = show(alert_table([found], NOON)).split("\n")[1]
        assert line.split() == [word for word in ("A", subject, "0s") if word]

    def test_folds_a_long_summary_into_its_own_column(self, show: Show) -> None:
        lines = show(alert_table([alert(annotations={"summary": "word " * 60})], NOON), 110).split("\n")
        assert len(lines) > 4
        assert all(line.startswith(" " * 60) for line in lines[2:-1])
        assert "".join(lines).count("word") == 60

    def test_an_alert_without_labels_is_shown_as_well(self, show: Show) -> None:
        assert "0s" in show(alert_table([Alert(labels={}, annotations={}, starts_at=NOON)], NOON))


class TestWhatOthersWrote:
    HOSTILE = "[bold]not bold[/bold] [/] :warning: \x1b[31mred\x1b[0m \x9b2J"

    @pytest.mark.parametrize("label", ["alertname", "severity", "cluster", "namespace", "workload"])
    def test_in_labels_is_text_and_no_mark_up(self, show: Show, label: str) -> None:
        shown = show(alert_table([alert(labels={label: self.HOSTILE})], NOON), 300, colour=True)
        assert "[bold]not bold[/bold] [/] :warning: �[31mred�[0m �2J" in shown

    def test_in_annotations_is_text_and_no_mark_up(self, show: Show) -> None:
        shown = show(alert_table([alert(annotations={"summary": self.HOSTILE})], NOON), 300, colour=True)
        assert "[bold]not bold[/bold] [/] :warning: �[31mred�[0m" in shown

    def test_in_a_fault_is_text_and_no_mark_up(self, show: Show) -> None:
        assert "[bold]not" in show(alert_table([], NOON, fault=self.HOSTILE), 300)


class TestCommands:
    async def test_lists_for_scripts_are_what_the_hub_said(
        self, hub: Any, capsys: pytest.CaptureFixture[str]
    ) -> None:
        hub.answer = {"items": [{"labels": {}, "something": "new"}]}
        await views.print_alerts(hub.url, "t", "prod", as_json=True)
        assert msgspec.json.decode(capsys.readouterr().out) == hub.answer["items"]
        assert hub.asked[-1] == ("GET", "/api/v1/alerts?cluster=prod")

    async def test_an_empty_list_says_so(self, hub: Any, capsys: pytest.CaptureFixture[str]) -> None:
        hub.answer = {"items": []}
        await views.print_alerts(hub.url, "t", "", as_json=False)
        assert capsys.readouterr().out == "Nothing fires.\n"

    async def test_alerts_are_shown_the_most_urgent_first(
        self, hub: Any, capsys: pytest.CaptureFixture[str]
    ) -> None:
        hub.answer = {
            "items": [
                {
                    "labels": {"alertname": name, "severity": severity},
                    "annotations": {},
                    "startsAt": f"2026-11-20T12:0{minute}:00Z",
                }
                for name, severity, minute in (
                    ("D", "info", 0),
                    ("E", "odd", 0),
                    ("C", "warning", 1),
                    ("B", "warning", 0),
                    ("A", "critical", 5),
                )
            ]
        }
        await views.print_alerts(hub.url, "t", "", as_json=False)
        lines = capsys.readouterr().out.split("\n")
        assert [line.split()[1] for line in lines[1:6]] == ["A", "B", "C", "D", "E"]

    async def test_a_time_without_a_zone_is_not_what_a_hub_says(self, hub: Any) -> None:
        hub.answer = {"items": [{"labels": {}, "annotations": {}, "startsAt": "2026-11-20T12:00:00"}]}
        with pytest.raises(ClientError, match="not as a Farwatch hub does"):
            await views.print_alerts(hub.url, "t", "", as_json=False)

    async def test_a_live_table_goes_on_when_the_hub_vanishes_and_says_so(
        self, show: Show, hub: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        drawn: list[str] = []
        enough = asyncio.Event()

        class Screen:
            def __init__(self, *_: object, **__: object) -> None: ...
            def __enter__(self) -> Self:
                return self

            def __exit__(self, *_: object) -> None: ...
            def update(self, table: RenderableType, **_: object) -> None:
                drawn.append(show(table, 300))
                if len(drawn) == 2:
                    enough.set()
                hub.answer = {"unexpected": True}

        hub.answer = {"items": []}
        monkeypatch.setattr(views, "Live", Screen)
        monkeypatch.setattr(views, "_REFRESH_SECONDS", 0.01)
        watching = asyncio.create_task(views.watch_alerts(hub.url, "t", ""))
        async with asyncio.timeout(30):
            await enough.wait()
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)
        assert drawn[0].endswith("Nothing fires.")
        assert "not as a Farwatch hub does" in drawn[1]
