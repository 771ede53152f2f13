"""Whom nobody is told of, and until when: inhibition, silences and time intervals, in fake time."""

from __future__ import annotations

from typing import Any

import pytest

from farwatch.hub.alerting import Alerting
from farwatch.hub.alerting.matchers import Matchers
from farwatch.hub.alerting.silences import Silence, SilenceError, SilenceEvent, SilenceNotFoundError
from farwatch.hub.alerting.suppression import Suppression

from .conftest import START, FakeClock, Hub, Sink, alert, configuration

HOUR = 3600.0
ROUTE = "{receiver: team, group_by: [alertname], group_wait: 30s, group_interval: 1m, repeat_interval: 12h}"
INHIBIT = "[{source_match: {severity: critical}, target_match: {severity: warning}, equal: [cluster]}]"


def config(sink: Sink, *, route: str = ROUTE, more: str = "") -> Any:
    return configuration(
        f"route: {route}\nreceivers: [{{name: team, webhook_configs: [{{url: '{sink.url}'}}]}}]\n{more}\n"
    )


async def silence(
    alerting: Alerting, matchers: str, *, after: float = 0, until: float, key: str | None = None
) -> Silence:
    return await alerting.set_silence(
        id=key,
        matchers=Matchers.parse(matchers),
        starts_at=START + after,
        ends_at=START + until,
        created_by="on-call",
        comment="known",
        annotations={"ticket": "OPS-1"},
    )


class TestInhibition:
    async def test_a_target_is_not_told_while_its_source_fires(
        self, hub: Hub, clock: FakeClock, sink: Sink
    ) -> None:
        alerting = await hub.start(config(sink, more=f"inhibit_rules: {INHIBIT}"))
        await alerting.put(
            [
                alert("source", severity="critical", cluster="x"),
                alert("target", severity="warning", cluster="x"),
                alert("other", severity="warning", cluster="y"),
            ]
        )
        await clock.advance(300)
        await alerting.put([alert("source", severity="critical", cluster="x", ends=300)])
        await clock.advance(300)
        assert [(time, set(pods)) for time, _, pods in sink.told()] == [
            (30, {"source", "other"}),
            (330, {"-source", "target", "other"}),
        ]

    async def test_what_inhibits_is_told(self, hub: Hub, sink: Sink) -> None:
        alerting = await hub.start(config(sink, more=f"inhibit_rules: {INHIBIT}"))
        source = alert("source", severity="critical", cluster="x")
        target = alert("target", severity="warning", cluster="x")
        await alerting.put([source, target])
        assert alerting.suppression(target.fingerprint) == Suppression(inhibited_by=(source.fingerprint,))
        assert not alerting.suppression(source.fingerprint)
        assert not alerting.suppression("unknown")

    async def test_the_end_of_an_inhibited_alert_that_was_told_before_is_told_once_it_may(
        self, hub: Hub, clock: FakeClock, sink: Sink
    ) -> None:
        alerting = await hub.start(config(sink, more=f"inhibit_rules: {INHIBIT}"))
        await alerting.put([alert("target", severity="warning", cluster="x")])
        await clock.advance(60)
        await alerting.put([alert("source", starts=60, severity="critical", cluster="x")])
        await clock.advance(60)
        await alerting.put([alert("target", severity="warning", cluster="x", ends=120)])
        await clock.advance(600)
        # As upstream: it left the group while it was inhibited, and its end is never told by itself.
        assert [pods for _, _, pods in sink.told()] == [["target"], ["source"]]

    async def test_it_goes_on_after_a_kill(self, hub: Hub, clock: FakeClock, sink: Sink) -> None:
        settings = config(sink, more=f"inhibit_rules: {INHIBIT}")
        alerting = await hub.start(settings)
        await alerting.put(
            [
                alert("source", severity="critical", cluster="x"),
                alert("target", severity="warning", cluster="x"),
            ]
        )
        await clock.settle()
        await hub.kill()
        alerting = await hub.start(settings)
        await clock.advance(60)
        assert [pods for _, _, pods in sink.told()] == [["source"]]
        await alerting.put([alert("source", severity="critical", cluster="x", ends=60)])
        await clock.advance(60)
        assert [set(pods) for _, _, pods in sink.told()[1:]] == [{"-source", "target"}]


