"""Strategic merge patch: lists of things with a key are merged by that key, others are replaced whole.

The real server reads each list's key from its Go types; here a table by field name holds the ones that matter.
Rules: https://github.com/kubernetes/community/blob/master/contributors/devel/sig-api-machinery/strategic-merge-patch.md
"""

from __future__ import annotations

import copy
from typing import Any

from farwatch.sim.errors import PatchError

_MERGE_KEYS: dict[str, tuple[str, ...]] = {
    "addresses": ("type",),
    "conditions": ("type",),
    "containers": ("name",),
    "env": ("name",),
    "ephemeralContainers": ("name",),
    "hostAliases": ("ip",),
    "imagePullSecrets": ("name",),
    "initContainers": ("name",),
    "ownerReferences": ("uid",),
    "podIPs": ("ip",),
    "ports": ("containerPort", "port"),
    "resourceClaims": ("name",),
    "secrets": ("name",),
    "taints": ("key",),
    "topologySpreadConstraints": ("topologyKey",),
    "volumeDevices": ("devicePath",),
    "volumeMounts": ("mountPath",),
    "volumes": ("name",),
}
_MERGED_PRIMITIVES = {"finalizers"}
_ORDER, _DELETE, _RETAIN = "$setElementOrder/", "$deleteFromPrimitiveList/", "$retainKeys"


def merge_strategically(document: Any, patch: Any) -> Any:
    """``document`` with ``patch`` merged in; neither argument is changed. PatchError for a malformed directive."""
    if not isinstance(patch, dict):
        raise PatchError("a strategic merge patch is an object")
    return _merge_map(document if isinstance(document, dict) else {}, patch)


def _merge_map(document: dict[str, Any], patch: dict[str, Any]) -> dict[str, Any]:
    match patch.get("$patch"):
        case "replace":
            replaced: dict[str, Any] = _without_directives(patch)
            return replaced
        case "delete":
            return {}
    merged = dict(document)
    if _RETAIN in patch:
        merged = {key: value for key, value in merged.items() if key in patch[_RETAIN]}
    for key, value in patch.items():
        if key.startswith(_DELETE):
            field = key.removeprefix(_DELETE)
            merged[field] = [item for item in merged.get(field) or [] if item not in value]
    for key, value in patch.items():
        if not key.startswith("$"):
            _merge_field(merged, key, value)
    for key, order in patch.items():
        field = key.removeprefix(_ORDER)
        if key.startswith(_ORDER) and isinstance(merged.get(field), list):
            merged[field] = _in_order(field, merged[field], order)
    return merged


def _merge_field(merged: dict[str, Any], key: str, value: Any) -> None:
    if value is None:
        merged.pop(key, None)
    elif isinstance(value, dict):
        current = merged.get(key)
        if value.get("$patch") == "delete":
            merged.pop(key, None)
        else:
            merged[key] = _merge_map(current if isinstance(current, dict) else {}, value)
    elif isinstance(value, list):
        merged[key] = _merge_list(key, merged.get(key) or [], value)
    else:
        merged[key] = value


def _merge_list(field: str, current: list[Any], patch: list[Any]) -> list[Any]:
    if field in _MERGED_PRIMITIVES:
        return current + [item for item in patch if item not in current]
    key = merge_key(field, patch) or merge_key(field, current)
    if key is None:
        return copy.deepcopy(patch)
    if any(item.get("$patch") == "replace" for item in patch):
        return [_without_directives(item) for item in patch if item.get("$patch") != "replace"]
    merged = list(current)
    for item in patch:
        _merge_item(merged, key, item)
    return merged


def merge_key(field: str, items: list[Any]) -> str | None:
    """The key that tells the items of a list apart; None for a list that is replaced whole."""
    if not all(isinstance(item, dict) for item in items):
        return None
    keys = _MERGE_KEYS.get(field, ())
    return next((key for key in keys if any(key in item for item in items)), None)


def _merge_item(merged: list[Any], key: str, item: dict[str, Any]) -> None:
    if key not in item:
        raise PatchError(f"map: {item} does not contain declared merge key: {key}")
    at = next((i for i, known in enumerate(merged) if known.get(key) == item[key]), None)
    if item.get("$patch") == "delete":
        if at is not None:
            del merged[at]
    elif at is None:
        merged.append(_merge_map({}, item))
    else:
        merged[at] = _merge_map(merged[at], item)


def _in_order(field: str, items: list[Any], order: list[Any]) -> list[Any]:
    """The named items in the order asked for; those that only the server has keep their place after them."""
    key = merge_key(field, items)
    wanted = [entry.get(key) if isinstance(entry, dict) and key else entry for entry in order]
    rank = {value: i for i, value in enumerate(wanted)}
    return sorted(items, key=lambda item: rank.get(item.get(key) if key else item, len(rank)))


def _without_directives(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_directives(item) for key, item in value.items() if not key.startswith("$")}
    if isinstance(value, list):
        return [_without_directives(item) for item in value]
    return value
