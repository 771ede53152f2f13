from __future__ import annotations

from typing import Any


async def test_the_evidence_of_an_alert_is_shown_as_it_is_kept(api: Any, kube: Any) -> None:
    await api.tell("prod", kube.deployment("web:1"), kube.pod(statuses=[kube.looping()]))
    await api.tell("prod", kube.deployment("web:2", metadata={"resourceVersion": "2"}))
    await api.tell("prod", kube.event("Pod/web-6d4f-x2", "BackOff", count=7))
    alert = kube.alert()

    await api.hub.alerting.put([alert])

    found = await api.get(f"/alerts/{alert.fingerprint}/evidence")
    assert found["fingerprint"] == alert.fingerprint
    assert (found["events"][0]["reason"], found["events"][0]["count"]) == ("BackOff", 7)
    assert found["missing"][0]["code"] == "agent_away"
    assert "not connected" in found["missing"][0]["words"]


async def test_an_alert_without_evidence_is_not_found(api: Any) -> None:
    status, detail = await api.fault("GET", "/alerts/0123456789abcdef/evidence")
    assert status == 404
    assert "no evidence is kept of an alert with the fingerprint '0123456789abcdef'" in detail
