"""A document as YAML composes it, walked by the types of the configuration's sections."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple, get_args, get_origin

import msgspec
import yaml

from farwatch.hub.alerting.document import Problem, Section, _without_none
from farwatch.hub.alerting.secrets import Secret

MASK = "<secret>"
"""What stands in the place of a secret, in all that is shown."""

_MERGE = "tag:yaml.org,2002:merge"
_NULL = "tag:yaml.org,2002:null"


class Field(NamedTuple):
    """Something in a document, and the type that the configuration gives it."""

    node: yaml.Node
    wanted: Any

    @property
    def is_secret(self) -> bool:
        """Whether it is a secret that is set."""
        return _is_secret(self.wanted) and isinstance(self.node, yaml.ScalarNode) and self.node.tag != _NULL


def compose(text: str) -> yaml.Node | None:
    """A text as YAML composes it.

    Raises:
        yaml.YAMLError: It is not YAML.
        RecursionError: It is nested too deeply.
    """
    return yaml.compose(text, Loader=yaml.SafeLoader)


def field(node: yaml.Node, wanted: Any) -> Field:
    """A node with its type, whether or not that allows for None."""
    return Field(node, _without_none(wanted))


def children(parent: Field) -> dict[str, Field]:
    """What a mapping holds by its keys, with what it takes over by merge keys.

    What no section knows may be of a later Farwatch: all of it is taken for secret.
    """
    if not isinstance(parent.node, yaml.MappingNode) or hasattr(parent.wanted, "convert"):
        return {}
    types = _types(parent.wanted)
    found: dict[str, Field] = {}
    for key, value in _pairs(parent.node, frozenset()):
        name = str(key.value)
        kind = types.get(name, Secret) if isinstance(types, dict) else types
        found.setdefault(name, field(value, kind))
    return found


def items(parent: Field) -> list[Field]:
    """What a list holds."""
    if not isinstance(parent.node, yaml.SequenceNode):
        return []
    if _is_secret(parent.wanted):
        return [field(node, Secret) for node in parent.node.value]
    if get_origin(parent.wanted) is not list:
        return []
    return [field(node, get_args(parent.wanted)[0]) for node in parent.node.value]


def walk(parent: Field) -> Iterator[Field]:
    """Everything below something, and itself; what is taken over by an alias comes once for each place."""
    yield parent
    for child in (*children(parent).values(), *items(parent)):
        yield from walk(child)


def secrets(root: yaml.Node, section: type[Section]) -> list[yaml.ScalarNode]:
    """Every secret of a document, each once, in the order of the text."""
    found = {id(one.node): one.node for one in walk(field(root, section)) if one.is_secret}
    return sorted(
        (node for node in found.values() if isinstance(node, yaml.ScalarNode)),
        key=lambda node: node.start_mark.index,
    )


def secret_keys(section: type[Section]) -> frozenset[str]:
    """The keys by which secrets are named, in a section and all below it."""
    found: set[str] = set()
    _gather_keys(section, found, set())
    return frozenset(found)


def _gather_keys(wanted: Any, found: set[str], seen: set[Any]) -> None:
    for name, declared in _named_types(wanted).items():
        kind = _without_none(declared)
        if _is_secret(kind):
            found.add(name)
        elif kind not in seen:
            seen.add(kind)
            _gather_keys(kind, found, seen)
    for kind in get_args(wanted):
        if kind not in seen and not isinstance(kind, str):
            seen.add(kind)
            _gather_keys(_without_none(kind), found, seen)


def _named_types(wanted: Any) -> dict[str, Any]:
    if isinstance(wanted, type) and issubclass(wanted, Section):
        return {found.encode_name: found.type for found in msgspec.structs.fields(wanted)}
    return {}


def _is_secret(wanted: Any) -> bool:
    return isinstance(wanted, type) and issubclass(wanted, Secret)


def _types(wanted: Any) -> Any:
    """The types of a section's keys; of a dict, the one type of its values."""
    if _is_secret(wanted):
        return Secret
    if get_origin(wanted) is dict:
        return get_args(wanted)[1]
    return _named_types(wanted)


def _pairs(node: yaml.MappingNode, within: frozenset[int]) -> Iterator[tuple[yaml.Node, yaml.Node]]:
    """A mapping's own pairs, then those of the mappings that it merges, the first named first."""
    if id(node) in within:
        return
    merged: list[yaml.Node] = []
    for key, value in node.value:
        if key.tag == _MERGE:
            merged += value.value if isinstance(value, yaml.SequenceNode) else [value]
        else:
            yield key, value
    for one in merged:
        if isinstance(one, yaml.MappingNode):
            yield from _pairs(one, within | {id(node)})


MAX_LENGTH = 512 * 1024
MAX_NODES = 100_000


def size_problem(text: str, name: str) -> Problem | None:
    """What is too much about a text; None if nothing is. Aliases count with all that they stand for.

    What is not YAML is left to who reads it.
    """
    if len(text) > MAX_LENGTH:
        return Problem(name, 0, 0, f"has {len(text)} characters: {MAX_LENGTH} are the most")
    try:
        root = compose(text)
        size = 0 if root is None else _count(root, {})
    except yaml.YAMLError:
        return None
    except RecursionError:
        return Problem(name, 0, 0, "is nested too deeply")
    if size > MAX_NODES:
        return Problem(name, 0, 0, f"has more than {MAX_NODES} values when its aliases are written out")
    return None


def _count(node: yaml.Node, known: dict[int, int]) -> int:
    """How many nodes there are below one, each alias written out; one that holds itself never ends."""
    found = known.get(id(node))
    if found is not None:
        return found
    known[id(node)] = MAX_NODES + 1  # until it is known: what holds itself is too large
    below = node.value if not isinstance(node, yaml.ScalarNode) else []
    flat = [one for pair in below for one in pair] if isinstance(node, yaml.MappingNode) else below
    known[id(node)] = 1 + sum(_count(one, known) for one in flat)
    return known[id(node)]
