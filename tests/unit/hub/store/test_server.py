"""Telemetry on a server that is wrong, slow, gone, or gone in the middle of an insert.

What any engine must do is in ``test_telemetry.py``, for this one too.
"""

from __future__ import annotations

import asyncio
import dataclasses
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import trustme
from aiohttp import web
from structlog.testing import capture_logs

from farwatch.hub.store import batches, server
from farwatch.hub.store.address import ServerAddress
from farwatch.hub.store.errors import QueryError, TelemetryError
from farwatch.hub.store.tables import ChangeRow, Table
from farwatch.hub.store.telemetry import Telemetry, TelemetrySettings

from ....integration.clickhouse import PASSWORD, ClickHouse, serve

SETTINGS = TelemetrySettings(batch_seconds=0.01, query_seconds=30, close_seconds=0.1)
ENDLESS = "SELECT count() FROM numbers(1000000000000000) WHERE NOT ignore(number)"


def change(number: int) -> ChangeRow:
    return ChangeRow(
        number, time.time(), "prod", "Pod", "shop", f"pod-{number}", "u", "created", False, "1", "{}"
    )


async def counts(telemetry: Telemetry) -> list[int]:
    """Rows of the table that is inserted into, and of the one that the engine fills from it."""
    (answer,) = await telemetry.query(
        "SELECT (SELECT count() FROM changes) AS changes, (SELECT count() FROM objects) AS objects"
    )
    return [answer["changes"], answer["objects"]]


@pytest.fixture
def mortal() -> Iterator[ClickHouse]:
    """A server that may be killed."""
    with serve() as started:
        yield started


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "FIRST_RETRY_SECONDS", 0.01)
    monkeypatch.setattr(batches, "LAST_RETRY_SECONDS", 0.05)


async def refusal(address: ServerAddress) -> str:
    """Why telemetry cannot be opened there: one line, without the password."""
    with pytest.raises(TelemetryError) as refused:
        await Telemetry.open(address, SETTINGS)
    message = str(refused.value)
    assert not address.password or address.password not in message
    assert "\n" not in message
    return message


async def test_a_wrong_password_is_named_without_being_shown(address: ServerAddress) -> None:
    message = await refusal(dataclasses.replace(address, password="hunter2"))
    assert message == f"{address.name}: refuses the user hub: look at the user and password of its URL"


async def test_a_database_that_may_not_be_made_is_asked_for(address: ServerAddress) -> None:
    message = await refusal(dataclasses.replace(address, database="forbidden"))
    assert "has no database forbidden, and hub may not make it: have it made there" in message


async def test_a_database_that_is_there_is_not_made(clickhouse: ClickHouse, address: ServerAddress) -> None:
    clickhouse.sql(f"CREATE DATABASE {address.database}")
    before = len(clickhouse.requests())
    await (await Telemetry.open(address, SETTINGS)).close()
    asked = [request["query"] for request in clickhouse.requests()[before:]]
    assert not [query for query in asked if "CREATE DATABASE" in query]


async def test_nobody_at_the_address_is_one_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    message = await refusal(ServerAddress.read(f"http://hub:hunter2@127.0.0.1:{port}/db"))
    assert message == f"http://127.0.0.1:{port}/db: cannot be reached: Connection refused"


class Pretender:
    """Somebody else, who answers the same to whatever is asked."""

    def __init__(self) -> None:
        self.status = 200
        self.headers: dict[str, str] = {}
        self.body = b""
        self.address = ServerAddress.read("http://nowhere.invalid")

    async def respond(self, _: web.Request) -> web.Response:
        return web.Response(status=self.status, body=self.body, headers=self.headers)


@pytest.fixture
async def pretender() -> AsyncIterator[Pretender]:
    found = Pretender()

    app = web.Application()
    app.router.add_route("*", "/", found.respond)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    found.address = ServerAddress.read(f"http://hub:hunter2@127.0.0.1:{runner.addresses[0][1]}/db")
    yield found
    await runner.cleanup()


async def test_what_says_yes_to_everything_is_not_taken_for_clickhouse(pretender: Pretender) -> None:
    pretender.body = b"25.8.1"
    message = await refusal(pretender.address)
    assert "is not ClickHouse's HTTP interface: is the port right?" in message


async def test_a_proxy_that_has_no_server_is_named(pretender: Pretender) -> None:
    pretender.status = 502
    assert (await refusal(pretender.address)).endswith("answers 502 Bad Gateway")


async def test_nobody_is_led_elsewhere(pretender: Pretender) -> None:
    """The password would go along."""
    pretender.status = 307
    pretender.headers["Location"] = "http://127.0.0.1:1/"
    assert "answers 307" in await refusal(pretender.address)


