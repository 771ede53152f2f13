from __future__ import annotations

import gzip
import re
from pathlib import Path
from typing import Any

import pytest

from farwatch.hub.console.pages import ConsolePages
from farwatch.hub.console.routes import PAGES

UI = Path(__file__).parents[4] / "ui"


@pytest.fixture
async def console(api: Any, built: Path) -> Any:
    """The API of a hub whose console was built."""
    api.client._transport.app.state.console = ConsolePages(built)
    return api


@pytest.fixture
async def bare(api: Any, tmp_path: Path) -> Any:
    """The API of a hub whose console was never built."""
    api.client._transport.app.state.console = ConsolePages(tmp_path / "nothing")
    return api


@pytest.mark.parametrize(
    ("path", "media_type"),
    [
        ("/", "text/html; charset=utf-8"),
        ("/console/icon.svg", "image/svg+xml"),
        ("/console/plain.css", "text/css; charset=utf-8"),
        ("/console/assets/index-1a2b.js", "text/javascript; charset=utf-8"),
        ("/console/assets/inter-3c4d.woff2", "font/woff2"),
        ("/runbooks", "text/html; charset=utf-8"),
        ("/runbooks/KubePodCrashLooping", "text/html; charset=utf-8"),
    ],
)
async def test_files_are_open_and_can_load_nothing_from_elsewhere(
    console: Any, path: str, media_type: str
) -> None:
    answer = await console.ask("GET", path, token=None)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == media_type
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "unsafe" not in answer.headers["content-security-policy"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"


@pytest.mark.parametrize("name", PAGES)
async def test_every_page_of_the_console_can_be_loaded_by_its_address(console: Any, name: str) -> None:
    for path in (f"/{name}", f"/{name}/a/b/-/c"):
        answer = await console.ask("GET", path, token=None)
        assert answer.status_code == 200
        assert "/console/assets/index-1a2b.js" in answer.text
        assert answer.headers["cache-control"] == "no-cache"


async def test_files_with_a_hash_in_their_name_are_kept_for_ever_and_go_compressed(console: Any) -> None:
    path = "/console/assets/index-1a2b.js"
    plain = await console.client.get(path, headers={"accept-encoding": "identity"})
    packed = await console.client.get(path, headers={"accept-encoding": "gzip"})
    assert "immutable" in plain.headers["cache-control"]
    assert "content-encoding" not in plain.headers
    assert packed.headers["content-encoding"] == "gzip"
    assert packed.headers["vary"] == "Accept-Encoding"
    assert packed.content == plain.content
    assert int(packed.headers["content-length"]) == len(gzip.compress(plain.content, mtime=0))


async def test_without_a_build_every_page_says_how_to_make_one(bare: Any) -> None:
    for path in ("/", "/alerts"):
        answer = await bare.ask("GET", path, token=None)
        assert answer.status_code == 200
        assert "make ui" in answer.text


@pytest.mark.parametrize("path", ["/", "/runbooks/KubePodCrashLooping"])
async def test_what_a_page_needs_is_served_and_nothing_stands_inline(bare: Any, path: str) -> None:
    page = (await bare.ask("GET", path, token=None)).text
    needed = re.findall(r'(?:src|href)="(/[^"]*)"', page)
    assert "/console/plain.css" in needed
    for file in needed:
        assert (await bare.ask("GET", file)).status_code == 200, file
    assert not re.search(r"<script(?![^>]*src=)|\sstyle=|\son\w+=", page)


@pytest.mark.parametrize(
    "path",
    [
        "/console/routes.py",
        "/console/..%2froutes.py",
        "/console/%2e%2e/%2e%2e/app.py",
        "/console/assets/gone-0000.js",
        "/console/assets/..%2f..%2findex.html",
        "/runbooks/Nope",
        "/console/",
        "/nowhere",
    ],
)
async def test_nothing_else_is_served(console: Any, path: str) -> None:
    answer = await console.ask("GET", path, token=None)
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"


async def test_a_runbook_is_told_to_whoever_is_signed_in_under_the_address_that_alerts_link_to(
    api: Any,
) -> None:
    told = await api.get("/runbooks/KubePodCrashLooping")
    assert told["url"] == f"{api.hub.external_url}/runbooks/KubePodCrashLooping"
    assert told["paragraphs"]
    assert (await api.fault("GET", "/runbooks/Nope"))[0] == 404
    unknown = await api.ask("GET", "/api/v1/runbooks/KubePodCrashLooping", token=None)
    assert unknown.status_code == 401


async def test_alerts_link_to_runbooks_at_the_address_that_people_use(running: Any) -> None:
    assert running.detect_settings.runbook_url == "https://hub.example/runbooks/{alertname}"


def test_the_hub_serves_the_pages_that_the_console_has() -> None:
    addresses = (UI / "src" / "app" / "paths.ts").read_text()
    first_parts = set(re.findall(r"[`\"]/([a-z]+)", addresses))
    assert first_parts == set(PAGES)
