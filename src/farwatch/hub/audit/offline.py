"""The audit log without its hub."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from farwatch.hub.audit.chain import Verdict
from farwatch.hub.audit.errors import AuditFileError
from farwatch.hub.audit.export import MAX_LINE_BYTES, verify_lines
from farwatch.hub.audit.log import verify_records
from farwatch.hub.store.errors import StoreError
from farwatch.hub.store.records import Records


async def verify_database(where: Path | str, anchor: str = "") -> Verdict:
    """Verify the log in a hub's data directory, or in its PostgreSQL database; a hub may work on it meanwhile.

    Raises:
        AuditFileError: It cannot be read, or holds no audit log.
    """
    name = str(where) if isinstance(where, Path) else "the database"
    try:
        records = Records.inspect(where)
        try:
            return await verify_records(records, anchor)
        finally:
            await records.close()
    except (SQLAlchemyError, StoreError, OSError) as error:
        cause = (str(getattr(error, "orig", None) or error).splitlines() or [""])[0][:300]
        raise AuditFileError(
            f"no audit log can be read from {name}: {cause or type(error).__name__}"
        ) from error


def verify_file(path: Path, anchor: str = "", *, part: bool = False) -> Verdict:
    """Verify a file that ``farwatch audit export`` has written.

    Raises:
        AuditFileError: It cannot be read, or holds something else.
    """
    try:
        with path.open("rb") as file:
            # Nobody knows how long a line is in a file that is something else.
            return verify_lines(iter(lambda: file.readline(MAX_LINE_BYTES + 2), b""), anchor, part=part)
    except OSError as error:
        raise AuditFileError(f"{path} cannot be read: {error.strerror}") from error
