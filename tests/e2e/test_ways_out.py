"""Where something is missing, the page says how to go on: no address of the hub, no session, no memory of a name."""

from __future__ import annotations

import json
import re

import pytest
from playwright.sync_api import Route, expect

from .conftest import ADMIN_PASSWORD, Fleet
from .people import Person

pytestmark = [pytest.mark.integration, pytest.mark.xdist_group("e2e"), pytest.mark.timeout(300)]


def refuse_link(route: Route) -> None:
    """As a hub answers that was started without ``--external-url``."""
    problem = {"status": 409, "title": "Conflict", "detail": "the hub does not know its address"}
    if route.request.method == "POST":
        route.fulfill(status=409, content_type="application/problem+json", body=json.dumps(problem))
    else:
        route.continue_()


def test_without_an_install_link_a_newcomer_has_the_token_and_a_helm_command(
    admin: Person, fleet: Fleet
) -> None:
    page = admin.open("/clusters/new")
    page.route(re.compile(r"/api/v1/clusters/by-hand/install$"), refuse_link)
    page.get_by_label("Name", exact=True).fill("by-hand")
    page.get_by_role("button", name="Add the cluster").click()
    install = page.get_by_role("region", name="Install")
    expect(install.get_by_text("the hub does not know its address")).to_be_visible()
    expect(install.get_by_text("externalUrl")).to_be_visible()
    expect(install.get_by_label("Token", exact=True)).to_contain_text("export FARWATCH_AGENT_TOKEN=fwa_")
    install.get_by_label(re.compile("address, as the cluster reaches it")).fill("https://hub.example.com")
    command = install.get_by_label("Helm command", exact=True)
    expect(command).to_contain_text("https://hub.example.com/charts/farwatch-agent-")
    expect(command).to_contain_text('clusterName="by-hand"')
    expect(install.get_by_role("button", name=re.compile("^Copy"))).to_have_count(2)
    assert admin.find_barriers() == []
    admin.take_picture()
    fleet.hub.delete("/clusters/by-hand")


def test_the_sign_in_over_a_form_has_the_focus_and_nothing_closes_the_form_below(admin: Person) -> None:
    page = admin.open("/alerts")
    page.get_by_role("button", name="New silence").click()
    form = page.get_by_role("dialog")
    form.get_by_label("Why").fill("long words")
    page.context.clear_cookies()
    # What completes the matchers asks the hub, and is told that the session is over.
    form.get_by_label("Which alerts").fill("clus")
    password = page.get_by_label("Password", exact=True)
    expect(password).to_be_focused()
    page.keyboard.press("Escape")
    expect(password).to_be_focused()
    admin.take_picture()
    password.fill(ADMIN_PASSWORD)
    page.keyboard.press("Enter")
    expect(password).to_have_count(0)
    expect(form.get_by_label("Why")).to_have_value("long words")
    expect(form.get_by_label("Which alerts")).to_be_focused()


def test_an_alerts_runbook_is_told_in_its_page(admin: Person, fleet: Fleet) -> None:
    alert = fleet.hub.wait_alert("KubePodCrashLooping", "shop")
    page = admin.open(f"/alerts/{alert['fingerprint']}")
    runbook = page.get_by_role("region", name=re.compile("^Runbook"))
    expect(runbook.get_by_text("What to do:")).to_be_visible()
    expect(runbook.get_by_role("link", name="open it alone")).to_have_attribute(
        "href", "/runbooks/KubePodCrashLooping"
    )


def test_the_history_completes_the_names_that_it_filters_by(admin: Person, fleet: Fleet) -> None:
    fleet.hub.wait_alert("KubePodCrashLooping", "shop")
    page = admin.open("/history")
    page.get_by_role("combobox", name="Only alerts of this name").or_(
        page.get_by_role("textbox", name="Only alerts of this name")
    ).fill("crashl")
    page.get_by_role("option", name="KubePodCrashLooping").click()
    expect(page).to_have_url(re.compile("alertname=KubePodCrashLooping"))
