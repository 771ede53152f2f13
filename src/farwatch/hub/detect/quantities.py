"""Kubernetes quantities as numbers."""

from __future__ import annotations

import re

_QUANTITY = re.compile(
    r"(?P<number>[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)(?P<suffix>[KMGTPE]i|[numkMGTPE])?"
)
_FACTORS = {
    "n": 1e-9,
    "u": 1e-6,
    "m": 1e-3,
    "k": 1e3,
    "M": 1e6,
    "G": 1e9,
    "T": 1e12,
    "P": 1e15,
    "E": 1e18,
    "Ki": 2.0**10,
    "Mi": 2.0**20,
    "Gi": 2.0**30,
    "Ti": 2.0**40,
    "Pi": 2.0**50,
    "Ei": 2.0**60,
}


def parse_quantity(text: str) -> float | None:
    """``500m`` as 0.5, ``64Mi`` as 67108864.0; None when it is no quantity.

    The format is that of ``k8s.io/apimachinery/pkg/api/resource``: a decimal number with an exponent, or with a
    decimal or binary suffix.
    """
    found = _QUANTITY.fullmatch(text)
    if found is None:
        return None
    return float(found["number"]) * _FACTORS.get(found["suffix"] or "", 1.0)
