"""What is made from the table says what the table says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from farwatch.agent.command import main
from farwatch.agent.permissions.rendering import describe_rule, render_chart, render_markdown
from farwatch.agent.permissions.table import CAPABILITIES, Rule

REPOSITORY = Path(__file__).parents[4]


def shown(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(["permissions", *arguments], {}) == 0
    return capsys.readouterr().out


def manifests(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[tuple[str, str, str], Any]:
    """By kind, namespace and name."""
    documents = yaml.safe_load_all(shown(capsys, "--format", "yaml", *arguments))
    return {
        (each["kind"], each["metadata"].get("namespace", ""), each["metadata"]["name"]): each
        for each in documents
    }


def verbs(role: Any, resource: str) -> set[str]:
    return {verb for rule in role["rules"] if resource in rule["resources"] for verb in rule["verbs"]}


def test_the_charts_file_is_what_the_table_says() -> None:
    committed = REPOSITORY / "charts/farwatch-agent/files/permissions.yaml"

    assert committed.read_text() == render_chart(), (
        f"run: farwatch agent permissions --format chart > {committed.relative_to(REPOSITORY)}"
    )


def test_the_page_has_the_table_as_it_is() -> None:
    assert render_markdown() in (REPOSITORY / "docs/permissions.md").read_text(), (
        "put what `farwatch agent permissions --format markdown` prints into docs/permissions.md"
    )


def test_the_charts_form_holds_the_whole_table() -> None:
    read = yaml.safe_load(render_chart())["capabilities"]

    assert [each["name"] for each in read] == [capability.name for capability in CAPABILITIES]
    for each, capability in zip(read, CAPABILITIES, strict=True):
        rules = tuple(
            Rule(
                tuple(rule["apiGroups"]),
                tuple(rule["resources"]),
                tuple(rule["verbs"]),
                tuple(rule.get("resourceNames", ())),
            )
            for rule in each["rules"]
        )
        assert rules == capability.rules
        assert (each["scope"], each["account"], each["when"], each["why"]) == (
            capability.scope,
            capability.account,
            capability.when,
            capability.why,
        )


def test_without_helm_the_rights_are_one_cluster_role_and_two_small_roles(
    capsys: pytest.CaptureFixture[str],
) -> None:
    made = manifests(capsys)

    assert {key for key in made if key[0].endswith("Role")} == {
        ("ClusterRole", "", "farwatch-farwatch-agent"),
        ("Role", "kube-system", "farwatch-farwatch-agent"),
        ("Role", "farwatch", "farwatch-agent"),
    }
    everywhere = made["ClusterRole", "", "farwatch-farwatch-agent"]
    assert verbs(everywhere, "pods") == {"get", "list", "watch"}
    assert verbs(everywhere, "pods/log") == {"get"}
    assert verbs(everywhere, "nodes") == {"get", "list", "watch"}
    assert verbs(everywhere, "leases") == set()


def test_every_binding_binds_its_role_to_the_one_account(capsys: pytest.CaptureFixture[str]) -> None:
    made = manifests(capsys, "--namespace", "here", "--account", "watcher", "--watch-namespaces", "a, b")

    assert ("ServiceAccount", "here", "watcher") in made
    bindings = [key for key in made if key[0].endswith("Binding")]
    assert {key[1] for key in bindings} == {"a", "b", "here", "kube-system"}
    for kind, namespace, name in bindings:
        reference = made[kind, namespace, name]["roleRef"]
        assert (reference["kind"], namespace, reference["name"]) in made
        assert made[kind, namespace, name]["subjects"] == [
            {"kind": "ServiceAccount", "name": "watcher", "namespace": "here"}
        ]


def test_for_some_namespaces_nothing_is_granted_in_the_cluster(capsys: pytest.CaptureFixture[str]) -> None:
    made = manifests(capsys, "--watch-namespaces", "a")

    assert not [key for key in made if key[0].startswith("Cluster")]
    assert verbs(made["Role", "a", "farwatch-farwatch-agent"], "pods/log") == {"get"}


def test_in_kube_system_identity_lease_and_objects_are_one_role(capsys: pytest.CaptureFixture[str]) -> None:
    made = manifests(capsys, "--namespace", "kube-system", "--watch-namespaces", "kube-system")

    role = made["Role", "kube-system", "farwatch-agent"]
    assert verbs(role, "namespaces") == {"get"}
    assert verbs(role, "leases") == {"create", "get", "update"}
    assert verbs(role, "pods") == {"get", "list", "watch"}


def test_what_is_switched_off_is_not_granted(capsys: pytest.CaptureFixture[str]) -> None:
    made = manifests(capsys, "--without", "features.events", "--without", "evidence.podLogs")

    everywhere = made["ClusterRole", "", "farwatch-farwatch-agent"]
    assert verbs(everywhere, "events") == verbs(everywhere, "pods/log") == set()


def test_acting_is_another_accounts(capsys: pytest.CaptureFixture[str]) -> None:
    made = manifests(capsys, "--with", "actions.enabled", "--with", "actions.cordon")

    assert verbs(made["ClusterRole", "", "farwatch-farwatch-agent-actions"], "nodes") == {"get", "patch"}
    assert "patch" not in verbs(made["ClusterRole", "", "farwatch-farwatch-agent"], "nodes")
    tokens = [
        rule
        for rule in made["Role", "farwatch", "farwatch-agent"]["rules"]
        if "serviceaccounts/token" in rule["resources"]
    ]
    assert [rule["resourceNames"] for rule in tokens] == [["farwatch-agent-actions"]]


def test_a_wrong_command_line_is_told_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["permissions", "--without", "features.evnts"], {}) == 2
    told = capsys.readouterr().err
    assert told.count("\n") == 1
    assert "features.evnts" in told
    assert "features.events" in told


@pytest.mark.parametrize("form", ["table", "markdown", "chart"])
def test_every_form_names_every_capability(capsys: pytest.CaptureFixture[str], form: str) -> None:
    told = shown(capsys, "--format", form)

    assert not [capability.name for capability in CAPABILITIES if capability.name not in told]


def test_a_rule_is_told_in_words() -> None:
    rule = Rule(("coordination.k8s.io",), ("leases",), ("get", "update"), ("it",))

    assert describe_rule(rule) == "get, update on leases (coordination.k8s.io) named it"
