"""The files of a configuration that is edited: its own is written, and others it may name only where that is safe."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path

from farwatch.hub.alerting.config import ConfigFile, files_of
from farwatch.hub.alerting.document import Problem
from farwatch.hub.alerting.errors import AlertingError


class ConfigNotWrittenError(AlertingError):
    """The configuration's file could not be written; what was in force stays so."""


def foreign_files(found: ConfigFile, known: Iterable[ConfigFile], name: str) -> Iterator[Problem]:
    """The files that an edited configuration may not name.

    The hub reads what a configuration names, and sends it to where the configuration says. Who edits it over the API is
    not thereby somebody who may read files of the hub's machine: they can name those in the configuration's directory,
    and those that it named before.
    """
    before = {path for one in known for _, path in files_of(one.config)}
    for place, path in files_of(found.config):
        normal = Path(os.path.normpath(path))
        if path not in before and not normal.is_relative_to(found.directory):
            yield Problem(
                name,
                0,
                0,
                f"`{place}` names {path}, which is outside of {found.directory}: put the file there, or have who runs the "
                "hub name it in the file of --alerting",
            )


def why_not_writable(path: Path) -> str:
    """What keeps a file from being replaced; empty if nothing is known to."""
    real = path.resolve()
    if not os.access(real.parent, os.W_OK):
        return f"the directory {real.parent} cannot be written"
    if not os.access(real, os.W_OK):
        return f"the file {real} cannot be written"
    return ""


def write_file(path: Path, text: str) -> None:
    """Put a text in the place of a file's, at once and durably; its mode stays.

    Raises:
        ConfigNotWrittenError: It cannot be written; the file is as it was.
    """
    real = path.resolve()
    beside = real.with_name(f".{real.name}.{os.getpid()}.new")
    try:
        mode = stat.S_IMODE(real.stat().st_mode)
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, mode)
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as file:
            os.fchmod(file.fileno(), mode)
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(real)
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise ConfigNotWrittenError(
            f"the alerting configuration {path} cannot be written: {error.strerror}; nothing was changed"
        ) from error
