from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from typer.testing import Result

from farwatch.cli.views import silences as views
from farwatch.cli.views.silences import Silence, Wish, silence_table
from farwatch.client import ClientError

Show = Callable[..., str]
Run = Callable[..., Result]

SILENCE = {
    "id": "7440f251-3d06-4c86-969d-690138b09212",
    "state": "active",
    "matchers": '{cluster="prod"}',
    "startsAt": "2026-11-20T12:00:00Z",
    "endsAt": "2026-11-20T14:00:00Z",
    "updatedAt": "2026-11-20T12:00:00Z",
    "createdBy": "admin",
    "comment": "rollout",
    "hushes": 3,
}
PREVIEW = {
    "matchers": '{cluster="prod"}',
    "alerts": 3,
    "byCluster": {"": 1, "prod": 2},
    "examples": [
        {
            "fingerprint": "0011223344556677",
            "labels": {"alertname": "Down", "cluster": "prod"},
            "annotations": {},
            "startsAt": "2026-11-20T12:00:00Z",
        }
    ],
    "firedLately": 7,
}


@pytest.fixture
def answering(hub: Any) -> Any:
    hub.answers = {
        "/silences": SILENCE,
        "/silences/preview": PREVIEW,
        f"/silences/{SILENCE['id']}": SILENCE,
    }
    return hub


def test_the_table_shows_each_silence_in_a_line(show: Show) -> None:
    end = datetime(2026, 11, 20, 14, tzinfo=UTC)
    found = msgspec.convert(SILENCE, Silence)
    line = show(silence_table([found])).split("\n")[1]
    assert line.split() == [
        "7440f251",
        "active",
        *f"{end.astimezone():%m-%d %H:%M}".split(),
        "3",
        'cluster="prod"',
        "admin",
        "rollout",
    ]


async def test_what_a_silence_would_hush_is_shown_before_it_is_made(
    answering: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    await views.add_silence(answering.url, "t", ["cluster=prod", "a!=b"], Wish("2h", "rollout", asked=False))
    shown = capsys.readouterr().out
    assert "It hushes 3 alerts that fire now (no cluster: 1, prod: 2):" in shown
    assert "1 of 3 firing" in shown
    assert "Of the last 7 days' alerts, 7 would have been hushed." in shown
    assert "end that: farwatch silences expire 7440f251" in shown
    assert answering.bodies[0] == {"matchers": "cluster=prod,a!=b"}
    made = answering.bodies[1]
    assert (made["matchers"], made["comment"]) == ('{cluster="prod"}', "rollout")
    left = datetime.fromisoformat(made["endsAt"]) - datetime.now(UTC)
    assert 0 < left.total_seconds() <= 7200


@pytest.mark.parametrize(("answer", "made"), [(True, True), (False, False)])
async def test_it_is_made_only_if_that_is_meant(
    answering: Any, monkeypatch: pytest.MonkeyPatch, answer: bool, made: bool
) -> None:
    monkeypatch.setattr(views.typer, "confirm", lambda _: answer)
    await views.add_silence(answering.url, "t", ["cluster=prod"], Wish("2h", "", asked=True))
    assert (("POST", "/api/v1/silences") in answering.asked) is made


def test_where_nobody_can_answer_nothing_is_silenced(run: Run) -> None:
    found = run("silences", "add", "a=b", "--hub", "http://127.0.0.1:1")
    assert found.exit_code == 1
    assert "cannot reach the hub" in found.stderr


async def test_nobody_who_answers_is_told_of_the_way_out(
    answering: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def abort(_: str) -> bool:
        raise views.typer.Abort

    monkeypatch.setattr(views.typer, "confirm", abort)
    with pytest.raises(ClientError, match="say --yes"):
        await views.add_silence(answering.url, "t", ["cluster=prod"], Wish("2h", "", asked=True))
    assert ("POST", "/api/v1/silences") not in answering.asked


async def test_those_that_ended_are_listed_when_asked_for(
    hub: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    over = {**SILENCE, "id": "over", "state": "expired"}
    hub.answer = {"items": [SILENCE, over]}
    await views.list_silences(hub.url, "t", expired=False, as_json=True)
    assert msgspec.json.decode(capsys.readouterr().out) == [SILENCE]
    await views.list_silences(hub.url, "t", expired=True, as_json=True)
    assert msgspec.json.decode(capsys.readouterr().out) == [SILENCE, over]
    hub.answer = {"items": [over]}
    await views.list_silences(hub.url, "t", expired=False, as_json=False)
    assert capsys.readouterr().out.startswith("Nothing is silenced.")


async def test_a_silence_is_shown_with_what_it_hushes_and_ended_by_the_beginning_of_its_id(
    answering: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    answering.answers["/silences"] = {"items": [SILENCE]}
    await views.show_silence(answering.url, "t", "7440", as_json=False)
    shown = capsys.readouterr().out
    assert "  by        admin\n  comment   rollout\n" in shown
    assert "It hushes 3 alerts" in shown
    await views.expire_silence(answering.url, "t", "7440")
    assert answering.asked[-1] == ("DELETE", f"/api/v1/silences/{SILENCE['id']}")
