from __future__ import annotations

import importlib
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from farwatch.hub.store import migrations
from farwatch.hub.store.migrations.upgrade import upgrade_schema
from farwatch.hub.store.records import Records, metadata

# Every module that declares tables.
TABLES = (
    "farwatch.hub.fleet.clusters",
    "farwatch.hub.audit.tables",
    "farwatch.hub.auth.oidc.groups",
    "farwatch.hub.auth.generation",
    "farwatch.hub.auth.sessions",
    "farwatch.hub.auth.tokens",
    "farwatch.hub.auth.users",
    "farwatch.hub.alerting.acknowledgements",
    "farwatch.hub.alerting.tables",
    "farwatch.hub.evidence.tables",
)


def all_revisions() -> list[str]:
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    return [script.revision for script in ScriptDirectory.from_config(config).walk_revisions()]


def difference(connection: sa.Connection) -> list[object]:
    for module in TABLES:
        importlib.import_module(module)
    return list(compare_metadata(MigrationContext.configure(connection), metadata))


async def test_a_new_database_has_exactly_the_tables_that_the_code_declares(records: Records) -> None:
    async with records.begin() as connection:
        assert await connection.run_sync(difference) == []


@pytest.mark.parametrize("revision", all_revisions())
async def test_a_database_of_any_earlier_revision_is_brought_up_to_date(
    tmp_path: Path, revision: str
) -> None:
    engine = sa.create_engine(f"sqlite:///{tmp_path / 'old.db'}")
    with engine.begin() as connection:
        upgrade_schema(connection, to=revision)
    with engine.begin() as connection:
        upgrade_schema(connection)
        assert difference(connection) == []
    engine.dispose()


async def test_bringing_up_to_date_again_changes_nothing(records: Records) -> None:
    async with records.begin() as connection:
        await connection.execute(sa.text("INSERT INTO clusters (name, created_at) VALUES ('a', 0)"))
        await connection.run_sync(upgrade_schema)
        assert await connection.scalar(sa.text("SELECT name FROM clusters")) == "a"


def test_every_line_of_revisions_is_named_after_its_feature() -> None:
    for revision in all_revisions():
        feature, number = revision.rsplit("_", 1)
        assert number.isdigit()
        assert (Path(migrations.__file__).parent / "versions" / f"{feature}_{number}.py").exists()
