"""Label selectors, as ``kubectl -l`` takes them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

LabelTest = Callable[[Mapping[str, str]], bool]

_KEY = r"(?P<key>[A-Za-z0-9]([A-Za-z0-9_./-]*[A-Za-z0-9])?)"
_VALUE = r"[A-Za-z0-9_.-]*"
_EQUALITY = re.compile(rf"{_KEY}\s*(?P<operator>==|=|!=)\s*(?P<value>{_VALUE})")
_SET = re.compile(rf"{_KEY}\s+(?P<operator>in|notin)\s*\((?P<values>[^()]*)\)")
_EXISTENCE = re.compile(rf"(?P<operator>!?)\s*{_KEY}")
_COMMA = re.compile(r",(?![^(]*\))")


def parse_selector(text: str) -> LabelTest:
    """A test for labels: ``team=pay``, ``tier!=dev``, ``env in (a, b)``, ``env notin (a)``, ``team``, ``!team``.

    All parts, separated by commas, must hold. As in Kubernetes, ``!=`` and ``notin`` also hold without the label.

    Raises:
        ValueError: A part is none of these.
    """
    tests = [_parse_part(part.strip()) for part in _COMMA.split(text)]
    return lambda labels: all(test(labels) for test in tests)


def _parse_part(part: str) -> LabelTest:
    if found := _EQUALITY.fullmatch(part):
        return _member_test(found["key"], frozenset({found["value"]}), negated=found["operator"] == "!=")
    if found := _SET.fullmatch(part):
        values = frozenset(value.strip() for value in found["values"].split(","))
        return _member_test(found["key"], values, negated=found["operator"] == "notin")
    if found := _EXISTENCE.fullmatch(part):
        key, wanted = found["key"], not found["operator"]
        return lambda labels: (key in labels) == wanted
    raise ValueError(
        f"{part!r} is no label selector; write key=value, key!=value, key in (a, b), key or !key"
    )


def _member_test(key: str, values: frozenset[str], *, negated: bool) -> LabelTest:
    return lambda labels: (labels.get(key) in values) != negated
