from __future__ import annotations

import pytest

from farwatch.hub.detect.findings import Finding, ObjectKey, Subject
from farwatch.hub.detect.registry import DETECTORS
from farwatch.hub.detect.wording import (
    DESCRIPTION_LIMIT,
    read_subject,
    show_subject,
    write_annotations,
    write_labels,
)

CRASH = DETECTORS["KubePodCrashLooping"]
WEB = Subject("prod", "shop", "Deployment", "web")
SUBJECTS = [
    (WEB, {"namespace": "shop", "workload_kind": "Deployment", "workload": "web"}),
    (
        Subject("prod", "shop", "Pod", "once"),
        {"namespace": "shop", "workload_kind": "Pod", "workload": "once", "pod": "once"},
    ),
    (Subject("prod", "", "Node", "node-1"), {"node": "node-1"}),
    (Subject("prod", "", "Namespace", "shop"), {"namespace": "shop"}),
    (Subject("prod", "", "Cluster", "prod"), {}),
]


@pytest.mark.parametrize(("subject", "labels"), SUBJECTS)
def test_a_subject_has_the_labels_that_apply_to_it(subject: Subject, labels: dict[str, str]) -> None:
    always = {"alertname": "KubePodCrashLooping", "severity": "warning", "cluster": "prod"}
    assert write_labels(CRASH, "warning", subject, ()) == always | labels


@pytest.mark.parametrize("subject", [subject for subject, _ in SUBJECTS])
def test_a_subject_is_read_back_from_its_labels(subject: Subject) -> None:
    assert read_subject(write_labels(CRASH, "warning", subject, ["app"])) == subject


def test_the_container_is_a_label_only_where_there_is_just_one() -> None:
    assert write_labels(CRASH, "warning", WEB, ["app", "app"])["container"] == "app"
    assert "container" not in write_labels(CRASH, "warning", WEB, ["app", "sidecar"])


def annotate(*pods: str, facts: str = "It is broken.") -> dict[str, str]:
    findings = [(ObjectKey("prod", "Pod", "shop", pod), Finding(facts=facts)) for pod in pods]
    return write_annotations(CRASH, WEB, findings, 1795209286, "https://example.com/{alertname}#{anchor}")


def test_one_pod_is_named_with_its_facts() -> None:
    assert annotate("web-1") == {
        "summary": "Deployment shop/web in prod is crash looping",
        "description": "Pod web-1: It is broken. Since 2026-11-20T21:14:46Z.",
        "runbook_url": "https://example.com/KubePodCrashLooping#kubepodcrashlooping",
    }


def test_of_many_pods_the_count_and_a_few_names_are_told() -> None:
    description = annotate(*(f"web-{number:03}" for number in range(100)))["description"]
    assert description.startswith(
        "100 pods: web-000, web-001, web-002, web-003, web-004 and 95 more. For one, web-000: It is broken."
    )


def test_what_is_its_own_subject_is_not_named_twice() -> None:
    key = ObjectKey("prod", "Deployment", "shop", "web")
    found = write_annotations(CRASH, WEB, [(key, Finding(facts="It is broken."))], 0, "x")
    assert found["description"] == "It is broken. Since 1970-01-01T00:00:00Z."


def test_a_description_is_bounded_and_still_says_since_when() -> None:
    description = annotate("web-1", facts="very " * 2000)["description"]
    assert len(description) == DESCRIPTION_LIMIT
    assert description.endswith("… Since 2026-11-20T21:14:46Z.")


def test_subjects_are_shown_as_sentences_name_them() -> None:
    assert [show_subject(subject) for subject, _ in SUBJECTS] == [
        "Deployment shop/web in prod",
        "Pod shop/once in prod",
        "Node node-1 in prod",
        "Namespace shop in prod",
        "Cluster prod",
    ]
