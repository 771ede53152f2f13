"""Reads quantities as the Kubernetes API writes them: ``500m``, ``1.5``, ``64Mi``, ``2e3``."""

from __future__ import annotations

import re
from decimal import Decimal

from farwatch.kube.errors import KubeError

_SUFFIXES: dict[str, Decimal] = {
    **{
        suffix: Decimal(1024) ** power for power, suffix in enumerate(("Ki", "Mi", "Gi", "Ti", "Pi", "Ei"), 1)
    },
    **{suffix: Decimal(1000) ** power for power, suffix in enumerate(("k", "M", "G", "T", "P", "E"), 1)},
    "n": Decimal("1e-9"),
    "u": Decimal("1e-6"),
    "m": Decimal("1e-3"),
    "": Decimal(1),
}

# An exponent of more digits has no use, and makes numbers that nothing can hold.
_QUANTITY = re.compile(r"([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,2})?)([KMGTPE]i|[numkMGTPE])?", re.ASCII)


class QuantityError(KubeError, ValueError):
    """Not a quantity."""


def parse_quantity(text: str) -> Decimal:
    """The number that a quantity stands for, exact: cores, bytes or a count, as the field has it.

    The grammar is that of ``resource.Quantity`` (k8s.io/apimachinery): a decimal number with an optional suffix
    (binary ``Ki`` ... ``Ei``, decimal ``n`` ... ``E``) or an exponent.

    Raises:
        QuantityError: It is none.
    """
    match = _QUANTITY.fullmatch(text)
    if match is None:
        raise QuantityError(f"{text!r} is not a quantity such as 500m or 64Mi")
    number, suffix = match.groups(default="")
    return Decimal(number) * _SUFFIXES[suffix]
