"""The programs that Farwatch is compared with, each found on this machine or, where that is wanted, installed.

Debian's packages bring them. They are installed only as root with ``CI=true`` or ``FARWATCH_INSTALL_PEERS=1``: once per
machine, one process at a time, and for a bounded time. A test that misses one is skipped, and says what to install.
``FARWATCH_ALERTMANAGER`` and ``FARWATCH_AMTOOL`` name other binaries: of another version, say.
"""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import subprocess
import tempfile
from enum import StrEnum
from pathlib import Path

import pytest

INSTALL_SECONDS = 240.0


class Peer(StrEnum):
    """A program; its value is the name Debian gives it."""

    ALERTMANAGER = "prometheus-alertmanager"
    AMTOOL = "amtool"
    PROMETHEUS = "prometheus"
    PROMTOOL = "promtool"
    TINYPROXY = "tinyproxy"
    CHROMIUM = "chromium"

    @property
    def package(self) -> str:
        """The Debian package that brings it."""
        return {"amtool": "prometheus-alertmanager", "promtool": "prometheus"}.get(self, self)

    @property
    def other_names(self) -> tuple[str, ...]:
        """What others call it."""
        return ("alertmanager",) if self is Peer.ALERTMANAGER else ()


def find_peer(peer: Peer) -> Path:
    """Where a program is; the test is skipped where it is not."""
    found = _search(peer)
    if found is None and _may_install():
        _install(peer.package)
        found = _search(peer)
    if found is None:
        pytest.skip(
            f"{peer} is not installed: `apt-get install {peer.package}`, or as root FARWATCH_INSTALL_PEERS=1"
        )
    return found


def version(program: Path) -> tuple[int, ...]:
    """What version a program says it is."""
    done = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=30, check=True)
    found = re.search(r"version (\d+)\.(\d+)\.(\d+)", done.stdout + done.stderr)
    assert found, f"{program} does not tell its version: {done.stdout}{done.stderr}"
    return tuple(map(int, found.groups()))


def _search(peer: Peer) -> Path | None:
    for name in (os.environ.get(f"FARWATCH_{peer.name}"), peer, *peer.other_names):
        if name and (found := shutil.which(name)):
            return Path(found)
    return None


def _may_install() -> bool:
    wanted = os.environ.get("CI") == "true" or os.environ.get("FARWATCH_INSTALL_PEERS") == "1"
    return wanted and os.geteuid() == 0 and shutil.which("apt-get") is not None


def _install(package: str) -> None:
    """Try to, once per machine: a failure is remembered, too, and leaves the test skipped."""
    folder = Path(tempfile.gettempdir())
    with (folder / "farwatch-peers.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        tried = folder / f"farwatch-peers-{package}.tried"
        if tried.exists():
            return
        tried.touch()
        for command in (["update"], ["install", "--yes", "--no-install-recommends", package]):
            _run_apt(command)


def _run_apt(command: list[str]) -> None:
    # Debian's packages start their services, but not at run level 1.
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive", "RUNLEVEL": "1"}
    try:
        subprocess.run(
            ["apt-get", "--quiet", *command],
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=INSTALL_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return
