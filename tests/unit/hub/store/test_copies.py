"""The engine says that a backup was made; what it wrote is looked at."""

from __future__ import annotations

from pathlib import Path

import pytest

from farwatch.hub.store.copies import check_copy
from farwatch.hub.store.directory import DataDirectory
from farwatch.hub.store.errors import TelemetryError
from farwatch.hub.store.tables import ChangeRow, Table
from farwatch.hub.store.telemetry import Telemetry, TelemetrySettings


@pytest.fixture
async def copy(directory: DataDirectory, tmp_path: Path) -> Path:
    """A real one."""
    telemetry = await Telemetry.open(directory, TelemetrySettings(batch_seconds=0.01, backups=tmp_path))
    row = ChangeRow(1, 0.0, "dev", "Pod", "shop", "cart", "uid", "created", False, "1", "{}")
    await telemetry.insert(Table.CHANGES, [row])
    await telemetry.backup(tmp_path / "copy")
    await telemetry.close()
    return tmp_path / "copy"


async def test_what_is_whole_is_taken(copy: Path) -> None:
    check_copy(copy)


async def test_every_file_that_is_short_or_gone_is_found(copy: Path) -> None:
    files = [path for path in copy.rglob("*") if path.is_file() and path.stat().st_size]
    assert len(files) > 20
    for path in files:
        content = path.read_bytes()
        for broken in (b"", content[:-1]):
            path.write_bytes(broken)
            with pytest.raises(TelemetryError, match="not written whole: is the disk for backups full"):
                check_copy(copy)
        path.unlink()
        with pytest.raises(TelemetryError, match="not written whole"):
            check_copy(copy)
        path.write_bytes(content)
    check_copy(copy)
