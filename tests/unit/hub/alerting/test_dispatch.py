from __future__ import annotations

import itertools
from datetime import datetime
from typing import NamedTuple

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from farwatch.hub.alerting.alerts import Alert, Alerts
from farwatch.hub.alerting.dispatch import Dispatcher, Flush, NotifyReason, Told, notify_reason
from farwatch.hub.alerting.nflog import LogKey, NotificationLog
from farwatch.hub.alerting.routing import Route

from .conftest import START, alert, at

ROUTE = Route(receiver="team", group_by=frozenset({"alertname"}))


def told(firing: str, resolved: str = "", time: float = 0) -> Told:
    return Told(firing=frozenset(firing), resolved=frozenset(resolved), time=time)


@pytest.mark.parametrize(
    ("before", "now", "expected"),
    [
        # Each case: what was told; then what fires, what is resolved, whether that is sent, and the time.
        (None, ("a", "", True, 0), NotifyReason.FIRST),
        (None, ("", "a", True, 0), None),
        (told("a"), ("ab", "", True, 1), NotifyReason.NEW_ALERTS),
        (told("a"), ("b", "a", False, 1), NotifyReason.NEW_ALERTS),
        (told("", "a"), ("a", "", True, 1), NotifyReason.FIRST),
        (told("a"), ("", "a", True, 1), NotifyReason.ALL_RESOLVED),
        (told("a"), ("", "a", False, 1), NotifyReason.ALL_RESOLVED),
        (told("", "a"), ("", "ab", True, 1), None),
        (told("ab"), ("a", "b", True, 1), NotifyReason.ALERTS_RESOLVED),
        (told("ab"), ("a", "b", False, 1), None),
        (told("a", "b"), ("a", "b", True, 1), None),
        (told("ab"), ("a", "", True, 1), None),
        (told("a"), ("a", "", True, 100), None),
        (told("a"), ("a", "", True, 100.001), NotifyReason.REPEAT_INTERVAL),
    ],
)
def test_a_receiver_is_notified_of_what_it_does_not_know(
    before: Told | None, now: tuple[str, str, bool, float], expected: NotifyReason | None
) -> None:
    firing, resolved, send_resolved, time = now
    reason = notify_reason(
        before,
        firing=frozenset(firing),
        resolved=frozenset(resolved),
        send_resolved=send_resolved,
        repeat_interval=100,
        now=time,
    )
    assert reason == expected


def flush_one(dispatcher: Dispatcher, now: float) -> Flush:
    (flush,) = dispatcher.due(START + now)
    return flush


def pods(flush: Flush) -> list[str]:
    return [a.labels["pod"] for a in flush.alerts]


@pytest.mark.parametrize(
    ("labels", "key"),
    [
        ({}, "{}:{}"),
        ({"b": "2", "a": "1"}, '{}:{a="1", b="2"}'),
        (
            {"a": 'quo"te\\ \n\t\x00\x7f é \u200b \U000e0001'},
            r'{}:{a="quo\"te\\ \n\t\x00\x7f é \u200b \U000e0001"}',
        ),
    ],
)
def test_a_group_key_is_written_as_go_writes_it(labels: dict[str, str], key: str) -> None:
    dispatcher = Dispatcher(msgspec.structs.replace(ROUTE, group_by=frozenset({"a", "b"})))
    dispatcher.insert("x", alert("p", **labels), START)
    assert [group.id.key for group in dispatcher] == [key]


def test_a_group_is_not_due_while_it_is_being_flushed() -> None:
    dispatcher = Dispatcher(ROUTE)
    dispatcher.insert("a", alert("a"), START)
    flush = flush_one(dispatcher, 30)
    assert dispatcher.next_due() is None
    assert dispatcher.due(START + 10_000) == []
    finished = dispatcher.finish(flush, delivered=True)
    assert (finished.next_flush, finished.released) == (START + 330, ())
    assert pods(flush_one(dispatcher, 10_000)) == ["a"]


