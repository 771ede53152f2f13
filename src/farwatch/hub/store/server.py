"""A ClickHouse server's engine, over its HTTP interface (https://clickhouse.com/docs/interfaces/http).

Each statement is one POST, with its parameters and settings in the URL; of an insert, the body is the rows. The answer is
held back until the statement has ended (``wait_end_of_query``), so that a fault is a status with a code and never the
end of a result that seemed good.
"""

from __future__ import annotations

import asyncio
import os
import uuid
from collections.abc import Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Self

import aiohttp
import structlog
import zstandard

from farwatch.hub.store.address import ServerAddress
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

OLDEST_VERSION = (25, 3)
"""The first that knows every setting of the tables."""

_READERS = 8
_CONNECT_SECONDS = 5.0
_WRITE_SECONDS = 120.0
_ANSWER_SECONDS = 10.0
"""How long beyond its own limit a query's answer may take."""
_KILL_SECONDS = 5.0
_KILL_EVERY_SECONDS = 0.05
# Servers drop what has been idle for 3 s (10 s in newer ones) without a word.
_KEEP_SECONDS = 2.0

# ClickHouse's http_max_field_value_size.
_LONGEST_PARAMETER_BYTES = 128 * 1024
_LONGEST_FAULT_BYTES = 64 * 1024

_UNKNOWN_DATABASE = 81
_ACCESS_DENIED = 497
_IDENTITY_FAULTS = frozenset({192, 193, 194, 516})
_NOT_ENOUGH_SPACE = 243

# Where servers' profiles and versions differ, what the hub relies on.
_SETTINGS = {
    "wait_end_of_query": "1",
    "enable_http_compression": "1",
    "date_time_input_format": "best_effort",
    "output_format_json_quote_64bit_integers": "0",
}
# Inserted at once: rows that wait in the server's memory are neither safe nor told apart by their token.
_WRITER_SETTINGS = {"async_insert": "0", "insert_deduplicate": "1"}
_READER_SETTINGS = {"readonly": "1", "cancel_http_readonly_queries_on_client_close": "1"}

_log = structlog.get_logger(__name__)


class ServerFaultError(TelemetryError):
    """The server said what was wrong.

    Attributes:
        codes: ClickHouse's error codes, the outermost and what it holds.
    """

    def __init__(self, message: str, codes: set[int]) -> None:
        super().__init__(message)
        self.codes = codes


