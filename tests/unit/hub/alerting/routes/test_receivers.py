from __future__ import annotations

from typing import Any


async def test_a_receiver_is_tried_by_its_name(api: Any) -> None:
    answer = await api.ask("POST", "/api/v1/alerting/receivers/nobody/test")
    assert (answer.status_code, answer.json()) == (200, {"items": []})
    found = await api.fault("POST", "/alerting/receivers/nope/test")
    assert found == (404, "there is no receiver 'nope'; those are nobody")
