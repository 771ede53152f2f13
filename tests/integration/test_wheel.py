"""What the wheel holds beside the code: the charts that the hub renders, and the built console."""

from __future__ import annotations

import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

pytestmark = pytest.mark.integration

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built by its own back-end, which needs no network."""
    pytest.importorskip("hatchling", reason="hatchling builds the wheel")
    folder = tmp_path_factory.mktemp("dist")
    build = (sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder))
    done = subprocess.run(build, cwd=ROOT, capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == 0, done.stderr
    (built,) = folder.glob("*.whl")
    return built


def test_the_charts_are_in_it_as_they_are_in_the_sources(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        packed = {
            name.removeprefix("farwatch/charts/"): archive.read(name)
            for name in archive.namelist()
            if name.startswith("farwatch/charts/")
        }
    sources = {
        path.relative_to(ROOT / "charts").as_posix(): path.read_bytes()
        for path in (ROOT / "charts").rglob("*")
        if path.is_file()
    }
    assert "farwatch-agent/Chart.yaml" in packed
    assert packed == sources


def test_the_console_is_in_it_ready(wheel: Path) -> None:
    built = ROOT / "src/farwatch/hub/console/dist"
    if not (built / "index.html").is_file():
        pytest.skip("the console is not built: `make ui`")
    prefix = "farwatch/hub/console/dist/"
    with zipfile.ZipFile(wheel) as archive:
        packed = {name.removeprefix(prefix) for name in archive.namelist() if name.startswith(prefix)}
        page = archive.read(prefix + "index.html").decode()
    assert {path.relative_to(built).as_posix() for path in built.rglob("*") if path.is_file()} == packed
    needed = re.findall(r'(?:src|href)="/([^"]+)"', page)
    assert needed
    assert set(needed) <= packed


def test_installed_from_it_the_hub_finds_the_chart_and_renders_it(wheel: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path)
    script = (
        "import asyncio, farwatch\n"
        "from farwatch.hub.install import Renderer\n"
        "from farwatch.hub.install.chart import find_chart\n"
        "chart = find_chart('farwatch-agent')\n"
        "values = {'hub': {'url': 'https://hub.example'}, 'agentToken': 'fwa_0'}\n"
        "text = asyncio.run(Renderer().render(chart, release='r', namespace='watch', values=values))\n"
        "print(chart, 'kind: Deployment' in text)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        env={"PYTHONPATH": str(tmp_path), "PATH": "/usr/bin:/bin"},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.stdout.split() == [str(tmp_path / "farwatch/charts/farwatch-agent"), "True"], done.stderr
