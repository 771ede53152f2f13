"""Kubernetes' quantities: ``250m``, ``64Mi``, ``4``."""

from __future__ import annotations

_FACTORS = {
    "m": 1e-3,
    "k": 1e3,
    "M": 1e6,
    "G": 1e9,
    "T": 1e12,
    "Ki": 2.0**10,
    "Mi": 2.0**20,
    "Gi": 2.0**30,
    "Ti": 2.0**40,
}
_BINARY = ("Ti", "Gi", "Mi", "Ki")
_DECIMAL = ("T", "G", "M", "k")
_EPSILON = 1e-9


def read_quantity(text: str | float) -> float:
    """A quantity in its base unit (cores, bytes, pieces), written as text or number; ValueError when it is none."""
    if not isinstance(text, str):
        return float(text)
    digits = text.rstrip("mkMGTKi")
    return float(digits) * _FACTORS.get(text[len(digits) :], 1.0)


def write_quantity(value: float, like: str | float) -> str:
    """A quantity as the API server sums them up: in the unit of ``like``, or the next finer one that is exact."""
    unit = str(like).lstrip("0123456789.")
    if unit in ("", "m"):
        return f"{round(value)}" if _is_whole(value) else f"{round(value * 1000)}m"
    finer = _BINARY if unit in _BINARY else _DECIMAL
    for each in finer[finer.index(unit) :]:
        if _is_whole(value / _FACTORS[each]):
            return f"{round(value / _FACTORS[each])}{each}" if value else "0"
    return f"{round(value)}"


def _is_whole(value: float) -> bool:
    return abs(value - round(value)) < _EPSILON
