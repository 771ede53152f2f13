"""Timelines: alerts go in, notifications come out, in a time that only moves when told."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable

import pytest
import sqlalchemy as sa
from aiohttp import web

from farwatch.hub.alerting import DEFAULT, AlertsNotKeptError, tables
from farwatch.hub.alerting.notify import NotificationEvent
from farwatch.hub.store.records import Records

from .conftest import FakeClock, Hub, Sink, alert, configuration, simple

MINUTE = 60.0
HOUR = 3600.0


class TestGroups:
    async def test_a_new_group_is_told_of_after_group_wait_and_its_news_every_group_interval(
        self, hub: Hub, clock: FakeClock, sink: Sink
    ) -> None:
        alerting = await hub.start(simple(sink.url))
        await alerting.put([alert("a")])
        await clock.advance(10)
        await alerting.put([alert("b", starts=10)])
        await clock.advance(19.9)
        assert sink.told() == []
        await clock.advance(0.1)
        assert sink.told() == [(30, "firing", ["a", "b"])]
        await alerting.put([alert("c", starts=30)])
        await clock.advance(299)
        assert len(sink.told()) == 1
        await clock.advance(1)
        assert sink.told()[1:] == [(330, "firing", ["a", "b", "c"])]

    async def test_alerts_that_differ_in_group_labels_are_told_apart(
        self, hub: Hub, clock: FakeClock, sink: Sink
    ) -> None:
        alerting = await hub.start(simple(sink.url, route="group_by: [cluster], group_wait: 1s"))
        await alerting.put(
            [alert("a", cluster="east"), alert("b", cluster="west"), alert("c", cluster="east")]
        )
        await clock.advance(1)
        assert sorted(told for _, _, told in sink.told()) == [["a", "c"], ["b"]]
        assert sorted(payload["groupKey"] for _, payload in sink.requests) == [
            '{}:{cluster="east"}',
            '{}:{cluster="west"}',
        ]

    async def test_three_dots_group_by_every_label(self, hub: Hub, clock: FakeClock, sink: Sink) -> None:
        alerting = await hub.start(simple(sink.url, route="group_by: ['...'], group_wait: 1s"))
        await alerting.put([alert("a"), alert("b")])
        await clock.advance(1)
        assert sorted(told for _, _, told in sink.told()) == [["a"], ["b"]]

    async def test_without_group_by_all_alerts_are_one_group(
        self, hub: Hub, clock: FakeClock, sink: Sink
    ) -> None:
        alerting = await hub.start(simple(sink.url, route="group_wait: 1s"))
        await alerting.put([alert("a", cluster="east"), alert("b", cluster="west")])
        await clock.advance(1)
        assert sink.told() == [(1, "firing", ["a", "b"])]
        assert sink.requests[0][1]["groupKey"] == "{}:{}"

    async def test_with_group_wait_0s_no_time_passes(self, hub: Hub, clock: FakeClock, sink: Sink) -> None:
        alerting = await hub.start(simple(sink.url, route="group_wait: 0s"))
        await alerting.put([alert("a")])
        await clock.settle()
        assert sink.told() == [(0, "firing", ["a"])]

    async def test_an_alert_older_than_group_wait_is_told_of_at_once(
        self, hub: Hub, clock: FakeClock, sink: Sink
    ) -> None:
        alerting = await hub.start(simple(sink.url))
        await alerting.put([alert("a", starts=-31)])
        await clock.settle()
        assert sink.told() == [(0, "firing", ["a"])]


class TestRepeats:
    async def test_what_has_not_changed_is_repeated_at_the_first_flush_after_repeat_interval(
        self, hub: Hub, clock: FakeClock, sink: Sink
    ) -> None:
        alerting = await hub.start(
            simple(sink.url, route="group_wait: 10s, group_interval: 1m, repeat_interval: 10m")
        )
        await alerting.put([alert("a")])
        await clock.advance(12 * MINUTE)
        assert [time for time, _, _ in sink.told()] == [10, 670]

    async def test_an_alert_put_again_unchanged_is_no_news(
        self, hub: Hub, clock: FakeClock, sink: Sink
    ) -> None:
        alerting = await hub.start(simple(sink.url))
        for _ in range(20):
            await alerting.put([alert("a")])
            await clock.advance(MINUTE)
        assert len(sink.told()) == 1
        assert [event.transition for event in hub.events] == ["fired"]

    async def test_changed_annotations_alone_wait_for_the_next_notification(
        self, hub: Hub, clock: FakeClock, sink: Sink
    ) -> None:
        alerting = await hub.start(simple(sink.url, route="group_interval: 1m, repeat_interval: 5m"))
        await alerting.put([alert("a", summary="1 restart")])
        await clock.advance(MINUTE)
        await alerting.put([alert("a", starts=60, summary="2 restarts")])
        await clock.advance(3 * MINUTE)
        assert len(sink.told()) == 1
        await clock.advance(3 * MINUTE)
        (repeated,) = sink.requests[1][1]["alerts"]
        assert repeated["annotations"] == {"summary": "2 restarts"}
        assert repeated["startsAt"] == "2026-03-01T03:00:00Z"
        assert [event.transition for event in hub.events] == ["fired", "updated"]


class TestResolutions:
    async def test_a_resolution_is_told_once_at_the_next_flush(
        self, hub: Hub, clock: FakeClock, sink: Sink
    ) -> None:
        alerting = await hub.start(simple(sink.url))
        await alerting.put([alert("a"), alert("b")])
        await clock.advance(60)
        await alerting.put([alert("a", ends=60)])
        await clock.advance(HOUR)
        assert sink.told() == [(30, "firing", ["a", "b"]), (330, "firing", ["-a", "b"])]
        await alerting.put([alert("b", ends=60 + HOUR)])
        await clock.advance(2 * HOUR)
        assert sink.told()[2:] == [(3930, "resolved", ["-b"])]
        assert [event.transition for event in hub.events] == ["fired", "fired", "resolved", "resolved"]

    async def test_where_resolutions_are_not_sent_they_are_left_out(
        self, hub: Hub, clock: FakeClock, sink: Sink
    ) -> None:
        alerting = await hub.start(simple(sink.url, webhook="send_resolved: false"))
        await alerting.put([alert("a"), alert("b")])
        await clock.advance(60)
        await alerting.put([alert("a", ends=60)])
        await clock.advance(10 * MINUTE)
        await alerting.put([alert("b", ends=660), alert("c", starts=660)])
        await clock.advance(HOUR)
        assert sink.told() == [(30, "firing", ["a", "b"]), (930, "firing", ["c"])]

    async def test_what_comes_and_goes_within_group_wait_is_not_told(
        self, hub: Hub, clock: FakeClock, sink: Sink
    ) -> None:
        alerting = await hub.start(simple(sink.url))
        await alerting.put([alert("a")])
        await clock.advance(10)
        await alerting.put([alert("a", ends=10)])
        await clock.advance(HOUR)
        assert sink.told() == []

    async def test_an_alert_that_fires_anew_is_told_anew(
        self, hub: Hub, clock: FakeClock, sink: Sink
    ) -> None:
        alerting = await hub.start(simple(sink.url))
        await alerting.put([alert("a")])
        await clock.advance(60)
        await alerting.put([alert("a", ends=60)])
        await clock.advance(340)
        await alerting.put([alert("a", starts=400)])
        await clock.advance(HOUR)
        assert sink.told() == [(30, "firing", ["a"]), (330, "resolved", ["-a"]), (430, "firing", ["a"])]

    async def test_flapping_between_flushes_is_not_told(self, hub: Hub, clock: FakeClock, sink: Sink) -> None:
        alerting = await hub.start(simple(sink.url))
        await alerting.put([alert("a")])
        await clock.advance(60)
        await alerting.put([alert("a", ends=60)])
        await clock.advance(60)
        await alerting.put([alert("a", starts=120)])
        await clock.advance(HOUR)
        assert sink.told() == [(30, "firing", ["a"])]

    async def test_an_end_set_in_the_future_comes_by_itself(
        self, hub: Hub, clock: FakeClock, sink: Sink
    ) -> None:
        alerting = await hub.start(simple(sink.url))
        await alerting.put([alert("a", ends=200)])
        await clock.advance(199)
        assert [a.labels["pod"] for a in alerting.active()] == ["a"]
        assert sink.requests[0][1]["alerts"][0]["endsAt"] == "0001-01-01T00:00:00Z"
        await clock.advance(1)
        assert alerting.active() == []
        assert [event.transition for event in hub.events] == ["fired", "resolved"]
        await clock.advance(HOUR)
        assert sink.told() == [(30, "firing", ["a"]), (330, "resolved", ["-a"])]

    async def test_resolved_alerts_are_shown_a_while_then_forgotten(
        self, hub: Hub, clock: FakeClock, sink: Sink, records: Records
    ) -> None:
        alerting = await hub.start(simple(sink.url))
        await alerting.put([alert("a")])
        await clock.advance(60)
        await alerting.put([alert("a", ends=60)])
        await clock.advance(14 * MINUTE)
        assert [known.resolved for known in alerting.known()] == [True]
        await clock.advance(2 * MINUTE)
        assert alerting.known() == []
        async with records.read() as connection:
            assert (await connection.execute(sa.select(tables.alerts))).all() == []
            assert (await connection.execute(sa.select(tables.alert_groups))).all() == []

    async def test_a_resolution_that_cannot_be_told_yet_is_not_forgotten(
        self, hub: Hub, clock: FakeClock, sink: Sink
    ) -> None:
        config = simple(sink.url)
        alerting = await hub.start(config)
        await alerting.put([alert("a")])
        await clock.advance(60)
        sink.otherwise = web.Response(status=400)
        await alerting.put([alert("a", ends=60)])
        await clock.advance(HOUR)
        await hub.kill()
        sink.otherwise = web.Response()
        await hub.start(config)
        await clock.advance(5 * MINUTE)
        assert sink.told()[-1][1:] == ("resolved", ["-a"])


class TestFailures:
    async def test_a_failing_service_is_tried_again_with_longer_and_longer_pauses(
        self, hub: Hub, clock: FakeClock, sink: Sink
    ) -> None:
        sink.answers.extend(web.Response(status=503) for _ in range(4))
        alerting = await hub.start(simple(sink.url))
        await alerting.put([alert("a")])
        await clock.advance(60)
        assert [time for time, _, _ in sink.told()] == [30, 30.5, 31.25, 32.375, 34.062]
        assert [(a.number, a.outcome) for a in alerting.attempts()] == [
            *((number, "failed, tried again") for number in range(1, 5)),
            (5, "delivered"),
        ]
        await clock.advance(HOUR)
        assert len(sink.told()) == 5

    async def test_a_service_that_asks_for_patience_gets_it(
        self, hub: Hub, clock: FakeClock, sink: Sink
    ) -> None:
        sink.answers.append(web.Response(status=429, headers={"Retry-After": "42"}))
        alerting = await hub.start(simple(sink.url))
        await alerting.put([alert("a")])
        await clock.advance(HOUR)
        assert [time for time, _, _ in sink.told()] == [30, 72]

    async def test_what_is_refused_is_not_tried_again_before_the_next_flush(
        self, hub: Hub, clock: FakeClock, sink: Sink
    ) -> None:
        sink.answers.append(web.Response(status=404, text="no such hook"))
        alerting = await hub.start(simple(sink.url))
        await alerting.put([alert("a")])
        await clock.advance(329)
        assert [time for time, _, _ in sink.told()] == [30]
        assert alerting.attempts()[-1].detail == "status 404: no such hook"
        assert alerting.counters.notifications_failed == 1
        await clock.advance(HOUR)
        assert [time for time, _, _ in sink.told()] == [30, 330]
        assert alerting.counters.notifications_delivered == 1

    async def test_attempts_end_before_the_next_flush_which_tells_all(
        self, hub: Hub, clock: FakeClock, sink: Sink
    ) -> None:
        sink.otherwise = web.Response(status=500)
        alerting = await hub.start(simple(sink.url))
        events: list[NotificationEvent] = []
        alerting.subscribe_notifications(events.extend)
        await alerting.put([alert("a")])
        await clock.advance(100)
        await alerting.put([alert("b", starts=100)])
        await clock.advance(229)
        assert {tuple(told) for _, _, told in sink.told()} == {("a",)}
        sink.otherwise = web.Response()
        await clock.advance(1)
        assert sink.told()[-1] == (330, "firing", ["a", "b"])
        assert (alerting.counters.notifications_failed, alerting.counters.notifications_delivered) == (1, 1)
        assert [event.last.outcome for event in events] == ["out of time", "delivered"]

    async def test_a_service_that_hangs_is_left_after_its_timeout(
        self, hub: Hub, clock: FakeClock, sink: Sink
    ) -> None:
        sink.answers.append(None)
        alerting = await hub.start(simple(sink.url, webhook="timeout: 50ms"))
        await alerting.put([alert("a")])
        await clock.advance(60)
        assert [attempt.outcome for attempt in alerting.attempts()] == ["failed, tried again", "delivered"]
        assert alerting.attempts()[0].detail == "no answer within 0.05 s"

    async def test_a_service_that_hangs_delays_no_other(
        self, hub: Hub, sink: Sink, make_sink: Callable[[], contextlib.AbstractAsyncContextManager[Sink]]
    ) -> None:
        async with make_sink() as dead:
            dead.otherwise = None
            alerting = await hub.start(
                configuration(
                    f"""
                    route: {{receiver: team, group_by: ['...'], group_wait: 0s}}
                    receivers:
                      - name: team
                        webhook_configs: [{{url: '{dead.url}'}}, {{url: '{sink.url}'}}]
                    """
                )
            )
            await alerting.put([alert(f"pod-{number}") for number in range(100)])
            async with asyncio.timeout(30):
                await sink.received(100)
            assert len(dead.requests) <= 16

    async def test_integrations_of_a_receiver_are_told_each_by_itself(
        self,
        hub: Hub,
        clock: FakeClock,
        sink: Sink,
        make_sink: Callable[[], contextlib.AbstractAsyncContextManager[Sink]],
    ) -> None:
        async with make_sink() as failing:
            failing.answers.append(web.Response(status=400))
            config = configuration(
                f"""
                route: {{receiver: team, group_by: [alertname]}}
                receivers: [{{name: team, webhook_configs: [{{url: '{failing.url}'}}, {{url: '{sink.url}'}}]}}]
                """
            )
            alerting = await hub.start(config)
            await alerting.put([alert("a")])
            await clock.advance(HOUR)
            assert [time for time, _, _ in failing.told()] == [30, 330]
            assert [time for time, _, _ in sink.told()] == [30]

    async def test_how_each_notification_ended_is_published(
        self, hub: Hub, clock: FakeClock, sink: Sink
    ) -> None:
        sink.answers.append(web.Response(status=503))
        sink.answers.append(web.Response(status=400, text="too bad"))
        alerting = await hub.start(simple(sink.url))
        events: list[NotificationEvent] = []
        alerting.subscribe_notifications(events.extend)
        await alerting.put([alert("a"), alert("b")])
        await clock.advance(400)
        told = [
            (event.last.reason, event.last.outcome, event.last.number, len(event.firing), event.last.detail)
            for event in events
        ]
        assert told == [
            ("first notification", "refused", 2, 2, "status 400: too bad"),
            ("first notification", "delivered", 1, 2, "status 200"),
        ]


class TestRecords:
    async def test_alerts_that_cannot_be_written_down_are_not_taken(
        self, hub: Hub, clock: FakeClock, sink: Sink, records: Records
    ) -> None:
        alerting = await hub.start(simple(sink.url, route="group_wait: 0s"))
        async with records.begin() as connection:
            await connection.execute(sa.text("ALTER TABLE alerts RENAME TO away"))
        with pytest.raises(AlertsNotKeptError):
            await alerting.put([alert("a")])
        await clock.settle()
        assert (alerting.active(), hub.events, sink.told()) == ([], [], [])
        async with records.begin() as connection:
            await connection.execute(sa.text("ALTER TABLE away RENAME TO alerts"))
        await alerting.put([alert("a")])
        await clock.settle()
        assert sink.told() == [(0, "firing", ["a"])]

    async def test_what_was_sent_is_not_sent_again_although_the_note_of_it_failed(
        self, hub: Hub, clock: FakeClock, sink: Sink, records: Records
    ) -> None:
        alerting = await hub.start(simple(sink.url))
        await alerting.put([alert("a")])
        async with records.begin() as connection:
            await connection.execute(sa.text("DROP TABLE notification_log"))
        await clock.advance(HOUR / 2)
        assert len(sink.told()) == 1
        assert alerting.counters.records_failed > 0

    async def test_a_caller_that_goes_away_leaves_no_alert_half_taken(
        self, hub: Hub, clock: FakeClock, sink: Sink
    ) -> None:
        alerting = await hub.start(simple(sink.url))
        caller = asyncio.create_task(alerting.put([alert("a")]))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        caller.cancel()
        await clock.advance(30)
        assert sink.told() == [(30, "firing", ["a"])]

    async def test_alerts_put_at_the_same_time_are_all_taken(
        self, hub: Hub, clock: FakeClock, sink: Sink
    ) -> None:
        alerting = await hub.start(simple(sink.url))
        await asyncio.gather(*(alerting.put([alert(pod)]) for pod in "abcdefgh"))
        await clock.advance(30)
        assert sink.told() == [(30, "firing", list("abcdefgh"))]


class TestWithoutConfiguration:
    async def test_alerts_are_kept_and_shown_and_nobody_is_told(self, hub: Hub, clock: FakeClock) -> None:
        alerting = await hub.start(DEFAULT)
        await alerting.put([alert("a")])
        await clock.advance(HOUR)
        assert [a.labels["pod"] for a in alerting.active()] == ["a"]
        assert alerting.attempts() == []
        assert alerting.running
        await alerting.put([alert("a", ends=HOUR)])
        await clock.advance(HOUR)
        assert alerting.known() == []
