"""The pictures of the pages in docs/, taken of a fleet like many are; ``make screenshots`` runs this."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from ..integration.conftest import Hub, Sim, ask, eventually, open_stage
from .conftest import ADMIN_PASSWORD, Fleet
from .people import Person, Theme
from .pictures import PICTURES
from .test_routing import paste

pytestmark = [
    pytest.mark.integration,
    pytest.mark.xdist_group("pictures"),
    pytest.mark.timeout(600),
    pytest.mark.skipif(
        not os.environ.get("FARWATCH_PICTURES"),
        reason="pictures for docs/ are taken when they are wanted: make screenshots",
    ),
]

REAL_TIME = ("--speed", "1")
CLUSTERS = {
    "prod-eu-west-1": (
        {"env": "prod", "region": "eu"},
        ("--nodes", "12", "--pods", "180", "--seed", "5", *REAL_TIME),
    ),
    "prod-us-east-1": (
        {"env": "prod", "region": "us"},
        ("--nodes", "8", "--pods", "120", "--seed", "6", *REAL_TIME),
    ),
    "staging": (
        {"env": "staging", "region": "eu"},
        ("--nodes", "4", "--pods", "60", "--seed", "7", *REAL_TIME),
    ),
}
ROUTES = """\
route:
  receiver: on-call
  group_by: [alertname, cluster]
  group_wait: 30s
  routes:
    - matchers: [severity="critical"]
      receiver: on-call
      group_wait: 0s
    - matchers: [cluster="staging"]
      receiver: platform
      repeat_interval: 1d
    - matchers: [namespace=~"shop|payments"]
      receiver: shop
      group_wait: 5s
receivers:
  - name: on-call
    webhook_configs: [{url: "URL"}]
  - name: platform
    webhook_configs: [{url: "URL"}]
  - name: shop
    webhook_configs: [{url: "URL"}]
"""
INHIBITION = """\
inhibit_rules:
  - source_matchers: [alertname="KubeNodeNotReady"]
    target_matchers: [severity="warning"]
    equal: [cluster, node]
