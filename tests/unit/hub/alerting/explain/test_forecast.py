from __future__ import annotations

from datetime import UTC, datetime

from farwatch.hub.alerting.document import parse_document
from farwatch.hub.alerting.explain.destinations import IntervalNow, IntervalUse, is_muted
from farwatch.hub.alerting.explain.forecast import Forecast, forecast, integrations_of
from farwatch.hub.alerting.intervals import Intervals, NamedInterval
from farwatch.hub.alerting.matchers import Matchers
from farwatch.hub.alerting.routing import Route

from ..conftest import configuration

MONDAY_NOON = datetime(2026, 11, 23, 12, tzinfo=UTC).timestamp()

OFFICE, problems = parse_document(
    "name: office\ntime_intervals: [{weekdays: ['monday:friday'], times: [{start_time: '09:00', end_time: '17:00'}]}]",
    "x",
    NamedInterval,
)
assert OFFICE, problems
NIGHT, problems = parse_document(
    "name: night\ntime_intervals: [{times: [{start_time: '22:00', end_time: '24:00'}]}]", "x", NamedInterval
)
assert NIGHT, problems
INTERVALS = Intervals([OFFICE, NIGHT])


def ask(route: Route, **labels: str) -> Forecast:
    return forecast(
        route, labels, integrations={"team": ["slack", "webhook"]}, intervals=INTERVALS, now=MONDAY_NOON
    )


class TestForecast:
    def test_tells_who_is_told_in_which_group_and_rhythm(self) -> None:
        route = Route(receiver="team", group_by=frozenset({"alertname", "team"}), group_wait=30)
        (found,) = ask(route, alertname="A", pod="p").destinations
        assert found.receiver == "team"
        assert found.integrations == ("slack", "webhook")
        assert found.group_key == '{}:{alertname="A"}'
        assert found.group_labels == {"alertname": "A"}
        assert (found.group_wait, found.group_interval, found.repeat_interval) == (30, 300, 14400)
        assert found.words == (
            'Receiver "team" is told by slack, webhook.',
            'Alerts with the same alertname="A" are told together.',
            "A new group is told after 30s, news in it every 5m, and what has not changed again after 4h.",
        )

    def test_says_that_a_receiver_without_integrations_tells_nobody(self) -> None:
        (found,) = ask(Route(receiver="nobody")).destinations
        assert found.words[:2] == (
            'Receiver "nobody" has no way to reach anybody: nobody is told.',
            "All alerts that come here are told together.",
        )

    def test_takes_an_empty_label_for_none(self) -> None:
        child = Route(receiver="x", id="1", matchers=Matchers.parse('a=""'))
        found = ask(Route(receiver="team", routes=(child,)), a="")
        assert found.labels == {}
        assert [destination.receiver for destination in found.destinations] == ["x"]

    def test_tells_which_interval_mutes_and_until_when(self) -> None:
        (found,) = ask(
            Route(receiver="team", mute_time_intervals=("office", "night"), active_time_intervals=("office",))
        ).destinations
        assert found.muted
        assert [(interval.name, interval.within) for interval in found.intervals] == [
            ("office", True),
            ("night", False),
            ("office", True),
        ]
        assert found.intervals[0].changes_at == datetime(2026, 11, 23, 17, tzinfo=UTC)
        assert found.words[3:] == (
            'The mute time interval "office" keeps people from being told, until 2026-11-23 17:00 UTC.',
            'The mute time interval "night" does not apply, until 2026-11-23 22:00 UTC.',
            'The active time interval "office" lets people be told, until 2026-11-23 17:00 UTC.',
            "Nobody is told now: the route is muted.",
        )

    def test_outside_its_active_intervals_a_route_is_muted(self) -> None:
        (found,) = ask(Route(receiver="team", active_time_intervals=("night",))).destinations
        assert found.muted
        assert (
            found.words[3]
            == 'The active time interval "night" does not let people be told, until 2026-11-23 22:00 UTC.'
        )


def test_any_active_interval_is_enough() -> None:
    def active(*, within: bool) -> IntervalNow:
        return IntervalNow(name="a", use=IntervalUse.ACTIVE, within=within)

    assert not is_muted([])
    assert not is_muted([active(within=True), active(within=False)])
    assert is_muted([active(within=False), active(within=False)])


def test_integrations_are_told_by_receiver() -> None:
    config = configuration(
        "route: {receiver: a}\nreceivers: [{name: a, webhook_configs: [{url: https://h}, {url: https://h}]}, {name: b}]"
    )
    assert integrations_of(config) == {"a": ["webhook", "webhook"], "b": []}
