from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from httpx import ASGITransport, AsyncClient

from farwatch.hub.app import Hub, create_app
from farwatch.hub.detect import DETECTORS
from farwatch.hub.options import HubOptions
from farwatch.hub.store import AlertEventRow, Table

TOKEN = "the-token-of-the-test"

SETTINGS = """\
detect:
  system_namespaces: false
  exclude_namespaces: [scratch-*]
  detectors:
    KubeJobFailed: {enabled: false}
    KubePodCrashLooping: {severity: critical, calm: 5m, limits: {job_grace: 1m}}
  overrides:
  - namespaces: [batch-*]
    selector: tier=low
    detectors: [KubePodNotReady]
    set: {hold: 1h}
"""


async def detectors(hub: Hub, **query: Any) -> Any:
    async with AsyncClient(transport=ASGITransport(create_app(hub)), base_url="http://hub.test") as client:
        return await client.get(
            "/api/v1/detectors", headers={"Authorization": f"Bearer {TOKEN}"}, params=query
        )


async def test_detectors_say_how_they_are_set_and_what_they_raised(tmp_path: Path) -> None:
    file = tmp_path / "detectors.yml"
    file.write_text(SETTINGS)
    options = HubOptions(data=tmp_path / "data", admin_token=TOKEN, detectors=file)
    hub = await Hub.start(options, "https://hub.example")
    try:
        rows = [
            AlertEventRow(
                time=time.time() - age,
                fingerprint=f"{age:016x}",
                transition="fired",
                alertname="KubePodCrashLooping",
                cluster="prod",
                namespace="shop",
                starts_at=time.time() - age,
                ends_at=None,
                labels={"alertname": "KubePodCrashLooping", "cluster": "prod"},
                annotations={},
            )
            for age in (60, 120, 2 * 86_400, 20 * 86_400)
        ]
        hub.telemetry.insert(Table.ALERT_EVENTS, rows)
        await hub.telemetry.flush()
        answer = await detectors(hub)
        assert answer.status_code == 200, answer.text
        found = answer.json()
        lately = (await detectors(hub, days=1)).json()
        assert (await detectors(hub, days=0)).status_code == 400
    finally:
        await hub.stop()
    assert [item["name"] for item in found["items"]] == list(DETECTORS)
    assert (found["excludedNamespaces"], found["systemNamespaces"]) == (["scratch-*"], False)
    by_name = {item["name"]: item for item in found["items"]}
    crash = by_name["KubePodCrashLooping"]
    assert crash["settings"] == {
        "enabled": True,
        "severity": "critical",
        "holdSeconds": 0,
        "calmSeconds": 300,
        "limits": {"job_grace": 60},
    }
    assert (crash["changed"], crash["defaults"]["severity"], crash["overrides"]) == (True, "warning", [])
    assert crash["runbookUrl"] == "https://hub.example/runbooks/KubePodCrashLooping"
    assert crash["runbook"]
    assert (crash["raised"]["firings"], crash["raised"]["alerts"], crash["raised"]["clusters"]) == (3, 3, 1)
    assert [example["fingerprint"] for example in crash["raised"]["latest"]][:2] == [
        f"{60:016x}",
        f"{120:016x}",
    ]
    assert by_name["KubeJobFailed"]["settings"]["enabled"] is False
    assert by_name["KubePodNotReady"]["overrides"] == [
        {"namespaces": ["batch-*"], "selector": "tier=low", "set": {"hold": "1h"}}
    ]
    assert by_name["KubePodNotReady"]["changed"] is False
    assert by_name["KubeNodeNotReady"]["raised"] is None
    assert {item["name"]: item["raised"] for item in lately["items"]}["KubePodCrashLooping"]["firings"] == 2
