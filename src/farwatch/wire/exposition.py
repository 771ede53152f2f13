"""Prometheus' text format, version 0.0.4, as it is written.

Source: https://prometheus.io/docs/instrumenting/exposition_formats/
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import NamedTuple

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

_ESCAPES = str.maketrans({"\\": r"\\", '"': r"\"", "\n": r"\n"})

_HELP_ESCAPES = str.maketrans({"\\": r"\\", "\n": r"\n"})
_LARGEST_EXACT = 2**53

Labels = Mapping[str, str]


class Family(NamedTuple):
    """A metric with its samples: a value for each set of labels. ``type`` is ``counter`` or ``gauge``."""

    name: str
    type: str
    help: str
    samples: Iterable[tuple[Labels, float]]


def counter(name: str, text: str, value: float) -> Family:
    """A counter without labels; its name ends in ``_total``."""
    return Family(name, "counter", text, [({}, value)])


def counters(name: str, text: str, label: str, values: Mapping[str, float]) -> Family:
    """A counter with one label, by the label's value."""
    return Family(name, "counter", text, [({label: key}, value) for key, value in sorted(values.items())])


def gauge(name: str, text: str, value: float, labels: Labels | None = None) -> Family:
    """A gauge with one sample."""
    return Family(name, "gauge", text, [(labels or {}, value)])


def gauges(name: str, text: str, label: str, values: Mapping[str, float]) -> Family:
    """A gauge with one label, by the label's value."""
    return Family(name, "gauge", text, [({label: key}, value) for key, value in sorted(values.items())])


def write_text(families: Iterable[Family]) -> str:
    """HELP, TYPE and one line for each sample; a family without samples is left out."""
    lines = []
    for family in families:
        samples = [
            f"{family.name}{_write_labels(labels)} {_write_number(value)}" for labels, value in family.samples
        ]
        if samples:
            text = family.help.translate(_HELP_ESCAPES)
            lines += [f"# HELP {family.name} {text}", f"# TYPE {family.name} {family.type}", *samples]
    return "".join(f"{line}\n" for line in lines)


def _write_labels(labels: Labels) -> str:
    if not labels:
        return ""
    inner = ",".join(f'{name}="{value.translate(_ESCAPES)}"' for name, value in labels.items())
    return f"{{{inner}}}"


def _write_number(value: float) -> str:
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    if math.isnan(value):
        return "NaN"
    is_whole = abs(value) <= _LARGEST_EXACT and value == int(value)
    return str(int(value)) if is_whole else repr(float(value))
