"""What is different between two documents, field by field."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

_IGNORED = frozenset({"metadata.resourceVersion", "metadata.generation", "status.observedGeneration"})
# Lists whose entries have one of these are compared by it, not by place: containers, conditions, ports.
_ENTRY_NAMES = ("name", "type", "key", "uid")


class FieldChange(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One field that differs.

    Attributes:
        path: Where, as in ``status.conditions[Ready].status``.
        before: The value it had; None when it was absent.
        after: The value it has; None when it is gone.
    """

    path: str
    before: Any = None
    after: Any = None


def diff(before: Any, after: Any) -> list[FieldChange]:
    """The fields that differ between two documents in JSON's types, in the order of their paths.

    Versions and generations, which differ in any change, are left out.
    """
    return sorted(
        (change for change in _compare("", before, after) if change.path not in _IGNORED),
        key=lambda change: change.path,
    )


def _compare(path: str, before: Any, after: Any) -> Iterator[FieldChange]:
    if before == after:
        return
    if isinstance(before, list) and isinstance(after, list):
        before, after = _by_entry(before), _by_entry(after)
        place = "{path}[{key}]"
    elif isinstance(before, dict) and isinstance(after, dict):
        place = "{path}.{key}" if path else "{key}"
    else:
        yield FieldChange(path=path, before=before, after=after)
        return
    for key in before | after:
        yield from _compare(place.format(path=path, key=key), before.get(key), after.get(key))


def _by_entry(entries: list[Any]) -> dict[str, Any]:
    for name in _ENTRY_NAMES:
        named = {str(entry[name]): entry for entry in entries if isinstance(entry, dict) and name in entry}
        if len(named) == len(entries):
            return named
    return {str(place): entry for place, entry in enumerate(entries)}