class ServerEngine(Engine):
    """One database on a ClickHouse server.

    Args:
        address: Where it is.
        query_seconds: When a query that still runs is given up.
    """

    def __init__(self, address: ServerAddress, query_seconds: int) -> None:
        self._address = address
        self._query_seconds = query_seconds
        self._http = aiohttp.ClientSession(
            headers={
                "X-ClickHouse-User": address.user,
                "X-ClickHouse-Key": address.password,
                "Accept-Encoding": "gzip",
            },
            connector=aiohttp.TCPConnector(
                limit=0, keepalive_timeout=_KEEP_SECONDS, ssl=address.trust() or True
            ),
            # A header that holds the password goes nowhere else.
            trust_env=False,
        )
        self._writing = asyncio.Lock()
        self._readers = asyncio.Semaphore(_READERS)
        self._running: dict[str, asyncio.Task[bytes]] = {}

    @classmethod
    async def open(cls, address: ServerAddress, query_seconds: int) -> Self:
        """Reach the server, and make the database where it is missing and the user may.

        Raises:
            TelemetryError: The server cannot be reached, is too old, or refuses the user.
        """
        engine = cls(address, query_seconds)
        try:
            await engine._introduce()
        except BaseException:
            await engine.close()
            raise
        return engine

    async def execute(self, statement: str, parameters: Mapping[str, Parameter] | None = None) -> None:
        """One POST, after those that write before it."""
        async with self._writing:
            await self._post(statement, parameters, settings=_WRITER_SETTINGS, seconds=_WRITE_SECONDS)

    async def insert(self, table: str, columns: tuple[str, ...], rows: bytes, token: str) -> None:
        """One POST with the rows as its body."""
        # Named by its token: as long as a try whose answer was lost still runs, the server refuses the next one.
        named = _WRITER_SETTINGS | {"query_id": f"farwatch-{token}"}
        statement = write_insert(table, columns, token)
        packed = await asyncio.to_thread(zstandard.compress, rows, 1)
        async with self._writing:
            try:
                await self._post(statement, settings=named, rows=packed, seconds=_WRITE_SECONDS)
            except ServerFaultError as error:
                if error.codes & DATA_FAULTS:
                    raise RowsRejectedError(str(error)) from error
                raise

    async def query(self, sql: str, parameters: Mapping[str, Parameter] | None, output: str) -> bytes:
        """One POST, again where the connection broke; a few at a time."""
        limits = {"default_format": output, "max_execution_time": str(self._query_seconds)}
        async with self._readers:
            try:
                return await self._ask(sql, parameters, limits | _READER_SETTINGS)
            except QueryError:
                raise
            except TelemetryError as error:
                raise QueryError(str(error)) from error

    async def backup(self, to: Path) -> None:  # noqa: ARG002 - the interface's
        """Refused: the server's operator has better ways.

        Raises:
            TelemetryError: Always.
        """
        raise TelemetryError(
            f"the telemetry is on {self._address.name}, which the hub does not back up: use the server's own BACKUP"
        )

    async def close(self) -> None:
        """Kill what runs, and close the connections."""
        await asyncio.gather(*(self._kill(query_id, task) for query_id, task in tuple(self._running.items())))
        await self._http.close()

    async def _introduce(self) -> None:
        asked = "SELECT version() FORMAT TabSeparated"
        try:
            version = await self._post(asked)
        except ServerFaultError as error:
            if _UNKNOWN_DATABASE not in error.codes:
                raise
            await self._make_database()
            version = await self._post(asked)
        text = version.decode(errors="replace").strip()
        if _read_version(text) < OLDEST_VERSION:
            raise TelemetryError(
                f"{self._address.name} is ClickHouse {text[:50]}: {'.'.join(map(str, OLDEST_VERSION))} is the oldest "
                "that the hub works with"
            )
        if self._address.exposed:
            _log.warning(
                "the way to the telemetry server is not encrypted: use https://", server=self._address.name
            )
        await self._end_former()
        _log.info("telemetry is on a server", server=self._address.name, version=text)

    async def _end_former(self) -> None:
        """What a hub that was killed has asked for may still run, and would write behind the back of this one."""
        former = (
            "KILL QUERY WHERE startsWith(query_id, 'farwatch-') AND user = currentUser() "
            "AND current_database = {database:String} SYNC"
        )
        try:
            await self._post(former, {"database": self._address.database}, seconds=_WRITE_SECONDS)
        except ServerFaultError as error:
            if _ACCESS_DENIED not in error.codes:
                raise
            _log.warning(
                "the telemetry server lets the hub end no query of its own: grant SELECT ON system.processes",
                server=self._address.name,
            )

    async def _make_database(self) -> None:
        database = self._address.database
        try:
            await self._post(f"CREATE DATABASE IF NOT EXISTS `{database}`", settings={"database": ""})
        except ServerFaultError as error:
            if _ACCESS_DENIED not in error.codes:
                raise
            raise TelemetryError(
                f"{self._address.root} has no database {database}, and {self._address.user} may not make it: have it "
                "made there, or give that user the right to"
            ) from error

    async def _ask(
        self, sql: str, parameters: Mapping[str, Parameter] | None, settings: Mapping[str, str]
    ) -> bytes:
        """A query that only reads, and may thus be asked again when the connection broke."""
        try:
            return await self._ask_once(sql, parameters, settings)
        except ConnectionLostError:
            return await self._ask_once(sql, parameters, settings)

    async def _ask_once(
        self, sql: str, parameters: Mapping[str, Parameter] | None, settings: Mapping[str, str]
    ) -> bytes:
        query_id = f"farwatch-{uuid.uuid4().hex}"
        named = {**settings, "query_id": query_id}
        posting = self._post(sql, parameters, settings=named, seconds=self._query_seconds + _ANSWER_SECONDS)
        running = self._running[query_id] = asyncio.create_task(posting)
        try:
            await asyncio.wait([running])
        except asyncio.CancelledError:
            await self._kill(query_id, running)
            raise
        finally:
            self._running.pop(query_id, None)
        if running.cancelled():
            raise QueryError("the telemetry store is closing")
        return running.result()

    async def _kill(self, query_id: str, running: asyncio.Task[bytes]) -> None:
        """The server may not know the query yet when it is to be killed: try until it has ended, for a while."""
        statement = "KILL QUERY WHERE query_id = {id:String} SYNC"
        try:
            async with asyncio.timeout(_KILL_SECONDS):
                while not running.done():
                    await self._post(statement, {"id": query_id})
                    await asyncio.wait([running], timeout=_KILL_EVERY_SECONDS)
        except (TimeoutError, TelemetryError) as error:
            # Its limit of time ends it.
            _log.warning("a query could not be killed", server=self._address.name, error=str(error))
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)

    async def _post(
        self,
        statement: str,
        parameters: Mapping[str, Parameter] | None = None,
        *,
        settings: Mapping[str, str] | None = None,
        rows: bytes = b"",
        seconds: float = _ANSWER_SECONDS,
    ) -> bytes:
        """One statement; where there are rows, compressed by zstd, they are what follows it."""
        bound = {f"param_{name}": escape(value) for name, value in (parameters or {}).items()}
        _check_length(bound)
        query = {"database": self._address.database, **_SETTINGS, **(settings or {}), **bound}
        if rows:
            query["query"] = statement
        try:
            async with self._http.post(
                self._address.root,
                params=query,
                data=rows or statement.encode(),
                headers={"Content-Encoding": "zstd"} if rows else None,
                allow_redirects=False,
                timeout=aiohttp.ClientTimeout(total=seconds, sock_connect=_CONNECT_SECONDS),
            ) as answer:
                if answer.status == HTTPStatus.OK and "X-ClickHouse-Exception-Code" not in answer.headers:
                    return await self._take(answer)
                raise self._fault(answer, await _read_some(answer))
        except TimeoutError:
            raise TelemetryError(f"{self._address.name} did not answer in time") from None
        except (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError) as error:
            raise ConnectionLostError(f"{self._address.name}: {_describe(error)}") from error
        except aiohttp.ClientError as error:
            raise TelemetryError(f"{self._address.name}: {_describe(error)}") from error

    async def _take(self, answer: aiohttp.ClientResponse) -> bytes:
        if "X-ClickHouse-Query-Id" not in answer.headers:
            # Whoever else answers 200 to everything would have rows called safe that are nowhere.
            raise TelemetryError(
                f"{self._address.root} is not ClickHouse's HTTP interface: is the port right?"
            )
        return await answer.read()

    def _fault(self, answer: aiohttp.ClientResponse, body: bytes) -> TelemetryError:
        text = body.decode(errors="replace")
        code = answer.headers.get("X-ClickHouse-Exception-Code", "")
        if not code.isdecimal():
            return TelemetryError(
                f"{self._address.name} answers {answer.status} {answer.reason or ''}".rstrip()
            )
        codes = find_codes(text) | {int(code)}
        if codes & _IDENTITY_FAULTS:
            says = f"refuses the user {self._address.user}: look at the user and password of its URL"
        elif _NOT_ENOUGH_SPACE in codes:
            says = "has no space left: free some there, or shorten the retention"
        else:
            says = explain(text)
        return ServerFaultError(f"{self._address.name}: {says}", codes)


class ConnectionLostError(TelemetryError):
    """The server could not be reached, or went away before it answered."""


async def _read_some(answer: aiohttp.ClientResponse) -> bytes:
    try:
        return await answer.content.readexactly(_LONGEST_FAULT_BYTES)
    except asyncio.IncompleteReadError as error:
        return error.partial


def _check_length(bound: Mapping[str, str]) -> None:
    for name, value in bound.items():
        if len(value.encode()) > _LONGEST_PARAMETER_BYTES:
            raise QueryError(f"{name.removeprefix('param_')} is too long to be asked for")


def _describe(error: Exception) -> str:
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        cause = getattr(error.certificate_error, "verify_message", error.certificate_error)
        return f"its certificate is not trusted: {cause}"
    if isinstance(error, aiohttp.ClientConnectorError):
        # Event loops word it differently; resolvers' faults have numbers of their own.
        number = error.errno or 0
        return f"cannot be reached: {os.strerror(number) if number > 0 else error.strerror}"
    return f"the connection broke: {str(error) or type(error).__name__}"


def _read_version(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split(".")[:2] if part.isdecimal())
