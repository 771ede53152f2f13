"""Whether the engine really wrote what it said it did."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree as ET

from farwatch.hub.store.errors import TelemetryError

_INVENTORY = ".backup"


def check_copy(folder: Path) -> None:
    """Hold the files of an engine's backup against its own list of them.

    The engine calls a backup made even when the disk was full and its files are empty (chDB 4.4). The list is written last, and
    is as empty then.

    Args:
        folder: What ``BACKUP ... TO File`` wrote.

    Raises:
        TelemetryError: A file is not there, or not of its size.
    """
    try:
        listed = ET.parse(folder / _INVENTORY).getroot()  # noqa: S314 - the engine's own file, written just now
    except (OSError, ET.ParseError):
        raise _not_whole(_INVENTORY) from None
    for file in listed.iter("file"):
        size = int(file.findtext("size") or 0)
        # Files of the same content are written once.
        name = file.findtext("data_file") or file.findtext("name") or ""
        if size and _size(folder / name) != size:
            raise _not_whole(name)


def _size(path: Path) -> int | None:
    try:
        return path.stat().st_size
    except OSError:
        return None


def _not_whole(name: str) -> TelemetryError:
    return TelemetryError(
        f"{name} was not written whole: is the disk for backups full? Free some space there, or keep fewer"
    )
