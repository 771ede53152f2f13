"""The embedded ClickHouse engine (chDB): worker threads, connections, parameters, and its errors.

A connection serialises what it is asked, and an engine call blocks its thread with the GIL released: so one thread
writes, a few read, and one stands by to cancel, each with a connection of its own. A process must never fork once
this module is imported.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from farwatch.hub.store.engine import (
    DATA_FAULTS,
    Engine,
    Parameter,
    escape,
    explain,
    find_codes,
    write_insert,
)
from farwatch.hub.store.errors import QueryError, RowsRejectedError, TelemetryError

# The engine's allocator reads this once, when the library is loaded: memory that is free goes back within 0.2 s
# instead of 5 s. Under a steady stream of inserts that takes a third off the process.
os.environ.setdefault("JE_MALLOC_CONF", "dirty_decay_ms:200,muzzy_decay_ms:200")

from chdb.state.sqlitelike import connect

_READERS = 2
_KILL_EVERY_SECONDS = 0.05
_NOT_ENOUGH_SPACE = 243


class _Worker:
    """A few threads, each with its own connection, made when it first runs something."""

    def __init__(self, name: str, threads: int, open_connection: Callable[[], Any]) -> None:
        self._open = open_connection
        self._local = threading.local()
        self._connections: list[Any] = []
        self.executor = ThreadPoolExecutor(threads, thread_name_prefix=f"telemetry-{name}")

    def connection(self) -> Any:
        """The calling thread's connection."""
        if not hasattr(self._local, "connection"):
            self._local.connection = self._open()
            self._connections.append(self._local.connection)
        return self._local.connection

    def close(self) -> None:
        """Wait for what runs, then close the connections. Whoever asks has seen to it that it ends soon."""
        self.executor.shutdown(wait=True, cancel_futures=True)
        for connection in self._connections:
            connection.close()


