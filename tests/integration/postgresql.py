"""A PostgreSQL server of a test's own: in a folder of its own, on a free port of loopback, as a user other than root."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

BINARIES = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
START_SECONDS = 60.0
STOP_SECONDS = 30.0

needs_postgresql = pytest.mark.skipif(
    not BINARIES, reason="no PostgreSQL server below /usr/lib/postgresql: install the package postgresql"
)


class Server:
    """The server; ``url`` leads to a database on it."""

    def __init__(self, folder: Path) -> None:
        self._bin = BINARIES[-1]
        self._folder = folder
        # The server refuses to run as root.
        self._user = pwd.getpwnam("nobody").pw_uid if os.getuid() == 0 else os.getuid()
        os.chown(folder, self._user, -1)
        with socket.create_server(("127.0.0.1", 0)) as free:
            self._port = free.getsockname()[1]
        self._process: subprocess.Popen[bytes] | None = None
        self._run("initdb", "-D", str(folder / "data"), "-U", "farwatch", "-A", "trust", "--no-sync")

    def url(self, database: str = "postgres") -> str:
        return f"postgresql://farwatch@127.0.0.1:{self._port}/{database}"

    def start(self) -> None:
        where = ("-p", str(self._port), "-k", str(self._folder), "-c", "listen_addresses=127.0.0.1")
        # The machine will not lose its power during a test.
        fast = ("-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off")
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [self._bin / "postgres", "-D", str(self._folder / "data"), *where, *fast],
                stdout=log,
                stderr=log,
                user=self._user,
                cwd=self._folder,
            )
        self._run(
            "pg_isready", "-h", "127.0.0.1", "-p", str(self._port), "-t", str(int(START_SECONDS)), wait=True
        )

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """End every connection and the server; with SIGQUIT, without a word of it on the disk."""
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(STOP_SECONDS)
            self._process = None

    def sql(self, statement: str, database: str = "postgres") -> str:
        done = self._run("psql", "-qAt", "-v", "ON_ERROR_STOP=1", "-d", self.url(database), "-c", statement)
        return done.strip()

    def _run(self, program: str, *arguments: str, wait: bool = False) -> str:
        for _ in range(600 if wait else 1):
            done = subprocess.run(
                [self._bin / program, *arguments],
                capture_output=True,
                text=True,
                user=self._user,
                cwd=self._folder,
                check=False,
            )
            if done.returncode == 0:
                return done.stdout
        raise AssertionError(f"{program}: {done.stderr}\n{(self._folder / 'log').read_text()}")


@contextmanager
def serve() -> Iterator[Server]:
    """A server, until the block is left."""
    folder = Path(tempfile.mkdtemp(prefix="farwatch-postgresql-"))
    server = Server(folder)
    try:
        server.start()
        yield server
    finally:
        with suppress(subprocess.TimeoutExpired):
            server.stop(signal.SIGQUIT)  # what it would write is deleted
        shutil.rmtree(folder, ignore_errors=True)
