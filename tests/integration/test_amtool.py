"""Other people's tools against a hub that wants to know who asks: amtool, Flux; and what is left of what they said after a kill."""

from __future__ import annotations

import base64
import json
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from .conftest import ADMIN_TOKEN, Answer, ask
from .peers import Peer, find_peer

pytestmark = [pytest.mark.integration, pytest.mark.xdist_group("amtool")]

CONFIG = """
route:
  receiver: everybody
  routes:
    - {receiver: team, matchers: [severity="critical"]}
receivers:
  - {name: everybody}
  - {name: team, slack_configs: [{api_url: "http://127.0.0.1:9/very-secret", channel: "#x"}]}
"""


@pytest.fixture
def hub(stage: Any, tmp_path: Path) -> Any:
    config = tmp_path / "alertmanager.yml"
    config.write_text(CONFIG)
    return stage.hub("--alerting", config)


def posting(name: str, ends: timedelta | None = None, **labels: str) -> dict[str, Any]:
    end = {} if ends is None else {"endsAt": (datetime.now(UTC) + ends).isoformat()}
    return {"labels": {"alertname": name, **labels}, **end}


def post(hub: Any, *alerts: dict[str, Any]) -> None:
    answer = hub.ask("POST", "/api/v2/alerts", list(alerts))
    assert (answer.status, answer.text) == (200, "")


def names(answer: Answer) -> set[str]:
    assert answer.status == 200, answer.text
    return {alert["labels"]["alertname"] for alert in answer.json}


class Amtool:
    """The real amtool, with a token as its password."""

    def __init__(self, program: Path, url: str, folder: Path, token: str) -> None:
        self._http = folder / "http.yml"
        self._http.write_text(json.dumps({"basic_auth": {"username": "anybody", "password": token}}))
        self._command = [program, f"--alertmanager.url={url}", f"--http.config.file={self._http}"]

    def run(self, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*self._command, *arguments], capture_output=True, text=True, timeout=60, check=False
        )

    def __call__(self, *arguments: str | Path) -> str:
        done = self.run(*arguments)
        assert done.returncode == 0, done.stderr
        return done.stdout


@pytest.fixture
def amtool(hub: Any, tmp_path: Path) -> Amtool:
    return Amtool(find_peer(Peer.AMTOOL), hub.url, tmp_path, ADMIN_TOKEN)


def test_amtool_works_with_a_token_as_its_password(hub: Any, amtool: Amtool, tmp_path: Path) -> None:
    amtool("alert", "add", "Disk", "severity=critical", "--annotation=summary=full")
    amtool("alert", "add", "Cpu", "severity=warning")
    assert 'summary="full"' in amtool("alert", "query", "-o", "extended", "severity=~crit.*")
    assert [alert["receivers"] for alert in json.loads(amtool("alert", "query", "-o", "json", "Disk"))] == [
        [{"name": "team"}]
    ]

    made = amtool("silence", "add", "alertname=Disk", "-a", "me", "-c", "because", "-d", "1h").strip()
    assert "Disk" in amtool("alert", "query", "--silenced")
    amtool("silence", "update", "-d", "2h", made)
    (kept,) = json.loads(amtool("silence", "query", "-o", "json"))
    assert kept["id"] == made
    assert datetime.fromisoformat(kept["endsAt"]) > datetime.now(UTC) + timedelta(minutes=90)
    amtool("silence", "expire", made)
    assert json.loads(amtool("silence", "query", "-o", "json")) == []

    saved = tmp_path / "silences.json"
    saved.write_text(json.dumps([{key: value for key, value in kept.items() if key != "id"}]))
    amtool("silence", "import", saved)
    (again,) = json.loads(amtool("silence", "query", "-o", "json"))
    assert (again["matchers"], again["id"] == made) == (kept["matchers"], False)

    shown = amtool("config", "show")
    assert "receiver: everybody" in shown
    assert "very-secret" not in shown