class TestSilences:
    async def test_what_is_silenced_is_not_told_until_the_silence_ends(
        self, hub: Hub, clock: FakeClock, sink: Sink
    ) -> None:
        alerting = await hub.start(config(sink))
        await silence(alerting, "pod=a", until=200)
        await alerting.put([alert("a"), alert("b")])
        await clock.advance(600)
        assert sink.told() == [(30, "firing", ["b"]), (210, "firing", ["a", "b"])]

    async def test_one_that_is_ended_by_hand_hushes_no_more(
        self, hub: Hub, clock: FakeClock, sink: Sink
    ) -> None:
        alerting = await hub.start(config(sink))
        made = await silence(alerting, "pod=a", until=HOUR)
        await alerting.put([alert("a")])
        assert alerting.suppression(alert("a").fingerprint) == Suppression(silenced_by=(made.id,))
        await clock.advance(100)
        await alerting.expire_silence(made.id)
        await clock.advance(600)
        assert sink.told() == [(150, "firing", ["a"])]

    async def test_a_group_that_is_wholly_silenced_is_not_told_as_resolved(
        self, hub: Hub, clock: FakeClock, sink: Sink
    ) -> None:
        alerting = await hub.start(config(sink))
        await alerting.put([alert("a")])
        await clock.advance(60)
        await silence(alerting, "pod=a", after=60, until=HOUR)
        await clock.advance(600)
        await alerting.put([alert("a", ends=660)])
        await clock.advance(2 * HOUR)
        assert sink.told() == [(30, "firing", ["a"])]
        assert alerting.groups() == []

    async def test_what_happens_to_them_is_published(self, hub: Hub, clock: FakeClock, sink: Sink) -> None:
        alerting = await hub.start(config(sink))
        events: list[SilenceEvent] = []
        alerting.subscribe_silences(events.extend)
        made = await silence(alerting, "pod=a", until=HOUR)
        await silence(alerting, "pod=a", until=2 * HOUR, key=made.id)
        other = await silence(alerting, "pod=b", until=2 * HOUR, key=made.id)
        await clock.advance(3 * HOUR)
        assert [(event.change, event.silence.id, event.time - START) for event in events] == [
            ("created", made.id, 0),
            ("updated", made.id, 0),
            ("expired", made.id, 0),
            ("created", other.id, 0),
            ("expired", other.id, 2 * HOUR),
        ]

    async def test_they_are_there_after_a_kill_and_their_end_is_told_once(
        self, hub: Hub, clock: FakeClock, sink: Sink
    ) -> None:
        alerting = await hub.start(config(sink))
        made = await silence(alerting, 'pod=~"a|\\"x",cluster!=""', until=200)
        before = alerting.silences.get(made.id)
        await hub.kill()
        alerting = await hub.start(config(sink))
        events: list[SilenceEvent] = []
        alerting.subscribe_silences(events.extend)
        assert alerting.silences.get(made.id) == before
        await alerting.put([alert("a", cluster="x")])
        await clock.advance(190)
        assert sink.told() == []
        await clock.advance(20)
        assert [event.change for event in events] == ["expired"]
        await hub.kill()
        alerting = await hub.start(config(sink))
        alerting.subscribe_silences(events.extend)
        await clock.advance(HOUR)
        assert len(events) == 1
        assert sink.told() == [(210, "firing", ["a"])]

    async def test_they_are_forgotten_long_after_their_end(
        self, hub: Hub, clock: FakeClock, sink: Sink
    ) -> None:
        alerting = await hub.start(config(sink))
        await silence(alerting, "pod=a", until=200)
        await clock.advance(15 * 24 * HOUR)
        assert len(alerting.silences) == 0
        await hub.kill()
        alerting = await hub.start(config(sink))
        assert len(alerting.silences) == 0

    async def test_what_cannot_be_is_refused(self, hub: Hub, sink: Sink) -> None:
        alerting = await hub.start(config(sink))
        with pytest.raises(SilenceError, match="cannot end in the past"):
            await silence(alerting, "pod=a", after=-60, until=-30)
        with pytest.raises(SilenceNotFoundError):
            await alerting.expire_silence("nope")
        assert len(alerting.silences) == 0


# The tests' time begins on a Sunday, at 03:00 UTC.
INTERVALS = """
time_intervals:
  - name: early
    time_intervals: [{times: [{start_time: '03:00', end_time: '03:05'}]}]
  - name: sundays
    time_intervals: [{weekdays: [sunday]}]
"""


def below(keys: str) -> str:
    return (
        "{receiver: team, routes: [{receiver: team, group_by: [alertname], group_wait: 30s, group_interval: 1m, "
        f"{keys}}}]}}"
    )


