"""The configuration in force, and how another one takes its place."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from pathlib import Path

import structlog

from farwatch.hub.alerting.config import DEFAULT_FILE, ConfigFile, read
from farwatch.hub.alerting.errors import AlertingError
from farwatch.hub.alerting.service import Alerting

Reloaded = Callable[[str, str], Awaitable[None]]
"""Told of a reload that nobody asked for over HTTP: its cause, and why it failed, empty if it did not."""

_log = structlog.get_logger(__name__)


class NoConfigFileError(AlertingError):
    """The hub was started without a file: there is nothing to read again."""


class Configuration:
    """The file that alerting goes by.

    Args:
        current: What was read at the start.
        alerting: What goes by it.
        clock: Seconds since the epoch.

    Attributes:
        current: What is in force.
        loaded_at: Since when; seconds since the epoch.
        error: Why the last reload failed; empty if it did not.
    """

    def __init__(self, current: ConfigFile, alerting: Alerting, clock: Callable[[], float]) -> None:
        self.current = current
        self.loaded_at = clock()
        self.error = ""
        self._alerting = alerting
        self._clock = clock
        self._reloading = asyncio.Lock()
        self._subscribers: list[Reloaded] = []

    def subscribe(self, reloaded: Reloaded) -> None:
        """Have somebody told of each ``try_reload``."""
        self._subscribers.append(reloaded)

    @property
    def path(self) -> Path | None:
        """The file; None if there is none."""
        return self.current.path

    @property
    def digest(self) -> str:
        """Names what is in force: 64 hex digits that change when it does, its secrets aside."""
        return hashlib.sha256(self.current.text.encode()).hexdigest()

    async def reload(self) -> None:
        """Read the file again, and go on by it.

        Raises:
            NoConfigFileError: There is no file.
            AlertingError: It cannot be used; what was in force stays so.
        """
        if self.path is None:
            raise NoConfigFileError("the hub was started without --alerting: there is no file to read again")
        async with self._reloading:
            try:
                found = await asyncio.to_thread(read, self.path)
                await self._alerting.reload(found.config)
            except AlertingError as error:
                self.error = str(error)
                _log.error(
                    "alerting configuration not reloaded: the one before stays",
                    problems=str(error).splitlines(),
                )
                raise
            self.current, self.loaded_at, self.error = found, self._clock(), ""
        _log.info("alerting configuration reloaded", path=str(self.path), digest=self.digest)

    async def try_reload(self, cause: str) -> None:
        """Read the file again, for who cannot be told of an error: it is in the log.

        Args:
            cause: What it is read again for, such as ``signal``.
        """
        error = ""
        try:
            await self.reload()
        except NoConfigFileError as missing:
            _log.warning("nothing to reload", detail=str(missing))
            return
        except AlertingError as failure:
            error = str(failure)
        for tell in self._subscribers:
            await tell(cause, error)


def first_file(path: Path | None) -> ConfigFile:
    """What a hub begins with: a file, or what holds without one.

    Raises:
        ConfigError: There is something wrong with the file.
    """
    return DEFAULT_FILE if path is None else read(path)
