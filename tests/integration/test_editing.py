"""The alerting configuration is written over the API, and holds: people are told by it, also after a kill."""

from __future__ import annotations

from typing import Any

import pytest

from .conftest import Hub, Stage, ask

pytestmark = [pytest.mark.integration, pytest.mark.xdist_group("editing")]

CONFIG = """\
# who is told
route: {receiver: team, group_by: ['...'], group_wait: 0s, group_interval: 1s}
receivers:
- name: team
  webhook_configs:
  - url: URL
"""


def start(stage: Stage) -> Hub:
    """A hub without a file that says whom to tell."""
    where = ("--data", stage.folder / "data", "--listen", "127.0.0.1:0")
    hub = stage._start(Hub, "hub", ("hub", *where), stage.hub_environment)
    hub.url = hub.first_line().split()[-1]
    return hub


def save(hub: Hub, text: str, digest: str) -> tuple[int, Any]:
    headers = {"Authorization": f"Bearer {hub.token}", "If-Match": f'"{digest}"'}
    answer = ask("PUT", f"{hub.url}/api/v1/alerting/config", {"text": text, "note": "by hand"}, headers)
    return answer.status, answer.json


def fire(hub: Hub, name: str) -> None:
    assert hub.ask("POST", "/api/v2/alerts", [{"labels": {"alertname": name}}]).status == 200


def test_what_was_saved_tells_people_and_holds_after_a_kill(stage: Stage) -> None:
    hub = start(stage)
    before = hub.get("/alerting/config")
    assert before["locked"] == ""

    status, saved = save(hub, CONFIG.replace("URL", stage.sink.url), before["digest"])
    assert (status, saved["text"]) == (200, CONFIG.replace("URL", "<secret>"))
    fire(hub, "First")
    stage.sink.wait_told("First")

    status, refused = save(hub, CONFIG, before["digest"])
    assert (status, refused["status"]) == (412, 412)
    status, again = save(hub, saved["text"].replace("# who is told", "# whom we tell"), saved["digest"])
    assert status == 200
    hub.kill()

    hub = start(stage)
    assert hub.get("/alerting/config")["digest"] == again["digest"]
    versions = hub.get("/alerting/config/versions")["items"]
    assert [(item["id"], item["cause"]) for item in versions] == [(3, "save"), (2, "save"), (1, "start")]
    fire(hub, "Second")
    stage.sink.wait_told("Second")