class EmbeddedEngine(Engine):
    """One embedded engine on one directory. A process has at most one open at a time.

    Args:
        path: The engine's directory.
        memory_limit_bytes: What the engine may use for queries, merges and caches together.
        query_seconds: When a query that still runs is given up.
        backups: The directory below which backups may be written and read; None: nowhere.
    """

    def __init__(
        self, path: Path, memory_limit_bytes: int, query_seconds: int, backups: Path | None = None
    ) -> None:
        settings = {
            "max_server_memory_usage": memory_limit_bytes,
            "background_pool_size": 2,
            "mark_cache_size": 64 * 1024 * 1024,
            "index_mark_cache_size": 16 * 1024 * 1024,
            "uncompressed_cache_size": 0,
        }
        # What the engine is started with belongs to the first connection; the others must name the same path.
        self._target = f"{path}?{urlencode(settings)}"
        if backups is not None:
            # The engine takes this as it stands, without decoding it.
            self._target += f"&backups.allowed_path={backups.absolute()}"
        self._writer = _Worker("writer", 1, self._open)
        self._readers = _Worker("reader", _READERS, self._open_reader)
        self._canceller = _Worker("canceller", 1, self._open)
        self._backup = _Worker("backup", 1, self._open)
        self._query_seconds = query_seconds
        self._running: dict[str, Future[bytes]] = {}
        self._numbers = itertools.count(1)

    async def execute(self, statement: str, parameters: Mapping[str, Parameter] | None = None) -> None:
        """On the writer's thread, to the end even when the caller is cancelled."""
        await _run(self._writer, lambda: self._ask(self._writer, statement, "Null", parameters))

    async def insert(self, table: str, columns: tuple[str, ...], rows: bytes, token: str) -> None:
        """On the writer's thread, to the end even when the caller is cancelled."""
        statement = write_insert(table, columns, token) + "\n"
        await _run(self._writer, lambda: self._insert(statement, rows))

    async def query(self, sql: str, parameters: Mapping[str, Parameter] | None, output: str) -> bytes:
        """On one of the readers' threads."""
        return await self._query(self._readers, sql, parameters, output)

    async def backup(self, to: Path) -> None:
        """On a thread of its own."""
        try:
            await self._query(self._backup, "BACKUP DATABASE farwatch TO File({to:String})", {"to": str(to)})
        except QueryError as error:
            if isinstance(error.__cause__, RuntimeError) and _is_full(error.__cause__):
                raise QueryError(
                    "the disk for backups is full: free some space there, or keep fewer"
                ) from error
            raise

    async def restore(self, source: Path) -> None:
        """Take all tables from a backup (an absolute path), into an engine that has none.

        Raises:
            QueryError: It failed; the message is the engine's.
        """
        await self._query(
            self._backup,
            "RESTORE DATABASE farwatch FROM File({source:String})",
            {"source": str(source)},
        )

    async def _query(
        self, worker: _Worker, sql: str, parameters: Mapping[str, Parameter] | None, output: str = "Null"
    ) -> bytes:
        # A comment that no other query has lets the canceller find this one.
        mark = f"/* {next(self._numbers)} */"
        running = worker.executor.submit(self._ask, worker, f"{mark} {sql}", output, parameters)
        self._running[mark] = running
        running.add_done_callback(lambda _: self._running.pop(mark, None))
        try:
            return await asyncio.wrap_future(running)
        except asyncio.CancelledError:
            if not running.cancel():
                await _run(self._canceller, lambda: self._kill(mark, running))
            raise

    def kill_queries(self) -> None:
        """Kill whatever still runs, and wait until it has ended."""
        for mark, running in tuple(self._running.items()):
            if not running.cancel():
                self._canceller.executor.submit(self._kill, mark, running).result()

    async def close(self) -> None:
        """Kill what runs, wait for the threads and close the engine; the caller has stopped giving it work."""
        await asyncio.to_thread(self._close)

    def _close(self) -> None:
        self.kill_queries()
        self._readers.close()
        self._backup.close()
        self._canceller.close()
        # Last: the connection that the engine was started with.
        self._writer.close()

    def _open(self) -> Any:
        try:
            connection = connect(self._target)
            connection.query("CREATE DATABASE IF NOT EXISTS farwatch ENGINE = Atomic")
            connection.query("USE farwatch")
        except RuntimeError as error:
            raise TelemetryError(f"the telemetry store does not open: {_explain(error)}") from error
        return connection

    def _open_reader(self) -> Any:
        connection = self._open()
        connection.query(f"SET max_execution_time = {self._query_seconds}")
        connection.query("SET readonly = 1")
        return connection

    def _ask(
        self, worker: _Worker, sql: str, output: str, parameters: Mapping[str, Parameter] | None
    ) -> bytes:
        bound = {name: escape(value) for name, value in (parameters or {}).items()}
        try:
            return bytes(worker.connection().query(sql, output, bound).bytes())
        except RuntimeError as error:
            raise QueryError(_explain(error)) from error

    def _insert(self, statement: str, rows: bytes) -> None:
        # Not by chDB's streaming insert (send_insert): it reports success when the engine could not commit, so that
        # rows were lost without a word when the disk was full.
        try:
            self._writer.connection().query(statement + rows.decode(), "Null")
        except RuntimeError as error:
            kind = RowsRejectedError if find_codes(str(error)) & DATA_FAULTS else TelemetryError
            raise kind(_explain(error)) from error

    def _kill(self, mark: str, running: Future[bytes]) -> None:
        """The engine may not know the query yet when it is to be killed: try until it has ended."""
        while not running.done():
            self._ask(
                self._canceller,
                "KILL QUERY WHERE startsWith(query, {mark:String}) SYNC",
                "Null",
                {"mark": mark},
            )
            wait([running], timeout=_KILL_EVERY_SECONDS)


async def _run(worker: _Worker, work: Callable[[], Any]) -> None:
    """Run to the end even when the caller is cancelled: an engine call cannot be left half-way."""
    task = asyncio.get_running_loop().run_in_executor(worker.executor, work)
    await asyncio.shield(task)


def _is_full(error: RuntimeError) -> bool:
    return _NOT_ENOUGH_SPACE in find_codes(str(error)) or "No space left on device" in str(error)


def _explain(error: RuntimeError) -> str:
    """The engine's message in one bounded line; a full disk in plain words."""
    if _is_full(error):
        return "the disk that holds the data directory is full: free some space or shorten the retention"
    return explain(str(error))
