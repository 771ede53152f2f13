"""Where the chart is, and how Helm gets it."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import pytest

from farwatch.hub.install import ChartMissingError
from farwatch.hub.install.chart import AGENT_CHART, chart_folders, find_chart, pack_chart, read_version


def make_chart(folder: Path) -> Path:
    chart = folder / AGENT_CHART
    (chart / "templates").mkdir(parents=True)
    (chart / "Chart.yaml").write_text('apiVersion: v2\nname: farwatch-agent\nversion: "1.2.3"\n')
    (chart / "templates" / "a.yaml").write_text("kind: ConfigMap\n")
    return chart


def test_the_chart_comes_with_farwatch() -> None:
    chart = find_chart(AGENT_CHART)
    assert (chart / "values.yaml").is_file()
    assert read_version(chart)


def test_an_installed_package_is_looked_at_before_the_sources(tmp_path: Path) -> None:
    installed, sources = make_chart(tmp_path / "package"), make_chart(tmp_path / "checkout")
    assert find_chart(AGENT_CHART, [tmp_path / "package", tmp_path / "checkout"]) == installed
    assert find_chart(AGENT_CHART, [tmp_path / "none", tmp_path / "checkout"]) == sources
    package, checkout = chart_folders()
    assert (package.parent.name, checkout.name) == ("farwatch", "charts")


def test_a_chart_that_is_missing_is_named_with_where_it_was_sought(tmp_path: Path) -> None:
    with pytest.raises(ChartMissingError, match=f"farwatch-agent is in none of {tmp_path}"):
        find_chart(AGENT_CHART, [tmp_path])


def test_a_packed_chart_holds_its_files_and_has_the_same_bytes_each_time(tmp_path: Path) -> None:
    chart = make_chart(tmp_path)
    packed = pack_chart(chart)
    pack_chart.cache_clear()
    assert pack_chart(chart) == packed
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        assert archive.getnames() == ["farwatch-agent/Chart.yaml", "farwatch-agent/templates/a.yaml"]
    assert read_version(chart) == "1.2.3"
