"""Has the configuration read again when its files change in place, as those of a mounted ConfigMap do."""

from __future__ import annotations

import asyncio
import glob
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path

import structlog

from farwatch.hub.alerting.configuration import Configuration
from farwatch.hub.alerting.editing.versions import Cause

_log = structlog.get_logger(__name__)

Trait = tuple[str, int, int, int]
"""Where a file really is, its inode, size, and time of its last change in nanoseconds."""


class ConfigurationWatch:
    """Looks at the configuration's file and its files of templates at regular times.

    By content a look would cost more; by inotify it would miss file systems of networks. Where files are links into a
    folder that is replaced whole, as with ConfigMaps, what they lead to is another file then.

    A file with a fault is read once, changes nothing, and is in the log; it is read again when it is another.

    Args:
        configuration: What is in force.
        interval_seconds: How often; 0: not at all.
        sleep: Waits; tests hand in their own.
    """

    def __init__(
        self,
        configuration: Configuration,
        interval_seconds: float,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._configuration = configuration
        self._interval = interval_seconds
        self._sleep = sleep
        self._seen = self._traits()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin, if it is wanted and there is a file."""
        if self._interval and self._configuration.path is not None:
            self._task = asyncio.create_task(self._run(), name="configuration watch")

    async def stop(self) -> None:
        """Look no more."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def look(self) -> bool:
        """Read the configuration again if a file is another than at the last look; whether it was."""
        found = await asyncio.to_thread(self._traits)
        if found == self._seen:
            return False
        _log.info("alerting configuration changed", path=str(self._configuration.path))
        await self._configuration.try_reload(Cause.CHANGED_FILE)
        # It may name other templates now. What was changed while it was read is seen by the next look.
        self._seen = {path: found[path] if path in found else self._traits_of(path) for path in self._paths()}
        return True

    async def _run(self) -> None:
        while True:
            await self._sleep(self._interval)
            try:
                await self.look()
            except Exception:  # noqa: BLE001 - whatever it was, the next look is to come
                _log.exception("looking for a changed alerting configuration failed")

    def _traits(self) -> dict[str, Trait | None]:
        return {path: self._traits_of(path) for path in self._paths()}

    def _paths(self) -> Iterable[str]:
        if self._configuration.path is None:
            return
        yield str(self._configuration.path)
        for pattern in self._configuration.current.config.templates:
            yield from sorted(glob.glob(pattern))  # noqa: PTH207 - the pattern may be absolute

    @staticmethod
    def _traits_of(path: str) -> Trait | None:
        """None where there is no such file."""
        try:
            real = Path(path).resolve(strict=True)
            found = real.stat()
        except OSError:
            return None
        return str(real), found.st_ino, found.st_size, found.st_mtime_ns
