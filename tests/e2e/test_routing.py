"""Who is told of what: the tester, and the configuration edited, broken, saved and rolled back."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, expect

from .conftest import Fleet
from .people import Person

pytestmark = [pytest.mark.integration, pytest.mark.xdist_group("e2e"), pytest.mark.timeout(300)]


def paste(editor: Locator, text: str) -> None:
    """Put a text where the cursor is, as people paste it: typed, the editor would indent and complete it."""
    editor.evaluate(
        """(node, text) => {
          const data = new DataTransfer();
          data.setData("text/plain", text);
          node.dispatchEvent(new ClipboardEvent("paste", {clipboardData: data, bubbles: true, cancelable: true}));
        }""",
        text,
    )


def test_the_way_of_an_alert_lights_up(admin: Person) -> None:
    page = admin.open("/routing")
    expect(page.get_by_role("list", name="Routes")).to_contain_text("sink")
    page.get_by_role("combobox", name="Labels of the alert").fill("alertname=Any")
    page.keyboard.press("Enter")
    expect(page.locator("[data-verdict=taken]")).to_have_count(1)
    expect(page).to_have_url(re.compile("label=alertname"))
    admin.take_picture()


def test_the_configuration_is_edited_broken_saved_and_rolled_back(admin: Person, fleet: Fleet) -> None:
    page = admin.open("/routing/config")
    editor = page.get_by_role("textbox", name="Alerting configuration")
    expect(editor).to_be_visible()
    before = fleet.hub.get("/alerting/config")["text"]

    editor.click()
    page.keyboard.press("Control+End")
    paste(editor, "\ntime_intervalls: []\n")
    verdict = page.get_by_role("region", name="What the hub says")
    expect(verdict).to_contain_text("time_intervalls")
    expect(page.get_by_role("button", name="Review and save")).to_be_disabled()
    admin.take_picture("broken")

    page.keyboard.press("Control+a")
    paste(editor, before.rstrip("\n") + "\ntime_intervals:\n  - name: nights\n    time_intervals: []\n")
    expect(verdict).to_contain_text("It can be used")
    page.get_by_role("button", name="Review and save").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Why").fill("name the nights")
    expect(dialog).to_contain_text("nights")
    admin.take_picture("review")
    dialog.get_by_role("button", name="Save", exact=True).click()
    expect(dialog).to_have_count(0)
    assert "nights" in fleet.hub.get("/alerting/config")["text"]

    versions = page.get_by_role("region", name="Versions")
    expect(versions).to_contain_text("name the nights")
    versions.get_by_role("button").last.click()
    admin.take_picture("versions")
    page.get_by_role("dialog").get_by_role("button", name="Roll back to this version").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert "nights" not in fleet.hub.get("/alerting/config")["text"]
