"""The agent's chart, as it comes with Farwatch."""

from __future__ import annotations

import gzip
import io
import tarfile
from collections.abc import Iterable
from functools import cache
from pathlib import Path

import farwatch
from farwatch.hub.install.errors import ChartMissingError

AGENT_CHART = "farwatch-agent"

_PACKAGE = Path(farwatch.__file__).parent


def chart_folders() -> Iterable[Path]:
    """Where charts may be: in the installed package, or beside the sources of a checkout."""
    return (_PACKAGE / "charts", _PACKAGE.parents[1] / "charts")


def find_chart(name: str, folders: Iterable[Path] | None = None) -> Path:
    """The folder of a chart.

    Raises:
        ChartMissingError: It is in none of the places.
    """
    places = list(chart_folders() if folders is None else folders)
    for folder in places:
        if (folder / name / "Chart.yaml").is_file():
            return folder / name
    raise ChartMissingError(
        f"the chart {name} is in none of {', '.join(map(str, places))}: this installation of Farwatch is not whole; "
        "install it again"
    )


def read_version(chart: Path) -> str:
    """The version in a chart's ``Chart.yaml``.

    Raises:
        ChartMissingError: There is none in it.
    """
    for line in (chart / "Chart.yaml").read_text(encoding="utf-8").splitlines():
        name, _, value = line.partition(":")
        if name == "version":
            return value.strip().strip("\"'")
    raise ChartMissingError(f"{chart / 'Chart.yaml'} names no version: install Farwatch again")


@cache
def pack_chart(chart: Path) -> bytes:
    """A chart as Helm takes it from an address: ``.tgz``, with the same bytes each time."""
    packed = io.BytesIO()
    with (
        gzip.GzipFile(fileobj=packed, mode="wb", mtime=0) as zipped,
        tarfile.open(fileobj=zipped, mode="w", format=tarfile.USTAR_FORMAT) as archive,
    ):
        for file in sorted(path for path in chart.rglob("*") if path.is_file()):
            entry = tarfile.TarInfo(f"{chart.name}/{file.relative_to(chart).as_posix()}")
            content = file.read_bytes()
            entry.size, entry.mode = len(content), 0o644
            archive.addfile(entry, io.BytesIO(content))
    return packed.getvalue()
