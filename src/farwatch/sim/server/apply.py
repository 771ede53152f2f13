"""Server-side apply: each manager's last word, field by field, kept in ``metadata.managedFields``.

Rules: https://kubernetes.io/docs/reference/using-api/server-side-apply/. Lists with a merge key count by item, other
lists as one field. Only managers that apply own fields here; plain updates are recorded but own nothing.
"""

from __future__ import annotations

import copy
from typing import Any

import msgspec

from farwatch.sim.errors import StatusError
from farwatch.sim.strategic import merge_key, merge_strategically

Document = dict[str, Any]
Path = tuple[str, ...]

_NOT_OWNED = {("f:apiVersion",), ("f:kind",), ("f:metadata", "f:name"), ("f:metadata", "f:namespace")}


def apply_document(
    current: Document, wanted: Document, manager: str, now: str, *, force: bool = False
) -> Document:
    """``current`` as ``manager`` wants it: its fields set, those it named before and no longer names removed.

    StatusError 409 when another manager that applies holds a field with another value and ``force`` is not set.
    """
    entries = list(current.get("metadata", {}).get("managedFields") or ())
    mine = next((e for e in entries if _is_applied_by(e, manager)), None)
    others = {e["manager"]: set(_paths(e["fieldsV1"])) for e in entries if e is not mine and _is_apply(e)}
    fields = owned_fields(wanted)
    named = set(_paths(fields))
    conflicts = [
        (other, path)
        for other, held in others.items()
        for path in sorted(held & named)
        if _value(current, path) != _value(wanted, path)
    ]
    if conflicts and not force:
        raise _conflict(conflicts)
    applied: Document = merge_strategically(copy.deepcopy(current), wanted)
    kept = set().union(named, *others.values())
    for path in sorted(_paths(mine["fieldsV1"]) if mine else ()):
        if not any(other[: len(path)] == path for other in kept):
            _remove(applied, path)
    entry = managed_entry(applied, manager, "Apply", now, fields)
    applied["metadata"]["managedFields"] = [*(e for e in entries if e is not mine), entry]
    return applied


def managed_entry(
    document: Document, manager: str, operation: str, now: str, fields: Document | None = None
) -> Document:
    """An entry of ``managedFields``; ``fields`` default to everything the document says."""
    return {
        "manager": manager,
        "operation": operation,
        "apiVersion": document["apiVersion"],
        "time": now,
        "fieldsType": "FieldsV1",
        "fieldsV1": owned_fields(document) if fields is None else fields,
    }


def owned_fields(document: Document) -> Document:
    """The ``fieldsV1`` of a document: its fields, without those that identify it."""
    fields = _fields(document)
    for path in _NOT_OWNED:
        parent = fields
        for step in path[:-1]:
            parent = parent.get(step, {})
        parent.pop(path[-1], None)
    if not fields.get("f:metadata"):
        fields.pop("f:metadata", None)
    return fields


def _fields(value: Document) -> Document:
    fields: Document = {}
    for key, item in value.items():
        list_key = merge_key(key, item) if isinstance(item, list) else None
        if isinstance(item, dict) and item:
            fields[f"f:{key}"] = _fields(item)
        elif list_key:
            fields[f"f:{key}"] = {
                _item_name(list_key, entry): {".": {}} | _fields(entry) for entry in item if list_key in entry
            }
        else:
            fields[f"f:{key}"] = {}
    return fields


def _item_name(key: str, entry: Document) -> str:
    return "k:" + msgspec.json.encode({key: entry[key]}).decode()


def _is_apply(entry: Document) -> bool:
    return bool(entry.get("operation") == "Apply")


def _is_applied_by(entry: Document, manager: str) -> bool:
    return _is_apply(entry) and entry.get("manager") == manager


def _paths(fields: Document, prefix: Path = ()) -> list[Path]:
    """The paths of the leaves."""
    paths: list[Path] = []
    for step, below in fields.items():
        if step == ".":
            paths.append(prefix)
        elif below:
            paths += _paths(below, (*prefix, step))
        else:
            paths.append((*prefix, step))
    return paths


def _child(container: Any, step: str) -> Any:
    if step.startswith("f:"):
        return container.get(step[2:]) if isinstance(container, dict) else None
    wanted = msgspec.json.decode(step[2:])
    items = container if isinstance(container, list) else ()
    return next((item for item in items if wanted.items() <= item.items()), None)


def _value(document: Any, path: Path) -> Any:
    for step in path:
        document = _child(document, step)
    # Of an item only its being there is compared; its fields are paths of their own.
    return document is not None if path and path[-1].startswith("k:") else document


def _remove(document: Any, path: Path) -> None:
    parent = document
    for step in path[:-1]:
        parent = _child(parent, step)
    if isinstance(parent, dict):
        parent.pop(path[-1][2:], None)
    elif isinstance(parent, list):
        item = _child(parent, path[-1])
        if item is not None:
            parent.remove(item)


def _conflict(conflicts: list[tuple[str, Path]]) -> StatusError:
    causes = []
    for manager, path in conflicts:
        field = "".join(f".{step[2:]}" if step.startswith("f:") else f"[{step[2:]}]" for step in path)
        causes.append(
            {"reason": "FieldManagerConflict", "message": f'conflict with "{manager}"', "field": field}
        )
    head = f"Apply failed with {len(causes)} conflict{'s' if len(causes) > 1 else ''}"
    told = "\n".join(f"- {cause['field']}" for cause in causes)
    if len(causes) == 1:
        told = causes[0]["field"]
        return StatusError(409, "Conflict", f"{head}: {causes[0]['message']}: {told}", {"causes": causes})
    return StatusError(409, "Conflict", f"{head}: conflicts:\n{told}", {"causes": causes})
