"""A real Prometheus sends its alerts to a real Alertmanager and to a hub, by one `alerting:` section."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from ..conftest import Stage, ask, eventually
from ..peers import Peer, find_peer
from .sides import OURS, REAL, Alertmanagers, Hubs, Side

pytestmark = [pytest.mark.integration, pytest.mark.xdist_group("alertmanager")]

ALERTING = {"route": {"receiver": "nobody"}, "receivers": [{"name": "nobody"}]}
RULES = {
    "groups": [
        {
            "name": "test",
            "rules": [
                {
                    "alert": "Always",
                    "expr": 'label_replace(vector(1), "path", "a \\"b\\" é", "", "")',
                    "labels": {"severity": "critical"},
                    "annotations": {"summary": "It is {{ $value }}", "description": "first\nsecond"},
                }
            ],
        }
    ]
}
STOP_SECONDS = 20.0


@contextmanager
def prometheus(folder: Path, sides: list[Side]) -> Iterator[None]:
    """One that tells all sides of an alert that always fires."""
    (folder / "rules.yml").write_text(json.dumps(RULES))
    targets = [side.url.removeprefix("http://") for side in sides]
    config = {
        "global": {"evaluation_interval": "1s", "external_labels": {"cluster": "test"}},
        "rule_files": ["rules.yml"],
        "alerting": {"alertmanagers": [{"static_configs": [{"targets": targets}]}]},
    }
    (folder / "prometheus.yml").write_text(json.dumps(config))
    with (folder / "prometheus.log").open("wb") as log:
        process = subprocess.Popen(
            [
                find_peer(Peer.PROMETHEUS),
                f"--config.file={folder / 'prometheus.yml'}",
                f"--storage.tsdb.path={folder / 'prometheus-data'}",
                "--web.listen-address=127.0.0.1:0",
                # What fires before it has found its Alertmanagers is told of anew.
                "--rules.alert.resend-delay=1s",
            ],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
    try:
        yield
    finally:
        process.terminate()
        process.wait(STOP_SECONDS)


def alert(side: Side) -> dict[str, Any]:
    """The alert as a side has it; its times and what newer Alertmanagers add are its own."""

    def find() -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = ask("GET", f"{side.url}/api/v2/alerts?filter=alertname%3DAlways").json
        return found

    (found,) = eventually(find, f"{side.name} has the alert")
    return {
        "status": found["status"]["state"],
        "receivers": found["receivers"],
        **{
            name: found[name] for name in ("labels", "annotations", "fingerprint", "generatorURL", "startsAt")
        },
    }


def test_prometheus_alerts_arrive_as_they_do_at_alertmanager(
    alertmanager: Path, stage: Stage, tmp_path: Path
) -> None:
    for name in (REAL, OURS):
        (tmp_path / f"{name}.yml").write_text(json.dumps(ALERTING))
    with Alertmanagers(alertmanager).running() as alertmanagers:
        real = alertmanagers.start(REAL, tmp_path / f"{REAL}.yml")
        ours = Hubs(stage).start(OURS, tmp_path / f"{OURS}.yml")
        with prometheus(tmp_path, [real, ours]):
            assert alert(ours) == alert(real)
