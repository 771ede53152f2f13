from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from farwatch.hub.audit import Audit
from farwatch.hub.store import DataDirectory, Records


class Clock:
    """Seconds since the epoch, which pass when a test says so."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def directory(tmp_path: Path) -> Iterator[DataDirectory]:
    claimed = DataDirectory.claim(tmp_path / "data")
    yield claimed
    claimed.release()


@pytest.fixture
async def records(directory: DataDirectory) -> AsyncIterator[Records]:
    opened = await Records.open(directory)
    yield opened
    await opened.close()


@pytest.fixture
async def audit(records: Records, clock: Clock) -> AsyncIterator[Audit]:
    started = Audit(records, clock)
    await started.start()
    yield started
    await started.stop()
