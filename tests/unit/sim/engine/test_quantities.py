import pytest

from farwatch.sim.engine.quantities import read_quantity, write_quantity


@pytest.mark.parametrize(
    ("text", "value"),
    [("250m", 0.25), ("4", 4.0), ("64Mi", 64 * 2**20), ("1.5Gi", 1.5 * 2**30), ("2k", 2000.0)],
)
def test_a_quantity_is_read_in_its_base_unit(text: str, value: float) -> None:
    assert read_quantity(text) == value


@pytest.mark.parametrize(
    ("value", "like", "text"),
    [
        (1.35, "4", "1350m"),
        (2.0, "50m", "2"),
        (0.0, "1", "0"),
        (0.0, "1Gi", "0"),
        (192 * 2**20, "1Gi", "192Mi"),
        (2 * 2**30, "1Gi", "2Gi"),
        (3 * 2**30, "64Mi", "3072Mi"),
        (1500.0, "1M", "1500"),
    ],
)
def test_a_sum_is_written_in_the_unit_it_was_given_in_or_a_finer_one(
    value: float, like: str, text: str
) -> None:
    assert write_quantity(value, like) == text


def test_what_is_no_quantity_is_refused() -> None:
    with pytest.raises(ValueError):
        read_quantity("lots")
