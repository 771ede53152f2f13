from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from farwatch.hub.alerting import Alert, Transition
from farwatch.hub.alerting.alerts import RESOLVED_KEPT_SECONDS, SLACK_SECONDS, Alerts, Origin

from .conftest import START, alert, at


def put(alerts: Alerts, now: float, *new: Alert) -> list[tuple[Transition, str]]:
    events = alerts.apply(alerts.changes(new, START + now), START + now)
    return [(event.transition, event.alert.labels["pod"]) for event in events]


def test_an_alert_fires_is_updated_and_is_resolved() -> None:
    alerts = Alerts()
    assert put(alerts, 0, alert("a")) == [(Transition.FIRED, "a")]
    assert put(alerts, 1, alert("a")) == []
    assert put(alerts, 2, alert("a", summary="worse")) == [(Transition.UPDATED, "a")]
    assert put(alerts, 3, alert("a", ends=3)) == [(Transition.RESOLVED, "a")]
    assert put(alerts, 4, alert("a", ends=3)) == []
    assert put(alerts, 5, alert("a", starts=5)) == [(Transition.FIRED, "a")]


def test_while_an_alert_goes_on_its_first_start_and_its_newest_annotations_hold() -> None:
    alerts = Alerts()
    put(alerts, 10, alert("a", starts=5))
    put(alerts, 20, alert("a", starts=20, summary="worse"))
    (active,) = alerts.active()
    assert (active.starts_at, active.annotations) == (at(5), {"summary": "worse"})
    put(alerts, 30, alert("a", starts=2, summary="worse"))
    assert alerts.active()[0].starts_at == at(2)


def test_an_alert_that_fires_after_its_end_has_begun_anew() -> None:
    alerts = Alerts()
    put(alerts, 0, alert("a"))
    put(alerts, 10, alert("a", ends=10))
    put(alerts, 20, alert("a", starts=15))
    (known,) = alerts
    assert (known.alert.starts_at, known.received_at, known.resolved) == (at(15), START + 20, False)


def test_of_one_batch_the_last_word_on_an_alert_holds() -> None:
    alerts = Alerts()
    assert put(alerts, 5, alert("a"), alert("a", ends=4)) == [(Transition.RESOLVED, "a")]
    assert alerts.active() == []


def test_changes_decide_and_change_nothing() -> None:
    alerts = Alerts()
    assert list(alerts.changes([alert("a")], START)) == [alert("a").fingerprint]
    assert list(alerts) == []


def test_an_end_in_the_future_comes_by_itself_and_may_be_put_off() -> None:
    alerts = Alerts()
    put(alerts, 0, alert("a", ends=100))
    assert alerts.next_due() == START + 100
    put(alerts, 50, alert("a", ends=150))
    assert alerts.advance(START + 100) == ([], [])
    events, _ = alerts.advance(START + 150)
    assert [event.transition for event in events] == [Transition.RESOLVED]
    assert alerts.active() == []


def test_a_resolved_alert_is_forgotten_after_a_while_once_it_is_settled() -> None:
    alerts = Alerts()
    put(alerts, 0, alert("a"), alert("b"))
    put(alerts, 10, alert("a", ends=10), alert("b", ends=10))
    assert alerts.settle([alert("a").fingerprint]) == [alert("a").fingerprint]
    assert alerts.advance(START + 9 + RESOLVED_KEPT_SECONDS) == ([], [])
    assert alerts.advance(START + 10 + RESOLVED_KEPT_SECONDS) == ([], [alert("a").fingerprint])
    assert [known.alert.labels["pod"] for known in alerts] == ["b"]
    alerts.settle([alert("b").fingerprint])
    assert alerts.advance(START + 10 + 2 * RESOLVED_KEPT_SECONDS)[1] == [alert("b").fingerprint]


def test_an_alert_that_fired_anew_is_neither_settled_nor_forgotten() -> None:
    alerts = Alerts()
    put(alerts, 0, alert("a"))
    put(alerts, 10, alert("a", ends=10))
    put(alerts, 20, alert("a", starts=20))
    assert alerts.settle([alert("a").fingerprint, "unknown"]) == []
    assert alerts.advance(START + 10_000) == ([], [])
    assert len(alerts.active()) == 1


def test_an_alert_survives_its_way_to_the_records_and_back() -> None:
    original = alert("a", ends=1.000001, summary="ünïcode\n")
    assert msgspec.json.decode(msgspec.json.encode(original), type=Alert) == original


