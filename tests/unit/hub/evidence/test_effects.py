from __future__ import annotations

from typing import Any

import msgspec
import pytest

from farwatch.hub.evidence.effects import effects_of
from farwatch.hub.evidence.evidence import EffectKind

KEPT_NOT = "its pod template changed in a field that is not kept here, such as the values of its environment, its command or its probes"


def told(change: Any) -> list[tuple[EffectKind, str]]:
    return [(effect.kind, effect.words) for effect in effects_of(change)]


def test_another_image_is_a_rollout_with_old_and_new(kube: Any) -> None:
    change = kube.change(kube.deployment("web:1"), kube.deployment("web:2"))
    assert told(change) == [(EffectKind.ROLLOUT, "image of app web:1 → web:2")]


def test_what_a_rollout_changed_is_told_in_one_line(kube: Any) -> None:
    before = kube.deployment("web:1")
    after = kube.deployment(
        spec={
            "template": {
                "metadata": {
                    "labels": {"tier": "b"},
                    "annotations": {"kubectl.kubernetes.io/restartedAt": "2026-11-20T21:15:00Z"},
                },
                "spec": {
                    "containers": [
                        {"name": "app", "image": "web:2", "resources": {"limits": {"memory": "64Mi"}}},
                        {"name": "proxy", "image": "proxy:1"},
                    ]
                },
            }
        },
        metadata={"annotations": {"kubernetes.io/change-cause": "release 2"}},
    )
    ((kind, words),) = told(kube.change(before, after))
    assert kind is EffectKind.ROLLOUT
    assert set(words.removesuffix(' ("release 2")').split(", ")) == {
        "restarted by hand",
        "pod labels changed",
        "image of app web:1 → web:2",
        "memory limit of app none → 64Mi",
        "container proxy added (proxy:1)",
    }
    assert words.endswith(' ("release 2")')


def test_a_memory_limit_is_named_as_people_name_it(kube: Any) -> None:
    def limited(memory: str) -> Any:
        resources = {"limits": {"memory": memory}}
        containers = [{"name": "app", "image": "web:1", "resources": resources}]
        return kube.deployment(spec={"template": {"spec": {"containers": containers}}})

    change = kube.change(limited("128Mi"), limited("64Mi"))
    assert told(change) == [(EffectKind.ROLLOUT, "memory limit of app 128Mi → 64Mi")]


def test_a_restart_by_hand_is_a_rollout(kube: Any) -> None:
    annotations = {"kubectl.kubernetes.io/restartedAt": "2026-11-20T21:15:00Z"}
    template = {
        "metadata": {"annotations": annotations},
        "spec": {"containers": [{"name": "app", "image": "web:1"}]},
    }
    change = kube.change(kube.deployment(), kube.deployment(spec={"template": template}))
    assert told(change) == [(EffectKind.ROLLOUT, "restarted by hand")]


def test_a_new_revision_of_which_nothing_else_is_known_is_a_vague_rollout(kube: Any) -> None:
    def of_revision(number: int) -> Any:
        annotations = {"deployment.kubernetes.io/revision": str(number)}
        return kube.deployment(metadata={"annotations": annotations})

    (effect,) = effects_of(kube.change(of_revision(4), of_revision(5)))
    assert (effect.kind, effect.vague) == (EffectKind.ROLLOUT, True)
    assert effect.words == f"revision 4 → 5: {KEPT_NOT}"


def test_a_stateful_set_tells_its_revision_in_its_status(kube: Any) -> None:
    def of_revision(name: str) -> Any:
        return kube.build("StatefulSet", "db", status={"updateRevision": name})

    (effect,) = effects_of(kube.change(of_revision("db-1"), of_revision("db-2")))
    assert (effect.kind, effect.words) == (EffectKind.ROLLOUT, f"revision db-1 → db-2: {KEPT_NOT}")


@pytest.mark.parametrize("kind", ["Deployment", "DaemonSet", "CronJob"])
def test_what_has_a_new_generation_changed_in_something(kube: Any, kind: str) -> None:
    before, after = (kube.build(kind, "web", metadata={"generation": number}) for number in (1, 2))
    (effect,) = effects_of(kube.change(before, after))
    assert (effect.kind, effect.vague) == (EffectKind.SETTING, True)


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        (3, 1, "scaled from 3 to 1 replicas"),
        (3, 0, "scaled from 3 to 0 replicas"),
        (None, 2, "scaled from 1 to 2 replicas"),
    ],
)
def test_other_replicas_are_a_scale(kube: Any, before: Any, after: Any, words: str) -> None:
    change = kube.change(kube.deployment(replicas=before), kube.deployment(replicas=after))
    assert told(change) == [(EffectKind.SCALE, words)]


def test_another_field_of_a_spec_is_a_setting(kube: Any) -> None:
    def bounded(most: int) -> Any:
        return kube.build("HorizontalPodAutoscaler", "web", spec={"maxReplicas": most})

    change = kube.change(bounded(10), bounded(2))
    assert told(change) == [(EffectKind.SETTING, "maxReplicas 10 → 2")]


