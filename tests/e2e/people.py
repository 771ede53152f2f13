"""People at a browser: what they do on every page, and what must hold on each."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from enum import Enum
from pathlib import Path
from typing import Any

from playwright.sync_api import ConsoleMessage, Page, Request, expect

AXE = Path(__file__).parents[2] / "ui" / "node_modules" / "axe-core" / "axe.min.js"
TELL_VIOLATIONS = """document.addEventListener("securitypolicyviolation", (event) => console.error(
  "against the policy:", event.effectiveDirective, event.sourceFile, event.lineNumber, event.columnNumber,
  event.target && event.target.outerHTML ? event.target.outerHTML.slice(0, 300) : ""))"""
"""Says what the policy kept from the page, and where it is."""
RULES = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice")


class Theme(Enum):
    """What the person's system prefers."""

    LIGHT = "light"
    DARK = "dark"


class Person:
    """Somebody at a browser.

    Whatever they do, the page must neither throw nor ask for anything of another host, nor break its own
    Content-Security-Policy: ``stop_if_faulty`` sees to that at the end of each test.
    """

    def __init__(self, page: Page, hub: str, screenshots: Path, test: str) -> None:
        self.page = page
        self._hub = hub
        self.faults: list[str] = []
        self._screenshots = screenshots
        self._test = re.sub(r"[^\w-]+", "-", test).strip("-")
        page.add_init_script(TELL_VIOLATIONS)
        page.on("pageerror", lambda error: self.faults.append(f"thrown: {error}"))
        page.on("console", self._hear)
        page.on("request", self._watch)

    def sign_in(self, user: str, password: str) -> None:
        """Go to the console as it asks for a name, and give it."""
        self.page.goto("/login")
        self.page.get_by_label("User name").fill(user)
        self.page.get_by_label("Password", exact=True).fill(password)
        self.page.get_by_role("button", name="Sign in", exact=True).click()
        expect(self.page.get_by_role("button", name=f"Signed in as {user}")).to_be_visible()

    def open(self, path: str) -> Page:
        """Go to a page and wait until it shows what it is about."""
        self.page.goto(path)
        self.settle()
        return self.page

    def settle(self) -> None:
        """Wait until nothing is loading any more."""
        expect(self.page.locator("main h1").first).to_be_visible()
        expect(self.page.locator("[aria-busy=true], [role=status][aria-label^=Loading]")).to_have_count(0)

    def take_picture(self, name: str = "") -> Path:
        """Keep what they see."""
        path = self._screenshots / f"{self._test}{'-' if name else ''}{name}.png"
        self.page.screenshot(path=path)
        return path

    def find_barriers(self) -> list[str]:
        """What axe finds that keeps people out, a line each."""
        self.page.evaluate(AXE.read_text())
        found = self.page.evaluate(
            "tags => axe.run(document, {runOnly: {type: 'tag', values: tags}})", list(RULES)
        )
        return [line for violation in found["violations"] for line in _describe(violation)]

    def find_overflow(self) -> Sequence[str]:
        """What makes the page wider than its window."""
        wide: list[str] = self.page.evaluate(
            """() => document.documentElement.scrollWidth <= document.documentElement.clientWidth ? [] :
            [...document.querySelectorAll('body *')]
              .filter(each => each.getBoundingClientRect().right > document.documentElement.clientWidth + 1)
              .slice(0, 5).map(each => each.outerHTML.slice(0, 200))"""
        )
        return wide

    def stop_if_faulty(self) -> None:
        assert not self.faults, self.faults

    def _hear(self, message: ConsoleMessage) -> None:
        # The browser itself reports each answer of 4xx; those are for the page to show.
        if message.type == "error" and "Failed to load resource" not in message.text:
            self.faults.append(f"console: {message.text}")

    def _watch(self, request: Request) -> None:
        if not request.url.startswith((self._hub, "data:", "blob:")):
            self.faults.append(f"asked for {request.url}")


def _describe(violation: dict[str, Any]) -> list[str]:
    return [
        f"{violation['id']}: {violation['help']}: {node['html'][:200]} {json.dumps(node['any'])[:200]}"
        for node in violation["nodes"]
    ]
