"""Label selectors, as the Kubernetes API and kubectl write them.

Equality (``app=web``, ``tier!=db``), sets (``env in (a, b)``, ``env notin (c)``), presence (``app``, ``!app``),
joined by commas, which mean and. ``!=`` and ``notin`` also take objects without the label, as the API does.
https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#label-selectors
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Self

import msgspec

from farwatch.kube.errors import KubeError

MAX_SELECTOR_LENGTH = 4096


class SelectorError(KubeError, ValueError):
    """A label selector that cannot be read; the message shows where, and how it is written."""


class Operator(StrEnum):
    """How a label is compared."""

    IN = "in"
    NOT_IN = "notin"
    EXISTS = "exists"
    ABSENT = "absent"


class Requirement(msgspec.Struct, frozen=True):
    """One condition on one label."""

    key: str
    operator: Operator
    values: frozenset[str] = frozenset()

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Whether an object with these labels meets it."""
        value = labels.get(self.key)
        match self.operator:
            case Operator.IN:
                return value in self.values
            case Operator.NOT_IN:
                return value not in self.values
            case Operator.EXISTS:
                return value is not None
            case Operator.ABSENT:
                return value is None


_KEY = r"[A-Za-z0-9][A-Za-z0-9._/-]*"
_VALUE = r"[A-Za-z0-9._-]*"
_REQUIREMENT = re.compile(
    rf"\s*(?:!\s*(?P<absent>{_KEY})"
    rf"|(?P<set_key>{_KEY})\s+(?P<set>in|notin)\s*\(\s*(?P<values>{_VALUE}(?:\s*,\s*{_VALUE})*)\s*\)"
    rf"|(?P<key>{_KEY})\s*(?:(?P<equals>==|=|!=)\s*(?P<value>{_VALUE}))?)\s*(?:,|$)"
)


class Selector(msgspec.Struct, frozen=True):
    """Conditions that all must hold; none selects everything."""

    requirements: tuple[Requirement, ...] = ()

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a selector.

        Raises:
            SelectorError: It is not one; the message shows where.
        """
        if len(text) > MAX_SELECTOR_LENGTH:
            raise SelectorError(f"a label selector of {len(text)} characters: at most {MAX_SELECTOR_LENGTH}")
        if not text.strip():
            return cls()
        requirements = []
        position = 0
        while position < len(text):
            match = _REQUIREMENT.match(text, position)
            if match is None:
                raise SelectorError(
                    f"label selector {text[:200]!r} cannot be read from {text[position : position + 40]!r} on: "
                    "write app=web, tier!=db, env in (a,b), env notin (c), app or !app, joined by commas"
                )
            requirements.append(_to_requirement(match))
            position = match.end()
        if text.rstrip().endswith(","):
            raise SelectorError(f"label selector {text[:200]!r} ends with a comma: remove it")
        return cls(tuple(requirements))

    def matches(self, labels: Mapping[str, str] | None) -> bool:
        """Whether an object with these labels is selected."""
        return all(requirement.matches(labels or {}) for requirement in self.requirements)


def _to_requirement(match: re.Match[str]) -> Requirement:
    if match["absent"]:
        return Requirement(match["absent"], Operator.ABSENT)
    if match["set"]:
        values = frozenset(value.strip() for value in match["values"].split(","))
        return Requirement(match["set_key"], Operator(match["set"]), values)
    if match["equals"]:
        operator = Operator.NOT_IN if match["equals"] == "!=" else Operator.IN
        return Requirement(match["key"], operator, frozenset({match["value"]}))
    return Requirement(match["key"], Operator.EXISTS)