@pytest.mark.parametrize("version", ["24.12.3.1", "9", "what", ""])
async def test_a_server_that_is_too_old_is_refused(pretender: Pretender, version: str) -> None:
    pretender.headers["X-ClickHouse-Query-Id"] = "1"
    pretender.body = version.encode()
    assert "25.3 is the oldest that the hub works with" in await refusal(pretender.address)


async def test_the_password_is_in_no_address_and_readers_cannot_write(
    clickhouse: ClickHouse, address: ServerAddress
) -> None:
    before = len(clickhouse.requests())
    telemetry = await Telemetry.open(address, SETTINGS)
    await telemetry.insert(Table.CHANGES, [change(1)])
    await telemetry.query("SELECT 1 AS one")
    await telemetry.close()
    asked = clickhouse.requests()[before:]
    assert not any(PASSWORD in value for request in asked for value in request.values())
    assert all(request["wait_end_of_query"] == "1" for request in asked)
    (read,) = [request for request in asked if request["query"] == "SELECT 1 AS one"]
    assert (read["readonly"], read["max_execution_time"]) == ("1", "30")
    (written,) = [request for request in asked if request["query"].startswith("INSERT")]
    assert written["async_insert"] == "0"


async def test_rows_wait_for_a_server_that_is_gone_and_are_written_once(mortal: ClickHouse) -> None:
    telemetry = await Telemetry.open(ServerAddress.read(mortal.url("db")), SETTINGS)
    await telemetry.insert(Table.CHANGES, [change(1)])
    mortal.kill()
    later = telemetry.insert(Table.CHANGES, [change(2)])
    with pytest.raises(QueryError, match=r"http://127\.0\.0\.1:\d+/db: "):
        await telemetry.query("SELECT 1")
    while telemetry.counters.retries < 2:  # noqa: ASYNC110 - nobody is told
        await asyncio.sleep(0.01)
    assert not later.done()
    mortal.start()
    await later
    assert await counts(telemetry) == [2, 2]
    await telemetry.close()


@pytest.mark.parametrize("fault", ["die", "die-within"])
async def test_a_server_that_is_killed_in_an_insert_has_its_rows_once(mortal: ClickHouse, fault: str) -> None:
    telemetry = await Telemetry.open(ServerAddress.read(mortal.url("db")), SETTINGS)
    await telemetry.insert(Table.CHANGES, [change(0)])
    mortal.misbehave("insert", fault)
    written = telemetry.insert(Table.CHANGES, [change(number) for number in range(1, 1001)])
    await asyncio.to_thread(mortal.wait)
    assert not written.done()
    mortal.start()
    await written
    assert await counts(telemetry) == [1001, 1001]
    await telemetry.close()


async def test_rows_whose_answer_was_lost_are_there_once(
    clickhouse: ClickHouse, address: ServerAddress
) -> None:
    telemetry = await Telemetry.open(address, SETTINGS)
    clickhouse.misbehave("insert", "cut")
    await telemetry.insert(Table.CHANGES, [change(1)])
    assert telemetry.counters.retries >= 1
    assert await counts(telemetry) == [1, 1]
    await telemetry.close()


async def test_an_insert_that_takes_too_long_is_not_made_beside_itself(
    clickhouse: ClickHouse, address: ServerAddress, monkeypatch: pytest.MonkeyPatch
) -> None:
    telemetry = await Telemetry.open(address, SETTINGS)
    monkeypatch.setattr(server, "_WRITE_SECONDS", 0.3)
    clickhouse.misbehave("insert", "slow")
    written = telemetry.insert(Table.CHANGES, [change(1)])
    while telemetry.counters.retries < 3:  # noqa: ASYNC110 - nobody is told
        await asyncio.sleep(0.01)
    assert "QUERY_WITH_SAME_ID_IS_ALREADY_RUNNING" in telemetry._batches.last_error
    assert not written.done()
    monkeypatch.undo()
    clickhouse.go_on()
    await written
    assert await counts(telemetry) == [1, 1]
    await telemetry.close()


async def test_a_query_is_asked_again_when_its_connection_breaks(
    clickhouse: ClickHouse, address: ServerAddress
) -> None:
    telemetry = await Telemetry.open(address, SETTINGS)
    clickhouse.misbehave("select", "cut")
    assert await telemetry.query("SELECT 'again' AS said") == [{"said": "again"}]
    asked = [request["query_id"] for request in clickhouse.requests() if "again" in request["query"]]
    assert len(asked) == len(set(asked)) == 2
    await telemetry.close()


async def test_a_query_has_a_limit_of_time(address: ServerAddress) -> None:
    telemetry = await Telemetry.open(address, TelemetrySettings(query_seconds=1))
    with pytest.raises(QueryError, match=r"\[TIMEOUT_EXCEEDED\]"):
        await telemetry.query(ENDLESS)
    await telemetry.close()