def test_amtool_is_told_that_it_needs_a_token(hub: Any, tmp_path: Path) -> None:
    amtool = Amtool(find_peer(Peer.AMTOOL), hub.url, tmp_path, "a-wrong-token-of-somebody")
    done = amtool.run("alert", "query")
    assert done.returncode != 0
    assert "401" in done.stderr


@pytest.mark.parametrize("auth", ["token", "none"])
def test_flux_posts_its_alerts(stage: Any, auth: str, eventually: Any) -> None:
    """What notification-controller's provider ``alertmanager`` sends of an event."""
    hub = stage.hub("--alertmanager-listen", "127.0.0.1:0", "--alertmanager-auth", auth)
    said = eventually(
        lambda: [line for line in hub.output.splitlines() if "Alertmanager" in line], "the address"
    )
    url = said[0].split()[-1]
    body = [
        {
            "labels": {
                "alertname": "FluxHelmReleaseInstallFailed",
                "severity": "error",
                "reason": "InstallFailed",
                "kind": "HelmRelease",
                "name": "shop",
                "namespace": "shop",
                "reportingcontroller": "helm-controller",
            },
            "annotations": {"message": "install retries exhausted"},
            "status": "firing",
            "startsAt": "2026-01-02T03:04:05Z",
            "endsAt": "0001-01-01T00:00:00Z",
        }
    ]
    path = f"{url}/api/v2/alerts/"
    password = base64.b64encode(f"flux:{ADMIN_TOKEN}".encode()).decode()
    assert ask("POST", path, body).status == (401 if auth == "token" else 200)
    assert ask("POST", path, body, {"Authorization": f"Basic {password}"}).status == 200
    assert names(hub.ask("GET", "/api/v2/alerts")) == {"FluxHelmReleaseInstallFailed"}
    assert ask("GET", f"{url}/-/ready").text == "OK"
    assert ask("GET", f"{url}/api/v1/alerts").status == 404


def test_what_was_answered_with_200_is_there_after_a_kill(stage: Any) -> None:
    hub = stage.hub()
    second = timedelta(seconds=1)
    post(hub, *(posting(f"Kept{number}", 3600 * second) for number in range(300)))
    post(hub, posting("GoesOn", 2 * second), posting("Over", 3600 * second))
    post(hub, posting("GoesOn", 240 * second))  # put off: not written down again
    post(hub, posting("Over", 0 * second))
    silence = {
        "matchers": [{"name": "alertname", "value": "Kept1", "isRegex": False}],
        "startsAt": datetime.now(UTC).isoformat(),
        "endsAt": (datetime.now(UTC) + 3600 * second).isoformat(),
        "createdBy": "somebody",
        "comment": "",
    }
    made = hub.ask("POST", "/api/v2/silences", silence).json["silenceID"]

    hub.kill()
    hub = stage.hub()

    assert names(hub.ask("GET", "/api/v2/alerts")) == {f"Kept{number}" for number in range(300)} | {"GoesOn"}
    (hushed,) = hub.ask("GET", "/api/v2/alerts?filter=alertname%3DKept1").json
    assert hushed["status"]["silencedBy"] == [made]


def test_an_alert_that_others_posted_is_theirs_to_end_whatever_it_is_called(stage: Any) -> None:
    hub = stage.hub()
    post(hub, posting("KubePodCrashLooping", timedelta(hours=1), cluster="gone", namespace="a", pod="b"))
    hub.kill()
    hub = stage.hub()
    (alert,) = hub.ask("GET", "/api/v2/alerts").json
    assert alert["status"]["state"] == "active"


def test_an_address_that_is_taken_is_named_with_its_option(stage: Any) -> None:
    hub = stage.hub()
    taken = hub.url.removeprefix("http://")
    other = stage.run(*stage.hub_arguments("--alertmanager-listen", taken, data="other"))
    assert other.wait() == 2
    assert f"cannot listen on {taken}: Address already in use" in other.log
    assert "choose another --alertmanager-listen" in other.log
