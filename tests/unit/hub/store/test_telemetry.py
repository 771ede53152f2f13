from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from typing import Any

import pytest

from farwatch.hub.store import telemetry as module
from farwatch.hub.store.address import ServerAddress
from farwatch.hub.store.directory import DataDirectory
from farwatch.hub.store.errors import QueryError, RowsRejectedError, TelemetryError
from farwatch.hub.store.tables import SELECT_CHANGE, AlertEventRow, ChangeRow, Table
from farwatch.hub.store.telemetry import MAX_RETENTION_DAYS, Telemetry, TelemetrySettings

# All tests of one process share its one engine and its one server; those of several processes do not.
NOW = float(int(time.time()))

WRITE = """
import asyncio, time
from pathlib import Path
from farwatch.hub.store.address import ServerAddress
from farwatch.hub.store.directory import DataDirectory
from farwatch.hub.store.tables import ChangeRow, Table
from farwatch.hub.store.telemetry import Telemetry, TelemetrySettings

async def main():
    telemetry = await Telemetry.open(DataDirectory.claim(Path({path!r})), TelemetrySettings(batch_seconds=0.01))
    number = 0
    async def write():
        nonlocal number
        while True:
            number += 1
            mine = number
            row = ChangeRow(mine, time.time(), "c", "Pod", "ns", f"pod-{{mine}}", "u", "created", False, "1", "x" * 500)
            await telemetry.insert(Table.CHANGES, [row])
            print(mine, flush=True)
    await asyncio.gather(*(write() for _ in range(20)))

asyncio.run(main())
"""


def change(number: int, name: str = "web", operation: str = "updated", **other: Any) -> ChangeRow:
    fields = {"cluster": "prod", "document": '{"kind":"Pod"}'} | other
    return ChangeRow(
        number,
        NOW,
        fields["cluster"],
        "Pod",
        "shop",
        name,
        "uid",
        operation,
        False,
        str(number),
        fields["document"],
    )


async def insert(telemetry: Telemetry, rows: Sequence[ChangeRow]) -> None:
    telemetry.insert(Table.CHANGES, rows)
    await telemetry.flush()


async def objects(telemetry: Telemetry) -> list[str]:
    rows = await telemetry.query("SELECT name FROM objects FINAL ORDER BY name")
    return [row["name"] for row in rows]


async def test_a_change_comes_back_as_it_went_in(telemetry: Telemetry) -> None:
    written = change(1, document='{"text":"it\'s a \\"quote\\", a \\\\ and\\n a line, ü"}')
    await insert(telemetry, [written])
    query = f"SELECT {SELECT_CHANGE} FROM changes"  # noqa: S608 - a constant
    assert await telemetry.select(ChangeRow, query) == [written]


@pytest.mark.parametrize(
    "text",
    [
        "it's",
        "a\\b",
        "tab\there",
        "line\nbreak",
        "nul\0",
        "'; DROP TABLE changes --",
        "ü€",
        "a+b&c=d%41;#?",
        "{name:String}",
        "\\N",
        " \x7f\u2028",
    ],
)
async def test_a_parameter_of_any_text_is_bound_and_never_read_as_sql(
    telemetry: Telemetry, text: str
) -> None:
    await insert(telemetry, [change(1, name=text), change(2, name="other")])
    rows = await telemetry.query("SELECT name FROM changes WHERE name = {name:String}", {"name": text})
    assert rows == [{"name": text}]


async def test_an_alert_event_keeps_its_labels(telemetry: Telemetry) -> None:
    row = AlertEventRow(NOW, "ab", "fired", "Down", "prod", "", NOW, None, {"a": "b'"}, {"summary": "x\ny"})
    telemetry.insert(Table.ALERT_EVENTS, [row])
    await telemetry.flush()
    found = await telemetry.query("SELECT labels, annotations, ends_at FROM alert_events")
    assert found == [{"labels": {"a": "b'"}, "annotations": {"summary": "x\ny"}, "ends_at": None}]