"""


def save_routes(hub: Hub, text: str, note: str) -> None:
    body = {"text": text, "note": note}
    match = {"If-Match": hub.get("/alerting/config")["digest"], "Authorization": f"Bearer {hub.token}"}
    answer = ask("PUT", f"{hub.url}/api/v1/alerting/config", body, match)
    assert answer.status == 200, answer.text


@pytest.fixture(scope="module")
def fleet(chromium: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    """Three clusters, of which one has a bad day."""
    with open_stage(tmp_path_factory.mktemp("pictures")) as stage:
        stage.hub_environment = {**stage.hub_environment, "FARWATCH_ADMIN_PASSWORD": ADMIN_PASSWORD}
        hub = stage.hub("--alerting-editable", "--external-url", "https://farwatch.example.com")
        save_routes(hub, ROUTES.replace("URL", stage.sink.url), "Staging goes to the platform team")
        sims: list[Sim] = []
        for name, (labels, flags) in CLUSTERS.items():
            sim = stage.sim(*flags, name=name)
            stage.linked_agent(hub, name, sim.kubeconfig)
            assert hub.ask("PATCH", f"/api/v1/clusters/{name}", {"labels": labels}).status == 200
            sims.append(sim)
        prod, other, staging = sims
        prod.make_trouble("image-pull", namespace="shop", workload="web")
        prod.make_trouble("crash-loop", namespace="shop", workload="cart")
        prod.make_trouble("memory-pressure")
        other.make_trouble("node-not-ready")
        staging.make_trouble("unschedulable")
        for alertname in ("KubePodImagePullFailed", "KubePodCrashLooping"):
            found = hub.wait_alert(alertname, "prod-eu-west-1")
            eventually(
                lambda key=found["fingerprint"]: (
                    hub.ask("GET", f"/api/v1/alerts/{key}/evidence").status == 200
                ),
                f"evidence of {alertname}",
            )
        yield Fleet(stage, hub, prod, other)


@pytest.fixture
def take(screenshots: Path) -> Callable[..., None]:
    """Keep what somebody sees, as one of the pictures in the list."""

    def take_one(person: Person, name: str, **how: Any) -> None:
        assert name in PICTURES
        person.settle()
        person.page.mouse.move(0, 0)
        person.page.screenshot(path=screenshots / f"{name}.png", **how)

    return take_one


def test_what_a_silence_would_hush(admin: Person, fleet: Fleet, take: Callable[..., None]) -> None:
    found = fleet.hub.wait_alert("KubePodCrashLooping", "prod-eu-west-1")
    page = admin.open(f"/alerts/{found['fingerprint']}")
    page.keyboard.press("s")
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("region", name="What it hushes")).to_contain_text("1")
    dialog.get_by_label("Why").fill("Rolling back to the last good version")
    take(admin, "silence-preview")


def test_objects_and_what_one_went_through(admin: Person, fleet: Fleet, take: Callable[..., None]) -> None:
    page = admin.open("/objects/pods")
    page.get_by_label("Search Pods").fill("web")
    page.get_by_label("Search Pods").blur()
    expect(page.get_by_text("kube-proxy")).to_have_count(0)
    take(admin, "objects")
    admin.open("/clusters/prod-eu-west-1/deployments/shop/web?tab=history")
    rollout = page.get_by_role("listitem").filter(has_text="does-not-exist").first
    rollout.get_by_role("button", name="What changed").click()
    changed = page.get_by_role("region", name="Differences").locator(".cm-content").last
    expect(changed).to_contain_text("does-not-exist")
    take(admin, "object-history")


def test_the_way_of_an_alert(admin: Person, take: Callable[..., None]) -> None:
    page = admin.open("/routing")
    labels = page.get_by_role("combobox", name="Labels of the alert")
    for label in ("alertname=KubePodCrashLooping", "cluster=prod-eu-west-1", "namespace=shop"):
        labels.fill(label)
        page.keyboard.press("Enter")
    expect(page.locator("[data-verdict=taken]")).to_have_count(1)
    take(admin, "routing-tester")


def test_a_change_of_the_configuration(admin: Person, fleet: Fleet, take: Callable[..., None]) -> None:
    page = admin.open("/routing/config")
    editor = page.get_by_role("textbox", name="Alerting configuration")
    expect(editor).to_be_visible()
    before = fleet.hub.get("/alerting/config")["text"]
    editor.click()
    page.keyboard.press("Control+a")
    paste(editor, before.rstrip("\n") + "\n" + INHIBITION)
    expect(page.get_by_role("region", name="What the hub says")).to_contain_text("It can be used")
    page.get_by_role("button", name="Review and save").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Why").fill("A node that is down speaks for what is on it")
    expect(dialog).to_contain_text("inhibit_rules")
    take(admin, "configuration-diff")
    dialog.get_by_role("button", name="Save", exact=True).click()
    expect(dialog).to_have_count(0)


def test_a_cluster_is_added(visit: Callable[..., Person], fleet: Fleet, take: Callable[..., None]) -> None:
    person = visit("admin", ADMIN_PASSWORD, height=1000)
    page = person.open("/clusters/new")
    page.get_by_label("Name", exact=True).fill("edge-berlin")
    page.get_by_role("button", name="Add the cluster").click()
    install = page.get_by_role("region", name="Install")
    expect(install.get_by_label("Command", exact=True)).to_contain_text("kubectl apply")
    expect(page.get_by_role("region", name="Progress").get_by_role("listitem").first).to_be_visible()
    take(person, "onboarding")
    fleet.hub.delete("/clusters/edge-berlin")


def test_what_was_done(admin: Person, take: Callable[..., None]) -> None:
    admin.open("/settings/audit")
    take(admin, "audit-log")


@pytest.mark.parametrize(("theme", "ending"), [(Theme.LIGHT, ""), (Theme.DARK, "-dark")])
def test_the_fleet_and_an_alert(
    visit: Callable[..., Person], fleet: Fleet, take: Callable[..., None], theme: Theme, ending: str
) -> None:
    person = visit("admin", ADMIN_PASSWORD, theme=theme, height=900)
    page = person.open("/")
    take(person, f"overview{ending}")
    found = fleet.hub.wait_alert("KubePodImagePullFailed", "prod-eu-west-1")
    person.open(f"/alerts/{found['fingerprint']}")
    expect(page.get_by_role("region", name="Likely cause")).to_contain_text("spec.template")
    expect(page.get_by_role("heading", name="Why people were paged")).to_be_visible()
    take(person, f"alert{ending}")
