"""Somebody's first day: a cluster joins, a colleague is let in."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from .conftest import Fleet
from .people import Person

pytestmark = [pytest.mark.integration, pytest.mark.xdist_group("e2e"), pytest.mark.timeout(300)]


def test_a_cluster_is_added_and_watched_as_it_comes(admin: Person, fleet: Fleet) -> None:
    page = admin.open("/clusters")
    page.get_by_role("button", name="Add cluster").click()
    page.get_by_label("Name", exact=True).fill("Not A Name")
    page.get_by_label("Name", exact=True).blur()
    expect(page.get_by_text(re.compile("lower-case|lower case|letters", re.IGNORECASE)).first).to_be_visible()
    admin.take_picture("refused")
    page.get_by_label("Name", exact=True).fill("edge")
    page.get_by_role("button", name="Add the cluster").click()
    install = page.get_by_role("region", name="Install")
    expect(install.get_by_label("Command", exact=True)).to_contain_text("kubectl apply")
    admin.take_picture("install")
    install.get_by_text("Helm", exact=True).click()
    token = re.search(r"FARWATCH_AGENT_TOKEN=(\S+)", install.inner_text())
    assert token, install.inner_text()
    progress = page.get_by_role("region", name="Progress")
    expect(progress.get_by_role("listitem").first).to_be_visible()
    admin.take_picture("waiting")

    sim = fleet.stage.sim("--seed", "3", name="edge")
    agent = fleet.stage.agent(fleet.hub, token[1], sim.kubeconfig)
    expect(page.get_by_role("link", name="Open edge")).to_be_visible(timeout=60_000)
    admin.take_picture("here")

    page.get_by_role("button", name="Send a test").click()
    expect(page.get_by_text("webhook: delivered")).to_be_visible()
    admin.take_picture("told")
    page.get_by_role("link", name="Open edge").click()
    expect(page.get_by_role("heading", name="edge", level=1)).to_be_visible()
    agent.clean_up()
    fleet.hub.delete("/clusters/edge")


def test_a_viewer_of_one_namespace_sees_no_more_and_is_told_what_is_missing(
    admin: Person, visit: Callable[..., Person], fleet: Fleet
) -> None:
    page = admin.open("/settings/people")
    page.get_by_role("button", name="Add somebody").click()
    page.get_by_label("User name").fill("vera")
    page.get_by_role("textbox", name="Only in these namespaces").or_(
        page.get_by_role("combobox", name="Only in these namespaces")
    ).fill("kube-system")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Add", exact=True).click()
    secret = page.get_by_label("Temporary password", exact=True).inner_text()
    admin.take_picture("password")
    page.get_by_role("button", name="I have kept it").click()
    expect(page.get_by_text("viewer in the namespace kube-system").first).to_be_visible()
    admin.take_picture("grants")

    vera = visit()
    theirs = vera.page
    theirs.goto("/alerts")
    theirs.get_by_label("User name").fill("vera")
    theirs.get_by_label("Password", exact=True).fill(secret)
    theirs.get_by_role("button", name="Sign in", exact=True).click()
    expect(theirs.get_by_role("heading", name="Choose a password")).to_be_visible()
    vera.take_picture("must-change")
    theirs.get_by_label("The one you signed in with").fill(secret)
    theirs.get_by_label("Your own", exact=True).fill("a long one of her own")
    theirs.get_by_label("Your own, again").fill("a long one of her own")
    theirs.get_by_role("button", name="Go on").click()
    expect(theirs.get_by_role("button", name="Signed in as vera")).to_be_visible()
    vera.open("/objects/pods")
    expect(theirs.get_by_text("kube-proxy").first).to_be_visible()
    expect(theirs.get_by_text("CrashLoopBackOff")).to_have_count(0)
    vera.take_picture("pods")
    vera.open("/routing")
    expect(theirs.get_by_role("alert")).to_contain_text("alerting.read")
    vera.take_picture("forbidden")
    vera.open("/clusters")
    expect(theirs.get_by_role("button", name="Add cluster")).to_have_attribute("aria-disabled", "true")
