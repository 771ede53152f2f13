from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from farwatch.kube.quantities import QuantityError, parse_quantity


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("0", "0"),
        ("500m", "0.5"),
        ("1.5", "1.5"),
        (".5", "0.5"),
        ("5.", "5"),
        ("64Mi", "67108864"),
        ("1Ki", "1024"),
        ("1k", "1000"),
        ("2e3", "2000"),
        ("2E3", "2000"),
        ("2E", "2000000000000000000"),
        ("1Ei", "1152921504606846976"),
        ("250n", "0.00000025"),
        ("100u", "0.0001"),
        ("-1Gi", "-1073741824"),
        ("+3", "3"),
    ],
)
def test_quantities_stand_for_exact_numbers(text: str, number: str) -> None:
    assert parse_quantity(text) == Decimal(number)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "m",
        "1 Gi",
        "1gi",
        "1KI",
        "1_000",
        "NaN",
        "Infinity",
        "1e",
        "1e999999999",
        "0x10",
        "\u0661",
        "1m\n",
    ],
)
def test_what_is_no_quantity_is_refused_by_name(text: str) -> None:
    with pytest.raises(QuantityError, match="is not a quantity"):
        parse_quantity(text)


@given(st.text(max_size=12))
def test_any_text_is_a_quantity_or_refused(text: str) -> None:
    try:
        assert parse_quantity(text).is_finite()
    except QuantityError as error:
        assert repr(text) in str(error)  # noqa: PT017 - either is right
