from __future__ import annotations

import re
from pathlib import Path

from farwatch.agent.metrics import Family, collect, metrics_pages, resident_bytes, write_text
from farwatch.agent.state import AgentState, LinkPhase
from farwatch.kube.reflector import Counters
from farwatch.link.frames import PermissionNote, PermissionReport

_LABEL = r'[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\["\\n])*"'
_SAMPLE = re.compile(rf"([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{{({_LABEL}(?:,{_LABEL})*)\}})? (\S+)")


def parse(text: str) -> dict[tuple[str, str], float]:
    """A strict reading of Prometheus' text format: HELP and TYPE before the samples of each family, once."""
    assert text.endswith("\n")
    samples: dict[tuple[str, str], float] = {}
    described: list[str] = []
    typed = ""
    for line in text.splitlines():
        if line.startswith("# HELP "):
            described.append(line.split(" ", 3)[2])
            assert line.split(" ", 3)[3]
        elif line.startswith("# TYPE "):
            _, _, typed, kind = line.split(" ")
            assert typed == described[-1]
            assert kind in {"gauge", "counter"}
            assert (kind == "counter") == typed.endswith("_total")
        else:
            found = _SAMPLE.fullmatch(line)
            assert found, line
            name, labels, value = found.groups()
            assert name == typed
            assert (name, labels or "") not in samples
            samples[name, labels or ""] = float(value)
    assert len(described) == len(set(described))
    return samples


def test_every_metric_reads_in_prometheus_format(state: AgentState) -> None:
    state.set_link(LinkPhase.LINKED)
    state.traffic.bytes_sent = 1234567890123456
    state.traffic.refusals["bad_token"] += 2
    state.traffic.unacknowledged_frames = 7
    state.traffic.calls["pod.logs", "forbidden"] += 3
    counters = {"Pod": [Counters(changes=2, malformed=1), Counters(changes=1)], "Node": [Counters()]}

    samples = parse(metrics_pages(state, lambda: counters)["/metrics"]().body)

    assert samples["farwatch_agent_link_up", ""] == 1
    assert samples["farwatch_agent_link_sent_bytes_total", ""] == 1234567890123456
    assert samples["farwatch_agent_link_refusals_total", 'code="bad_token"'] == 2
    assert samples["farwatch_agent_calls_total", 'method="pod.logs",outcome="forbidden"'] == 3
    assert samples["farwatch_agent_calls_total", 'method="agent.status",outcome="served"'] == 0
    assert samples["farwatch_agent_changes_total", 'kind="Pod"'] == 3
    assert samples["farwatch_agent_malformed_objects_total", 'kind="Pod"'] == 1
    assert samples["farwatch_agent_changes_total", 'kind="Node"'] == 0
    assert samples["farwatch_agent_objects", 'kind="Pod"'] == 2
    assert samples["farwatch_agent_watch_state", 'kind="Pod",state="syncing"'] == 1
    assert samples["farwatch_agent_link_unacknowledged_frames", ""] == 7
    assert samples["farwatch_agent_resident_memory_bytes", ""] > 1_000_000


def test_what_is_amiss_with_rights_is_counted_once_they_are_known(state: AgentState) -> None:
    def found() -> dict[str, float]:
        samples = parse(metrics_pages(state, dict)["/metrics"]().body)
        return {labels: value for (name, labels), value in samples.items() if "permission" in name}

    note = PermissionNote(verbs=("get",), resources=("secrets",))
    assert found() == {}
    state.permissions = PermissionReport(checked_at=state.started_at, problem="no answer")
    assert found() == {}
    state.permissions = PermissionReport(checked_at=state.started_at, excess=(note, note))
    assert found() == {'finding="missing"': 0, 'finding="excess"': 2}


def test_label_values_are_escaped() -> None:
    text = write_text([Family("m", "gauge", "x", [({"reason": 'say "no"\\\n'}, 1)])])
    assert text.splitlines()[-1] == r'm{reason="say \"no\"\\\n"} 1'
    assert parse(text)


def test_resident_memory_is_plausible() -> None:
    assert 5_000_000 < resident_bytes() <= resident_bytes(peak=True) < 10_000_000_000


def test_the_documentation_explains_every_metric(state: AgentState) -> None:
    text = (Path(__file__).parents[3] / "docs" / "agent.md").read_text()
    assert [family.name for family in collect(state, {}) if f"`{family.name}`" not in text] == []
