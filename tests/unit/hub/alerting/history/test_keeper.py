from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import msgspec
import pytest

from farwatch.hub.alerting.alerts import Alert, AlertEvent, Alerts, KnownAlert, Transition
from farwatch.hub.alerting.dispatch import NotifyReason
from farwatch.hub.alerting.history.keeper import MAX_DETAIL_LENGTH, UPDATES_APART_SECONDS, HistoryKeeper
from farwatch.hub.alerting.matchers import Matchers
from farwatch.hub.alerting.nflog import LogKey
from farwatch.hub.alerting.notify import Attempt, NotificationEvent, Outcome
from farwatch.hub.alerting.silences import Silence, SilenceChange, SilenceEvent
from farwatch.hub.store.tables import Row, Table

from ..conftest import START, alert, at


class Rows:
    def __init__(self) -> None:
        self.kept: list[tuple[Table, Any]] = []

    def insert(self, table: Table, rows: Sequence[Row]) -> asyncio.Future[None]:
        self.kept += ((table, row) for row in rows)
        return asyncio.get_running_loop().create_future()

    @property
    def transitions(self) -> list[str]:
        return [row.transition for table, row in self.kept if table is Table.ALERT_EVENTS]


@pytest.fixture
def rows() -> Rows:
    return Rows()


@pytest.fixture
def keeper(rows: Rows) -> HistoryKeeper:
    known = {
        "1": {"alertname": "A", "cluster": "prod"},
        "2": {"alertname": "B", "cluster": "prod"},
        "3": {"alertname": "A"},
    }

    def get(fingerprint: str) -> KnownAlert | None:
        labels = known.get(fingerprint)
        if labels is None:
            return None
        alerts, found = Alerts(), Alert(labels=labels, annotations={}, starts_at=at(0))
        alerts.apply(alerts.changes([found], START), START)
        return alerts.get(found.fingerprint)

    return HistoryKeeper(rows, get)


def event(transition: Transition, seconds: float = 0, found: Alert | None = None) -> AlertEvent:
    found = found or alert("p")
    return AlertEvent(transition=transition, time=START + seconds, fingerprint=found.fingerprint, alert=found)


class TestAlerts:
    async def test_are_kept_with_what_is_asked_for_later(self, keeper: HistoryKeeper, rows: Rows) -> None:
        found = alert("p", ends=60, cluster="prod", namespace="shop")
        keeper.keep_alerts([event(Transition.FIRED, 1, found)])
        ((table, row),) = rows.kept
        assert table is Table.ALERT_EVENTS
        assert (row.time, row.fingerprint, row.transition) == (START + 1, found.fingerprint, "fired")
        assert (row.alertname, row.cluster, row.namespace) == ("KubePodCrashLooping", "prod", "shop")
        assert (row.starts_at, row.ends_at) == (START, START + 60)
        assert (row.labels, row.annotations) == (found.labels, found.annotations)

    async def test_a_repetition_that_changes_no_words_is_not_kept(
        self, keeper: HistoryKeeper, rows: Rows
    ) -> None:
        keeper.keep_alerts([event(Transition.FIRED)])
        keeper.keep_alerts(
            [event(Transition.UPDATED, n * 60, alert("p", ends=n * 60 + 300)) for n in range(1, 99)]
        )
        assert rows.transitions == ["fired"]
        assert keeper.counters.updates_left_out == 0

    async def test_words_that_change_all_the_time_are_kept_now_and_then_and_the_rest_counted(
        self, keeper: HistoryKeeper, rows: Rows
    ) -> None:
        keeper.keep_alerts([event(Transition.FIRED)])
        keeper.keep_alerts(
            [event(Transition.UPDATED, n * 60, alert("p", summary=f"{n} %")) for n in range(1, 11)]
        )
        assert rows.transitions == ["fired", "updated", "updated"]
        assert [row.time - START for _, row in rows.kept] == [
            0,
            UPDATES_APART_SECONDS,
            2 * UPDATES_APART_SECONDS,
        ]
        assert keeper.counters.updates_left_out == 8

    async def test_every_beginning_and_end_is_kept(self, keeper: HistoryKeeper, rows: Rows) -> None:
        for second in range(3):
            keeper.keep_alerts([event(Transition.FIRED, second), event(Transition.RESOLVED, second)])
        assert rows.transitions == ["fired", "resolved"] * 3

    async def test_after_a_restart_the_first_repetition_is_not_kept_either(
        self, keeper: HistoryKeeper, rows: Rows
    ) -> None:
        keeper.resume([alert("p")], START)
        keeper.keep_alerts([event(Transition.UPDATED, 60, alert("p", ends=300))])
        assert rows.transitions == []


class TestNotifications:
    async def test_are_kept_with_the_names_and_clusters_of_their_alerts(
        self, keeper: HistoryKeeper, rows: Rows
    ) -> None:
        keeper.keep_notifications(
            [
                NotificationEvent(
                    last=Attempt(
                        time=START,
                        key=LogKey("team", "slack", 1, "{}:{}"),
                        reason=NotifyReason.FIRST,
                        number=3,
                        seconds=0.5,
                        outcome=Outcome.REFUSED,
                        detail="no" * 5000,
                    ),
                    route="{}",
                    firing=("1", "2"),
                    resolved=("3", "unknown"),
                )
            ]
        )
        ((table, row),) = rows.kept
        assert table is Table.NOTIFICATIONS
        assert (row.receiver, row.integration, row.position, row.attempts) == ("team", "slack", 1, 3)
        assert (row.reason, row.outcome) == ("first notification", "refused")
        assert (row.alertnames, row.clusters) == (("A", "B"), ("prod",))
        assert (row.firing, row.resolved) == (("1", "2"), ("3", "unknown"))
        assert len(row.detail) == MAX_DETAIL_LENGTH


class TestSilences:
    async def test_are_kept_with_who_and_why(self, keeper: HistoryKeeper, rows: Rows) -> None:
        silence = Silence(
            id="1",
            matchers=Matchers.parse('a="b"'),
            starts_at=START,
            ends_at=START + 60,
            updated_at=START,
            created_by="admin",
            comment="rollout",
        )
        keeper.keep_silences(
            [SilenceEvent(change=SilenceChange.CREATED, time=START, silence=silence, author="api")]
        )
        ((table, row),) = rows.kept
        assert table is Table.SILENCE_EVENTS
        assert msgspec.to_builtins(row) == [
            START,
            "created",
            "1",
            '{a="b"}',
            START,
            START + 60,
            "admin",
            "rollout",
            "api",
        ]
