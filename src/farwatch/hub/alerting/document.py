"""YAML files read into typed structs, where each fault is told with its place in the file.

The structs are the schema: a key that a struct has no field for is refused by name, with what is allowed there.
"""

from __future__ import annotations

import difflib
import types
import typing
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar, Literal, NamedTuple, TypeVar, get_args, get_origin

import msgspec
import yaml

T = TypeVar("T", bound="Section")

Way = tuple[str | int, ...]
"""Keys and indices from a section to something in it."""

_NULL, _BOOL, _INT, _MERGE = (f"tag:yaml.org,2002:{name}" for name in ("null", "bool", "int", "merge"))


class Problem(NamedTuple):
    """A fault in a file; line and column count from 1, and are 0 where the file as a whole is meant."""

    file: str
    line: int
    column: int
    message: str

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}:{self.column}" if self.line else self.file
        return f"{place}: {self.message}"


class Fault(NamedTuple):
    """A fault that a section finds in itself.

    Attributes:
        path: Keys and indices from the section to what is wrong.
        message: What is wrong, and the way out.
    """

    path: Way
    message: str


class Section(msgspec.Struct, frozen=True, kw_only=True):
    """A mapping of the file. Its fields are the keys that are allowed in it.

    Field types may be ``str``, ``bool``, ``int``, another section, a list of any of these, a dict from ``str`` to one of
    them, one of them or None, or a class with a ``parse`` class method that takes the text and raises ValueError, or with
    a ``convert`` class method that takes whatever YAML stands there.
    """

    later: ClassVar[frozenset[str]] = frozenset()
    """Keys that Alertmanager knows here and Farwatch does not yet."""

    def faults(self) -> Iterator[Fault]:
        """What is wrong, although each value by itself is right."""
        yield from ()


def read_text(path: Path) -> tuple[str | None, list[Problem]]:
    """The text of a file, or what keeps it from being read."""
    try:
        return path.read_text(encoding="utf-8"), []
    except OSError as error:
        return None, [Problem(str(path), 0, 0, f"cannot be read: {error.strerror}")]
    except UnicodeDecodeError as error:
        return None, [Problem(str(path), 0, 0, f"is not UTF-8: byte {error.start} is wrong")]


def parse_document(text: str, name: str, section: type[T]) -> tuple[T | None, list[Problem]]:
    """Read the text of a file; gives what it holds, or, if there is anything wrong with it, all that is."""
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        place = (mark.line + 1, mark.column + 1) if mark else (0, 0)
        return None, [Problem(name, *place, f"is not YAML: {error.problem}")]
    except yaml.YAMLError as error:
        return None, [Problem(name, 0, 0, f"is not YAML: {error}")]
    except RecursionError:
        return None, [Problem(name, 0, 0, "is nested too deeply")]
    if root is None:
        return None, [Problem(name, 0, 0, "is empty")]
    reader = _Reader(name)
    try:
        found = reader.section(root, section, "")
    except RecursionError:
        return None, [Problem(name, 0, 0, "is nested too deeply")]
    return (None if reader.problems else found), sorted(reader.problems, key=lambda problem: problem[1:3])


def mask(text: str, section: type[Section], hidden: type) -> str:
    """The text of a document that can be read as a section, without its secrets and comments.

    Args:
        text: The document.
        section: What it is read as.
        hidden: The type of what is replaced by ``<secret>``.
    """
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    if root is None:
        return ""
    _mask(root, section, hidden)
    return yaml.serialize(root, Dumper=yaml.SafeDumper)


def _mask(node: yaml.Node, wanted: Any, hidden: type) -> None:
    wanted = _without_none(wanted)
    if isinstance(node, yaml.SequenceNode) and not hasattr(wanted, "convert"):
        for item in node.value:
            _mask(item, get_args(wanted)[0], hidden)
    elif isinstance(node, yaml.MappingNode) and not hasattr(wanted, "convert"):
        is_section = isinstance(wanted, type) and issubclass(wanted, Section)
        types = (
            {field.encode_name: field.type for field in msgspec.structs.fields(wanted)} if is_section else {}
        )
        for key, value in node.value:
            # What a merge key takes over is of the same section.
            kind = wanted if key.tag == _MERGE else types[key.value] if is_section else get_args(wanted)[1]
            _mask(value, kind, hidden)
    elif isinstance(wanted, type) and issubclass(wanted, hidden) and node.tag != _NULL:
        node.value = "<secret>"


class _Wrong:
    """Stands for a value that has been told as a problem."""


_WRONG = _Wrong()


