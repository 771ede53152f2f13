"""What can go wrong with backups."""

from __future__ import annotations


class BackupError(Exception):
    """The base of the errors of backups; the message is one line and names the way out."""


class BackupRunningError(BackupError):
    """One is being written already, or was in this very second, after which it is called."""


class BackupNotFoundError(BackupError):
    """There is none of this name."""


class NotEmptyError(BackupError):
    """Where a backup was to be restored to, there are stores already."""
