"""What holds on every page: nobody is kept out, nothing sticks out, in both themes, at a desk and on a phone."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from .conftest import ADMIN_PASSWORD
from .people import Person, Theme

pytestmark = [pytest.mark.integration, pytest.mark.xdist_group("e2e"), pytest.mark.timeout(300)]

PAGES = (
    "/",
    "/alerts",
    "/alerts?by=cluster",
    "/silences",
    "/history",
    "/history/noise",
    "/history/notifications",
    "/history/silences",
    "/clusters",
    "/clusters/new",
    "/clusters/shop",
    "/clusters/shop/pods",
    "/clusters/shop/deployments/shop/cart",
    "/objects/nodes",
    "/rules",
    "/routing",
    "/routing/config",
    *(
        f"/settings/{page}"
        for page in (
            "account",
            "people",
            "teams",
            "roles",
            "tokens",
            "receivers",
            "agents",
            "storage",
            "audit",
        )
    ),
)
WIDTHS = {"desk": (1280, 800), "phone": (390, 844)}


@pytest.mark.parametrize("theme", list(Theme))
@pytest.mark.parametrize("size", WIDTHS)
def test_every_page_is_for_everybody(visit: Callable[..., Person], size: str, theme: Theme) -> None:
    width, height = WIDTHS[size]
    person = visit("admin", ADMIN_PASSWORD, width=width, height=height, theme=theme)
    barriers: list[str] = []
    for path in PAGES:
        person.open(path)
        person.take_picture(re.sub(r"\W+", "-", path.strip("/")) or "overview")
        barriers += [f"{path}: {found}" for found in person.find_barriers()]
        barriers += [f"{path}: wider than the window: {found}" for found in person.find_overflow()]
    assert not barriers, "\n" + "\n".join(barriers)
