"""Bringing a database to the newest schema that this code knows."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from farwatch.hub.store.errors import RecordsTooNewError


def upgrade_schema(connection: Connection, to: str = "heads") -> None:
    """Run every migration that is missing, inside the caller's transaction: all of them, or none.

    Args:
        connection: In a transaction.
        to: The revision to stop at; tests of migrations stop early.

    Raises:
        RecordsTooNewError: The database holds a revision that this code does not know.
    """
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.attributes["connection"] = connection
    _refuse_newer(connection, ScriptDirectory.from_config(config))
    command.upgrade(config, to)


def is_current(connection: Connection) -> bool:
    """Whether a database has exactly the schema that this code knows."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    heads = set(ScriptDirectory.from_config(config).get_heads())
    return set(MigrationContext.configure(connection).get_current_heads()) == heads


def _refuse_newer(connection: Connection, scripts: ScriptDirectory) -> None:
    known = {script.revision for script in scripts.walk_revisions()}
    unknown = sorted(set(MigrationContext.configure(connection).get_current_heads()) - known)
    if unknown:
        raise RecordsTooNewError(
            f"records database was written by a newer Farwatch (schema {', '.join(unknown)}): start that version, or restore a backup"
        )