async def test_a_server_that_is_gone_does_not_keep_a_cancelled_query(mortal: ClickHouse) -> None:
    telemetry = await Telemetry.open(ServerAddress.read(mortal.url("db")), SETTINGS)
    endless = asyncio.create_task(telemetry.query(ENDLESS))
    while not telemetry._engine._running:  # type: ignore[attr-defined]  # noqa: ASYNC110 - nobody is told
        await asyncio.sleep(0.01)
    mortal.kill()
    endless.cancel()
    with pytest.raises(asyncio.CancelledError):
        await endless
    await telemetry.close()


async def test_more_queries_than_are_asked_at_once_all_get_their_answer(address: ServerAddress) -> None:
    telemetry = await Telemetry.open(address, SETTINGS)
    numbers = range(3 * server._READERS)
    answers = await asyncio.gather(
        *(telemetry.query("SELECT {n:UInt8} AS n", {"n": number}) for number in numbers)
    )
    assert [answer["n"] for (answer,) in answers] == list(numbers)
    await telemetry.close()


async def test_what_a_killed_hub_has_asked_for_is_ended_by_the_next(address: ServerAddress) -> None:
    former = await Telemetry.open(address, SETTINGS)
    endless = asyncio.create_task(former.query(ENDLESS))
    running = (
        "SELECT count() AS n FROM system.processes WHERE query LIKE '%1000000000000000%'"
        " AND query NOT LIKE '%processes%' AND current_database = currentDatabase()"
    )
    while (await former.query(running))[0]["n"] == 0:  # noqa: ASYNC110 - the engine tells nobody
        await asyncio.sleep(0.01)
    telemetry = await Telemetry.open(address, SETTINGS)
    assert (await telemetry.query(running))[0]["n"] == 0
    with pytest.raises(QueryError, match=r"\[QUERY_WAS_CANCELLED\]"):
        await endless
    await telemetry.close()
    await former.close()


async def test_a_user_who_may_end_no_query_is_told_what_is_missing(
    clickhouse: ClickHouse, address: ServerAddress
) -> None:
    clickhouse.misbehave("kill", "denied")
    with capture_logs() as logs:
        telemetry = await Telemetry.open(address, SETTINGS)
    assert [entry for entry in logs if "grant SELECT ON system.processes" in entry["event"]]
    assert await telemetry.query("SELECT 1 AS one") == [{"one": 1}]
    await telemetry.close()


async def test_a_parameter_longer_than_a_server_takes_is_refused(address: ServerAddress) -> None:
    telemetry = await Telemetry.open(address, SETTINGS)
    with pytest.raises(QueryError, match="name is too long to be asked for"):
        await telemetry.query("SELECT {name:String}", {"name": "x" * (128 * 1024 + 1)})
    await telemetry.close()


async def test_a_backup_is_left_to_the_server(address: ServerAddress, tmp_path: Path) -> None:
    telemetry = await Telemetry.open(address, SETTINGS)
    assert not telemetry.embedded
    with pytest.raises(TelemetryError, match="the hub does not back up: use the server's own BACKUP"):
        await telemetry.backup(tmp_path / "copy")
    await telemetry.close()


async def test_a_private_ca_is_trusted_where_it_is_named_and_only_there(tmp_path: Path) -> None:
    ca = trustme.CA()
    pem = tmp_path / "server.pem"
    issued = ca.issue_cert("127.0.0.1")
    issued.private_key_and_cert_chain_pem.write_to_path(str(pem))
    ca.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    with serve(pem) as started:
        url = started.url(f"t{uuid.uuid4().hex}")
        assert url.startswith("https://")
        message = await refusal(ServerAddress.read(url))
        assert "its certificate is not trusted: unable to get local issuer certificate" in message
        telemetry = await Telemetry.open(ServerAddress.read(url, tmp_path / "ca.pem"), SETTINGS)
        await telemetry.insert(Table.CHANGES, [change(1)])
        assert await counts(telemetry) == [1, 1]
        await telemetry.close()


def test_the_embedded_engine_is_not_loaded_beside_a_server(
    address: ServerAddress, clickhouse: ClickHouse
) -> None:
    script = (
        "import asyncio, sys\n"
        "from farwatch.hub.app import Hub\n"
        "from farwatch.hub.store.address import ServerAddress\n"
        "from farwatch.hub.store.telemetry import Telemetry\n"
        "async def main():\n"
        "    telemetry = await Telemetry.open(ServerAddress.read(sys.argv[1]))\n"
        "    await telemetry.query('SELECT 1')\n"
        "    await telemetry.close()\n"
        "asyncio.run(main())\n"
        "print(sorted(name for name in sys.modules if 'chdb' in name))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, clickhouse.url(address.database)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.splitlines()[-1] == "[]"
