from __future__ import annotations

import tomllib
from pathlib import Path

from farwatch import __version__

PROJECT = Path(__file__).parents[2] / "pyproject.toml"


def test_the_version_is_the_projects() -> None:
    assert __version__ == tomllib.loads(PROJECT.read_text())["project"]["version"]