@given(
    st.lists(
        st.tuples(st.sampled_from("abc"), st.booleans(), st.floats(0.1, 2 * RESOLVED_KEPT_SECONDS)),
        max_size=40,
    )
)
def test_events_tell_of_each_alert_fired_and_resolved_in_turn(steps: list[tuple[str, bool, float]]) -> None:
    alerts, now = Alerts(), 0.0
    firing: dict[str, bool] = {}
    for pod, fires, passed in steps:
        now += passed
        alerts.advance(START + now)
        new = alert(pod, starts=now) if fires else alert(pod, starts=now - 1, ends=now)
        for transition, name in put(alerts, now, new):
            if transition is Transition.FIRED:
                assert not firing.get(name)
            firing[name] = transition is Transition.FIRED or (
                transition is Transition.UPDATED and firing[name]
            )
        assert {a.labels["pod"] for a in alerts.active()} == {name for name, fires in firing.items() if fires}


def posted(pod: str, starts: float = 0, ends: float = 300, *, timeout: bool = False, **more: str) -> Alert:
    return msgspec.structs.replace(alert(pod, starts, ends, **more), origin=Origin.API, timeout=timeout)


def spans(alerts: Alerts) -> list[tuple[float, float]]:
    return [
        (known.alert.starts_at.timestamp() - START, known.alert.ends_at.timestamp() - START)
        for known in alerts
        if known.alert.ends_at
    ]


@pytest.mark.parametrize(
    ("first", "second", "merged"),
    [
        pytest.param((0, 100), (50, 200), (0, 200), id="a later end puts it off"),
        pytest.param((50, 200), (0, 100), (0, 200), id="an end that was foretold stays when it is later"),
        pytest.param((0, 10), (20, 100), (20, 100), id="spans that do not overlap stay apart"),
        pytest.param((0, 100), (0, 35), (0, 35), id="an end that has come is the end"),
    ],
)
def test_spans_merge_as_upstreams_do(
    first: tuple[float, float], second: tuple[float, float], merged: tuple[float, float]
) -> None:
    alerts = Alerts()
    put(alerts, 5, posted("a", *first))
    put(alerts, 40, posted("a", *second))
    assert spans(alerts) == [merged]


def test_an_end_that_nobody_foretold_gives_way_to_an_earlier_one() -> None:
    alerts = Alerts()
    put(alerts, 0, posted("a", ends=300, timeout=True))
    put(alerts, 1, posted("a", ends=200))
    assert spans(alerts) == [(0, 200)]
    put(alerts, 2, posted("a", ends=150, timeout=True))
    assert spans(alerts) == [(0, 200)]


def test_of_two_ends_that_have_come_the_later_holds() -> None:
    alerts = Alerts()
    put(alerts, 60, posted("a", ends=50))
    put(alerts, 61, posted("a", ends=40))
    assert spans(alerts) == [(0, 50)]


def test_an_alert_that_merely_goes_on_is_no_event() -> None:
    alerts = Alerts()
    assert put(alerts, 0, posted("a", ends=300)) == [(Transition.FIRED, "a")]
    assert put(alerts, 60, posted("a", ends=360)) == []
    (known,) = alerts
    assert (known.updated_at, known.received_at) == (START + 60, START)
    assert spans(alerts) == [(0, 360)]


def test_an_end_that_is_put_off_is_written_down_only_now_and_then() -> None:
    alerts = Alerts()
    written = []
    for minute in range(20):
        now = START + 60 * minute
        changes = alerts.changes([posted("a", ends=60 * minute + 240)], now)
        alerts.apply(changes, now)
        written += [minute for change in changes.values() if change.durable]
    assert written == [0, 6, 12, 18]
    assert SLACK_SECONDS < 6 * 60


def test_an_end_that_comes_sooner_than_written_is_written_down() -> None:
    alerts = Alerts()
    put(alerts, 0, posted("a", ends=300, timeout=True))
    (change,) = alerts.changes([posted("a", ends=200, timeout=True)], START + 1).values()
    assert change.durable


def test_ends_that_are_put_off_again_and_again_leave_nothing_behind() -> None:
    alerts = Alerts()
    for second in range(100):
        put(alerts, second, posted("a", ends=second + 240))
    assert len(alerts._agenda) == 1
    assert alerts.advance(START + 338) == ([], [])
    (event,), _ = alerts.advance(START + 339)
    assert event.transition is Transition.RESOLVED


def test_an_alert_of_the_hub_stays_the_hubs_while_it_goes_on() -> None:
    alerts = Alerts()
    put(alerts, 0, alert("a"))
    put(alerts, 1, posted("a", ends=300))
    (known,) = alerts
    assert (known.alert.origin, known.alert.ends_at) == (Origin.HUB, None)
    put(alerts, 2, posted("a", ends=2))
    put(alerts, 10, posted("a", starts=10, ends=300))
    (known,) = alerts
    assert known.alert.origin is Origin.API


def test_an_end_that_the_hub_itself_puts_off_is_written_down_at_once() -> None:
    alerts = Alerts()
    put(alerts, 0, alert("a", ends=100))
    (change,) = alerts.changes([alert("a", ends=101)], START + 1).values()
    assert change.durable
