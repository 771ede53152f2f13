from __future__ import annotations

import re
from pathlib import Path

import pytest

from farwatch.hub.detect import DETECTORS, Detector
from farwatch.hub.detect.reading import show_span

PAGE = (Path(__file__).parents[4] / "docs" / "detectors.md").read_text()
_ASKED_FOR = """
KubePodCrashLooping KubeContainerOOMKilled KubePodImagePullFailed KubePodConfigError KubePodUnschedulable
KubePodStuckCreating KubePodNotReady KubePodStuckTerminating KubePodEvicted KubePodFailed KubeContainerHighRestarts
KubeNodeNotReady KubeNodeUnreachable KubeNodePressure KubeNodeFlapping KubeDeploymentReplicasMismatch
KubeDeploymentRolloutStuck KubeStatefulSetReplicasMismatch KubeDaemonSetRolloutStuck KubeJobFailed KubeCronJobFailing
KubeHpaMaxedOut KubePersistentVolumeClaimPending KubeQuotaAlmostFull KubeNamespaceStuckTerminating FarwatchAgentLost
FarwatchClusterApiDown FarwatchWatchDenied
"""
ASKED_FOR = _ASKED_FOR.split()

every_detector = pytest.mark.parametrize("detector", DETECTORS.values(), ids=DETECTORS)


def test_every_detector_is_there() -> None:
    assert list(DETECTORS) == ASKED_FOR


@every_detector
def test_a_summary_names_its_subject(detector: Detector) -> None:
    assert "{subject}" in detector.summary
    assert detector.severity in {"info", "warning", "critical"}


@every_detector
def test_the_page_tells_what_the_registry_says(detector: Detector) -> None:
    row = re.search(rf"^\| \[{detector.name}\]\(#{detector.name.lower()}\) \|(.*)\|$", PAGE, re.MULTILINE)
    assert row is not None, "not in the table"
    cells = [cell.strip() for cell in row[1].split("|")]
    assert cells[:4] == [
        detector.meaning,
        detector.severity,
        show_span(detector.hold),
        show_span(detector.calm),
    ]


@every_detector
def test_the_page_has_the_anchor_that_runbook_urls_point_to(detector: Detector) -> None:
    section = re.search(rf"^### {detector.name}\n(.*?)(?=^##|\Z)", PAGE, re.MULTILINE | re.DOTALL)
    assert section is not None, "no section"
    for limit in detector.limits:
        assert f"`{limit}`" in section[1]


def test_the_page_tells_of_no_detector_that_is_not_there() -> None:
    assert re.findall(r"^### ((?:Kube|Farwatch)\w+)$", PAGE, re.MULTILINE) == list(DETECTORS)