async def test_objects_holds_the_newest_of_each_and_none_that_is_deleted(telemetry: Telemetry) -> None:
    await insert(telemetry, [change(1, "a", "created"), change(2, "b", "created"), change(3, "c", "created")])
    await insert(telemetry, [change(5, "a", document='"newest"'), change(4, "a", document='"older"')])
    await insert(telemetry, [change(6, "b", "deleted")])
    assert await objects(telemetry) == ["a", "c"]
    newest = await telemetry.query("SELECT document FROM objects FINAL WHERE name = 'a'")
    assert newest == [{"document": '"newest"'}]


async def test_an_object_that_comes_again_after_its_deletion_is_there(telemetry: Telemetry) -> None:
    await insert(telemetry, [change(1, "a", "created"), change(2, "a", "deleted"), change(3, "a", "created")])
    assert await objects(telemetry) == ["a"]


async def test_a_forgotten_cluster_loses_its_objects_and_keeps_its_history(telemetry: Telemetry) -> None:
    await insert(telemetry, [change(1, "a"), change(2, "b", cluster="it's other")])
    await telemetry.forget_objects("it's other")
    assert await objects(telemetry) == ["a"]
    assert await telemetry.query("SELECT count() AS rows FROM changes") == [{"rows": 2}]


async def test_an_insert_that_is_repeated_counts_once_in_every_table(telemetry: Telemetry) -> None:
    rows = telemetry._batches._encoder.encode_lines([change(1)])
    columns = ChangeRow.__struct_fields__
    for _ in range(3):
        await telemetry._engine.insert(Table.CHANGES, columns, rows, token="same")
    assert await telemetry.query("SELECT count() AS rows FROM changes") == [{"rows": 1}]
    assert await telemetry.query("SELECT count() AS rows FROM objects") == [{"rows": 1}]


async def test_rows_the_engine_cannot_read_are_rejected_and_the_next_are_taken(telemetry: Telemetry) -> None:
    impossible = ChangeRow(1, 1e300, "c", "Pod", "", "n", "u", "created", False, "1", "{}")
    with pytest.raises(RowsRejectedError):
        await telemetry.insert(Table.CHANGES, [impossible])
    await insert(telemetry, [change(2)])
    assert telemetry.counters.rows_rejected == 1
    assert telemetry.counters.rows_inserted == 1


async def test_an_insert_that_the_engine_does_not_commit_is_not_acknowledged(telemetry: Telemetry) -> None:
    rows = telemetry._batches._encoder.encode_lines([change(1)])
    await telemetry._engine.execute("ALTER TABLE changes ADD CONSTRAINT never CHECK sequence < 0")
    with pytest.raises(TelemetryError, match=r"\[VIOLATED_CONSTRAINT\]"):
        await telemetry._engine.insert(Table.CHANGES, ChangeRow.__struct_fields__, rows, token="a")
    assert await telemetry.query("SELECT count() AS rows FROM changes") == [{"rows": 0}]


@pytest.mark.parametrize(
    "text", ["a;b", "'--", "/* x", "\n;\nSELECT 1", "\\'", "{a:String}", "\u2028", "x" * 100_000]
)
async def test_rows_of_any_text_are_data_and_never_read_as_sql(telemetry: Telemetry, text: str) -> None:
    written = [change(1, name=text, document=text), change(2)]
    await insert(telemetry, written)
    query = f"SELECT {SELECT_CHANGE} FROM changes ORDER BY sequence"  # noqa: S608 - a constant
    assert await telemetry.select(ChangeRow, query) == written


async def test_a_query_cannot_write(telemetry: Telemetry) -> None:
    with pytest.raises(QueryError, match="READONLY"):
        await telemetry.query("INSERT INTO changes (name) VALUES ('x')")


async def test_a_query_that_is_wrong_says_so_in_one_line(telemetry: Telemetry) -> None:
    with pytest.raises(QueryError, match=r"nope.*\[UNKNOWN_IDENTIFIER\]") as failed:
        await telemetry.query("SELECT nope")
    assert "\n" not in str(failed.value)


async def test_a_cancelled_query_is_killed_in_the_engine(telemetry: Telemetry) -> None:
    endless = asyncio.create_task(
        telemetry.query("SELECT count() FROM numbers(1000000000000000) WHERE NOT ignore(number)")
    )
    running = "SELECT count() AS n FROM system.processes WHERE query LIKE '%1000000000000000%' AND query NOT LIKE '%processes%'"
    while (await telemetry.query(running))[0]["n"] == 0:  # noqa: ASYNC110 - the engine tells nobody
        await asyncio.sleep(0.01)
    endless.cancel()
    with pytest.raises(asyncio.CancelledError):
        await endless
    assert (await telemetry.query(running))[0]["n"] == 0