def test_resolved_alerts_leave_once_delivered_and_an_empty_group_goes() -> None:
    dispatcher = Dispatcher(ROUTE)
    dispatcher.insert("a", alert("a", ends=5), START)
    assert dispatcher.finish(flush_one(dispatcher, 30), delivered=False).released == ()
    finished = dispatcher.finish(flush_one(dispatcher, 330), delivered=True)
    assert (finished.next_flush, finished.released) == (None, ("a",))
    assert len(dispatcher) == 0


def test_an_alert_that_changed_during_its_flush_stays() -> None:
    dispatcher = Dispatcher(ROUTE)
    dispatcher.insert("a", alert("a", ends=5), START)
    flush = flush_one(dispatcher, 30)
    dispatcher.insert("a", alert("a", starts=31), START + 31)
    assert dispatcher.finish(flush, delivered=True).released == ()
    (again,) = flush_one(dispatcher, 330).alerts
    assert again.ends_at is None


def test_an_end_still_to_come_is_not_told() -> None:
    dispatcher = Dispatcher(ROUTE)
    dispatcher.insert("a", alert("a", ends=31), START)
    assert flush_one(dispatcher, 30).alerts[0].ends_at is None


def test_a_slow_flush_has_at_least_ten_seconds() -> None:
    dispatcher = Dispatcher(msgspec.structs.replace(ROUTE, group_interval=1.0))
    dispatcher.insert("a", alert("a"), START)
    assert flush_one(dispatcher, 30).deadline == START + 40


def test_alerts_stand_in_upstreams_order() -> None:
    def labelled(**labels: str) -> Alert:
        return Alert(labels=labels, annotations={}, starts_at=at(0))

    expected = [
        labelled(job="a", instance="1", z="9"),
        labelled(job="a", instance="2"),
        labelled(job="b"),
        labelled(instance="0"),
        labelled(x="1"),
        labelled(b="1", c="1"),
        labelled(a="1", c="1"),
        labelled(a="1", c="2"),
        labelled(a="2", c="1"),
    ]
    for seed in range(20):
        dispatcher = Dispatcher(msgspec.structs.replace(ROUTE, group_by=frozenset()))
        for index in sorted(range(len(expected)), key=lambda index: (index * 7 + seed * 3) % 11):
            dispatcher.insert(str(index), expected[index], START)
        assert list(flush_one(dispatcher, 30).alerts) == expected


class Step(NamedTuple):
    after: float
    pod: str
    fires: bool


class Notification(NamedTuple):
    time: float
    group: str
    reason: NotifyReason
    firing: frozenset[str]
    resolved: frozenset[str]
    ends: frozenset[tuple[str, datetime]]


class Simulation:
    """The life of alerts, dispatch and notification log without I/O, in steps of time."""

    def __init__(self, route: Route, *, send_resolved: bool) -> None:
        self.route = route
        self.now = START
        self.alerts = Alerts()
        self.dispatcher = Dispatcher(route)
        self.log = NotificationLog()
        self.sent: list[Notification] = []
        self._send_resolved = send_resolved

    def put(self, new: Alert) -> None:
        changes = self.alerts.changes([new], self.now)
        self.alerts.apply(changes, self.now)
        for key, change in changes.items():
            self.dispatcher.insert(key, change.known.alert, change.known.received_at)
        self.flush()

    def advance(self, until: float) -> None:
        while (due := self.dispatcher.next_due()) is not None and due <= until:
            self.now = max(self.now, due)
            self.flush()
        self.now = until

    def flush(self) -> None:
        for flush in self.dispatcher.due(self.now):
            self._notify(flush)
            self.alerts.settle(self.dispatcher.finish(flush, delivered=True).released)

    def _notify(self, flush: Flush) -> None:
        firing = frozenset(a.fingerprint for a in flush.alerts if a.ends_at is None)
        resolved = frozenset(a.fingerprint for a in flush.alerts if a.ends_at is not None)
        key = LogKey("team", "webhook", 0, flush.group_key)
        reason = notify_reason(
            self.log.told(key, flush.time),
            firing=firing,
            resolved=resolved,
            send_resolved=self._send_resolved,
            repeat_interval=self.route.repeat_interval,
            now=flush.time,
        )
        if reason is not None:
            ends = frozenset((a.fingerprint, a.ends_at) for a in flush.alerts if a.ends_at is not None)
            self.sent.append(Notification(flush.time, flush.group_key, reason, firing, resolved, ends))
            self.log.log(
                key, Told(firing=firing, resolved=resolved, time=flush.time), self.route.repeat_interval
            )


