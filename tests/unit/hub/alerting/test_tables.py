from __future__ import annotations

import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from farwatch.hub.alerting import tables
from farwatch.hub.store.records import Records

OURS = {"alerts", "alert_groups", "notification_log", "silences"}


async def test_the_migrations_make_the_tables_that_the_code_expects(records: Records) -> None:
    def differences(connection: sa.Connection) -> list[object]:
        context = MigrationContext.configure(
            connection,
            opts={
                "compare_type": True,
                "include_name": lambda name, kind, _: kind != "table" or name in OURS,
                "include_object": lambda _, name, kind, *__: kind != "table" or name in OURS,
            },
        )
        return list(compare_metadata(context, tables.alerts.metadata))

    async with records.begin() as connection:
        assert await connection.run_sync(differences) == []


async def test_rows_are_added_replaced_and_removed_by_their_primary_key(records: Records) -> None:
    async def execute(*writes: tables.Write) -> list[tuple[str, float]]:
        async with records.begin() as connection:
            for write in writes:
                await connection.execute(write.statement, write.rows)
            rows = (await connection.execute(sa.select(tables.alert_groups).order_by("group_key"))).all()
            return [(row.group_key, row.next_flush) for row in rows]

    first, second = (
        {"route": "{}", "group_key": "a", "next_flush": 1.0},
        {"route": "{}", "group_key": "b", "next_flush": 2.0},
    )
    assert await execute(tables.added(tables.alert_groups, [first, second])) == [("a", 1.0), ("b", 2.0)]
    assert await execute(*tables.replaced(tables.alert_groups, [{**first, "next_flush": 3.0}])) == [
        ("a", 3.0),
        ("b", 2.0),
    ]
    assert await execute(tables.removed(tables.alert_groups, [second])) == [("a", 3.0)]


async def test_an_alert_that_fired_anew_is_not_settled_by_its_former_end(records: Records) -> None:
    common = {"document": "{}", "received_at": 0.0, "settled": False}
    rows = [
        {**common, "fingerprint": "a", "resolved": True},
        {**common, "fingerprint": "b", "resolved": False},
    ]
    settled = tables.settled(["a", "b"])
    async with records.begin() as connection:
        await connection.execute(sa.insert(tables.alerts), rows)
        await connection.execute(settled.statement, settled.rows)
        found = (
            await connection.execute(sa.select(tables.alerts.c.fingerprint).where(tables.alerts.c.settled))
        ).all()
    assert [row.fingerprint for row in found] == ["a"]
