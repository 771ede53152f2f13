"""Label and field selectors: parsing, in the server's words when they are bad, and matching.

Grammar and messages: k8s.io/apimachinery/pkg/labels/selector.go and pkg/fields/selector.go.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from farwatch.sim.errors import bad_request
from farwatch.sim.resources import RESOURCES, Resource

_OBJECT_FIELDS = ("metadata.name", "metadata.namespace")
_FIELDS: dict[str, tuple[str, ...]] = {
    "pods": (
        "spec.nodeName",
        "spec.restartPolicy",
        "spec.schedulerName",
        "spec.serviceAccountName",
        "spec.hostNetwork",
        "status.phase",
        "status.podIP",
        "status.nominatedNodeName",
    ),
    "events": (
        "involvedObject.kind",
        "involvedObject.namespace",
        "involvedObject.name",
        "involvedObject.uid",
        "involvedObject.apiVersion",
        "involvedObject.resourceVersion",
        "involvedObject.fieldPath",
        "reason",
        "reportingComponent",
        "source.component",
        "type",
    ),
    "namespaces": ("status.phase",),
    "nodes": ("spec.unschedulable",),
    "replicasets": ("status.replicas",),
    "jobs": ("status.successful",),
    "secrets": ("type",),
    "services": ("spec.clusterIP", "spec.type"),
}
_ALIASES = {"source": "source.component"}

SELECTABLE_FIELDS: dict[str, tuple[str, ...]] = {
    name: _OBJECT_FIELDS + _FIELDS.get(name, ()) for name in RESOURCES
}
"""By resource, the paths that field selectors may name (pkg/apis/*/v1/conversion.go of Kubernetes)."""

_NAME = r"[A-Za-z0-9](?:[-A-Za-z0-9_.]*[A-Za-z0-9])?"
_TOKEN = re.compile(rf"\s*((?:{_NAME}/)?{_NAME}|==|!=|[=!<>(),])")
_KEY = re.compile(rf"(?:[a-z0-9](?:[-a-z0-9.]*[a-z0-9])?/)?{_NAME}")
_VALUE = re.compile(rf"(?:{_NAME})?")


class Operator(StrEnum):
    """How a requirement compares; the values are those of ``LabelSelector.matchExpressions``."""

    IN = "In"
    NOT_IN = "NotIn"
    EXISTS = "Exists"
    DOES_NOT_EXIST = "DoesNotExist"
    GREATER = "Gt"
    LESS = "Lt"


@dataclass(frozen=True)
class Requirement:
    """One condition on one key."""

    key: str
    operator: Operator
    values: frozenset[str] = frozenset()

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Whether the labels meet it; an absent key meets NotIn and DoesNotExist."""
        value = labels.get(self.key)
        match self.operator:
            case Operator.EXISTS:
                return value is not None
            case Operator.DOES_NOT_EXIST:
                return value is None
            case Operator.IN:
                return value in self.values
            case Operator.NOT_IN:
                return value not in self.values
            case Operator.GREATER | Operator.LESS:
                return self._compares(value)

    def _compares(self, value: str | None) -> bool:
        try:
            difference = int(value or "") - int(next(iter(self.values)))
        except ValueError:
            return False
        return difference > 0 if self.operator is Operator.GREATER else difference < 0


@dataclass(frozen=True)
class Selector:
    """Requirements that must all be met; without any it selects everything."""

    requirements: tuple[Requirement, ...] = ()

    def matches(self, values: Mapping[str, str]) -> bool:
        """Whether labels, or selectable fields, meet every requirement."""
        return all(requirement.matches(values) for requirement in self.requirements)

    def __bool__(self) -> bool:
        return bool(self.requirements)


def parse_label_selector(text: str) -> Selector:
    """The selector that ``text`` writes; StatusError 400 when it is malformed."""
    return Selector(tuple(_LabelParser(text).parse()))


def parse_field_selector(text: str, resource: Resource) -> Selector:
    """The selector that ``text`` writes; StatusError 400 when malformed or a field cannot be selected by."""
    requirements = []
    for term in _split_terms(text):
        field, operator, value = _split_operator(term)
        path = _ALIASES.get(field, field)
        if path not in SELECTABLE_FIELDS[resource.name]:
            where = f"{resource.group}/{resource.version}, Resource={resource.name}"
            raise bad_request(
                f'Unable to find "{where}" that match label selector "", field selector "{text}": '
                f"field label not supported: {field}"
            )
        requirements.append(Requirement(path, operator, frozenset((value,))))
    return Selector(tuple(requirements))


def from_label_selector(selector: Mapping[str, Any] | None) -> Selector:
    """The selector that a ``metav1.LabelSelector`` stands for; None selects nothing and is the caller's case."""
    selector = selector or {}
    requirements = [
        Requirement(key, Operator.IN, frozenset((value,)))
        for key, value in (selector.get("matchLabels") or {}).items()
    ]
    requirements += [
        Requirement(
            expression["key"], Operator(expression["operator"]), frozenset(expression.get("values") or ())
        )
        for expression in selector.get("matchExpressions") or ()
    ]
    return Selector(tuple(requirements))


# --- labels ---------------------------------------------------------------------------------------------------


class _LabelParser:
    """A hand-held parser of the label selector grammar; ``_next`` is the token at hand, empty at the end."""

    def __init__(self, text: str) -> None:
        self._tokens = _tokenize(text)
        self._at = 0

    @property
    def _next(self) -> str:
        return self._tokens[self._at] if self._at < len(self._tokens) else ""

    def _take(self) -> str:
        token = self._next
        self._at += 1
        return token

    def parse(self) -> list[Requirement]:
        requirements = []
        while self._next:
            requirements.append(self._requirement())
            if self._next:
                self._expect(",")
                if not self._next:
                    raise self._unexpected("identifier after ','")
        return requirements

    def _requirement(self) -> Requirement:
        if self._next == "!":
            self._take()
            return Requirement(self._key(), Operator.DOES_NOT_EXIST)
        key = self._key()
        match self._next:
            case "" | ",":
                return Requirement(key, Operator.EXISTS)
            case "in" | "notin":
                operator = Operator.IN if self._take() == "in" else Operator.NOT_IN
                return Requirement(key, operator, self._values())
            case "=" | "==":
                self._take()
                return Requirement(key, Operator.IN, frozenset((self._value(),)))
            case "!=":
                self._take()
                return Requirement(key, Operator.NOT_IN, frozenset((self._value(),)))
            case "<" | ">":
                operator = Operator.LESS if self._take() == "<" else Operator.GREATER
                return Requirement(key, operator, frozenset((self._integer(key),)))
        raise self._unexpected("in, notin, =, ==, !=, gt, lt")

    def _key(self) -> str:
        if not _KEY.fullmatch(self._next):
            raise self._unexpected("identifier")
        return self._take()

    def _value(self) -> str:
        if self._next in ("", ","):
            return ""
        if not _VALUE.fullmatch(self._next):
            raise self._unexpected("identifier")
        return self._take()

    def _integer(self, key: str) -> str:
        value = self._value()
        if not value.isdecimal():
            raise bad_request(
                f"values[0][{key}]: Invalid value: \"{value}\": for 'Gt', 'Lt' operators, the value must be an integer"
            )
        return value

    def _values(self) -> frozenset[str]:
        self._expect("(")
        values = []
        while True:
            values.append("" if self._next in (",", ")") else self._value())
            if self._next != ",":
                break
            self._take()
        self._expect(")")
        return frozenset(values)

    def _expect(self, token: str) -> None:
        if self._next != token:
            raise self._unexpected(f"'{token}'")
        self._take()

    def _unexpected(self, expected: str) -> Exception:
        return bad_request(f"unable to parse requirement: found '{self._next}', expected: {expected}")


def _tokenize(text: str) -> list[str]:
    tokens, at = [], 0
    text = text.rstrip()
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise bad_request(
                f"unable to parse requirement: found '{text[at:].strip()}', expected: identifier"
            )
        tokens.append(match.group(1))
        at = match.end()
    return tokens


# --- fields ---------------------------------------------------------------------------------------------------


def _split_terms(text: str) -> list[str]:
    """Terms between commas that no backslash escapes; empty ones are left out."""
    return [term for term in re.findall(r"(?:\\.|[^,\\])+", text) if term]


def _split_operator(term: str) -> tuple[str, Operator, str]:
    found = re.match(r"((?:\\.|[^=!\\])*)(==|!=|=)(.*)", term, re.DOTALL)
    if found is None:
        raise bad_request(f"invalid selector: '{term}'; can't understand '{term}'")
    field, operator, value = found.groups()
    if re.search(r"(?<!\\)(?:\\\\)*=", value):
        raise bad_request(f"invalid field selector: {term}")
    unescaped = re.sub(r"\\([\\,=])", r"\1", value)
    return field, Operator.NOT_IN if operator == "!=" else Operator.IN, unescaped
