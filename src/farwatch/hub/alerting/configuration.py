"""The configuration in force, and how another one takes its place."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple, Self

import msgspec
import structlog

from farwatch.hub.alerting.config import DEFAULT_FILE, ConfigError, ConfigFile, parse, read
from farwatch.hub.alerting.document import Problem
from farwatch.hub.alerting.editing.files import foreign_files, why_not_writable, write_file
from farwatch.hub.alerting.editing.masking import restore, show
from farwatch.hub.alerting.editing.nodes import size_problem
from farwatch.hub.alerting.editing.versions import Cause, Version, Versions, check_note
from farwatch.hub.alerting.errors import AlertingError
from farwatch.hub.alerting.service import Alerting

EDITED = "alerting configuration"
"""What a text that is edited is called in problems."""

_NO_FILE = "the hub was started without --alerting: there is no file to read again"

Told = Callable[[Cause, str], Awaitable[None]]
"""Told that another configuration holds, by which cause; or why what was read again cannot, empty if it can."""

_log = structlog.get_logger(__name__)


class NoConfigFileError(AlertingError):
    """The hub was started without a file: there is nothing to read again."""


class ConfigLockedError(AlertingError):
    """The configuration cannot be edited here."""


class ConfigChangedError(AlertingError):
    """Somebody has saved another configuration since this one was read."""


class Configuration:
    """The configuration that alerting goes by, and those before it.

    Where there is a file, that is what holds. Without one, it is the newest version in the records.

    Args:
        current: What was read at the start.
        alerting: What goes by it.
        clock: Seconds since the epoch.
        versions: Where versions are kept; None: nowhere, and it cannot be edited.
        file_editable: Whether the file may be written.
        directory: Where relative names of files begin, in what is edited without a file.

    Attributes:
        current: What is in force.
        shown: It as it was written, without its secrets.
        digest: Names it: 64 hex digits that change when it does, its secrets aside.
        loaded_at: Since when; seconds since the epoch.
        error: Why the last reload failed; empty if it did not.
        versions: Where versions are kept.
    """

    def __init__(
        self,
        current: ConfigFile,
        alerting: Alerting,
        clock: Callable[[], float],
        *,
        versions: Versions | None = None,
        file_editable: bool = False,
        directory: Path = Path(),
    ) -> None:
        self._alerting = alerting
        self._clock = clock
        self._reloading = asyncio.Lock()
        self._subscribers: list[Told] = []
        self._file_editable = file_editable
        self.versions = versions
        if current.path is None:
            current = msgspec.structs.replace(current, directory=directory)
        self._take(current, _Shown.of(current))

    def subscribe(self, told: Told) -> None:
        """Have somebody told of each reload, whether it could be used or not, and of each that is saved."""
        self._subscribers.append(told)

    @property
    def path(self) -> Path | None:
        """The file; None if there is none."""
        return self.current.path

    @property
    def locked(self) -> str:
        """Why it cannot be edited, and the way out; empty if it can be."""
        if self.versions is None:
            return "this hub keeps no versions of it"
        if self.path is None:
            return ""
        if not self._file_editable:
            return (
                f"it is what the file {self.path} says: change that, and have it read again; or start the hub with "
                "--alerting-editable, so that it may write the file"
            )
        if why := why_not_writable(self.path):
            return f"{why}: make it writable for the hub, or change the file {self.path} where it is from"
        return ""

    async def start(self) -> None:
        """Go by the newest version where there is no file, and keep what is new; once, before alerting starts.

        Raises:
            AlertingError: That version cannot be used any more, and the way out.
        """
        if self.versions is None:
            return
        newest = await self.versions.newest()
        if self.path is not None or newest is None or newest.text is None:
            await self._keep(Cause.START)
            return
        try:
            found = await asyncio.to_thread(parse, newest.text.reveal(), EDITED, Path(newest.directory))
            shown = await asyncio.to_thread(_Shown.of, found)
            await self._alerting.reload(found.config)
        except AlertingError as error:
            raise AlertingError(
                f"version {newest.id} of the alerting configuration, which is in the records, cannot be used: {error}: "
                "start the hub with --alerting FILE, which holds then"
            ) from error
        self._take(found, shown)
        self.loaded_at = newest.time

    async def reload(self, cause: Cause = Cause.RELOAD, author: str = "") -> None:
        """Read the file again, and go on by it.

        Raises:
            NoConfigFileError: There is no file.
            AlertingError: It cannot be used; what was in force stays so.
        """
        if self.path is None:
            raise NoConfigFileError(_NO_FILE)
        try:
            async with self._reloading:
                found = await asyncio.to_thread(read, self.path)
                shown = await asyncio.to_thread(_Shown.of, found)
                await self._alerting.reload(found.config)
                self._take(found, shown)
                await self._keep(cause, author)
        except AlertingError as error:
            self.error = str(error)
            _log.error(
                "alerting configuration not reloaded: the one before stays", problems=str(error).splitlines()
            )
            await self._tell(cause, str(error))
            raise
        _log.info("alerting configuration reloaded", path=str(self.path), digest=self.digest)
        await self._tell(cause)

    async def try_reload(self, cause: Cause) -> None:
        """Read the file again, for who cannot be told of an error: it is in the log.

        Args:
            cause: What it is read again for.
        """
        if self.path is None:
            _log.warning("nothing to reload", detail=_NO_FILE)
            return
        with suppress(AlertingError):  # it is in the log, and was told
            await self.reload(cause)

    async def validate(self, text: str) -> ConfigFile:
        """What a text says that was made of the one in force: ``<secret>`` stands for the secret that is there.

        Raises:
            ConfigError: There is something wrong with it.
        """
        return await asyncio.to_thread(self._parse_edited, text, self.current)

    async def save(self, text: str, *, digest: str, author: str, note: str = "") -> Version:
        """Go on by a text that was made of the one in force, and keep it.

        Args:
            text: With ``<secret>`` in the place of secrets that stay as they are.
            digest: Of what it was made of.
            author: Who says so.
            note: Why.

        Raises:
            ConfigLockedError: It cannot be edited.
            ConfigChangedError: Another one is in force by now.
            ConfigError: There is something wrong with the text.
            ConfigNotWrittenError: Its file cannot be written.
            AlertingError: It could not be kept, or cannot be used. In every case, what was in force stays so.
        """
        versions = self._unlocked()
        check_note(note)
        async with self._reloading:
            await self._compare(versions, digest)
            found = await asyncio.to_thread(self._parse_edited, text, self.current)
            version = await self._put(versions, found, Cause.SAVE, author=author, note=note)
        await self._tell(Cause.SAVE)
        return version

    async def roll_back(self, version: int, *, digest: str, author: str, note: str = "") -> Version:
        """Go on by an earlier version, with the secrets of then, and keep it as a new one. Raises as ``save`` does.

        Raises:
            VersionNotFoundError: There is none of this number.
        """
        versions = self._unlocked()
        check_note(note)
        async with self._reloading:
            await self._compare(versions, digest)
            old = await versions.get(version)
            text = old.text.reveal() if old.text else ""
            directory = self.current.directory if self.path else Path(old.directory)
            found = await asyncio.to_thread(parse, text, f"version {version}", directory)
            restored = await self._put(
                versions, found, Cause.ROLL_BACK, author=author, note=note, restored=version
            )
        await self._tell(Cause.ROLL_BACK)
        return restored

    def _unlocked(self) -> Versions:
        if self.versions is None or self.locked:
            raise ConfigLockedError(f"the alerting configuration cannot be edited here: {self.locked}")
        return self.versions

    async def _compare(self, versions: Versions, digest: str) -> None:
        """Refuse to write over what somebody else has written."""
        if digest != self.digest:
            newest = await versions.newest()
            who = f" by {newest.author}" if newest and newest.author else ""
            which = f" (version {newest.id}{who})" if newest else ""
            raise ConfigChangedError(
                f"another alerting configuration is in force by now{which}: look at what has changed, and save again on top "
                "of it"
            )
        if self.path is not None:
            on_disk = await asyncio.to_thread(_read_as_it_is, self.path)
            if on_disk != self.current.source.reveal():
                raise ConfigChangedError(
                    f"the file {self.path} was changed since it was read: have it read again first, so that nothing is lost"
                )

    def _parse_edited(self, text: str, base: ConfigFile) -> ConfigFile:
        if problem := size_problem(text, EDITED):
            raise ConfigError([problem])
        whole, problems = restore(text, base.source.reveal(), EDITED)
        if problems:
            raise ConfigError(problems)
        found = parse(whole, EDITED, base.directory)
        foreign: list[Problem] = list(foreign_files(found, [base], EDITED))
        if foreign:
            raise ConfigError(foreign)
        return found

    async def _put(
        self,
        versions: Versions,
        found: ConfigFile,
        cause: Cause,
        *,
        author: str,
        note: str,
        restored: int | None = None,
    ) -> Version:
        """Let a configuration be in force, in its file and among the versions; or be nowhere."""
        before, path = self.current, self.path
        shown = await asyncio.to_thread(_Shown.of, found)
        await self._alerting.reload(found.config)
        try:
            if path is not None:
                await asyncio.to_thread(write_file, path, found.source.reveal())
            version = await versions.add(
                found.source.reveal(),
                digest=shown.digest,
                directory=str(found.directory),
                cause=cause,
                author=author,
                note=note,
                restored=restored,
            )
        except BaseException:
            await self._alerting.reload(before.config)
            if path is not None and await asyncio.to_thread(_read_as_it_is, path) != before.source.reveal():
                await asyncio.to_thread(write_file, path, before.source.reveal())
            raise
        self._take(msgspec.structs.replace(found, path=path), shown)
        _log.info("alerting configuration saved", version=version.id, author=author, digest=self.digest)
        return version

    async def _keep(self, cause: Cause, author: str = "") -> None:
        """Keep what was read, unless it is what was kept last; that it holds does not depend on it."""
        found = self.current
        if self.versions is None:
            return
        try:
            newest = await self.versions.newest()
            if newest is None or newest.text != found.source or newest.directory != str(found.directory):
                await self.versions.add(
                    found.source.reveal(),
                    digest=self.digest,
                    directory=str(found.directory),
                    cause=cause,
                    author=author,
                )
        except AlertingError as error:
            _log.error("version of the alerting configuration not kept", detail=str(error))

    async def _tell(self, cause: Cause, error: str = "") -> None:
        for tell in self._subscribers:
            await tell(cause, error)

    def _take(self, found: ConfigFile, shown: _Shown) -> None:
        self.current, self.loaded_at, self.error = found, self._clock(), ""
        self.shown, self.digest = shown


class _Shown(NamedTuple):
    """A configuration without its secrets, and its digest."""

    text: str
    digest: str

    @classmethod
    def of(cls, found: ConfigFile) -> Self:
        """To be found in a thread: a long text takes a while."""
        shown = show(found.source.reveal())
        return cls(shown, hashlib.sha256(shown.encode()).hexdigest())


def first_file(path: Path | None) -> ConfigFile:
    """What a hub begins with: a file, or what holds without one.

    Raises:
        ConfigError: There is something wrong with the file.
    """
    return DEFAULT_FILE if path is None else read(path)


def _read_as_it_is(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return None
