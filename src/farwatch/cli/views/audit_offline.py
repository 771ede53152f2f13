"""The audit log in a file or a database."""

from __future__ import annotations

import asyncio
from pathlib import Path

import msgspec

from farwatch.cli.views.audit import Verdict, show_verdict
from farwatch.hub.audit import AuditFileError, offline
from farwatch.hub.audit import chain as hub

__all__ = ["AuditFileError", "read_url", "verify_database", "verify_file"]


def verify_file(path: Path, head: str, *, part: bool, as_json: bool) -> bool:
    """Print what verifying an export found; whether all is well.

    Raises:
        AuditFileError: It cannot be read.
    """
    return _show(offline.verify_file(path, head, part=part), as_json=as_json)


def verify_database(where: Path | str, head: str, *, as_json: bool) -> bool:
    """Likewise of a data directory, or of a database by its URL."""
    return _show(asyncio.run(offline.verify_database(where, head)), as_json=as_json)


def read_url(path: Path | None) -> str:
    """The URL in a file.

    Raises:
        AuditFileError: There is none.
    """
    try:
        text = path.read_text().strip() if path is not None else ""
    except (OSError, UnicodeDecodeError) as error:
        cause = getattr(error, "strerror", None) or "not UTF-8"
        raise AuditFileError(f"--database-file {path} cannot be read: {cause}") from error
    if not text:
        raise AuditFileError(f"--database-file {path} is empty")
    return text


def _show(verdict: hub.Verdict, *, as_json: bool) -> bool:
    return show_verdict(msgspec.convert(verdict, Verdict, from_attributes=True), as_json=as_json)
