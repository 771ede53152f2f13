from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from farwatch.hub.fleet import FleetChange, FleetChangeKind
from farwatch.hub.inventory import ObjectChange, Operation
from farwatch.hub.watchdog import IngestLag
from farwatch.kube.objects import ObjectMeta, Pod


class Clock:
    def __init__(self) -> None:
        self.time = 1_000_000.0

    def __call__(self) -> float:
        return self.time


def change(time: float, *, cluster: str = "a", after_gap: bool = False) -> ObjectChange:
    return ObjectChange(
        cluster=cluster,
        kind="Pod",
        operation=Operation.UPDATED,
        time=time,
        after_gap=after_gap,
        before=None,
        after=Pod(metadata=ObjectMeta(name="x", namespace="y", uid="u")),
    )


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def lag(clock: Clock) -> IngestLag:
    return IngestLag(clock)


def test_what_comes_later_than_it_did_before_lags(lag: IngestLag, clock: Clock) -> None:
    lag.observe([change(clock.time - 0.5)])
    clock.time += 10
    lag.observe([change(clock.time - 40.5)])
    assert lag.lags() == {"a": pytest.approx(40)}


@given(offset=st.floats(-86_400, 86_400), delays=st.lists(st.floats(0, 100), min_size=1, max_size=20))
def test_clocks_that_differ_make_no_lag(offset: float, delays: list[float]) -> None:
    clock = Clock()
    lag = IngestLag(clock)
    lag.observe([change(clock.time + offset)])
    for delay in delays:
        clock.time += 1
        lag.observe([change(clock.time + offset - delay)])
    assert lag.lags()["a"] == pytest.approx(max(delays), abs=1e-3)


def test_where_nothing_changes_nothing_lags(lag: IngestLag, clock: Clock) -> None:
    lag.observe([change(clock.time)])
    lag.observe([change(clock.time - 100)])
    clock.time += 31
    assert lag.lags() == {"a": 0}


def test_what_was_found_after_a_gap_is_not_measured(lag: IngestLag, clock: Clock) -> None:
    lag.observe([change(clock.time), change(clock.time - 3600, after_gap=True)])
    assert lag.lags() == {"a": 0}


def test_a_clock_that_was_set_is_believed_after_a_while(lag: IngestLag, clock: Clock) -> None:
    for _ in range(700):
        clock.time += 1
        lag.observe([change(clock.time)])
    for _ in range(700):
        clock.time += 1
        lag.observe([change(clock.time - 120)])
    assert lag.lags() == {"a": 0}


@pytest.mark.parametrize("kind", [FleetChangeKind.AGENT_FOUND, FleetChangeKind.CLUSTER_REMOVED])
def test_an_agent_that_comes_anew_is_measured_anew(
    lag: IngestLag, clock: Clock, kind: FleetChangeKind
) -> None:
    lag.observe([change(clock.time)])
    lag.observe_fleet([FleetChange(cluster="a", kind=kind, time=clock.time)])
    assert lag.lags() == {}
    lag.observe([change(clock.time - 300)])
    assert lag.lags() == {"a": 0}


def test_each_cluster_is_measured_by_itself(lag: IngestLag, clock: Clock) -> None:
    lag.observe([change(clock.time), change(clock.time, cluster="b")])
    lag.observe([change(clock.time - 50, cluster="b")])
    assert lag.lags() == {"a": 0, "b": 50}


def test_a_busy_cluster_keeps_one_measurement_a_second_and_loses_no_peak(
    lag: IngestLag, clock: Clock
) -> None:
    lag.observe([change(clock.time)])
    for step in range(1000):
        clock.time += 0.01
        lag.observe([change(clock.time - (60 if step == 500 else 0))])
    assert lag.lags()["a"] == pytest.approx(60)
    assert len(lag._clusters["a"].measured) < 50
