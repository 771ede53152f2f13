"""What an alert carries, end to end: the container's last lines, the warnings, and the rollout that brought it about."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

pytestmark = [pytest.mark.integration, pytest.mark.xdist_group("evidence")]

CLUSTER = "prod-eu-west-1"
DEPLOYMENT = "/apis/apps/v1/namespaces/shop/deployments/web"
CONFIG_MAPS = "/api/v1/namespaces/shop/configmaps"
SETTINGS = "web-settings"
NEW_IMAGE = "registry.example/web:9.9.9"


def roll_out(sim: Any, image: str) -> str:
    """Another image for the workload, and settings from a ConfigMap; the image it had."""
    template = sim.call("GET", DEPLOYMENT)["spec"]["template"]["spec"]
    name, before = template["containers"][0]["name"], template["containers"][0]["image"]
    container = {"name": name, "image": image, "envFrom": [{"configMapRef": {"name": SETTINGS}}]}
    patch = {"spec": {"template": {"spec": {"containers": [container]}}}}
    sim.call("PATCH", DEPLOYMENT, patch, "application/strategic-merge-patch+json")
    return str(before)


def evidence_of(hub: Any, told: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = hub.get(f"/alerts/{told['fingerprint']}/evidence")
    return found


def test_a_crash_loop_carries_the_last_lines_and_the_rollout_before_it_and_keeps_them(
    stage: Any, eventually: Callable[..., Any]
) -> None:
    sim, hub = stage.sim(), stage.hub()
    stage.linked_agent(hub, CLUSTER, sim.kubeconfig)
    sim.call("POST", CONFIG_MAPS, {"metadata": {"name": SETTINGS}, "data": {"LEVEL": "info"}})
    old_image = roll_out(sim, NEW_IMAGE)
    sim.patch(f"{CONFIG_MAPS}/{SETTINGS}", {"data": {"LEVEL": "a-new-value"}})
    eventually(
        lambda: any(
            field["path"].endswith(".image") and field["after"] == NEW_IMAGE
            for change in hub.changes(CLUSTER, kind="Deployment", name="web")
            for field in change.get("fields", ())
        ),
        "the rollout is seen",
    )
    (updated, _) = eventually(
        lambda: len(found := hub.changes(CLUSTER, kind="ConfigMap", name=SETTINGS)) == 2 and found,
        "the new setting is seen",
    )
    assert "a-new-value" not in str(updated)
    sim.make_trouble("crash-loop", namespace="shop", workload="web")

    told = stage.sink.wait_told("KubePodCrashLooping")

    found = evidence_of(hub, told)
    rollout, setting = found["changes"][:2]
    assert (rollout["relation"], rollout["effect"]) == ("subject", "rollout")
    assert rollout["words"].startswith(f"image of app {old_image} → {NEW_IMAGE}, envFrom of app ")
    assert (setting["relation"], setting["effect"]) == ("configuration", "content")
    assert (setting["name"], setting["words"]) == (SETTINGS, "LEVEL changed")
    failed = next(log for log in found["logs"] if log.get("failed"))
    assert failed["container"] == "app"
    assert "no such host" in failed["text"]
    assert failed["pod"].startswith("web-")
    assert failed["text"].rstrip().endswith("exit status 1")
    assert told["evidence"]["logs"][-1].endswith("exit status 1")
    assert f"{old_image} → {NEW_IMAGE}" in told["evidence"]["changes"][0]
    assert hub.metric("farwatch_evidence_gathered_total") >= 1

    hub.kill()
    again = stage.restart(hub)

    assert evidence_of(again, told) == found


def test_where_the_agents_owner_allows_no_logs_the_alert_says_so_and_has_the_rest(stage: Any) -> None:
    sim, hub = stage.sim(), stage.hub()
    stage.linked_agent(hub, CLUSTER, sim.kubeconfig, "--allowed-calls", "agent.status")
    sim.make_trouble("crash-loop", namespace="shop", workload="web")

    told = stage.sink.wait_told("KubePodCrashLooping")

    found = evidence_of(hub, told)
    assert not found.get("logs")
    assert {(gap["part"], gap["code"]) for gap in found["missing"]} == {("logs", "not_allowed")}
    (missing,) = told["evidence"]["missing"]
    assert missing.startswith("logs: ")


def test_a_message_that_may_not_wait_goes_at_once_and_the_evidence_is_there_later(
    stage: Any, eventually: Callable[..., Any]
) -> None:
    sim, hub = stage.sim(), stage.hub("--evidence-wait", "0")
    agent = stage.linked_agent(hub, CLUSTER, sim.kubeconfig)
    sim.make_trouble("crash-loop", namespace="shop", workload="web")

    told = stage.sink.wait_told("KubePodCrashLooping")

    found = evidence_of(hub, told)
    assert found["logs"]
    assert hub.metric("farwatch_evidence_late_total") >= 1
    assert agent.find_log(event="serving a call", method="pod.logs")["params"]["namespace"] == "shop"
