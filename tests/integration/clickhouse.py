"""A process that speaks ClickHouse's HTTP interface, for one test or many: started, killed, started again on its data."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

SCRIPT = Path(__file__).with_name("clickhouse_server.py")
USER = "hub"
PASSWORD = "p@ss/wörd:1?"
QUOTED = "p%40ss%2Fw%C3%B6rd%3A1%3F"


class ClickHouse:
    """The server; ``url`` leads to a database on it."""

    def __init__(self, folder: Path, certificate: Path | None = None) -> None:
        self._folder = folder
        self._certificate = certificate
        self._process: subprocess.Popen[str] | None = None
        self.port = 0

    def url(self, database: str, password: str = QUOTED) -> str:
        scheme = "https" if self._certificate else "http"
        return f"{scheme}://{USER}:{password}@127.0.0.1:{self.port}/{database}"

    def start(self) -> None:
        """On the port that it had before."""
        command = [sys.executable, SCRIPT, self._folder / "data", str(self.port), USER, PASSWORD]
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [*command, *filter(None, [self._certificate])],
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        assert self._process.stdout
        line = self._process.stdout.readline()
        assert line, (self._folder / "log").read_text()
        self.port = int(line)

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self.wait()

    def wait(self) -> None:
        """Until it has ended."""
        assert self._process
        assert self._process.stdout
        self._process.wait()
        self._process.stdout.close()
        self._process = None

    def misbehave(self, statement: str, fault: str) -> None:
        """With the next ``insert`` or ``select``; the script says how."""
        self._call("POST", f"/-/next/{statement}/{fault}")

    def go_on(self) -> None:
        """With what is slow."""
        self._call("POST", "/-/go")

    def requests(self) -> list[dict[str, str]]:
        """What was asked since its start."""
        found: list[dict[str, str]] = json.loads(self._call("GET", "/-/requests"))
        return found

    def sql(self, statement: str, database: str = "") -> str:
        """What another client gets."""
        return self._call("POST", f"/?database={database}", statement.encode()).strip()

    def _call(self, method: str, path: str, body: bytes | None = None) -> str:
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", body, method=method)
        request.add_header("X-ClickHouse-User", USER)
        request.add_header("X-ClickHouse-Key", PASSWORD.encode().decode("latin-1"))
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310 - its scheme is above
            text: Any = answer.read().decode()
        return str(text)


@contextmanager
def serve(certificate: Path | None = None) -> Iterator[ClickHouse]:
    """A server, until the block is left; with a certificate and its key in PEM, by TLS."""
    with tempfile.TemporaryDirectory(prefix="farwatch-clickhouse-") as folder:
        server = ClickHouse(Path(folder), certificate)
        server.start()
        try:
            yield server
        finally:
            server.kill()
