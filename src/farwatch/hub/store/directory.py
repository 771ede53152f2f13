"""The directory that holds everything an embedded hub keeps, claimed by one hub at a time."""

from __future__ import annotations

import errno
import fcntl
import os
from pathlib import Path
from typing import Self

from farwatch.hub.store.errors import DirectoryTakenError, DirectoryUnusableError

_MODE_PRIVATE = 0o700
_MODE_LOCK_FILE = 0o600


class DataDirectory:
    """A claimed data directory: ``records.db``, ``telemetry/`` and the lock ``hub.lock``.

    The claim is an advisory lock (``flock``) on ``hub.lock``. The kernel drops it when the process ends in whatever
    way, so that a killed hub never leaves a stale lock behind; the pid inside the file is for messages only.
    """

    def __init__(self, path: Path, lock: int | None = None) -> None:
        self.path = path
        self._lock = lock

    @classmethod
    def claim(cls, path: Path) -> Self:
        """Make the directory where it is missing, and claim it for this process.

        Raises:
            DirectoryUnusableError: It cannot be made or written to.
            DirectoryTakenError: Another hub has claimed it; the message names its pid.
        """
        try:
            path.mkdir(mode=_MODE_PRIVATE, parents=True, exist_ok=True)
            lock = os.open(path / "hub.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, _MODE_LOCK_FILE)
        except OSError as error:
            raise DirectoryUnusableError(_explain(path, error)) from error
        try:
            _take(path, lock)
        except BaseException:
            os.close(lock)
            raise
        return cls(path, lock)

    @property
    def records(self) -> Path:
        """The SQLite database's file."""
        return self.path / "records.db"

    @property
    def telemetry(self) -> Path:
        """The embedded engine's directory."""
        return self.path / "telemetry"

    def release(self) -> None:
        """Give the claim back. The lock file stays: removing it would race with the next claim."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None


def _take(path: Path, lock: int) -> None:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno not in (errno.EWOULDBLOCK, errno.EACCES):
            raise DirectoryUnusableError(_explain(path, error)) from error
        holder = os.pread(lock, 32, 0).decode(errors="replace").strip() or "unknown"
        raise DirectoryTakenError(
            f"data directory {path} is in use by another hub (pid {holder}): stop that one, or name another directory"
        ) from error
    try:
        os.ftruncate(lock, 0)
        os.pwrite(lock, f"{os.getpid()}\n".encode(), 0)
        _try_writing(path)
    except OSError as error:
        raise DirectoryUnusableError(_explain(path, error)) from error


def _try_writing(path: Path) -> None:
    """A directory may hold a writable lock file and still take no new files."""
    probe = path / f".write-test-{os.getpid()}"
    os.close(os.open(probe, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, _MODE_LOCK_FILE))
    probe.unlink()


def _explain(path: Path, error: OSError) -> str:
    return f"data directory {path} cannot be used: {error.strerror}: make it writable for uid {os.getuid()}, or name another"
