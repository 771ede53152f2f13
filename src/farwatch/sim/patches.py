"""The patches an API server applies: JSON patch (RFC 6902), merge patch (RFC 7386), strategic merge patch."""

from __future__ import annotations

import copy
from enum import StrEnum
from typing import Any

from farwatch.sim.errors import PatchError
from farwatch.sim.jsonpatch import apply_json_patch
from farwatch.sim.strategic import merge_strategically


class PatchType(StrEnum):
    """How a patch is to be read; the value is its media type."""

    JSON = "application/json-patch+json"
    MERGE = "application/merge-patch+json"
    STRATEGIC = "application/strategic-merge-patch+json"
    APPLY = "application/apply-patch+yaml"


def apply_patch(document: dict[str, Any], patch: Any, patch_type: PatchType) -> dict[str, Any]:
    """``document`` with ``patch`` applied; the arguments stay as they are. PatchError when it does not fit."""
    patched: Any
    match patch_type:
        case PatchType.JSON:
            patched = apply_json_patch(document, patch)
        case PatchType.MERGE:
            patched = merge(document, patch)
        case PatchType.STRATEGIC | PatchType.APPLY:
            patched = merge_strategically(document, patch)
    if not isinstance(patched, dict):
        raise PatchError("the patch leaves no object")
    return patched


def merge(document: Any, patch: Any) -> Any:
    """RFC 7386: members of the patch replace the document's, null removes, lists are replaced whole."""
    if not isinstance(patch, dict):
        return copy.deepcopy(patch)
    merged = dict(document) if isinstance(document, dict) else {}
    for key, value in patch.items():
        if value is None:
            merged.pop(key, None)
        else:
            merged[key] = merge(merged.get(key), value)
    return merged
