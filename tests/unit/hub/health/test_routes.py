from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from farwatch.hub.alerting import Alert
from farwatch.hub.store import Telemetry
from farwatch.kube.objects import ObjectMeta, Pod

PAGE = Path(__file__).parents[4] / "docs" / "hub.md"

_NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
_LABEL = r'[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\["\\n])*"'
_SAMPLE = re.compile(rf"({_NAME})(?:\{{({_LABEL}(?:,{_LABEL})*)\}})? (\S+)")


def read_metrics(text: str) -> dict[str, dict[str, float]]:
    """Samples by metric and labels, read strictly by the rules of Prometheus' text format 0.0.4.

    Each metric has one HELP, one TYPE and then its samples, each set of labels once, and ends with its line feed.
    """
    assert text.endswith("\n")
    assert "\r" not in text
    metrics: dict[str, dict[str, float]] = {}
    helped = typed = ""
    for line in text.removesuffix("\n").split("\n"):
        if line.startswith("# HELP "):
            helped = line.split(" ", 3)[2]
            assert len(line.split(" ", 3)[3]) > 5
            assert helped not in metrics, f"{helped} comes twice"
        elif line.startswith("# TYPE "):
            typed, kind = line.split(" ")[2:]
            assert typed == helped
            assert kind in {"counter", "gauge"}
            assert typed.endswith("_total") is (kind == "counter"), typed
            metrics[typed] = {}
        else:
            sample = _SAMPLE.fullmatch(line)
            assert sample, line
            name, labels, value = sample.groups()
            assert name == typed
            assert (labels or "") not in metrics[name], line
            metrics[name][labels or ""] = float(value)
    assert all(metrics.values())
    return metrics


async def test_a_hub_that_answers_is_alive(api: Any) -> None:
    answer = await api.ask("GET", "/healthz", token=None)
    assert (answer.status_code, answer.json()) == (200, {"ok": True})


async def test_a_hub_whose_parts_all_work_is_ready(api: Any) -> None:
    answer = await api.ask("GET", "/readyz", token=None)
    assert (answer.status_code, answer.json()) == (200, {"ok": True})


async def test_a_hub_with_a_broken_part_is_not_ready_and_says_which(
    api: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Telemetry, "full", True)
    await api.hub.detection.stop()
    await api.hub.alerting.stop()
    answer = await api.ask("GET", "/readyz", token=None)
    assert answer.status_code == 503
    assert answer.json()["ok"] is False
    active = await api.ask("GET", "/activez", token=None)
    assert (active.status_code, active.json()) == (200, {"ok": True}), (
        "nobody takes its place: it must be reached"
    )
    disk, detection, alerting = answer.json()["problems"]
    assert "is the disk full?" in disk
    assert "decides about alerts" in detection
    assert "notified" in alerting


async def test_metrics_follow_the_text_format_to_the_letter(api: Any) -> None:
    await api.add_cluster("prod")
    await api.tell("prod", Pod(metadata=ObjectMeta(name="web-1", namespace="shop", uid="u")))
    labels = {"alertname": "Broken", "severity": "warning", "cluster": "prod"}
    await api.hub.alerting.put([Alert(labels=labels, annotations={}, starts_at=datetime.now(UTC))])
    answer = await api.ask("GET", "/metrics")
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    metrics = read_metrics(answer.text)
    assert metrics["farwatch_inventory_objects"] == {'cluster="prod",kind="Pod"': 1}
    assert metrics["farwatch_inventory_changes_total"] == {"": 1}
    assert metrics["farwatch_alerts_firing"] == {
        'severity="critical"': 0,
        'severity="info"': 0,
        'severity="warning"': 1,
    }
    assert metrics["farwatch_hub_resident_memory_bytes"][""] > 10_000_000
    assert metrics["farwatch_hub_resident_memory_peak_bytes"][""] > 10_000_000
    assert metrics["farwatch_history_written_total"] == {"": 1}
    assert metrics["farwatch_detect_changes_total"] == {"": 1}
    assert metrics["farwatch_detect_cases"]['detector="KubePodCrashLooping",phase="held"'] == 0
    assert set(metrics["farwatch_detect_seconds_total"]) == {'step="advance"', 'step="observe"'}


async def test_every_metric_is_explained_on_the_page(api: Any) -> None:
    text = (await api.ask("GET", "/metrics")).text
    explained = PAGE.read_text()
    assert [name for name in read_metrics(text) if f"`{name}`" not in explained] == []
