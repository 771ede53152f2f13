"""What a change of an object amounts to, in words with old and new. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from farwatch.hub.evidence.evidence import EffectKind
from farwatch.hub.inventory import FieldChange, ObjectChange, diff
from farwatch.kube.objects import ConfigMap, KubeObject, Node, StatefulSet

NOTED_KINDS = (
    "Deployment",
    "StatefulSet",
    "DaemonSet",
    "CronJob",
    "HorizontalPodAutoscaler",
    "ResourceQuota",
    "ConfigMap",
    "Node",
)
"""The kinds whose changes explain trouble. Pods, Jobs and events come and go because of others."""

_LONGEST_VALUE = 120
_REVISION = "metadata.annotations.deployment.kubernetes.io/revision"
_CHANGE_CAUSE = "metadata.annotations.kubernetes.io/change-cause"
_RESTARTED_AT = "spec.template.metadata.annotations.kubectl.kubernetes.io/restartedAt"
_CONTAINER = re.compile(r"spec\.template\.spec\.(init)?[cC]ontainers\[(?P<name>[^\]]+)\](?:\.(?P<field>.+))?")
_RESOURCE = re.compile(r"resources\.(?P<side>request|limit)s\.(?P<name>.+)")
_CONDITION = re.compile(r"status\.conditions\[(?P<type>[^\]]+)\]\.status")


class Effect(msgspec.Struct, frozen=True):
    """What a change amounts to.

    Attributes:
        kind: For machines.
        words: For people, with old and new.
        vague: The words do not say what changed; a change just before this one may have.
    """

    kind: EffectKind
    words: str
    vague: bool = False


def effects_of(change: ObjectChange) -> list[Effect]:
    """What a change amounts to; nothing if it only reports a state, or if nobody can say when it happened."""
    before, after = change.before, change.after
    if change.kind not in NOTED_KINDS:
        return []
    if before is None:
        return [] if change.after_gap else [Effect(EffectKind.CREATED, "created")]
    if after is None:
        return [Effect(EffectKind.DELETED, "deleted")]
    if not _asks_otherwise(before, after):
        return []
    found = describe_update(change.kind, diff(_as_logged(before), _as_logged(after)))
    if not found and before.metadata.generation != after.metadata.generation:
        return [
            Effect(EffectKind.SETTING, "changed in a field of its spec that is not kept here", vague=True)
        ]
    return found


def describe_update(kind: str, fields: Sequence[FieldChange]) -> list[Effect]:
    """What an update amounts to, from the fields that it changed."""
    by_path = {leaf.path: leaf for field in fields for leaf in _spread(field)}
    if kind == "Node":
        return list(_describe_node(by_path))
    if kind == "ConfigMap":
        return list(_describe_content(fields))
    return [
        *_describe_rollout(by_path),
        *_describe_scale(by_path),
        *_describe_settings(by_path.values()),
    ]


def _spread(field: FieldChange) -> Iterator[FieldChange]:
    """What came or went as a whole, field by field; only a container stays one thing."""
    found = field.after if field.before is None else field.before
    is_whole = field.before is None or field.after is None
    if not (is_whole and isinstance(found, dict)) or field.path.endswith("]"):
        yield field
        return
    for key, value in found.items():
        before, after = (None, value) if field.before is None else (value, None)
        yield from _spread(FieldChange(path=f"{field.path}.{key}", before=before, after=after))


# --- workloads ------------------------------------------------------------------------------------------------


def _describe_rollout(by_path: Mapping[str, FieldChange]) -> Iterator[Effect]:
    template = [field for path, field in by_path.items() if path.startswith("spec.template")]
    parts = list(dict.fromkeys(part for field in template if (part := _describe_template(field))))
    parts.sort(key=lambda part: not part.startswith("image of "))  # what breaks most comes first
    cause = by_path.get(_CHANGE_CAUSE)
    why = f' ("{_show(cause.after)}")' if cause and cause.after else ""
    if parts:
        yield Effect(EffectKind.ROLLOUT, ", ".join(parts) + why)
        return
    revision = by_path.get(_REVISION) or by_path.get("status.updateRevision")
    if revision and revision.before and revision.after:
        numbers = f"revision {_show(revision.before)} → {_show(revision.after)}"
        yield Effect(
            EffectKind.ROLLOUT,
            f"{numbers}{why}: its pod template changed in a field that is not kept here, such as the values of "
            "its environment, its command or its probes",
            vague=True,
        )


def _describe_template(field: FieldChange) -> str:
    if field.path == _RESTARTED_AT:
        return "restarted by hand"
    found = _CONTAINER.fullmatch(field.path)
    if found is None:
        is_label = field.path.startswith("spec.template.metadata.labels")
        return "pod labels changed" if is_label else _change(_within_template(field.path), field)
    name, inner = found["name"], found["field"]
    if inner is None:
        image = (field.after or field.before or {}).get("image", "")
        return f"container {name} {'removed' if field.after is None else 'added'} ({_show(image)})"
    if inner == "image":
        return _change(f"image of {name}", field)
    resource = _RESOURCE.fullmatch(inner)
    if resource:
        return _change(f"{resource['name']} {resource['side']} of {name}", field)
    return _change(f"{inner} of {name}", field)


def _describe_scale(by_path: Mapping[str, FieldChange]) -> Iterator[Effect]:
    scale = by_path.get("spec.replicas")
    if scale is not None:
        before, after = (1 if value is None else value for value in (scale.before, scale.after))
        yield Effect(EffectKind.SCALE, f"scaled from {before} to {after} replicas")


def _describe_settings(fields: Iterable[FieldChange]) -> Iterator[Effect]:
    parts = []
    for field in fields:
        if field.path == "metadata.deletionTimestamp" and field.after:
            yield Effect(EffectKind.DELETED, "its deletion was asked for")
        elif field.path.startswith("spec.") and not field.path.startswith(("spec.template", "spec.replicas")):
            parts.append(_change(field.path.removeprefix("spec."), field))
    if parts:
        yield Effect(EffectKind.SETTING, ", ".join(parts))


def _describe_content(fields: Iterable[FieldChange]) -> Iterator[Effect]:
    """Which keys of a ConfigMap hold something else; what they hold is not known."""
    parts = []
    for field in fields:
        part, _, key = field.path.partition(".")
        if part in {"data", "binaryData"}:
            did = "added" if field.before is None else "removed" if field.after is None else "changed"
            parts.append(f"{_show(key)} {did}" if key else f"everything {did}")
    if parts:
        yield Effect(EffectKind.CONTENT, ", ".join(parts))


# --- nodes ----------------------------------------------------------------------------------------------------


def _describe_node(by_path: Mapping[str, FieldChange]) -> Iterator[Effect]:
    cordon = by_path.get("spec.unschedulable")
    if cordon is not None:
        yield Effect(EffectKind.CORDON, "cordoned" if cordon.after else "uncordoned")
    conditions = sorted(_describe_conditions(by_path), key=lambda words: not words.startswith("Ready "))
    if conditions:
        yield Effect(EffectKind.CONDITION, ", ".join(conditions))
    versions = [
        _change(_last(path), field) for path, field in by_path.items() if path.startswith("status.nodeInfo.")
    ]
    if versions:
        yield Effect(EffectKind.SETTING, ", ".join(versions))


def _describe_conditions(by_path: Mapping[str, FieldChange]) -> Iterator[str]:
    for path, field in by_path.items():
        found = _CONDITION.fullmatch(path)
        if found:
            reason = by_path.get(f"status.conditions[{found['type']}].reason")
            why = f" ({reason.after})" if reason and reason.after else ""
            yield _change(found["type"], field) + why


# --- what matters ---------------------------------------------------------------------------------------------


def _asks_otherwise(before: KubeObject, after: KubeObject) -> bool:
    """Whether more than a report of its state is different; most updates are just that, and cost no more than this."""
    old, new = before.metadata, after.metadata
    if (old.generation, old.annotations, old.deletion_timestamp) != (
        new.generation,
        new.annotations,
        new.deletion_timestamp,
    ):
        return True
    if isinstance(before, Node) and isinstance(after, Node):
        return (before.spec, before.status.node_info, _conditions(before)) != (
            after.spec,
            after.status.node_info,
            _conditions(after),
        )
    if isinstance(before, StatefulSet) and isinstance(after, StatefulSet):
        return (before.spec, before.status.update_revision) != (after.spec, after.status.update_revision)
    if isinstance(before, ConfigMap) and isinstance(after, ConfigMap):
        return (before.data, before.binary_data) != (after.data, after.binary_data)
    return bool(getattr(before, "spec", None) != getattr(after, "spec", None))


def _as_logged(found: KubeObject) -> Any:
    """An object in JSON's types, as the change log compares it."""
    return msgspec.json.decode(msgspec.json.encode(found))


def _conditions(node: Node) -> set[tuple[str, str]]:
    return {(condition.type, condition.status) for condition in node.status.conditions or ()}


def _change(what: str, field: FieldChange) -> str:
    return f"{what} {_show(field.before)} → {_show(field.after)}"


def _show(value: Any) -> str:
    if value is None:
        return "none"
    text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
    return text if len(text) <= _LONGEST_VALUE else text[: _LONGEST_VALUE - 1] + "…"


def _within_template(path: str) -> str:
    return path.removeprefix("spec.template.").removeprefix("spec.")


def _last(path: str) -> str:
    return path.rpartition(".")[2]
