"""`farwatch backup restore`, as far as no engine is needed: tests of farwatch.hub.backup and of the chart restore."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

Run = Callable[..., Result]


def restore(run: Run, folder: Path, *more: str, name: str = "latest") -> Result:
    where = ("--backups", str(folder / "backups"), "--data", str(folder / "data"))
    return run("backup", "restore", *where, *more, name)


@pytest.mark.parametrize(
    ("name", "words"), [("latest", "there is no backup in"), ("../x", "there is no backup '../x' in")]
)
def test_what_is_not_there_is_one_line_and_code_1(run: Run, tmp_path: Path, name: str, words: str) -> None:
    result = restore(run, tmp_path, name=name)
    assert result.exit_code == 1
    assert result.stderr.startswith("farwatch: ")
    assert words in result.stderr
    assert result.stderr.count("\n") == 1


def test_a_directory_with_stores_is_refused_or_left_alone(run: Run, tmp_path: Path) -> None:
    (tmp_path / "data" / "telemetry").mkdir(parents=True)
    refused = restore(run, tmp_path)
    assert refused.exit_code == 1
    assert "holds stores already: name an empty one" in refused.stderr
    left = restore(run, tmp_path, "--if-empty")
    assert (left.exit_code, left.stderr) == (0, "")
    assert "holds stores already: nothing is restored" in left.stdout


def test_if_empty_still_needs_a_backup_for_an_empty_one(run: Run, tmp_path: Path) -> None:
    assert restore(run, tmp_path, "--if-empty").exit_code == 1
