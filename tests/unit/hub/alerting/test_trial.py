from __future__ import annotations

import pytest
from aiohttp import web

from farwatch.hub.alerting.trial import ReceiverNotFoundError, Trial

from .conftest import Hub, Sink, at, configuration, simple


async def test_each_integration_is_told_of_a_test_and_of_its_end(hub: Hub, sink: Sink) -> None:
    alerting = await hub.start(simple(sink.url))
    assert await alerting.try_receiver("team", author="admin", now=at(0)) == [
        Trial(integration="webhook", position=0, delivered=True, detail="status 200")
    ]
    (_, first), (_, second) = sink.requests
    assert (first["status"], second["status"]) == ("firing", "resolved")
    (alert,) = first["alerts"]
    assert alert["labels"] == {"alertname": "FarwatchTest", "severity": "info"}
    assert alert["annotations"]["summary"] == "This is a test by admin: nothing is wrong"
    assert second["alerts"][0]["endsAt"].startswith("2026-03-01T03:00:00")
    assert alerting.known() == []
    assert alerting.attempts() == []


async def test_who_does_not_want_to_know_of_ends_is_not_told_of_one(hub: Hub, sink: Sink) -> None:
    alerting = await hub.start(simple(sink.url, webhook="send_resolved: false"))
    await alerting.try_receiver("team", author="admin", now=at(0))
    assert [payload["status"] for _, payload in sink.requests] == ["firing"]


async def test_a_refusal_is_told_in_the_service_s_words_and_stops_no_other(hub: Hub, sink: Sink) -> None:
    sink.answers.append(web.Response(status=403, text="no such channel"))
    alerting = await hub.start(
        configuration(
            "route: {receiver: team}\n"
            f"receivers: [{{name: team, webhook_configs: [{{url: '{sink.url}'}}, {{url: 'http://127.0.0.1:1/hunter2'}}]}}]"
        )
    )
    refused, unreachable = await alerting.try_receiver("team", author="admin", now=at(0))
    assert not refused.delivered
    assert "403" in refused.detail
    assert (unreachable.position, unreachable.delivered) == (1, False)
    assert "hunter2" not in unreachable.detail


async def test_a_receiver_that_there_is_not_is_told_with_those_that_there_are(hub: Hub, sink: Sink) -> None:
    alerting = await hub.start(simple(sink.url))
    with pytest.raises(ReceiverNotFoundError, match="no receiver 'nope'; those are team"):
        await alerting.try_receiver("nope", author="admin", now=at(0))
