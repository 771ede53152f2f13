"""JSON patch (RFC 6902) over JSON pointers (RFC 6901), in the words of the server's library."""

from __future__ import annotations

import copy
from typing import Any

from farwatch.sim.errors import PatchError

_KEY = {
    "add": ("path", "value"),
    "replace": ("path", "value"),
    "test": ("path", "value"),
    "remove": ("path",),
}
_KEY |= {"move": ("path", "from"), "copy": ("path", "from")}


def apply_json_patch(document: Any, patch: Any) -> Any:
    """A copy of ``document`` with every operation of ``patch`` done in order, or PatchError and nothing done."""
    if not isinstance(patch, list):
        raise PatchError("a JSON patch is a list of operations")
    patched = copy.deepcopy(document)
    for operation in patch:
        patched = _apply(patched, operation)
    return patched


def _apply(document: Any, operation: Any) -> Any:
    name = operation.get("op") if isinstance(operation, dict) else None
    if name not in _KEY:
        raise PatchError(f"Unexpected kind: {name or 'unknown'}")
    if missing := [key for key in _KEY[name] if key not in operation]:
        raise PatchError(f"{name} operation lacks {', '.join(missing)}")
    path = _parse(operation["path"])
    match name:
        case "test":
            if not _same(_find(document, path), operation["value"]):
                raise PatchError(f"testing value {operation['path']} failed: test failed")
            return document
        case "remove":
            return _remove(document, path)
        case "add":
            return _add(document, path, copy.deepcopy(operation["value"]))
        case "replace":
            return _replace(document, path, copy.deepcopy(operation["value"]))
        case "copy":
            return _add(document, path, copy.deepcopy(_find(document, _parse(operation["from"]))))
        case _:
            return _move(document, _parse(operation["from"]), path)


def _parse(pointer: Any) -> list[str]:
    if not isinstance(pointer, str) or (pointer and not pointer.startswith("/")):
        raise PatchError(f"jsonpatch: {pointer!r} is not a JSON pointer")
    return [token.replace("~1", "/").replace("~0", "~") for token in pointer.split("/")[1:]]


def _find(document: Any, path: list[str]) -> Any:
    for token in path:
        document = _child(document, token, path)
    return document


def _child(container: Any, token: str, path: list[str]) -> Any:
    if isinstance(container, dict) and token in container:
        return container[token]
    if isinstance(container, list):
        return container[_index(token, len(container) - 1, path)]
    raise _missing(path)


def _index(token: str, last: int, path: list[str]) -> int:
    if not (token.isascii() and token.isdigit()) or (len(token) > 1 and token[0] == "0") or int(token) > last:
        raise _missing(path)
    return int(token)


def _missing(path: list[str]) -> PatchError:
    return PatchError(f"jsonpatch: path /{'/'.join(path)} does not exist: missing value")


def _add(document: Any, path: list[str], value: Any) -> Any:
    if not path:
        return value
    parent, last = _find(document, path[:-1]), path[-1]
    if isinstance(parent, dict):
        parent[last] = value
    elif isinstance(parent, list):
        parent.insert(len(parent) if last == "-" else _index(last, len(parent), path), value)
    else:
        raise _missing(path)
    return document


def _remove(document: Any, path: list[str]) -> Any:
    if not path:
        raise PatchError("jsonpatch: the whole document cannot be removed")
    parent, last = _find(document, path[:-1]), path[-1]
    _child(parent, last, path)
    del parent[last if isinstance(parent, dict) else int(last)]
    return document


def _replace(document: Any, path: list[str], value: Any) -> Any:
    if not path:
        return value
    parent, last = _find(document, path[:-1]), path[-1]
    _child(parent, last, path)
    parent[last if isinstance(parent, dict) else int(last)] = value
    return document


def _move(document: Any, source: list[str], target: list[str]) -> Any:
    if target == source:
        _find(document, source)
        return document
    if target[: len(source)] == source:
        raise PatchError("jsonpatch: a value cannot be moved into itself")
    value = _find(document, source)
    return _add(_remove(document, source), target, value)


def _same(left: Any, right: Any) -> bool:
    # JSON knows one number type but two booleans, Python takes True for 1.
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(_same(left[key], right[key]) for key in left)
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(_same, left, right))
    return bool(left == right)
