from __future__ import annotations

import pytest

from farwatch.hub.detect.quantities import parse_quantity


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("20", 20),
        ("0", 0),
        ("500m", 0.5),
        ("1.5", 1.5),
        ("64Mi", 64 * 2**20),
        ("2Gi", 2 * 2**30),
        ("10k", 10_000),
        ("3M", 3_000_000),
        ("1e3", 1000),
        ("100n", 1e-7),
    ],
)
def test_quantities_are_read_as_the_api_writes_them(text: str, expected: float) -> None:
    assert parse_quantity(text) == pytest.approx(expected)


@pytest.mark.parametrize("text", ["", "m", "Gi", "many", "1 Gi"])
def test_what_is_no_quantity_is_none(text: str) -> None:
    assert parse_quantity(text) is None
