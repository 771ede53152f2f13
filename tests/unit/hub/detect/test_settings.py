from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from farwatch.hub.detect import DETECTORS, DetectSettings, DetectSettingsError
from farwatch.hub.detect.settings import parse_duration


def rules(settings: DetectSettings, name: str, namespace: str = "shop", labels: Any = None) -> Any:
    kind = DETECTORS[name].kind
    return next(found for detector, found in settings.rules(kind, namespace, labels) if detector.name == name)


def test_the_defaults_are_the_registrys() -> None:
    for detector in DETECTORS.values():
        found = rules(DetectSettings(), detector.name)
        assert (found.enabled, found.severity, found.calm) == (True, detector.severity, detector.calm)
        assert (found.hold, found.limits) == (None, detector.limits)


def test_a_detector_can_be_set() -> None:
    section = {
        "enabled": False,
        "severity": "critical",
        "hold": "1h30m",
        "calm": 5,
        "limits": {"init_grace": "2m"},
    }
    found = rules(DetectSettings.parse({"detectors": {"KubePodNotReady": section}}), "KubePodNotReady")
    assert (found.enabled, found.severity, found.hold, found.calm) == (False, "critical", 5400, 5)
    assert found.limits == {"init_grace": 120}


def test_an_override_holds_in_its_namespaces_and_for_its_labels() -> None:
    override = {"namespaces": ["batch-*"], "selector": "team=pay", "set": {"severity": "info"}}
    settings = DetectSettings.parse({"overrides": [override]})
    severities = {
        (namespace, team): rules(settings, "KubePodFailed", namespace, {"team": team}).severity
        for namespace in ("batch-1", "shop")
        for team in ("pay", "ops")
    }
    assert severities == {
        ("batch-1", "pay"): "info",
        ("batch-1", "ops"): "warning",
        ("shop", "pay"): "warning",
        ("shop", "ops"): "warning",
    }


def test_later_overrides_win_and_keep_what_they_do_not_set() -> None:
    overrides = [
        {"detectors": ["KubePodFailed"], "set": {"severity": "critical", "hold": 7}},
        {"namespaces": ["shop"], "set": {"severity": "info"}},
    ]
    found = rules(DetectSettings.parse({"overrides": overrides}), "KubePodFailed")
    assert (found.severity, found.hold) == ("info", 7)


def test_an_override_of_some_detectors_leaves_the_others() -> None:
    settings = DetectSettings.parse(
        {"overrides": [{"detectors": ["KubePodFailed"], "set": {"enabled": False}}]}
    )
    assert not rules(settings, "KubePodFailed").enabled
    assert rules(settings, "KubePodEvicted").enabled


def test_namespaces_can_be_left_out() -> None:
    settings = DetectSettings.parse({"system_namespaces": False, "exclude_namespaces": ["dev-*"]})
    assert [one for one in ("kube-system", "dev-1", "shop", "") if settings.excludes(one)] == [
        "kube-system",
        "dev-1",
    ]
    assert not DetectSettings().excludes("kube-system")


def test_settings_are_read_from_a_files_section(tmp_path: Path) -> None:
    path = tmp_path / "farwatch.yaml"
    path.write_text("detect:\n  detectors:\n    KubePodFailed:\n      hold: 90s\n")
    assert rules(DetectSettings.load(path), "KubePodFailed").hold == 90
    path.write_text("")
    assert (
        rules(DetectSettings.load(path), "KubePodFailed").hold
        == rules(DetectSettings(), "KubePodFailed").hold
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("detectors:\n  KubePodFailed: {}\n", r"'detectors' is no section; .* in the section detect"),
        ("detect: {}\nlisten: x\n", r"'listen' is no section"),
        ("- a\n", r"a section named detect is expected"),
    ],
)
def test_a_file_with_anything_else_is_refused_by_name(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "farwatch.yaml"
    path.write_text(text)
    with pytest.raises(DetectSettingsError, match=message):
        DetectSettings.load(path)


@pytest.mark.parametrize(
    ("section", "message"),
    [
        ({"detector": {}}, r"^detect: Object contains unknown field `detector`"),
        ({"detectors": {"KubePodBroken": {}}}, r"^detect\.detectors\.KubePodBroken: there is no detector"),
        (
            {"detectors": {"KubePodFailed": {"holds": 1}}},
            r"^detect\.detectors\.KubePodFailed: Object contains unknown field `holds`",
        ),
        (
            {"detectors": {"KubePodFailed": {"hold": "soon"}}},
            r"^detect\.detectors\.KubePodFailed\.hold: 'soon' is no",
        ),
        (
            {"detectors": {"KubePodFailed": {"calm": -1}}},
            r"^detect\.detectors\.KubePodFailed\.calm: -1\.0 is no",
        ),
        (
            {"detectors": {"KubePodFailed": {"enabled": "maybe"}}},
            r"^detect\.detectors\.KubePodFailed\.enabled: Expected `bool",
        ),
        (
            {"detectors": {"KubePodFailed": {"severity": "Very Bad"}}},
            r"^detect\.detectors\.KubePodFailed\.severity: 'Very Bad' is no severity",
        ),
        (
            {"detectors": {"KubePodFailed": {"limits": {"ratio": 1}}}},
            r"^detect\.detectors\.KubePodFailed\.limits\.ratio: KubePodFailed has no such limit; it has window",
        ),
        (
            {"detectors": {"KubeQuotaAlmostFull": {"limits": {"ratio": 0}}}},
            r"^detect\.detectors\.KubeQuotaAlmostFull\.limits\.ratio: must be greater than zero",
        ),
        (
            {"overrides": [{}, {"set": {"hold": "x"}}]},
            r"^detect\.overrides\[1\]\.set\.hold: 'x' is no duration",
        ),
        (
            {"overrides": [{"namespace": "a"}]},
            r"^detect\.overrides\[0\]: Object contains unknown field `namespace`",
        ),
        (
            {"overrides": [{"selector": "a=b c"}]},
            r"^detect\.overrides\[0\]\.selector: label selector 'a=b c' cannot be read",
        ),
        (
            {"overrides": [{"detectors": ["X"]}]},
            r"^detect\.overrides\[0\]\.detectors: there is no detector 'X'",
        ),
        (
            {"overrides": [{"set": {"limits": {"ratio": 1}}}]},
            r"^detect\.overrides\[0\]\.set\.limits: .*name the det",
        ),
        (["x"], r"^detect: Expected `object`, got `array`"),
    ],
)
def test_a_fault_is_refused_by_name_and_place(section: Any, message: str) -> None:
    with pytest.raises(DetectSettingsError, match=message):
        DetectSettings.parse(section)


def test_a_file_that_is_no_yaml_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "farwatch.yaml"
    path.write_text("detect: [")
    with pytest.raises(DetectSettingsError, match="not YAML"):
        DetectSettings.load(path)


@pytest.mark.parametrize(
    ("text", "seconds"), [(90, 90), ("90s", 90), ("10m", 600), ("1h30m", 5400), ("0.5m", 30), ("1d", 86400)]
)
def test_durations_are_read(text: Any, seconds: float) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize("text", ["", "90", "s", "-1s", "1w", -1, float("nan"), float("inf")])
def test_what_is_no_duration_is_refused(text: Any) -> None:
    with pytest.raises(ValueError, match="is no duration"):
        parse_duration(text)
