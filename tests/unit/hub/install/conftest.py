from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from farwatch.hub.fleet import Clusters
from farwatch.hub.install import Installs, Renderer
from farwatch.hub.store.directory import DataDirectory
from farwatch.hub.store.records import Records

EXTERNAL_URL = "https://hub.example"


class Clock:
    """Time set by hand; seconds since the epoch."""

    def __init__(self) -> None:
        self.now = 1_795_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def records(tmp_path: Path) -> AsyncIterator[Records]:
    directory = DataDirectory.claim(tmp_path)
    opened = await Records.open(directory)
    yield opened
    await opened.close()
    directory.release()


@pytest.fixture
def clusters(records: Records, clock: Clock) -> Clusters:
    return Clusters(records, clock)


@pytest.fixture
def installs(records: Records, clusters: Clusters, clock: Clock) -> Installs:
    """With Helm itself, in its own process."""
    return Installs(records, clusters, external_url=EXTERNAL_URL, renderer=Renderer(), clock=clock)
