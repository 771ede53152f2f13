from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from farwatch.hub.detect.timers import Timers


def test_timers_come_due_in_their_order() -> None:
    timers: Timers[str] = Timers()
    for key, due in (("late", 9.0), ("soon", 1.0), ("later", 5.0)):
        timers.set(key, due)
    assert timers.next_due() == 1.0
    assert timers.pop_due(5.0) == ["soon", "later"]
    assert timers.pop_due(5.0) == []
    assert timers.next_due() == 9.0


def test_a_timer_set_anew_counts_once() -> None:
    timers: Timers[str] = Timers()
    timers.set("a", 1.0)
    timers.set("a", 3.0)
    assert timers.pop_due(2.0) == []
    timers.set("a", 3.0)
    assert timers.pop_due(3.0) == ["a"]


def test_a_cleared_timer_is_gone() -> None:
    timers: Timers[str] = Timers()
    timers.set("a", 1.0)
    timers.clear("a")
    assert timers.next_due() is None


def test_setting_one_timer_forever_takes_no_memory() -> None:
    timers: Timers[str] = Timers()
    for due in range(100_000):
        timers.set("a", float(due))
    assert len(timers._heap) < 200


@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.one_of(st.none(), st.integers(0, 50)))))
def test_timers_behave_like_a_dictionary_of_due_times(steps: list[tuple[str, int | None]]) -> None:
    timers: Timers[str] = Timers()
    expected: dict[str, float] = {}
    for key, due in steps:
        if due is None:
            timers.clear(key)
            expected.pop(key, None)
        else:
            timers.set(key, due)
            expected[key] = due
    assert timers.next_due() == min(expected.values(), default=None)
    assert sorted(timers.pop_due(25)) == sorted(key for key, due in expected.items() if due <= 25)
