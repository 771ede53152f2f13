from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from farwatch.hub.alerting import Alert, Transition
from farwatch.hub.alerting.alerts import RESOLVED_KEPT_SECONDS, Alerts, fingerprint

from .conftest import START, alert, at


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        # As prometheus/common computes them (LabelSet.Fingerprint).
        ({}, "cbf29ce484222325"),
        ({"foo": "bar"}, "3fff2c2d7595e046"),
        ({"foo": "bar", "baz": "qux"}, "e4d83091cd448e77"),
    ],
)
def test_fingerprints_are_alertmanagers(labels: dict[str, str], expected: str) -> None:
    assert fingerprint(labels) == expected


@given(st.dictionaries(st.text(), st.text(), max_size=5))
def test_a_fingerprint_does_not_depend_on_the_order_of_labels(labels: dict[str, str]) -> None:
    assert fingerprint(dict(reversed(labels.items()))) == fingerprint(labels)


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
