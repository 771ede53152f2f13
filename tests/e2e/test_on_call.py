"""Somebody is paged: why, who knows, what changed before, and peace and quiet."""

from __future__ import annotations

import re
import time
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from ..integration.conftest import eventually
from .conftest import Fleet
from .people import Person

pytestmark = [pytest.mark.integration, pytest.mark.xdist_group("e2e"), pytest.mark.timeout(300)]

LOOPING = "KubePodCrashLooping"
BAD_ROLLOUT = "KubePodImagePullFailed"


def open_alert(person: Person, fleet: Fleet) -> Page:
    """The page of the alert that the shop's trouble raised."""
    fingerprint = fleet.hub.wait_alert(LOOPING, "shop")["fingerprint"]
    return person.open(f"/alerts/{fingerprint}")


def test_from_the_overview_to_the_cause_it_is_one_click(admin: Person, fleet: Fleet) -> None:
    fleet.hub.wait_alert(BAD_ROLLOUT, "shop")
    page = admin.open("/")
    admin.take_picture("overview")
    trouble = page.get_by_role("region", name="Top trouble")
    trouble.get_by_role("link", name=re.compile("image", re.IGNORECASE)).first.click()
    expect(page.get_by_role("heading", name=BAD_ROLLOUT, level=1)).to_be_visible()
    cause = page.get_by_role("region", name="Likely cause")
    expect(cause).to_contain_text("image")
    expect(cause).to_be_in_viewport()
    expect(page.get_by_role("region", name="Timeline")).to_be_visible()
    expect(page.get_by_role("region", name=re.compile("paged"))).to_be_visible()
    admin.settle()
    admin.take_picture("cause")


def test_an_alert_is_acknowledged_by_a_key_and_taken_back(admin: Person, fleet: Fleet) -> None:
    page = open_alert(admin, fleet)
    page.keyboard.press("a")
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Note").fill("rolling back")
    admin.take_picture("asked")
    dialog.get_by_role("button", name="Acknowledge").click()
    expect(dialog).to_have_count(0)
    expect(page.get_by_role("button", name=re.compile("Take back"))).to_be_visible()
    shown = fleet.hub.wait_alert(LOOPING, "shop")
    assert shown["acknowledgement"]["by"] == "admin"
    assert shown["acknowledgement"]["note"] == "rolling back"
    admin.take_picture("acknowledged")
    page.keyboard.press("a")
    page.get_by_role("dialog").get_by_role("button", name="Take back").click()
    expect(page.get_by_role("button", name=re.compile("Acknowledge"))).to_be_visible()


def test_a_silence_shows_what_it_hushes_before_it_is_made(admin: Person, fleet: Fleet) -> None:
    page = open_alert(admin, fleet)
    page.keyboard.press("s")
    dialog = page.get_by_role("dialog")
    preview = dialog.get_by_role("region", name="What it hushes")
    expect(preview).to_contain_text("1")
    dialog.get_by_label("Why").fill("known, a fix is on its way")
    admin.take_picture("preview")
    dialog.get_by_role("button", name="Silence", exact=True).click()
    expect(dialog).to_have_count(0)
    eventually(lambda: fleet.hub.wait_alert(LOOPING, "shop").get("silencedBy"), "the alert is silenced")
    admin.open("/silences")
    expect(page.get_by_text("known, a fix is on its way").first).to_be_visible()
    admin.take_picture("listed")
    for silence in fleet.hub.get("/silences")["items"]:
        if silence["state"] == "active":
            fleet.hub.delete(f"/silences/{silence['id']}")


def test_the_past_shows_a_cluster_as_it_was(admin: Person, fleet: Fleet) -> None:
    fleet.calm.put_namespace("brand-new")
    eventually(lambda: "brand-new" in fleet.hub.names("Namespace", "calm"), "the namespace is known")
    time.sleep(1.1)  # moments in an address are whole seconds
    page = admin.open("/clusters/calm/namespaces")
    expect(page.get_by_text("brand-new").first).to_be_visible()
    page.get_by_role("button", name="Time travel").click()
    bar = page.get_by_role("region", name="Time travel")
    expect(bar).to_be_visible()
    expect(page.get_by_text("brand-new")).to_have_count(0)
    admin.settle()
    admin.take_picture("then")
    page.keyboard.press("t")
    expect(page.get_by_text("brand-new").first).to_be_visible()
    expect(bar).to_have_count(0)


def test_what_changed_is_found_and_shown_as_a_diff(admin: Person, fleet: Fleet) -> None:
    fleet.calm.patch("/api/v1/namespaces/default", {"metadata": {"labels": {"team": "payments"}}})
    eventually(
        lambda: any(
            change["name"] == "default" and change.get("fields") for change in fleet.hub.changes("calm")
        ),
        "the change is known",
    )
    page = admin.open("/clusters/calm/namespaces/-/default")
    expect(page.get_by_text(re.compile("payments")).first).to_be_visible()
    admin.take_picture()


def test_what_is_typed_outlives_the_session(
    admin: Person, fleet: Fleet, visit: Callable[..., Person]
) -> None:
    page = admin.open("/alerts")
    page.get_by_role("button", name="New silence").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Which alerts").fill('alertname="Typed"')
    page.keyboard.press("Enter")
    dialog.get_by_label("Why").fill("long words that nobody wants to type again")
    page.context.clear_cookies()
    # Without a click, which may come too late: anything the page asks for tells it that its session has ended.
    dialog.get_by_role("button", name="Silence", exact=True).dispatch_event("click")
    again = page.get_by_role("dialog").filter(has=page.get_by_label("Password", exact=True))
    expect(again).to_be_visible()
    admin.take_picture("again")
    again.get_by_label("Password", exact=True).fill("a-password-for-one-test-run-only")
    again.get_by_role("button", name="Sign in", exact=True).click()
    expect(again).to_have_count(0)
    expect(dialog.get_by_label("Why")).to_have_value("long words that nobody wants to type again")


def test_markup_in_labels_and_messages_is_text(admin: Person, fleet: Fleet) -> None:
    nasty = "<img src=x onerror=alert(1)><b>bold</b>"
    alert = {
        "labels": {"alertname": "Nasty", "cluster": "shop", "namespace": nasty},
        "annotations": {"summary": nasty},
    }
    assert fleet.hub.ask("POST", "/api/v2/alerts", [alert]).status == 200
    page = admin.open("/alerts?q=Nasty")
    expect(page.get_by_text("Nasty").first).to_be_visible()
    expect(page.locator("main img[src=x]")).to_have_count(0)
    page.get_by_text("Nasty").first.click()
    expect(page.get_by_text("<b>bold</b>").first).to_be_visible()
    admin.take_picture()