class _Reader:
    def __init__(self, name: str) -> None:
        self.problems: list[Problem] = []
        self._name = name

    def section(self, node: yaml.Node, section: type[T], where: str) -> T | None:
        """A mapping as a section; None if anything in it is wrong."""
        if not isinstance(node, yaml.MappingNode):
            self._tell(node, f"{where or 'the file'} must be a mapping of keys to values")
            return None
        values: dict[str, Any] = {}
        nodes: dict[str, yaml.Node] = {}
        fields = {field.encode_name: field for field in msgspec.structs.fields(section)}
        for key_node, value_node in self._pairs(node):
            key = str(key_node.value)
            if key not in fields:
                self._tell(key_node, _unknown(key, where, section, list(fields)))
            elif key in nodes:
                self._tell(key_node, f"`{key}` stands here twice")
            else:
                nodes[key] = value_node
                values[fields[key].name] = self.value(
                    value_node, fields[key].type, f"{where}.{key}".lstrip(".")
                )
        return self._build(node, section, values, where)

    def _pairs(self, node: yaml.MappingNode) -> list[tuple[yaml.Node, yaml.Node]]:
        """A mapping's own pairs, and those that it takes over by a merge key (``<<: *defaults``)."""
        own = [pair for pair in node.value if pair[0].tag != _MERGE]
        if len(own) == len(node.value):
            return own
        try:
            yaml.SafeLoader("").flatten_mapping(node)
        except yaml.MarkedYAMLError as error:
            self._tell(node, f"`<<` cannot be merged: {error.problem}")
            return own
        names = {str(key.value) for key, _ in own}
        taken_over = {
            str(key.value): (key, value) for key, value in node.value if str(key.value) not in names
        }
        return [*own, *taken_over.values()]

    def _build(
        self, node: yaml.MappingNode, section: type[T], values: dict[str, Any], where: str
    ) -> T | None:
        if any(value is _WRONG for value in values.values()):
            return None
        given = {name: value for name, value in values.items() if value is not None}
        for field in msgspec.structs.fields(section):
            if field.required and field.name not in given:
                self._tell(node, f"`{field.encode_name}` is missing in {where or 'the file'}")
                return None
        built = section(**given)
        faults = list(built.faults())
        for fault in faults:
            self._tell(_descend(node, fault.path), fault.message)
        return None if faults else built

    def value(self, node: yaml.Node, wanted: Any, where: str) -> Any:
        """A value of the wanted type; None if the file leaves it empty, ``_WRONG`` if it has been told as a problem."""
        if node.tag == _NULL:
            return None
        wanted = _without_none(wanted)
        if get_origin(wanted) is list:
            return self._list(node, get_args(wanted)[0], where)
        if get_origin(wanted) is dict:
            return self._mapping(node, get_args(wanted)[1], where)
        if isinstance(wanted, type) and issubclass(wanted, Section):
            return self.section(node, wanted, where) or _WRONG
        if hasattr(wanted, "convert"):
            return self._free(node, wanted, where)
        return self._single(node, wanted, where)

    def _free(self, node: yaml.Node, wanted: Any, where: str) -> Any:
        try:
            return wanted.convert(yaml.SafeLoader("").construct_object(node, deep=True))
        except (ValueError, yaml.YAMLError) as error:
            self._tell(node, f"`{where}`: {error}")
            return _WRONG

    def _single(self, node: yaml.Node, wanted: Any, where: str) -> Any:
        if not isinstance(node, yaml.ScalarNode):
            self._tell(node, f"`{where}` must be a single value")
            return _WRONG
        try:
            return _scalar(node, wanted)
        except ValueError as error:
            self._tell(node, f"`{where}`: {error}")
            return _WRONG

    def _list(self, node: yaml.Node, wanted: Any, where: str) -> Any:
        if not isinstance(node, yaml.SequenceNode):
            self._tell(node, f"`{where}` must be a list")
            return _WRONG
        items = [self.value(item, wanted, f"{where}[{index}]") for index, item in enumerate(node.value)]
        for item, item_node in zip(items, node.value, strict=True):
            if item is None:
                self._tell(item_node, f"`{where}` has an empty entry")
        return _WRONG if any(item is _WRONG or item is None for item in items) else items

    def _mapping(self, node: yaml.Node, wanted: Any, where: str) -> Any:
        if not isinstance(node, yaml.MappingNode):
            self._tell(node, f"`{where}` must be a mapping of keys to values")
            return _WRONG
        items: dict[str, Any] = {}
        for key_node, value_node in self._pairs(node):
            key = str(key_node.value)
            value = self.value(value_node, wanted, f"{where}.{key}")
            if value is None:
                self._tell(key_node, f"`{where}` has nothing for `{key}`")
            if key in items:
                self._tell(key_node, f"`{key}` stands twice in `{where}`")
            items[key] = _WRONG if value is None else value
        return _WRONG if any(value is _WRONG for value in items.values()) else items

    def _tell(self, node: yaml.Node, message: str) -> None:
        mark = node.start_mark
        self.problems.append(Problem(self._name, mark.line + 1, mark.column + 1, message))


def _unknown(key: str, where: str, section: type[Section], allowed: list[str]) -> str:
    place = f"in `{where}`" if where else "at the top"
    here = f"allowed {place}: {', '.join(sorted(allowed))}"
    if key in section.later:
        return f"`{key}` is not supported yet: take it out; {here}"
    close = difflib.get_close_matches(key, allowed, n=1)
    meant = f", did you mean `{close[0]}`?" if close else ";"
    return f"unknown key `{key}`{meant} {here}"


def _descend(node: yaml.Node, path: Way) -> yaml.Node:
    """The node at a path, or the last one on the way to it that is there."""
    for step in path:
        if isinstance(node, yaml.MappingNode):
            found = next((value for key, value in node.value if key.value == step), None)
        else:
            found = node.value[step] if isinstance(step, int) and step < len(node.value) else None
        if found is None:
            return node
        node = found
    return node


def _without_none(wanted: Any) -> Any:
    if get_origin(wanted) in (types.UnionType, typing.Union):
        (wanted,) = (option for option in get_args(wanted) if option is not types.NoneType)
    return wanted


def _scalar(node: yaml.ScalarNode, wanted: Any) -> Any:
    text: str = node.value
    if wanted is str:
        return text  # as in Go: a number where text is wanted is its text
    if wanted is bool:
        if node.tag != _BOOL:
            raise ValueError(f'"{text}" is neither true nor false')
        return yaml.SafeLoader("").construct_yaml_bool(node)
    if wanted is int:
        if node.tag != _INT:
            raise ValueError(f'"{text}" is not a whole number')
        return yaml.SafeLoader("").construct_yaml_int(node)
    if get_origin(wanted) is Literal:
        if text not in get_args(wanted):
            raise ValueError(f'"{text}" is none of {", ".join(get_args(wanted))}')
        return text
    return wanted.parse(text)
