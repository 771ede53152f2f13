from __future__ import annotations

import time
from typing import Any

from farwatch.hub.store import NotificationRow, Table


async def test_a_receiver_is_tried_by_its_name(api: Any) -> None:
    answer = await api.ask("POST", "/api/v1/alerting/receivers/nobody/test")
    assert (answer.status_code, answer.json()) == (200, {"items": []})
    found = await api.fault("POST", "/alerting/receivers/nope/test")
    assert found == (404, "there is no receiver 'nope'; those are nobody")


CONFIG = """\
route: {receiver: team, routes: [{matchers: [a=b], receiver: pager}, {matchers: [c=d]}]}
receivers:
- name: team
  webhook_configs: [{url: http://a/top-secret}, {url: http://b/top-secret}]
- name: pager
  pagerduty_configs: [{routing_key: top-secret}]
- name: nobody
"""


def sent(position: int, age: float, outcome: str) -> NotificationRow:
    return NotificationRow(
        time=time.time() - age,
        receiver="team",
        integration="webhook",
        position=position,
        route="{}",
        group_key="{}:{}",
        reason="first notification",
        outcome=outcome,
        attempts=1,
        seconds=0.1,
        firing=("a",),
        resolved=(),
        alertnames=("A",),
        clusters=("prod",),
        detail=f"{outcome} {age:g}",
    )


async def test_receivers_are_listed_with_how_it_went_lately_and_without_secrets(api: Any) -> None:
    match = (await api.get("/alerting/config"))["digest"]
    await api.hub.configuration.save(CONFIG, digest=match, author="ann")
    rows = [
        sent(0, 60, "refused"),
        sent(0, 90, "delivered"),
        sent(1, 30, "delivered"),
        sent(1, 20 * 86_400, "refused"),
    ]
    api.hub.telemetry.insert(Table.NOTIFICATIONS, rows)
    await api.hub.telemetry.flush()
    found = await api.get("/alerting/receivers")
    assert "top-secret" not in str(found)
    assert [(item["name"], item["routes"]) for item in found["items"]] == [
        ("team", 2),
        ("pager", 1),
        ("nobody", 0),
    ]
    team, pager, nobody = (item["integrations"] for item in found["items"])
    first, second = (one["lately"] for one in team)
    assert (first["sent"], first["failed"], first["lastOutcome"], first["lastDetail"]) == (
        2,
        1,
        "refused",
        "refused 60",
    )
    assert first["lastSuccessAt"] < first["lastAt"]
    assert (second["sent"], second["failed"]) == (1, 0)
    assert pager == [{"kind": "pagerduty", "position": 0}]
    assert nobody == []
