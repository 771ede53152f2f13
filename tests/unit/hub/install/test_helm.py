"""What of a rendered chart is applied, and in which order."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from farwatch.hub.install import helm


def thing(kind: str, name: str = "x", hook: str = "", namespace: str = "") -> dict[str, Any]:
    metadata: dict[str, Any] = {"name": name}
    if hook:
        metadata["annotations"] = {"helm.sh/hook": hook}
    if namespace:
        metadata["namespace"] = namespace
    return {"apiVersion": "v1", "kind": kind, "metadata": metadata}


def test_the_namespace_comes_first_then_rights_then_what_pods_need_then_pods_then_jobs() -> None:
    shuffled = [
        "Job",
        "Deployment",
        "Secret",
        "RoleBinding",
        "Unheard",
        "ClusterRole",
        "ServiceAccount",
        "Role",
    ]
    arranged = helm.arrange([thing(kind) for kind in shuffled], "r", "ns")
    assert [each["kind"] for each in arranged] == [
        "Namespace",
        "ServiceAccount",
        "ClusterRole",
        "Role",
        "RoleBinding",
        "Secret",
        "Deployment",
        "Unheard",
        "Job",
    ]
    assert arranged[0]["metadata"]["name"] == "ns"


def test_what_is_in_a_namespace_says_so_and_other_namespaces_stay() -> None:
    own, foreign, wide = helm.arrange(
        [thing("Secret"), thing("Role", namespace="shop"), thing("ClusterRole")], "r", "ns"
    )[1:]
    # In the order of their kinds: ClusterRole, Role, Secret.
    assert "namespace" not in own["metadata"]
    assert foreign["metadata"]["namespace"] == "shop"
    assert wide["metadata"]["namespace"] == "ns"


def test_helm_can_take_over_later_what_was_applied() -> None:
    (_, secret, job) = helm.arrange([thing("Secret"), thing("Job", hook="post-install")], "r", "ns")
    assert secret["metadata"]["annotations"] == {
        "meta.helm.sh/release-name": "r",
        "meta.helm.sh/release-namespace": "ns",
    }
    assert job["metadata"]["annotations"] == {"helm.sh/hook": "post-install"}


@pytest.mark.parametrize(
    ("hook", "wanted"),
    [
        ("", True),
        ("post-install,post-upgrade", True),
        ("pre-install", True),
        ("test", False),
        ("pre-delete", False),
        ("post-upgrade, pre-rollback", False),
    ],
)
def test_hooks_of_other_times_than_the_installation_are_left_out(hook: str, wanted: bool) -> None:
    assert helm.is_wanted(thing("Pod", hook=hook)) is wanted


def test_several_objects_in_a_file_are_read_and_notes_are_none() -> None:
    assert len(helm.read_objects("t/a.yaml", "a: 1\n---\n# nothing\n---\nb: 2\n")) == 2
    assert helm.read_objects("t/NOTES.txt", "kind: Pod") == []


def test_texts_are_written_so_that_they_read_the_same() -> None:
    written = {
        "pem": "-----BEGIN\nabc\n-----END\n",
        "number": "1.10",
        "yes": "on",
        "empty": "",
        "long": "x y " * 100,
    }
    text = yaml.dump(written, Dumper=helm._Dumper, sort_keys=False, width=120)
    assert yaml.safe_load(text) == written
    assert "pem: |" in text
