from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from farwatch.cli.views import cluster as views
from farwatch.cli.views.cluster import Details, Watch, facts_table, watch_table

Show = Callable[..., str]
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
PROD = {
    "name": "prod",
    "agentState": "connected",
    "createdAt": "2026-11-20T12:00:00Z",
    "labels": {"env": "prod", "team": "a"},
}


def test_a_cluster_is_shown_a_line_for_each_thing(show: Show) -> None:
    found = Details(
        name="prod",
        agent_state="lost",
        created_at=NOON - timedelta(days=2),
        labels={"env": "prod"},
        agent_reason="the connection broke",
        api_server_reachable=False,
        api_server_message="timeout",
        registered_by="0011",
    )
    shown = show(facts_table(found, NOON))
    lines = {line[:15].strip(): line[15:].strip() for line in shown.split("\n")}
    assert lines["Labels"] == "env=prod"
    assert lines["Agent is away"] == "the connection broke"
    assert lines["API server"] == "does not answer: timeout"
    assert lines["UID"] == "not bound yet"
    assert lines["Added"] == "2d00h ago"
    assert lines["Added by key"] == "0011"
    assert lines["Holds"] == "0 nodes, 0 pods, 0 alerts"


def test_what_others_wrote_is_text_and_no_mark_up(show: Show) -> None:
    watch = Watch(kind="Pod", state="denied", since=NOON, message="[bold]no[/bold] \x1b[31mred")
    shown = show(watch_table([watch], NOON), 400, colour=True)
    assert "[bold]no[/bold] �[31mred" in shown


async def test_everything_of_a_cluster_is_asked_and_shown(
    hub: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    hub.answers = {
        "/clusters/prod": PROD
        | {"watches": [{"kind": "Pod", "state": "synced", "since": "2026-11-20T12:00:00Z"}]},
        "/clusters/prod/tokens": {
            "items": [{"id": "0011", "state": "valid", "createdAt": "2026-11-20T12:00:00Z"}]
        },
    }
    await views.show_cluster(hub.url, "t", "prod", as_json=False)
    shown = capsys.readouterr().out
    assert "env=prod team=a" in shown
    assert "synced" in shown
    assert "0011" in shown


async def test_labels_are_changed_and_those_that_there_are_printed(
    hub: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    hub.answer = PROD
    await views.label_cluster(hub.url, "t", "prod", {"env": "prod", "old": None}, as_json=False)
    assert hub.asked == [("PATCH", "/api/v1/clusters/prod")]
    assert hub.bodies == [{"labels": {"env": "prod", "old": None}}]
    assert capsys.readouterr().out == "Labels of prod: env=prod team=a\n"
    await views.label_cluster(hub.url, "t", "prod", {}, as_json=True)
    assert msgspec.json.decode(capsys.readouterr().out) == PROD["labels"]


async def test_renaming_says_what_becomes_of_history(hub: Any, capsys: pytest.CaptureFixture[str]) -> None:
    hub.answer = PROD
    await views.rename_cluster(hub.url, "t", "old", "prod")
    assert (hub.asked, hub.bodies) == ([("PATCH", "/api/v1/clusters/old")], [{"name": "prod"}])
    assert "history stays under old" in capsys.readouterr().out
