"""The hub's own unit tests once more, on a database that is a server."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parents[2]
UNIT = ROOT / "tests" / "unit" / "hub"
OURS = ("PYTEST_", "COV_")
"""What the environment says of this run, and of none within it."""


def rerun(names: Sequence[str], folder: Path, *, without: Sequence[str] = (), **environment: str) -> int:
    """Run files of ``tests/unit/hub`` in a process of their own; how many tests passed, all of them.

    Args:
        names: The files and folders.
        folder: Where their temporary files go.
        without: Names, or parts of names, of tests that are left out.
        environment: What the tests are told beside our own environment.
    """
    files = [UNIT / name for name in names]
    assert [file for file in files if not file.exists()] == []
    chosen = ("-k", " and ".join(f"not {name}" for name in without)) if without else ()
    options = ("-q", "-n0", "-p", "no:cacheprovider", "--basetemp", folder / "inner", *chosen)
    kept = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *options, *files],
        env=kept | environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-8000:]
    passed = re.search(r"(\d+) passed", done.stdout)
    assert passed
    return int(passed[1])
