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


def read_quantity(text: str) -> float:
    """A quantity in its base unit (cores, bytes, pieces); ValueError when it is none."""
    digits = text.rstrip("mkMGTKi")
    return float(digits) * _FACTORS.get(text[len(digits) :], 1.0)


def write_quantity(value: float, like: str) -> str:
    """A quantity as the API server sums them up: in the unit of ``like``, in milli when that is needed."""
    unit = like.lstrip("0123456789.")
    if unit in ("", "m"):
        return f"{round(value)}" if abs(value - round(value)) < 1e-9 else f"{round(value * 1000)}m"  # noqa: PLR2004
    return f"{round(value / _FACTORS[unit])}{unit}"
