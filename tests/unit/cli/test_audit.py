"""`farwatch audit verify` without a hub: of a data directory, and of an export."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

from farwatch.hub.audit import Action, Audit
from farwatch.hub.audit.export import to_lines
from farwatch.hub.store import DataDirectory, Records

Run = Callable[..., Result]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a hub's data directory, and an export of its log."""
    folder = tmp_path_factory.mktemp("audit")

    async def write() -> None:
        claimed = DataDirectory.claim(folder / "data")
        records = await Records.open(claimed)
        audit = Audit(records, lambda: 1_800_000_000.0)
        await audit.start()
        for _ in range(3):
            await audit.record(Action.BACKUP_CREATE)
        with (folder / "log.ndjson").open("wb") as export:
            async for found in audit.batches():
                export.write(to_lines(found))
        await audit.stop()
        await records.close()
        claimed.release()

    asyncio.run(write())
    return folder


def head(run: Run, *where: str) -> str:
    result = run("audit", "verify", *where, "--json")
    assert result.exit_code == 0, result.output
    found: str = json.loads(result.stdout)["head"]["hash"]
    return found


def test_a_data_directory_and_an_export_of_it_have_the_same_head(run: Run, made: Path) -> None:
    noted = head(run, "--data", str(made / "data"))
    assert head(run, str(made / "log.ndjson")) == noted
    result = run("audit", "verify", "--data", str(made / "data"), "--head", noted)
    assert result.exit_code == 0
    assert result.stdout.splitlines()[0] == "4 entries, all as they were written."
    assert result.stdout.splitlines()[-1] == noted


def test_a_changed_entry_is_named_and_ends_with_code_1(run: Run, made: Path, tmp_path: Path) -> None:
    lines = (made / "log.ndjson").read_bytes().splitlines(keepends=True)
    changed = tmp_path / "changed"
    changed.write_bytes(b"".join([*lines[:2], lines[2].replace(b"backup", b"backupp"), lines[3]]))
    result = run("audit", "verify", str(changed))
    assert result.exit_code == 1
    assert result.stdout.startswith("BROKEN at entry 3 (changed): entry 3 was changed: its hash is not that")


def test_a_database_that_lost_its_end_is_found_by_the_noted_head(
    run: Run, made: Path, tmp_path: Path
) -> None:
    noted = head(run, "--data", str(made / "data"))
    with (
        sqlite3.connect(made / "data" / "records.db") as whole,
        sqlite3.connect(tmp_path / "records.db") as copy,
    ):
        whole.backup(copy)
        copy.execute("DELETE FROM audit_entries WHERE sequence = 4")
    assert run("audit", "verify", "--data", str(tmp_path)).exit_code == 0
    result = run("audit", "verify", "--data", str(tmp_path), "--head", noted)
    assert result.exit_code == 1
    assert "BROKEN at entry 4 (missing)" in result.stdout


def test_a_part_of_an_export_holds_where_that_is_said(run: Run, made: Path, tmp_path: Path) -> None:
    part = tmp_path / "part"
    part.write_bytes(b"".join((made / "log.ndjson").read_bytes().splitlines(keepends=True)[2:]))
    assert (
        "BROKEN at entry 1 (missing): entries 1 to 2 are missing" in run("audit", "verify", str(part)).stdout
    )
    assert run("audit", "verify", str(part), "--part").exit_code == 0


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("/nowhere",), 1, "/nowhere cannot be read: No such file"),
        (
            ("--data", "/nowhere"),
            1,
            "there are no records at /nowhere/records.db: is /nowhere a hub's data directory?",
        ),
        (("--database", "mysql://x"), 1, "is not of the form postgresql://"),
        (("--database-file", "/nowhere"), 1, "--database-file /nowhere cannot be read"),
        (("x", "--data", "y"), 2, "each name another log: give one of them"),
        (("--part",), 2, "--part is for a file: give one"),
    ],
)
def test_what_cannot_be_verified_is_one_line(
    run: Run, arguments: tuple[str, ...], code: int, words: str
) -> None:
    result = run("audit", "verify", *arguments)
    assert result.exit_code == code
    assert result.stderr.startswith("farwatch: ")
    assert words in result.stderr
    assert result.stderr.count("\n") == 1


def test_a_database_without_a_log_is_told(run: Run, tmp_path: Path) -> None:
    sqlite3.connect(tmp_path / "records.db").execute("CREATE TABLE x (y)").connection.close()
    result = run("audit", "verify", "--data", str(tmp_path))
    assert result.exit_code == 1
    assert "no audit log can be read from" in result.stderr
