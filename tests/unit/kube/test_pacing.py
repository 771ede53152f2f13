from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from farwatch.kube.pacing import FULL_READ_BYTES, LONGEST_PAUSE_SECONDS, Pacer


def read_steadily(pacer: Pacer, gap: float, reads: int = 50, read_bytes: int = 5_000) -> list[float]:
    return [pacer.pause(read_bytes, number * gap) for number in range(reads)]


def test_a_quiet_watch_is_never_paused() -> None:
    assert set(read_steadily(Pacer(), gap=0.25)) == {0.0}


def test_the_first_event_after_a_silence_is_served_at_once_and_so_is_the_next() -> None:
    pacer = Pacer()
    assert pacer.pause(5_000, 0.0) == 0.0
    assert pacer.pause(5_000, 600.0) == 0.0


def test_the_closer_reads_follow_the_longer_the_pause() -> None:
    settled = [read_steadily(Pacer(), gap)[-1] for gap in (0.15, 0.1, 0.05, 0.01)]
    assert settled == sorted(settled)
    assert settled[0] > 0
    assert settled[-1] > 0.9 * LONGEST_PAUSE_SECONDS


@pytest.mark.parametrize("read_bytes", [65_483, FULL_READ_BYTES, 262_144])
def test_after_a_read_of_all_that_the_system_could_hold_there_is_no_pause(read_bytes: int) -> None:
    # 65,483 is what loopback holds back at first: 64 KiB less the headers of a segment.
    pacer = Pacer()
    read_steadily(pacer, 0.01)
    assert pacer.pause(read_bytes, 0.51) == 0.0


def test_a_watch_that_becomes_quiet_is_soon_served_at_once_again() -> None:
    pacer = Pacer()
    read_steadily(pacer, 0.001)
    pauses = [pacer.pause(5_000, 10.0 * number) for number in range(1, 6)]
    assert pauses[-1] == 0.0


@given(st.lists(st.tuples(st.floats(0, 100), st.integers(1, 200_000))))
def test_no_event_waits_longer_than_the_bound(reads: list[tuple[float, int]]) -> None:
    pacer, now = Pacer(), 0.0
    for gap, size in reads:
        now += gap
        assert 0.0 <= pacer.pause(size, now) <= LONGEST_PAUSE_SECONDS
