"""Which entry of an edited list is which of the list before: its secrets are that one's, or nobody's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import yaml

from farwatch.hub.alerting.editing.nodes import MASK, Field, children, items


class Match(NamedTuple):
    """What something was before; None: nothing that is known, and why."""

    field: Field | None
    why: str = ""


def match_items(edited: Sequence[Field], before: Sequence[Field], where: str) -> list[Match]:
    """What each entry of a list was before.

    Entries with a name are known by it; one with another name is the one that is the same otherwise, if only one has
    gone. Others are known by all that is in them but their secrets; one that was changed, by its place, if the list is as
    long as before and the place is nobody else's. What is not clear is nothing: a secret must not go elsewhere.
    """
    if _all_named(before) and _all_named(edited):
        return _match_names(edited, before)
    return _match_content(edited, before, where)


def _match_names(edited: Sequence[Field], before: Sequence[Field]) -> list[Match]:
    by_name = {_name(one): one for one in before}
    here = {_name(one) for one in edited}
    gone = [one for name, one in by_name.items() if name not in here]
    matches = []
    for one in edited:
        name = _name(one)
        same = [old for old in gone if _signature(old, unnamed=True) == _signature(one, unnamed=True)]
        if name in by_name:
            matches.append(Match(by_name[name]))
        elif len(same) == 1:
            matches.append(Match(same[0]))
        else:
            why = f'"{name}" is new, or was renamed and changed at once'
            matches.append(Match(None, why))
    return matches


def _match_content(edited: Sequence[Field], before: Sequence[Field], where: str) -> list[Match]:
    old = [_signature(one) for one in before]
    new = [_signature(one) for one in edited]
    same_length = len(old) == len(new)
    matches = []
    for index, one in enumerate(new):
        equal = [place for place, other in enumerate(old) if other == one]
        if same_length and index in equal:
            matches.append(Match(before[index]))
        elif equal and _alike([before[place] for place in equal]):
            matches.append(Match(before[equal[0]]))
        elif same_length and not equal and old[index] not in new:
            matches.append(Match(before[index]))
        else:
            why = f"which entry of `{where}` this was before cannot be told, as entries came, went or moved"
            matches.append(Match(None, why))
    return matches


def _alike(fields: Sequence[Field]) -> bool:
    """Whether entries are the same with their secrets, too."""
    first, *others = [_signature(one, reveal=True) for one in fields]
    return all(other == first for other in others)


def _all_named(fields: Sequence[Field]) -> bool:
    names = [_name(one) for one in fields]
    return all(names) and len(set(names)) == len(names) and bool(names)


def _name(one: Field) -> str:
    found = children(one).get("name")
    return str(found.node.value) if found and isinstance(found.node, yaml.ScalarNode) else ""


def _signature(one: Field, *, unnamed: bool = False, reveal: bool = False) -> Any:
    """All that is in something, with or without its secrets and its name, to be compared."""
    if one.is_secret:
        return one.node.value if reveal else MASK
    if isinstance(one.node, yaml.ScalarNode):
        return one.node.tag, one.node.value
    if isinstance(one.node, yaml.SequenceNode):
        found = items(one)
        if found:
            return [_signature(item, reveal=reveal) for item in found]
    named = {
        key: _signature(child, reveal=reveal)
        for key, child in children(one).items()
        if not (unnamed and key == "name")
    }
    return named or yaml.serialize(one.node, Dumper=yaml.SafeDumper)
