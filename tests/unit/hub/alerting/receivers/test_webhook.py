from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import msgspec
import pytest

from farwatch.hub.alerting import Alert
from farwatch.hub.alerting.dispatch import NotifyReason
from farwatch.hub.alerting.message import Message, go_time
from farwatch.hub.alerting.receivers.webhook import payload

from ..conftest import at

FIRING = Alert(
    labels={"alertname": "KubePodCrashLooping", "cluster": "east", "pod": "a"},
    annotations={"summary": "crashes", "runbook_url": "https://runbooks.example"},
    starts_at=at(0),
    generator_url="https://farwatch.example/alerts/1",
)
RESOLVED = Alert(
    labels={"alertname": "KubePodCrashLooping", "cluster": "east", "pod": "b"},
    annotations={"summary": "crashed", "runbook_url": "https://runbooks.example"},
    starts_at=at(0.25),
    ends_at=at(61.5),
)
MESSAGE = Message(
    receiver="team.a+b",
    reason=NotifyReason.FIRST,
    group_key='{}:{alertname="KubePodCrashLooping"}',
    group_labels={"alertname": "KubePodCrashLooping"},
    alerts=(FIRING, RESOLVED),
    external_url="https://farwatch.example",
)


def test_the_payload_is_alertmanagers_version_4() -> None:
    assert msgspec.json.decode(msgspec.json.encode(payload(MESSAGE))) == {
        "version": "4",
        "groupKey": '{}:{alertname="KubePodCrashLooping"}',
        "truncatedAlerts": 0,
        "receiver": r"team\.a\+b",
        "status": "firing",
        "notification_reason": "first notification",
        "groupLabels": {"alertname": "KubePodCrashLooping"},
        "commonLabels": {"alertname": "KubePodCrashLooping", "cluster": "east"},
        "commonAnnotations": {"runbook_url": "https://runbooks.example"},
        "externalURL": "https://farwatch.example",
        "alerts": [
            {
                "status": "firing",
                "labels": {"alertname": "KubePodCrashLooping", "cluster": "east", "pod": "a"},
                "annotations": {"summary": "crashes", "runbook_url": "https://runbooks.example"},
                "startsAt": "2026-03-01T03:00:00Z",
                "endsAt": "0001-01-01T00:00:00Z",
                "generatorURL": "https://farwatch.example/alerts/1",
                "fingerprint": FIRING.fingerprint,
            },
            {
                "status": "resolved",
                "labels": {"alertname": "KubePodCrashLooping", "cluster": "east", "pod": "b"},
                "annotations": {"summary": "crashed", "runbook_url": "https://runbooks.example"},
                "startsAt": "2026-03-01T03:00:00.25Z",
                "endsAt": "2026-03-01T03:01:01.5Z",
                "generatorURL": "",
                "fingerprint": RESOLVED.fingerprint,
            },
        ],
    }


def test_beyond_max_alerts_they_are_counted_and_no_more_told_of() -> None:
    truncated = payload(msgspec.structs.replace(MESSAGE, alerts=(RESOLVED, FIRING)), max_alerts=1)
    assert (len(truncated.alerts), truncated.truncated_alerts) == (1, 1)
    assert truncated.status == "resolved"
    assert truncated.common_labels == RESOLVED.labels


@pytest.mark.parametrize("max_alerts", [0, 2, 3])
def test_up_to_max_alerts_nothing_is_cut(max_alerts: int) -> None:
    whole = payload(MESSAGE, max_alerts)
    assert (len(whole.alerts), whole.truncated_alerts) == (2, 0)


@pytest.mark.parametrize(
    ("time", "text"),
    [
        (datetime(2026, 3, 1, 3, 0, tzinfo=UTC), "2026-03-01T03:00:00Z"),
        (datetime(2026, 3, 1, 3, 0, 0, 120_000, tzinfo=UTC), "2026-03-01T03:00:00.12Z"),
        (datetime(2026, 3, 1, 3, 0, 0, 1, tzinfo=UTC), "2026-03-01T03:00:00.000001Z"),
        (datetime(2026, 3, 1, 5, 0, tzinfo=timezone(timedelta(hours=2))), "2026-03-01T03:00:00Z"),
        (datetime(2026, 3, 1, 3, 0, 10, tzinfo=UTC), "2026-03-01T03:00:10Z"),
    ],
)
def test_times_are_written_as_go_writes_them(time: datetime, text: str) -> None:
    assert go_time(time) == text