def test_a_node_is_cordoned_and_its_conditions_change(kube: Any) -> None:
    def node(ready: str, reason: str, **spec: Any) -> Any:
        conditions = [
            {"type": "DiskPressure", "status": "False" if ready == "True" else "Unknown"},
            {"type": "Ready", "status": ready, "reason": reason},
        ]
        info = {"kubeletVersion": "v1.35.0" if ready == "True" else "v1.36.0"}
        return kube.build("Node", "node-1", spec=spec, status={"conditions": conditions, "nodeInfo": info})

    change = kube.change(node("True", "KubeletReady"), node("False", "KubeletNotReady", unschedulable=True))
    assert told(change) == [
        (EffectKind.CORDON, "cordoned"),
        (
            EffectKind.CONDITION,
            "Ready True → False (KubeletNotReady), DiskPressure False → Unknown",
        ),
        (EffectKind.SETTING, "kubeletVersion v1.35.0 → v1.36.0"),
    ]


def test_of_a_config_map_the_keys_that_hold_something_else_are_told(kube: Any) -> None:
    def holding(**data: str) -> Any:
        return kube.build("ConfigMap", "web", data=data, metadata={"annotations": {}})

    change = kube.change(holding(a="1", b="1", c="1"), holding(a="1", b="2", d="1"))
    assert told(change) == [(EffectKind.CONTENT, "b changed, c removed, d added")]
    assert told(kube.change(holding(a="1"), kube.build("ConfigMap", "web"))) == [
        (EffectKind.CONTENT, "everything removed")
    ]
    assert told(kube.change(holding(a="1"), holding(a="1"))) == []


def test_another_node_selector_is_a_rollout(kube: Any) -> None:
    template = {"spec": {"containers": [{"name": "app", "image": "web:1"}], "nodeSelector": {"disk": "nvme"}}}
    change = kube.change(kube.deployment(), kube.deployment(spec={"template": template}))
    assert told(change) == [(EffectKind.ROLLOUT, "nodeSelector.disk none → nvme")]


def test_another_volume_is_a_rollout(kube: Any) -> None:
    def mounting(name: str) -> Any:
        volumes = [{"name": "config", "configMap": {"name": name}}]
        template = {"spec": {"containers": [{"name": "app", "image": "web:1"}], "volumes": volumes}}
        return kube.deployment(spec={"template": template})

    assert told(kube.change(mounting("web-1"), mounting("web-2"))) == [
        (EffectKind.ROLLOUT, "volumes[config].configMap.name web-1 → web-2")
    ]


def test_coming_and_going_is_told(kube: Any) -> None:
    assert told(kube.change(None, kube.deployment())) == [(EffectKind.CREATED, "created")]
    assert told(kube.change(kube.deployment(), None)) == [(EffectKind.DELETED, "deleted")]
    leaving = kube.deployment(metadata={"deletionTimestamp": kube.at(5)})
    assert told(kube.change(kube.deployment(), leaving)) == [
        (EffectKind.DELETED, "its deletion was asked for")
    ]


def test_what_was_only_found_after_a_gap_is_not_new(kube: Any) -> None:
    found = msgspec.structs.replace(kube.change(None, kube.deployment()), after_gap=True)
    assert effects_of(found) == []


def test_reports_of_a_state_and_other_kinds_are_no_cause(kube: Any) -> None:
    before, after = (kube.deployment(status={"readyReplicas": number}) for number in (3, 2))
    assert effects_of(kube.change(before, after)) == []
    assert effects_of(kube.change(None, kube.pod())) == []


def test_a_long_value_is_cut(kube: Any) -> None:
    ((_, words),) = told(kube.change(kube.deployment("web:1"), kube.deployment("web:" + "2" * 500)))
    assert words.endswith("…")
    assert len(words) < 200


def test_of_a_real_cluster_what_people_did_is_told_and_nothing_else(recording: Any) -> None:
    did = {EffectKind.ROLLOUT, EffectKind.SCALE, EffectKind.CORDON, EffectKind.CONDITION, EffectKind.SETTING}
    found = [
        (round(change.time), change.object.metadata.name, effect.words.split(",")[0])
        for change in recording()
        for effect in effects_of(change)
        if effect.kind in did and not effect.vague
    ]
    assert found == [
        (52, "web", "image of web nginx:1.27 → nginx:1.28"),
        (72, "web", "scaled from 3 to 5 replicas"),
        (82, "web", "scaled from 5 to 3 replicas"),
        (87, "web", "image of web nginx:1.28 → registry.example/missing/web:3"),
        (98, "sim-node-3", "cordoned"),
        (149, "sim-node-3", "Ready True → Unknown (NodeStatusUnknown)"),
        (173, "sim-node-3", "uncordoned"),
        (183, "sim-node-3", "Ready Unknown → True (KubeletReady)"),
        (188, "web", "image of web registry.example/missing/web:3 → nginx:1.28"),
        (208, "web", "scaled from 3 to 2 replicas"),
        (217, "web", "scaled from 2 to 3 replicas"),
    ]
