from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from farwatch.backoff import LONGEST_ASKED_SECONDS, Backoff, jittered

chances = st.floats(0, 1, exclude_max=True)


@given(st.integers(1, 100_000), chances)
def test_the_wait_is_anywhere_between_nothing_and_a_bound_that_doubles(failures: int, chance: float) -> None:
    bound = min(30.0, 2.0 ** min(failures - 1, 10))
    assert Backoff().delay(failures, chance) == chance * bound


@given(st.integers(1, 100), chances, st.floats(0, LONGEST_ASKED_SECONDS))
def test_the_server_is_never_asked_before_it_said(failures: int, chance: float, retry_after: float) -> None:
    assert retry_after <= Backoff().delay(failures, chance, retry_after) <= retry_after + 30


@given(chances, st.floats(LONGEST_ASKED_SECONDS))
def test_a_page_that_asks_to_come_back_tomorrow_is_not_obeyed(chance: float, retry_after: float) -> None:
    assert Backoff().delay(1, chance, retry_after) <= LONGEST_ASKED_SECONDS + 1


@given(st.floats(1, 1e6), chances)
def test_a_period_keeps_its_length_by_and_large(seconds: float, chance: float) -> None:
    assert 0.89 * seconds <= jittered(seconds, chance) <= 1.11 * seconds