class TestIntervals:
    async def test_a_muted_route_tells_nobody_and_then_all(
        self, hub: Hub, clock: FakeClock, sink: Sink
    ) -> None:
        settings = config(sink, route=below("mute_time_intervals: [early]"), more=INTERVALS)
        alerting = await hub.start(settings)
        await alerting.put([alert("a")])
        assert [group.muted_by for group in alerting.groups()] == [("early",)]
        await clock.advance(600)
        assert sink.told() == [(330, "firing", ["a"])]
        assert [group.muted_by for group in alerting.groups()] == [()]

    async def test_a_route_is_muted_outside_its_active_times(
        self, hub: Hub, clock: FakeClock, sink: Sink
    ) -> None:
        settings = config(sink, route=below("active_time_intervals: [early]"), more=INTERVALS)
        alerting = await hub.start(settings)
        await alerting.put([alert("a")])
        await clock.advance(290)
        await alerting.put([alert("b", starts=290)])
        await clock.advance(600)
        assert sink.told() == [(30, "firing", ["a"])]
        assert [group.muted_by for group in alerting.groups()] == [("early",)]

    async def test_muting_wins_over_activity(self, hub: Hub, clock: FakeClock, sink: Sink) -> None:
        keys = "active_time_intervals: [sundays], mute_time_intervals: [sundays]"
        alerting = await hub.start(config(sink, route=below(keys), more=INTERVALS))
        await alerting.put([alert("a")])
        await clock.advance(HOUR)
        assert sink.told() == []

    async def test_a_flush_that_has_begun_goes_by_the_intervals_of_its_own_configuration(
        self, hub: Hub, clock: FakeClock, sink: Sink
    ) -> None:
        settings = config(sink, route=below("active_time_intervals: [early]"), more=INTERVALS)
        alerting = await hub.start(settings)
        await alerting.put([alert("a")])
        clock.time += 31
        alerting._dispatch()
        await alerting.reload(config(sink, route=below("continue: true")))
        await clock.advance(1)
        assert sink.told() == [(31, "firing", ["a"])]

    async def test_other_routes_are_not_muted_with_it(self, hub: Hub, clock: FakeClock, sink: Sink) -> None:
        route = (
            "{receiver: team, group_wait: 30s, routes: ["
            "{matchers: [pod=a], mute_time_intervals: [sundays]}, {matchers: [pod=b]}]}"
        )
        alerting = await hub.start(config(sink, route=route, more=INTERVALS))
        await alerting.put([alert("a"), alert("b"), alert("c")])
        await clock.advance(60)
        assert sorted(pods for _, _, pods in sink.told()) == [["b"], ["c"]]


class TestAcknowledgements:
    async def test_what_somebody_sees_to_is_not_repeated(
        self, hub: Hub, clock: FakeClock, sink: Sink
    ) -> None:
        alerting = await hub.start(config(sink))
        await alerting.put([alert("a")])
        await clock.advance(60)
        await alerting.acknowledgements.acknowledge(alert("a").fingerprint, author="on-call")
        await clock.advance(30 * HOUR)
        assert [time for time, _, _ in sink.told()] == [30]

    async def test_what_is_new_is_told_all_the_same(self, hub: Hub, clock: FakeClock, sink: Sink) -> None:
        alerting = await hub.start(config(sink))
        await alerting.put([alert("a")])
        await clock.advance(60)
        await alerting.acknowledgements.acknowledge(alert("a").fingerprint, author="on-call")
        await alerting.put([alert("b", starts=60)])
        await clock.advance(60)
        assert [pods for _, _, pods in sink.told()] == [["a"], ["a", "b"]]
        await alerting.put([alert("a", ends=120), alert("b", starts=60, ends=120)])
        await clock.advance(60)
        assert [pods for _, _, pods in sink.told()][2:] == [["-a", "-b"]]

    async def test_one_alert_that_nobody_sees_to_is_enough_to_repeat(
        self, hub: Hub, clock: FakeClock, sink: Sink
    ) -> None:
        alerting = await hub.start(config(sink))
        await alerting.put([alert("a"), alert("b")])
        await clock.advance(60)
        await alerting.acknowledgements.acknowledge(alert("a").fingerprint, author="on-call")
        await clock.advance(13 * HOUR)
        assert [pods for _, _, pods in sink.told()] == [["a", "b"]] * 2

    async def test_it_holds_after_a_kill_and_ends_with_the_alert(
        self, hub: Hub, clock: FakeClock, sink: Sink
    ) -> None:
        alerting = await hub.start(config(sink))
        await alerting.put([alert("a")])
        await clock.advance(60)
        await alerting.acknowledgements.acknowledge(alert("a").fingerprint, author="on-call")
        await hub.kill()
        alerting = await hub.start(config(sink))
        await clock.advance(13 * HOUR)
        assert len(sink.told()) == 1
        await alerting.put([alert("a", ends=13 * HOUR)])
        await clock.advance(60)
        await alerting.put([alert("a", starts=13 * HOUR + 60)])
        await clock.advance(13 * HOUR)
        assert [pods for _, _, pods in sink.told()] == [["a"], ["-a"], ["a"], ["a"]]
