"""Signing in and out."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from .people import Person

pytestmark = [pytest.mark.integration, pytest.mark.xdist_group("e2e"), pytest.mark.timeout(300)]


def test_a_wrong_password_is_told_and_the_name_is_kept(visit: Callable[..., Person]) -> None:
    person = visit()
    page = person.page
    page.goto("/alerts")
    page.get_by_label("User name").fill("admin")
    page.get_by_label("Password", exact=True).fill("not this one at all")
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("password")
    expect(page.get_by_label("User name")).to_have_value("admin")
    person.take_picture()


def test_who_signs_in_comes_to_the_page_they_wanted(admin: Person) -> None:
    admin.open("/")
    admin.take_picture()