steps = st.lists(
    st.builds(
        Step, st.sampled_from([0, 1, 7, 29, 30, 61, 300, 1000]), st.sampled_from("abcd"), st.booleans()
    ),
    max_size=30,
)
routes = st.builds(
    Route,
    receiver=st.just("team"),
    group_by=st.sampled_from([frozenset({"alertname"}), frozenset({"pod"}), None]),
    group_wait=st.sampled_from([0.0, 30.0]),
    group_interval=st.sampled_from([20.0, 300.0]),
    repeat_interval=st.sampled_from([50.0, 900.0]),
)


def play(
    route: Route, timeline: list[Step], *, send_resolved: bool
) -> tuple[Simulation, list[tuple[float, str, bool]]]:
    simulation = Simulation(route, send_resolved=send_resolved)
    history = []
    for step in timeline:
        simulation.advance(simulation.now + step.after)
        now = simulation.now - START
        fires = alert(step.pod).fingerprint in {a.fingerprint for a in simulation.alerts.active()}
        if step.fires != fires:
            simulation.put(
                alert(step.pod, starts=now) if step.fires else alert(step.pod, starts=now - 1, ends=now)
            )
            history.append((simulation.now, alert(step.pod).fingerprint, step.fires))
    simulation.advance(simulation.now + 5_000)
    return simulation, history


@settings(max_examples=200, deadline=None)
@given(routes, steps)
def test_every_alert_that_goes_on_firing_is_told_in_time(route: Route, timeline: list[Step]) -> None:
    simulation, history = play(route, timeline, send_resolved=True)
    latest = max(route.group_wait, route.group_interval)
    for (time, key, fires), following in zip(
        history, [history[n + 1 :] for n in range(len(history))], strict=True
    ):
        changes = [later for later, other, _ in following if other == key]
        if fires and (not changes or changes[0] > time + latest):
            known_before = any(n.time <= time and key in n.firing for n in simulation.sent)
            assert known_before or any(
                time <= n.time <= time + latest and key in n.firing for n in simulation.sent
            )


@settings(max_examples=200, deadline=None)
@given(routes, steps, st.booleans())
def test_nothing_unchanged_is_told_again_before_repeat_interval(
    route: Route, timeline: list[Step], send_resolved: bool
) -> None:
    simulation, _ = play(route, timeline, send_resolved=send_resolved)
    for _, group in itertools.groupby(
        sorted(simulation.sent, key=lambda n: (n.group, n.time)), key=lambda n: n.group
    ):
        for before, after in itertools.pairwise(group):
            unchanged = after.firing <= before.firing and (
                not send_resolved or after.resolved <= before.resolved
            )
            if unchanged and after.firing:
                assert after.reason is NotifyReason.REPEAT_INTERVAL
                assert after.time - before.time > route.repeat_interval


@settings(max_examples=200, deadline=None)
@given(routes, steps)
def test_each_resolution_of_a_told_alert_is_told_once(route: Route, timeline: list[Step]) -> None:
    simulation, _ = play(route, timeline, send_resolved=True)
    believed: dict[str, bool] = {}
    for notification in simulation.sent:
        believed |= dict.fromkeys(notification.firing, True) | dict.fromkeys(notification.resolved, False)
    # In the end every receiver believes what is true, and no end was told by two notifications.
    assert {key for key, fires in believed.items() if fires} == {
        a.fingerprint for a in simulation.alerts.active()
    }
    ends = [end for notification in simulation.sent for end in notification.ends]
    assert len(ends) == len(set(ends))


@settings(max_examples=100, deadline=None)
@given(routes, steps)
def test_groups_of_what_is_over_are_gone(route: Route, timeline: list[Step]) -> None:
    simulation, _ = play(route, timeline, send_resolved=True)
    active = {a.fingerprint for a in simulation.alerts.active()}
    assert {key for group in simulation.dispatcher for key in group.alerts} == active
