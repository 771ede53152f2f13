from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from farwatch.hub.store.directory import DataDirectory
from farwatch.hub.store.errors import DirectoryTakenError, DirectoryUnusableError

HOLD = """
import time
from pathlib import Path
from farwatch.hub.store.directory import DataDirectory
held = DataDirectory.claim(Path({path!r}))
print("held", flush=True)
time.sleep(60)
"""


def test_a_missing_directory_is_made_for_its_owner_alone(tmp_path: Path) -> None:
    directory = DataDirectory.claim(tmp_path / "a" / "b")
    assert directory.path.stat().st_mode & 0o077 == 0
    directory.release()


def test_a_second_hub_is_refused_in_one_line_that_names_the_pid(directory: DataDirectory) -> None:
    with pytest.raises(DirectoryTakenError, match=rf"in use by another hub \(pid {os.getpid()}\)") as refused:
        DataDirectory.claim(directory.path)
    assert "\n" not in str(refused.value)


def test_a_released_directory_can_be_claimed_again(directory: DataDirectory) -> None:
    directory.release()
    DataDirectory.claim(directory.path).release()


def test_a_refused_claim_does_not_break_the_one_that_holds(directory: DataDirectory) -> None:
    for _ in range(2):
        with pytest.raises(DirectoryTakenError):
            DataDirectory.claim(directory.path)


def test_a_killed_hub_leaves_no_stale_claim(tmp_path: Path, run_script: Any) -> None:
    holder = run_script(HOLD.format(path=str(tmp_path)))
    assert holder.stdout.readline() == "held\n"
    with pytest.raises(DirectoryTakenError, match=f"pid {holder.pid}"):
        DataDirectory.claim(tmp_path)
    holder.kill()
    holder.wait()
    DataDirectory.claim(tmp_path).release()


def test_a_path_that_cannot_be_a_directory_is_named_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(
        DirectoryUnusableError, match=r"file/data cannot be used: Not a directory: make it writable"
    ):
        DataDirectory.claim(tmp_path / "file" / "data")


@pytest.mark.skipif(os.getuid() == 0, reason="root may write anywhere")
def test_an_unwritable_directory_is_named_in_one_line(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(DirectoryUnusableError, match="Permission denied"):
        DataDirectory.claim(tmp_path)
