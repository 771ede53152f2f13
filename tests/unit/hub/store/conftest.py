from __future__ import annotations

import subprocess
import sys
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest

from farwatch.hub.store.address import ServerAddress
from farwatch.hub.store.directory import DataDirectory
from farwatch.hub.store.telemetry import Telemetry, TelemetrySettings

from ....integration.clickhouse import ClickHouse, serve

RunScript = Callable[[str], "subprocess.Popen[str]"]


@pytest.fixture(autouse=True)
def _records_begin_migrated() -> None:
    """Records begin with nothing here, as in a hub."""


@pytest.fixture(scope="session")
def template() -> str:
    """And so do they on a server."""
    return "template1"


@pytest.fixture(scope="session")
def clickhouse() -> Iterator[ClickHouse]:
    """One server for all tests of a process; each has a database of its own there."""
    with serve() as server:
        yield server


@pytest.fixture
def address(clickhouse: ClickHouse) -> ServerAddress:
    return ServerAddress.read(clickhouse.url(f"test_{uuid.uuid4().hex}"))


@pytest.fixture(params=["embedded", "server"])
def where(request: pytest.FixtureRequest) -> DataDirectory | ServerAddress:
    """Either place that telemetry may be in: what holds of one must hold of the other."""
    found: DataDirectory | ServerAddress = request.getfixturevalue(
        "directory" if request.param == "embedded" else "address"
    )
    return found


@pytest.fixture
async def telemetry(where: DataDirectory | ServerAddress) -> AsyncIterator[Telemetry]:
    opened = await Telemetry.open(where, TelemetrySettings(batch_seconds=0.01))
    yield opened
    await opened.close()


@pytest.fixture
def run_script(tmp_path: Path) -> Iterator[RunScript]:
    """Runs Python source in a process of its own, with its output as lines; ended with the test."""
    started: list[subprocess.Popen[str]] = []

    def run(source: str) -> subprocess.Popen[str]:
        script = tmp_path / f"script{len(started)}.py"
        script.write_text(source)
        process = subprocess.Popen([sys.executable, str(script)], stdout=subprocess.PIPE, text=True)
        started.append(process)
        return process

    yield run
    for process in started:
        process.kill()
        process.wait()
        assert process.stdout
        process.stdout.close()
