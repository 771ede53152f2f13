"""A night on call, at the command line: see what fires, explain it, take it on, silence it, and look back."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

pytestmark = [pytest.mark.integration, pytest.mark.xdist_group("on_call")]


@pytest.fixture(scope="module")
def hub(common_stage: Any) -> Any:
    return common_stage.hub()


@pytest.fixture
def fire(hub: Any) -> Any:
    """Raises an alert, or ends it; gives its fingerprint."""

    def post(name: str, *, over: bool = False, **labels: str) -> str:
        now = datetime.now(UTC)
        alert = {
            "labels": {"alertname": name, "cluster": "prod", **labels},
            "annotations": {"summary": f"{name}!"},
        }
        alert["startsAt" if not over else "endsAt"] = (now - timedelta(seconds=1)).isoformat()
        answer = hub.ask("POST", "/api/v2/alerts", [alert])
        assert answer.status == 200, answer.text
        status = "resolved" if over else "firing"
        return str(hub.wait_alert(name, "prod", status)["fingerprint"])

    return post


@pytest.fixture
def cli(common_stage: Any, hub: Any) -> Any:
    """Runs a client command that must end well; what it printed."""

    def run(*arguments: str, code: int = 0) -> str:
        done = common_stage.cli(hub, *arguments)
        assert done.wait() == code, done.output + done.log
        return str(done.output if code == 0 else done.log)

    return run


def test_an_alert_is_explained_taken_on_and_looked_back_at(
    common_stage: Any, hub: Any, fire: Any, cli: Any, eventually: Any
) -> None:
    key = fire("Broken", severity="critical")
    common_stage.sink.wait_told("Broken")
    assert key[:8] in cli("alerts", "--once")

    cli("alerts", "ack", key, "--note", "on it")
    eventually(
        lambda: hub.get("/history/notifications", fingerprint=key)["items"],
        "the notification is in the history",
    )
    explained = cli("alerts", "explain", key)
    assert "The topmost route takes what no route below it does" in explained
    assert re.search(r"acknowledged it at .* UTC: on it\.", explained)
    assert re.search(r"webhook was told \S+ ago, and is not told again while \S+ sees to it\.", explained)
    assert re.search(r"delivered +sink/webhook", explained)

    fire("Broken", over=True, severity="critical")
    common_stage.sink.wait_told("Broken", "resolved")
    eventually(
        lambda: len(hub.get("/history/alerts", fingerprint=key)["items"]) == 3, "the end is in the history"
    )
    told = json.loads(cli("alerts", "history", "--fingerprint", key[:8], "--json"))
    assert [item["transition"] for item in told] == ["resolved", "acknowledged", "fired"]
    assert told[1]["note"] == "on it"
    counted = json.loads(cli("alerts", "stats", "--alertname", "Broken", "--json"))["totals"]
    assert (counted["firings"], counted["acknowledged"], counted["unresolved"]) == (1, 1, 0)
    assert counted["meanSecondsToResolve"] >= counted["meanSecondsToAcknowledge"] > 0
    sent = json.loads(cli("alerts", "notifications", "--alertname", "Broken", "--json"))
    assert {item["outcome"] for item in sent} == {"delivered"}


def test_a_silence_is_shown_before_it_is_made_and_kept_after_its_end(
    hub: Any, fire: Any, cli: Any, eventually: Any
) -> None:
    key = fire("Noisy", namespace="shop")
    refused = cli("silences", "add", "alertname=Noisy", code=1)
    assert "nothing was silenced: say --yes" in refused
    made = cli("silences", "add", "alertname=Noisy", "--for", "2h", "--comment", "rollout", "--yes")
    assert "It hushes 1 alert that fires now (prod: 1):" in made
    found = re.search(r"farwatch silences expire (\w+)", made)
    assert found
    assert "[silenced] Noisy!" in cli("alerts", "--once")
    assert re.search(r"It is silenced by \S+ until .* UTC: rollout", cli("alerts", "explain", key))
    assert found[1] in cli("silences", "list")

    cli("silences", "expire", found[1])
    assert found[1] not in cli("silences", "list")
    assert found[1] in cli("silences", "list", "--expired")
    (silence,) = [item for item in hub.get("/silences")["items"] if item["id"].startswith(found[1])]
    kept = eventually(
        lambda: events if len(events := hub.get("/history/silences", id=silence["id"])["items"]) == 2 else [],
        "both events are in the history",
    )
    assert [(event["change"], event["comment"]) for event in kept] == [
        ("expired", "rollout"),
        ("created", "rollout"),
    ]


def test_a_snooze_is_a_silence_of_one_alert_and_an_acknowledgement_can_be_taken_back(
    hub: Any, fire: Any, cli: Any
) -> None:
    key = fire("Sleepy", severity="critical")
    fire("Sleepy", severity="info")
    cli("alerts", "snooze", key, "--for", "30m", "--note", "after lunch")
    assert hub.get(f"/alerts/{key}")["silencedBy"]
    others = [
        item for item in hub.get("/alerts", label="alertname=Sleepy")["items"] if item["fingerprint"] != key
    ]
    assert [item.get("silencedBy") for item in others] == [None]
    cli("alerts", "ack", key)
    cli("alerts", "unack", key)
    assert "acknowledgement" not in hub.get(f"/alerts/{key}")
    assert "nobody has acknowledged" in cli("alerts", "unack", key, code=1)


def test_acknowledgements_and_silences_survive_a_kill(stage: Any) -> None:
    hub = stage.hub()
    alert = {"labels": {"alertname": "Lasting", "cluster": "prod"}}
    assert hub.ask("POST", "/api/v2/alerts", [alert]).status == 200
    key = hub.wait_alert("Lasting", "prod")["fingerprint"]
    hub.post(f"/alerts/{key}/acknowledgement", {"note": "mine"})
    until = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    silence = hub.post(f"/alerts/{key}/snooze", {"until": until, "note": "later"})["silence"]
    hub.kill()

    shown = stage.restart(hub).get(f"/alerts/{key}")

    assert shown["acknowledgement"]["note"] == "mine"
    assert shown["silencedBy"] == [silence]


def test_where_labels_lead_is_told_by_the_hub_and_by_a_file_alike(common_stage: Any, cli: Any) -> None:
    file = str(common_stage.folder / "alerting.yml")
    by_hub = json.loads(cli("alerting", "route", "--labels", "a=b,c=d", "--json"))
    by_file = json.loads(cli("alerting", "route", "--labels", "a=b,c=d", "--file", file, "--json"))
    assert by_hub["routes"] == by_file["routes"]
    assert [place["groupKey"] for place in by_hub["destinations"]] == ['{}:{a="b", c="d"}']
    assert by_file["destinations"][0].items() <= by_hub["destinations"][0].items()
    assert "can be used" in cli("alerting", "check", file)
    assert "<secret>" in cli("alerting", "config")
    assert "as it is now" in cli("alerting", "reload")


def test_a_bad_file_is_told_with_every_place_and_no_hub(stage: Any) -> None:
    bad = stage.folder / "bad.yml"
    bad.write_text("route: {receiver: a, group_wait: soon}\nreceivers: [{name: a, nme: b}]\n")
    done = stage.run("alerting", "check", bad)
    assert done.wait() == 1
    assert f"{bad}:1:34: " in done.output
    assert f"{bad}:2:23: unknown key `nme`" in done.output
    assert done.output.endswith(f"2 problems in {bad}\n")
