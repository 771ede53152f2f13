"""The two that are compared, each a real process: Alertmanager, and Farwatch's hub in its place."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from ..conftest import Hub, Stage, eventually

REAL, OURS = "alertmanager", "farwatch"
EXTERNAL_URL = "http://alerts.example.com"
STOP_SECONDS = 20.0


@dataclass(frozen=True)
class Side:
    """A running side: its name, and where its Alertmanager API is."""

    name: str
    url: str


class Starter(Protocol):
    """Starts a side on a configuration file, with its data beside that."""

    def __call__(self, name: str, config: Path) -> Side: ...


class Alertmanagers:
    """Starts real Alertmanagers, and ends them."""

    def __init__(self, program: Path) -> None:
        self._program = program
        self._processes: dict[Side, subprocess.Popen[bytes]] = {}

    def start(self, name: str, config: Path) -> Side:
        log = config.with_suffix(".log")
        with log.open("wb") as out:
            process = subprocess.Popen(
                [
                    self._program,
                    f"--config.file={config}",
                    f"--storage.path={config.with_suffix('.data')}",
                    "--cluster.listen-address=",
                    "--web.listen-address=127.0.0.1:0",
                    f"--web.external-url={EXTERNAL_URL}",
                    # What it was told and what is silenced is on disk from then on.
                    "--data.maintenance-interval=1s",
                ],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
            )

        def find_address() -> str:
            assert process.poll() is None, f"Alertmanager ended:\n{log.read_text()}"
            found = re.search(r'"?Listening on"? address=(\S+)', log.read_text())
            return found[1] if found else ""

        try:
            side = Side(name, f"http://{eventually(find_address, 'Alertmanager says where it is')}")
        except BaseException:
            process.kill()
            raise
        self._processes[side] = process
        return side

    def kill(self, side: Side) -> None:
        """End one without a word."""
        process = self._processes.pop(side)
        process.kill()
        process.wait(STOP_SECONDS)

    @contextmanager
    def running(self) -> Iterator[Alertmanagers]:
        try:
            yield self
        finally:
            for process in self._processes.values():
                process.terminate()
            for process in self._processes.values():
                process.wait(STOP_SECONDS)


class Hubs:
    """Starts hubs on a stage, and ends them."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._hubs: dict[Side, Hub] = {}

    def start(self, name: str, config: Path) -> Side:
        hub = self._stage.hub(
            "--alerting",
            config,
            "--alertmanager-listen",
            "127.0.0.1:0",
            "--alertmanager-auth",
            "none",
            "--external-url",
            EXTERNAL_URL,
            data=str(config.with_suffix(".data")),
        )

        def find_address() -> str:
            found = re.search(r"^Alertmanager's API on (\S+)$", hub.output, re.MULTILINE)
            return found[1] if found else ""

        side = Side(name, eventually(find_address, "the hub says where Alertmanager's API is"))
        self._hubs[side] = hub
        return side

    def kill(self, side: Side) -> None:
        """End one without a word."""
        self._hubs.pop(side).kill()

    @contextmanager
    def running(self) -> Iterator[Hubs]:
        try:
            yield self
        finally:
            for hub in self._hubs.values():
                hub.clean_up()
