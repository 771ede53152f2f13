"""The console's own unit tests and the size of what it loads first; both need what `make ui` installs and builds."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from farwatch.hub.console.pages import ConsolePages

UI = Path(__file__).parents[4] / "ui"
MOST_FIRST_BYTES = 350_000


def test_the_units_of_the_console_pass() -> None:
    if shutil.which("node") is None or not (UI / "node_modules" / "vitest").is_dir():
        pytest.skip("the console's tests need Node and what `make ui` installs")
    done = subprocess.run(
        ["node", "node_modules/vitest/vitest.mjs", "run", "--reporter=dot"],
        cwd=UI,
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_what_is_loaded_first_stays_small() -> None:
    pages = ConsolePages()
    if not pages.is_built:
        pytest.skip("the console is not built: `make ui`")
    first = re.findall(r'src="/console/assets/([^"]+\.js)"', pages.page().content.decode())
    preloaded = re.findall(
        r'rel="modulepreload"[^>]*href="/console/assets/([^"]+)"', pages.page().content.decode()
    )
    files = [pages.asset(name) for name in (*first, *preloaded)]
    assert first
    assert sum(len(file.compressed) for file in files if file) < MOST_FIRST_BYTES
