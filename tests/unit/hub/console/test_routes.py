from __future__ import annotations

import re
from typing import Any

import pytest


@pytest.mark.parametrize(
    ("path", "media_type"),
    [
        ("/", "text/html; charset=utf-8"),
        ("/console/console.css", "text/css; charset=utf-8"),
        ("/console/console.js", "text/javascript; charset=utf-8"),
        ("/runbooks", "text/html; charset=utf-8"),
        ("/runbooks/KubePodCrashLooping", "text/html; charset=utf-8"),
    ],
)
async def test_files_are_open_and_can_load_nothing_from_elsewhere(
    api: Any, path: str, media_type: str
) -> None:
    answer = await api.ask("GET", path, token=None)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == media_type
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "unsafe" not in answer.headers["content-security-policy"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"


@pytest.mark.parametrize("path", ["/", "/runbooks/KubePodCrashLooping"])
async def test_what_a_page_needs_is_served_and_nothing_stands_inline(api: Any, path: str) -> None:
    page = (await api.ask("GET", path, token=None)).text
    needed = re.findall(r'(?:src|href)="(/[^"]*)"', page)
    assert "/console/console.css" in needed
    for file in needed:
        assert (await api.ask("GET", file, token=None)).status_code == 200, file
    assert not re.search(r"<script(?![^>]*src=)|\sstyle=|\son\w+=", page)


@pytest.mark.parametrize(
    "path",
    [
        "/console/routes.py",
        "/console/..%2froutes.py",
        "/console/%2e%2e/%2e%2e/app.py",
        "/runbooks/Nope",
        "/console/",
    ],
)
async def test_nothing_else_is_served(api: Any, path: str) -> None:
    answer = await api.ask("GET", path, token=None)
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"


async def test_alerts_link_to_runbooks_at_the_address_that_people_use(running: Any) -> None:
    assert running.detect_settings.runbook_url == "https://hub.example/runbooks/{alertname}"
