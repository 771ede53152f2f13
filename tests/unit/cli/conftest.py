from __future__ import annotations

from collections.abc import Callable

import pytest
from typer.testing import CliRunner, Result

from farwatch.cli import app

Run = Callable[..., Result]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs a command line with nothing of FARWATCH_* set but what the test says."""
    for name in ("FARWATCH_HUB", "FARWATCH_TOKEN", "FARWATCH_ADMIN_TOKEN"):
        monkeypatch.delenv(name, raising=False)

    def go(*arguments: str, answer: str | None = None, **environment: str) -> Result:
        return CliRunner().invoke(app, arguments, input=answer, env=environment, terminal_width=200)

    return go
