"""A hub with simulated clusters in trouble, and people at real browsers in front of it.

The browser is the machine's own Chromium; where there is none, or the console is not built, these tests are skipped and say
so. Every test gets a screenshot or more in ``FARWATCH_SCREENSHOTS`` (a folder of the test run unless that is set).
"""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, expect, sync_playwright

from farwatch.hub.console.pages import ConsolePages

from ..integration.conftest import Hub, Sim, Stage, open_stage
from ..integration.peers import Peer, find_peer
from .people import Person, Theme

ADMIN_PASSWORD = "a-password-for-one-test-run-only"
CHROMIUM_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
"""Without them it calls home, and as root it does not start."""

WAIT_MILLISECONDS = 30_000
"""A loaded machine is slow, not wrong."""

expect.set_options(timeout=WAIT_MILLISECONDS)


@dataclass
class Fleet:
    """What people look at: ``shop`` is in trouble, ``calm`` is not, ``edge`` has room for more."""

    stage: Stage
    hub: Hub
    shop: Sim
    calm: Sim


@pytest.fixture(scope="session")
def chromium() -> Path:
    if not ConsolePages().is_built:
        pytest.skip("the console is not built: `make ui` (Node 20.19 or newer)")
    return find_peer(Peer.CHROMIUM)


@pytest.fixture(scope="session")
def fleet(chromium: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    """Two clusters with their agents, and a deployment that came to grief by its last rollout."""
    with open_stage(tmp_path_factory.mktemp("e2e")) as stage:
        stage.hub_environment = {**stage.hub_environment, "FARWATCH_ADMIN_PASSWORD": ADMIN_PASSWORD}
        port = _find_port()
        hub = stage.hub("--alerting-editable", "--external-url", f"http://127.0.0.1:{port}", port=port)
        shop = stage.sim("--nodes", "4", "--pods", "60", name="shop")
        calm = stage.sim("--seed", "2", name="calm")
        stage.linked_agent(hub, "shop", shop.kubeconfig)
        stage.linked_agent(hub, "calm", calm.kubeconfig)
        shop.make_trouble("crash-loop", namespace="shop", workload="cart")
        shop.make_trouble("image-pull", namespace="shop", workload="web")
        hub.wait_alert("KubePodCrashLooping", "shop")
        hub.wait_alert("KubePodImagePullFailed", "shop")
        yield Fleet(stage, hub, shop, calm)


def _find_port() -> int:
    """A port that was free a moment ago: install links need the address before the hub has one."""
    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])


@pytest.fixture(scope="module")
def browser(chromium: Path) -> Iterator[Browser]:
    """It goes with its module: as long as it is there, Playwright keeps a loop running, and no other test may have one."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=list(CHROMIUM_FLAGS))
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def screenshots(tmp_path_factory: pytest.TempPathFactory) -> Path:
    wanted = os.environ.get("FARWATCH_SCREENSHOTS")
    folder = Path(wanted) if wanted else tmp_path_factory.mktemp("screenshots")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture
def visit(
    browser: Browser, fleet: Fleet, screenshots: Path, request: pytest.FixtureRequest
) -> Iterator[Callable[..., Person]]:
    """``visit("mia", "a password")`` is somebody who has signed in, in a browser of their own; without a name, nobody has."""
    with ExitStack() as exits:

        def open_browser(
            user: str = "",
            password: str = "",
            *,
            width: int = 1280,
            height: int = 800,
            theme: Theme = Theme.LIGHT,
        ) -> Person:
            context = exits.enter_context(
                _context(browser, base_url=fleet.hub.url, width=width, height=height, theme=theme)
            )
            person = Person(context.new_page(), fleet.hub.url, screenshots, request.node.name)
            exits.callback(person.stop_if_faulty)
            if user:
                person.sign_in(user, password)
            return person

        yield open_browser


@pytest.fixture
def admin(visit: Callable[..., Person]) -> Person:
    """The administrator, signed in."""
    return visit("admin", ADMIN_PASSWORD)


@contextmanager
def _context(
    browser: Browser, *, base_url: str, width: int, height: int, theme: Theme
) -> Iterator[BrowserContext]:
    context = browser.new_context(
        base_url=base_url,
        viewport={"width": width, "height": height},
        color_scheme=theme.value,
        reduced_motion="reduce",
        timezone_id="UTC",
        locale="en-GB",
    )
    context.set_default_timeout(WAIT_MILLISECONDS)
    yield context
    context.close()
