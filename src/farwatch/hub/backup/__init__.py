"""Consistent copies of the stores, while the hub works; and stores made out of them."""

from farwatch.hub.backup.backups import Backups
from farwatch.hub.backup.errors import BackupError, BackupNotFoundError, BackupRunningError, NotEmptyError
from farwatch.hub.backup.folder import Backup, Folder
from farwatch.hub.backup.restore import restore

__all__ = [
    "Backup",
    "BackupError",
    "BackupNotFoundError",
    "BackupRunningError",
    "Backups",
    "Folder",
    "NotEmptyError",
    "restore",
]