async def test_closing_ends_queries_that_still_run(where: DataDirectory | ServerAddress) -> None:
    telemetry = await Telemetry.open(where)
    queries = [
        asyncio.create_task(
            telemetry.query("SELECT count() FROM numbers(1000000000000000) WHERE NOT ignore(number)")
        )
        for _ in range(4)
    ]
    await asyncio.sleep(0.05)
    await telemetry.close()
    outcomes = await asyncio.gather(*queries, return_exceptions=True)
    assert all(isinstance(outcome, QueryError | asyncio.CancelledError) for outcome in outcomes)


async def retention(where: DataDirectory | ServerAddress, days: dict[Table, int]) -> str:
    telemetry = await Telemetry.open(where, TelemetrySettings(retention_days=days))
    rows = await telemetry.query(
        "SELECT extract(create_table_query, 'toIntervalDay\\\\((\\\\d+)\\\\)') AS days FROM system.tables"
        " WHERE database = currentDatabase() AND name = 'changes'"
    )
    await telemetry.close()
    return str(rows[0]["days"])


async def test_retention_is_14_days_and_follows_the_settings_at_every_start(
    where: DataDirectory | ServerAddress,
) -> None:
    assert await retention(where, {}) == "14"
    assert await retention(where, {Table.CHANGES: 3}) == "3"
    assert await retention(where, {Table.CHANGES: 30}) == "30"


@pytest.mark.parametrize("days", [0, 36_500])
async def test_a_retention_that_would_keep_nothing_is_refused(
    where: DataDirectory | ServerAddress, days: int
) -> None:
    with pytest.raises(TelemetryError, match=f"retention of changes is {days} days: it must be from 1 to"):
        await retention(where, {Table.CHANGES: days})


async def test_the_longest_retention_ends_in_the_future(telemetry: Telemetry) -> None:
    (answer,) = await telemetry.query(
        "SELECT now() + toIntervalDay({days:UInt32}) > now() AS is_later", {"days": MAX_RETENTION_DAYS}
    )
    assert answer == {"is_later": 1}


async def test_a_directory_the_engine_cannot_use_is_named_in_one_line(directory: DataDirectory) -> None:
    directory.telemetry.write_text("a file where a directory should be")
    with pytest.raises(TelemetryError, match="the telemetry store does not open") as failed:
        await Telemetry.open(directory)
    assert "\n" not in str(failed.value)


async def test_rows_are_there_after_a_restart(where: DataDirectory | ServerAddress) -> None:
    telemetry = await Telemetry.open(where)
    telemetry.insert(Table.CHANGES, [change(1, "a")])
    await telemetry.close()
    telemetry = await Telemetry.open(where)
    assert await objects(telemetry) == ["a"]
    await telemetry.close()


async def test_a_killed_process_loses_no_acknowledged_row(directory: DataDirectory, run_script: Any) -> None:
    directory.release()
    for _ in range(2):
        writer = run_script(WRITE.format(path=str(directory.path)))
        acknowledged = [writer.stdout.readline() for _ in range(100)]
        writer.kill()
        acknowledged += writer.communicate()[0].splitlines(keepends=True)
        names = {f"pod-{line.strip()}" for line in acknowledged if line.endswith("\n")}
        again = DataDirectory.claim(directory.path)
        telemetry = await Telemetry.open(again)
        found = {row["name"] for row in await telemetry.query("SELECT name FROM changes")}
        await telemetry.close()
        again.release()
        assert names <= found


async def test_forgetting_does_not_wait_for_ever_for_a_store_that_takes_nothing(
    telemetry: Telemetry, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: Any) -> None:
        raise TelemetryError("the disk is full")

    monkeypatch.setattr(module, "_FLUSH_SECONDS", 0.01)
    with monkeypatch.context() as broken:
        broken.setattr(telemetry._engine, "insert", fail)
        telemetry.insert(Table.CHANGES, [change(1)])
        with pytest.raises(TelemetryError, match="takes no rows now"):
            await telemetry.forget_objects("prod")
