"""Signing in through an identity provider, in a real browser."""

from __future__ import annotations

import json
import re
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from ..integration.conftest import Hub, open_stage

pytestmark = [pytest.mark.integration, pytest.mark.xdist_group("e2e"), pytest.mark.timeout(300)]

IDP = Path(__file__).parents[1] / "unit" / "hub" / "auth" / "oidc" / "idp.py"
SECRET = "s3cr&t with=odd:signs"
ADA = {"sub": "u-1", "preferred_username": "ada", "name": "Ada", "groups": ["sre"]}


@pytest.fixture(scope="module")
def idp() -> Iterator[str]:
    """The provider's address."""
    process = subprocess.Popen([sys.executable, str(IDP)], stdout=subprocess.PIPE, text=True)
    assert process.stdout
    yield process.stdout.readline().strip()
    process.kill()
    process.wait()
    process.stdout.close()


@pytest.fixture(scope="module")
def hub(chromium: Path, idp: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    folder = tmp_path_factory.mktemp("sso")
    (folder / "secret").write_text(SECRET)
    group = "{group: sre, role: viewer}"
    (folder / "sso.yml").write_text(
        f"providers:\n- {{id: acme, name: Acme, issuer: '{idp}', client_id: farwatch, client_secret_file: secret, "
        f"groups: [{group}]}}\n"
    )
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with open_stage(folder) as stage:
        where = ("--external-url", f"http://127.0.0.1:{port}", "--sso", folder / "sso.yml")
        yield stage.hub(*where, port=port)


@pytest.fixture
def page(browser: Browser, hub: Hub) -> Iterator[Page]:
    context = browser.new_context(base_url=hub.url, locale="en-GB", timezone_id="UTC")
    yield context.new_page()
    context.close()


def tell(idp: str, **wanted: Any) -> None:
    request = urllib.request.Request(f"{idp}/control", json.dumps(wanted).encode(), method="POST")  # noqa: S310
    urllib.request.urlopen(request).close()  # noqa: S310 - on this machine


def test_one_button_leads_to_the_page_that_was_wanted(
    page: Page, hub: Hub, idp: str, screenshots: Path
) -> None:
    tell(idp, lies={}, claims=ADA)
    page.goto("/login?next=%2Falerts")
    page.screenshot(path=screenshots / "single-sign-on-button.png")
    page.get_by_role("link", name=re.compile("Acme")).click()
    expect(page.get_by_role("button", name="Signed in as ada")).to_be_visible()
    assert page.url.startswith(f"{hub.url}/alerts")
    entries = hub.get("/audit", actor="ada", action="session.create")["items"]
    assert [entry["details"]["provider"] for entry in entries] == ["acme"]


def test_what_goes_wrong_is_told_on_the_sign_in_page(page: Page, idp: str, screenshots: Path) -> None:
    tell(idp, lies={"claims": {"nonce": "of somebody else"}}, claims=ADA)
    page.goto("/login")
    page.get_by_role("link", name=re.compile("Acme")).click()
    expect(page.get_by_text("what Acme sent cannot be trusted")).to_be_visible()
    page.screenshot(path=screenshots / "single-sign-on-refused.png")
    expect(page.get_by_label("User name")).to_be_visible()
