from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import msgspec
import pytest

from farwatch.hub.alerting.history import (
    AlertQuery,
    CursorError,
    History,
    NotificationQuery,
    SilenceQuery,
    Span,
    SpanError,
    StatisticsQuery,
)
from farwatch.hub.alerting.history.statistics import Share
from farwatch.hub.store import (
    AlertEventRow,
    DataDirectory,
    NotificationRow,
    SilenceEventRow,
    Table,
    Telemetry,
)
from farwatch.hub.store.tables import Row

NOON = float(time.time() // 86400 * 86400)
DAY = Span(since=NOON - 86_400, until=NOON + 86_400)


def event(seconds: float, transition: str, name: str = "A", cluster: str = "prod", **more: Any) -> Row:
    labels = {"alertname": name, "cluster": cluster, "severity": more.pop("severity", "warning")}
    return AlertEventRow(
        time=NOON + seconds,
        fingerprint=f"{name}-{cluster}",
        transition=transition,
        alertname=name,
        cluster=cluster,
        namespace="",
        starts_at=NOON + seconds,
        ends_at=NOON + seconds if transition == "resolved" else None,
        labels=labels,
        annotations={},
        **more,
    )


def notification(seconds: float, **more: Any) -> Row:
    row = NotificationRow(
        time=NOON + seconds,
        receiver="team",
        integration="webhook",
        position=0,
        route="{}",
        group_key="{}:{}",
        reason="first notification",
        outcome="delivered",
        attempts=1,
        seconds=0.25,
        firing=("A-prod",),
        resolved=("B-prod",),
        alertnames=("A", "B"),
        clusters=("prod",),
        detail="ok",
    )
    return msgspec.structs.replace(row, **more)


async def keep(telemetry: Telemetry, table: Table, *rows: Row) -> History:
    telemetry.insert(table, rows)
    await telemetry.flush()
    return History(telemetry)


class TestAlerts:
    async def test_come_the_newest_first_with_all_that_was_written(self, telemetry: Telemetry) -> None:
        history = await keep(
            telemetry,
            Table.ALERT_EVENTS,
            event(0, "fired"),
            event(5, "acknowledged", author="admin", note="mine"),
            event(9.5, "resolved"),
        )
        found = (await history.alerts(AlertQuery(span=DAY))).items
        assert [item.transition for item in found] == ["resolved", "acknowledged", "fired"]
        assert (found[1].author, found[1].note) == ("admin", "mine")
        assert found[0].ends_at == NOON + 9.5
        assert found[2].ends_at is None
        assert found[2].labels == {"alertname": "A", "cluster": "prod", "severity": "warning"}

    @pytest.mark.parametrize(
        ("wanted", "count"),
        [
            ({"cluster": "prod"}, 2),
            ({"alertname": "A"}, 2),
            ({"fingerprint": "A-prod"}, 1),
            ({"fingerprint": "A"}, 2),
            ({"transition": "resolved"}, 1),
            ({"cluster": "prod", "alertname": "A"}, 1),
            ({"cluster": "' OR 1=1 --"}, 0),
        ],
    )
    async def test_are_chosen_by_what_is_asked_for(
        self, telemetry: Telemetry, wanted: dict[str, str], count: int
    ) -> None:
        history = await keep(
            telemetry,
            Table.ALERT_EVENTS,
            event(0, "fired"),
            event(0, "fired", cluster="dev"),
            event(1, "resolved", "B"),
        )
        assert len((await history.alerts(AlertQuery(span=DAY, **wanted))).items) == count

    async def test_pages_lead_through_all_of_them_once_though_many_share_a_moment(
        self, telemetry: Telemetry
    ) -> None:
        rows = [event(number // 4, "fired", f"A{number}") for number in range(10)]
        history = await keep(telemetry, Table.ALERT_EVENTS, *rows)
        seen: list[str] = []
        cursor, pages = "", 0
        while pages == 0 or cursor:
            page = await history.alerts(AlertQuery(span=DAY, cursor=cursor, limit=3))
            seen += [item.alertname for item in page.items]
            cursor, pages = page.cursor, pages + 1
        assert pages == 4
        assert sorted(seen) == sorted(f"A{number}" for number in range(10))
        assert {*seen[:2]} == {"A8", "A9"}

    async def test_of_a_span_are_those_from_its_beginning_to_before_its_end(
        self, telemetry: Telemetry
    ) -> None:
        history = await keep(telemetry, Table.ALERT_EVENTS, *(event(number, "fired") for number in range(4)))
        found = await history.alerts(AlertQuery(span=Span(since=NOON + 1, until=NOON + 3)))
        assert [item.starts_at - NOON for item in found.items] == [2, 1]

    @pytest.mark.parametrize("span", [(5.0, 5.0), (5.0, 4.0), (-1.0, 5.0), (0.0, 1e12), (float("nan"), 1.0)])
    async def test_a_span_that_is_none_is_refused(
        self, telemetry: Telemetry, span: tuple[float, float]
    ) -> None:
        with pytest.raises(SpanError):
            await History(telemetry).alerts(AlertQuery(span=Span(since=span[0], until=span[1])))

    @pytest.mark.parametrize("cursor", ["x", "1", "1-", "-1-1", "1-1-1", "1-" + "f" * 17, "9" * 16 + "-1"])
    async def test_a_cursor_that_no_page_gave_is_refused(self, telemetry: Telemetry, cursor: str) -> None:
        with pytest.raises(CursorError, match="begin again without it"):
            await History(telemetry).alerts(AlertQuery(span=DAY, cursor=cursor))


class TestNotifications:
    @pytest.mark.parametrize(
        ("wanted", "count"),
        [
            ({}, 3),
            ({"receiver": "team"}, 2),
            ({"outcome": "refused"}, 1),
            ({"cluster": "dev"}, 1),
            ({"alertname": "B"}, 2),
            ({"fingerprint": "A-prod"}, 2),
            ({"fingerprint": "B-prod"}, 3),
            ({"fingerprint": "C"}, 1),
        ],
    )
    async def test_are_chosen_by_what_is_asked_for(
        self, telemetry: Telemetry, wanted: dict[str, str], count: int
    ) -> None:
        history = await keep(
            telemetry,
            Table.NOTIFICATIONS,
            notification(0),
            notification(1, outcome="refused", clusters=("dev", "prod"), detail="403"),
            notification(2, receiver="pager", alertnames=("C",), firing=("C-prod",)),
        )
        found = await history.notifications(NotificationQuery(span=DAY, **wanted))
        assert len(found.items) == count

    async def test_come_as_they_were_written(self, telemetry: Telemetry) -> None:
        history = await keep(telemetry, Table.NOTIFICATIONS, notification(0.5))
        (found,) = (await history.notifications(NotificationQuery(span=DAY))).items
        assert found.ms == (NOON + 0.5) * 1000
        assert (found.firing, found.resolved, found.clusters) == (["A-prod"], ["B-prod"], ["prod"])
        assert (found.attempts, found.seconds, found.detail) == (1, 0.25, "ok")


class TestSilences:
    async def test_are_told_by_id_and_by_who_wanted_them(self, telemetry: Telemetry) -> None:
        def row(seconds: float, change: str, key: str, who: str) -> Row:
            return SilenceEventRow(
                NOON + seconds, change, key, '{a="b"}', NOON, NOON + 60, who, "because of the rollout"
            )

        history = await keep(
            telemetry,
            Table.SILENCE_EVENTS,
            row(0, "created", "1", "admin"),
            row(1, "expired", "1", "admin"),
            row(2, "created", "2", "robot"),
        )
        found = (await history.silences(SilenceQuery(span=DAY, id="1"))).items
        assert [item.change for item in found] == ["expired", "created"]
        assert found[0].comment == "because of the rollout"
        found = (await history.silences(SilenceQuery(span=DAY, created_by="robot"))).items
        assert [item.id for item in found] == ["2"]


class TestStatistics:
    async def test_count_firings_and_how_long_people_and_things_took(self, telemetry: Telemetry) -> None:
        history = await keep(
            telemetry,
            Table.ALERT_EVENTS,
            event(0, "fired"),
            event(10, "acknowledged"),
            event(11, "acknowledged"),
            event(100, "resolved"),
            event(200, "fired"),
            event(205, "updated"),
            event(250, "resolved"),
            event(300, "fired"),
            event(330, "acknowledged"),
            event(0, "fired", "B", "dev", severity="critical"),
            event(30, "resolved", "B", "dev", severity="critical"),
        )
        found = await history.statistics(StatisticsQuery(span=DAY))
        totals = found.totals
        assert (totals.firings, totals.alerts, totals.unresolved) == (4, 2, 1)
        assert (totals.acknowledged, totals.never_acknowledged) == (2, 2)
        assert totals.mean_seconds_to_acknowledge == 20
        assert totals.mean_seconds_to_resolve == 60
        assert totals.median_seconds_to_resolve == 50
        assert found.by_alertname == [
            Share(value="A", firings=3, unresolved=1, mean_seconds_to_resolve=75),
            Share(value="B", firings=1, unresolved=0, mean_seconds_to_resolve=30),
        ]
        assert [share.value for share in found.by_severity] == ["warning", "critical"]
        assert [share.value for share in found.by_cluster] == ["prod", "dev"]
        (flapping,) = found.flapping
        assert (flapping.fingerprint, flapping.firings, flapping.firing_seconds) == ("A-prod", 3, 150)

    async def test_a_firing_that_ends_in_the_moment_it_began_has_ended(self, telemetry: Telemetry) -> None:
        history = await keep(telemetry, Table.ALERT_EVENTS, event(0, "fired"), event(0, "resolved"))
        totals = (await history.statistics(StatisticsQuery(span=DAY))).totals
        assert (totals.unresolved, totals.mean_seconds_to_resolve) == (0, 0)

    async def test_a_firing_counts_where_it_began_and_its_end_may_come_later(
        self, telemetry: Telemetry
    ) -> None:
        history = await keep(
            telemetry,
            Table.ALERT_EVENTS,
            event(-100, "fired", "B"),
            event(1, "fired"),
            event(2, "resolved", "B"),
            event(50, "resolved"),
        )
        found = await history.statistics(StatisticsQuery(span=Span(since=NOON, until=NOON + 10)))
        assert [(share.value, share.unresolved) for share in found.by_alertname] == [("A", 0)]
        assert found.totals.mean_seconds_to_resolve == 49

    async def test_are_of_one_cluster_or_name_when_asked(self, telemetry: Telemetry) -> None:
        history = await keep(
            telemetry,
            Table.ALERT_EVENTS,
            event(0, "fired"),
            event(0, "fired", "B", "dev"),
            event(0, "fired", "B"),
        )
        found = await history.statistics(StatisticsQuery(span=DAY, cluster="prod", alertname="B"))
        assert found.totals.firings == 1

    async def test_of_nothing_are_zeros_and_no_means(self, telemetry: Telemetry) -> None:
        found = await History(telemetry).statistics(StatisticsQuery(span=DAY))
        assert found.totals.firings == 0
        assert found.totals.mean_seconds_to_acknowledge is None
        assert found.totals.mean_seconds_to_resolve is None
        assert found.by_cluster == found.flapping == []


async def test_the_alerts_of_a_span_are_told_by_their_labels_each_once(telemetry: Telemetry) -> None:
    history = await keep(
        telemetry,
        Table.ALERT_EVENTS,
        event(0, "fired"),
        event(1, "resolved"),
        event(2, "fired"),
        event(0, "fired", "B"),
    )
    found = await history.labels_of_alerts(DAY)
    assert sorted(labels["alertname"] for labels in found) == ["A", "B"]


async def test_a_store_of_an_earlier_hub_takes_acknowledgements_too(tmp_path: Path) -> None:
    directory = DataDirectory.claim(tmp_path / "earlier")
    store = await Telemetry.open(directory)
    await store._engine.execute("ALTER TABLE alert_events DROP COLUMN author, DROP COLUMN note")
    await store.close()
    store = await Telemetry.open(directory)
    history = await keep(store, Table.ALERT_EVENTS, event(0, "acknowledged", author="admin"))
    assert (await history.alerts(AlertQuery(span=DAY))).items[0].author == "admin"
    await store.close()
