from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from farwatch.hub.store import DataDirectory, Telemetry, TelemetrySettings


@pytest.fixture
async def telemetry(tmp_path: Path) -> AsyncIterator[Telemetry]:
    directory = DataDirectory.claim(tmp_path / "data")
    store = await Telemetry.open(directory, TelemetrySettings(batch_seconds=0.01))
    yield store
    await store.close()
    directory.release()
