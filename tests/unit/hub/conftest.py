from __future__ import annotations

import asyncio
import hashlib
import os
import shutil
import socket
from collections.abc import AsyncIterator, Coroutine, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
import pytest
from argon2 import PasswordHasher
from httpx import ASGITransport, AsyncClient, Response
from litestar import Litestar

from farwatch.hub import app as app_module
from farwatch.hub import main
from farwatch.hub.app import Hub, create_app
from farwatch.hub.auth import people as people_module
from farwatch.hub.auth.passwords import Passwords
from farwatch.hub.options import HubOptions
from farwatch.hub.store import DataDirectory, Records, TelemetrySettings
from farwatch.hub.store import telemetry as telemetry_module
from farwatch.hub.store.address import ServerAddress
from farwatch.hub.store.engine import Engine
from farwatch.hub.store.server import ServerEngine
from farwatch.kube.objects import KubeObject
from farwatch.link.frames import Item

from ..clocks import Clock

ADMIN_TOKEN = "the-token-of-the-test"
EXTERNAL_URL = "https://hub.example"
PROBLEM = "application/problem+json"


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def directory(tmp_path: Path) -> Iterator[DataDirectory]:
    claimed = DataDirectory.claim(tmp_path / "data")
    yield claimed
    claimed.release()


@pytest.fixture
async def records(directory: DataDirectory) -> AsyncIterator[Records]:
    opened = await Records.open(directory)
    yield opened
    await opened.close()


class Api:
    """The API of a running hub, asked with its admin token, and what an agent would tell the hub."""

    def __init__(self, hub: Hub, client: AsyncClient) -> None:
        self.hub = hub
        self.client = client

    async def ask(
        self, method: str, path: str, body: object = None, *, token: str | None = ADMIN_TOKEN, **query: Any
    ) -> Response:
        """One request below the hub's address; a body that is not bytes goes as JSON."""
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        content = body if isinstance(body, bytes) or body is None else msgspec.json.encode(body)
        return await self.client.request(method, path, content=content, headers=headers, params=query or None)

    async def get(self, path: str, **query: Any) -> Any:
        """The decoded answer to a GET below /api/v1, which must succeed."""
        answer = await self.ask("GET", f"/api/v1{path}", **query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def fault(self, method: str, path: str, body: object = None, **query: Any) -> tuple[int, str]:
        """Status and detail of a request below /api/v1 that must be answered with a problem."""
        answer = await self.ask(method, f"/api/v1{path}", body, **query)
        assert answer.headers["content-type"] == PROBLEM, answer.text
        problem = answer.json()
        assert problem["status"] == answer.status_code
        return answer.status_code, problem["detail"]

    async def add_cluster(self, name: str) -> str:
        """A cluster; its agent's token."""
        answer = await self.ask("POST", "/api/v1/clusters", {"name": name})
        assert answer.status_code == 201, answer.text
        token: str = answer.json()["token"]
        return token

    async def tell(self, cluster: str, *found: KubeObject, gone: Sequence[KubeObject] = ()) -> None:
        """An agent tells of objects; it is durable when this returns."""
        for thing in (*found, *gone):
            meta = thing.metadata
            document = None if thing in gone else msgspec.msgpack.encode(thing)
            item = Item(meta.namespace, meta.name, meta.uid, meta.resource_version, document, 0.0)
            changes = self.hub.inventory.apply(cluster, type(thing).__name__, [item])
            written = self.hub.change_log.append(changes)
            await self.hub.telemetry.flush()
            await written


# --- what each test would make anew, at a price ---------------------------------------------------------------


CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


@pytest.fixture(autouse=True)
def _cheap_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hashes of passwords cost next to nothing; what they cost in a hub is what the tests of passwords are about."""
    monkeypatch.setattr(people_module, "Passwords", lambda: Passwords(CHEAP))


async def _make_records(path: Path) -> None:
    directory = DataDirectory.claim(path)
    await (await Records.open(directory)).close()
    directory.release()


@pytest.fixture(scope="session")
def new_records(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The records of a hub's first start, through every migration."""
    path = tmp_path_factory.mktemp("new-records")
    with ThreadPoolExecutor(1) as beside:
        beside.submit(asyncio.run, _make_records(path)).result()
    return path / "records.db"


@pytest.fixture(autouse=True)
def _records_begin_migrated(new_records: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A data directory without records gets a copy of new ones; the tests of the store make their own."""
    embedded = Records._embedded

    def open_copy(directory: DataDirectory) -> Records:
        if not directory.records.exists():
            shutil.copyfile(new_records, directory.records)
        return embedded(directory)

    monkeypatch.setattr(Records, "_embedded", open_copy)


@pytest.fixture(scope="session")
def _app() -> list[Litestar]:
    """The application of the process's tests, once there is one."""
    return []


@pytest.fixture
def app(running: Hub, _app: list[Litestar]) -> Litestar:
    """The application around the running hub: the same for every test, with another state."""
    if not _app:
        _app.append(create_app(running))
    _app[0].state = app_module._state(running)
    return _app[0]


# --- databases elsewhere --------------------------------------------------------------------------------------


class Databases:
    """Databases on a PostgreSQL server, each a copy of another; those that were made are told in the table ``made``."""

    def __init__(self, server: str) -> None:
        self._server = server

    def url(self, name: str) -> str:
        return f"{self._server.rpartition('/')[0]}/{name}"

    def create(self, name: str, template: str) -> None:
        self._finish(self._create(name, template))

    def drop(self, name: str) -> None:
        self._finish(self._execute(f"DROP DATABASE {name} WITH (FORCE)"))

    def migrate(self, name: str) -> None:
        """Bring one up to date."""
        self._finish(self._migrate(name))

    @staticmethod
    def _finish(work: Coroutine[Any, Any, None]) -> None:
        """In another thread: a test has a loop of its own."""
        with ThreadPoolExecutor(1) as beside:
            beside.submit(asyncio.run, work).result()

    async def _create(self, name: str, template: str) -> None:
        await self._execute(
            "CREATE TABLE IF NOT EXISTS made (name text PRIMARY KEY)",
            f"INSERT INTO made VALUES ('{name}') ON CONFLICT DO NOTHING",  # noqa: S608 - a digest of ours
            f"CREATE DATABASE {name} TEMPLATE {template}",
        )

    async def _migrate(self, name: str) -> None:
        await (await Records.open(self.url(name))).close()

    async def _execute(self, *statements: str) -> None:
        import asyncpg  # noqa: PLC0415 - only where there is a server

        connection = await asyncpg.connect(self._server)
        try:
            for statement in statements:
                await connection.execute(statement)
        finally:
            await connection.close()


@pytest.fixture(scope="session")
def databases() -> Databases | None:
    """Where FARWATCH_TEST_DATABASE is set, the URL of a database on a server."""
    server = os.environ.get("FARWATCH_TEST_DATABASE")
    return Databases(server) if server else None


@pytest.fixture(scope="session")
def template(databases: Databases | None) -> str:
    """The database that those of tests are copies of: through every migration."""
    if databases is not None:
        databases.create("migrated", "template1")
        databases.migrate("migrated")
    return "migrated"


@pytest.fixture(autouse=True)
def _records_on_postgresql(
    _records_begin_migrated: None,
    databases: Databases | None,
    template: str,
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[None]:
    """Where there is a server, each data directory has a database there in place of a file."""
    if databases is None:
        yield
        return
    made: set[str] = set()

    def open_remote(directory: DataDirectory) -> Records:
        name = "test_" + hashlib.sha256(f"{request.node.nodeid} {directory.path}".encode()).hexdigest()[:16]
        if name not in made:
            databases.create(name, template)
            made.add(name)
        return Records._remote(databases.url(name))

    monkeypatch.setattr(Records, "_embedded", open_remote)
    yield
    for name in made:
        databases.drop(name)


@pytest.fixture(autouse=True)
def _telemetry_on_a_server(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """With FARWATCH_TEST_TELEMETRY, the URL of a ClickHouse, each data directory has a database there."""
    server = os.environ.get("FARWATCH_TEST_TELEMETRY")
    if not server:
        return

    async def open_remote(where: DataDirectory | ServerAddress, settings: TelemetrySettings) -> Engine:
        assert isinstance(where, DataDirectory)
        name = "test_" + hashlib.sha256(f"{request.node.nodeid} {where.path}".encode()).hexdigest()[:16]
        return await ServerEngine.open(ServerAddress.read(server + name), settings.query_seconds)

    monkeypatch.setattr(telemetry_module, "_open_engine", open_remote)


@pytest.fixture
async def running(tmp_path: Path) -> AsyncIterator[Hub]:
    """A hub with every part at work, but its port."""
    hub = await Hub.start(HubOptions(data=tmp_path / "data", admin_token=ADMIN_TOKEN), EXTERNAL_URL)
    yield hub
    await hub.stop()


@pytest.fixture
async def api(running: Hub, app: Litestar) -> AsyncIterator[Api]:
    # In the hub's own loop, as in production: what the parts share is not made for two.
    transport = ASGITransport(app)
    async with AsyncClient(transport=transport, base_url="http://hub.test") as client:
        yield Api(running, client)


class Served:
    """A hub behind a real socket, asked over ``http``; its token goes along unless a request brings its own."""

    def __init__(self, hub: Hub, http: aiohttp.ClientSession, url: str) -> None:
        self.hub = hub
        self.http = http
        self.url = url


@pytest.fixture
async def served(running: Hub) -> AsyncIterator[Served]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = main.Server(running, lambda: None)
        # Signals are the test runner's.
        server.capture_signals = nullcontext  # type: ignore[method-assign]
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        headers = {"Authorization": f"Bearer {ADMIN_TOKEN}"}
        async with aiohttp.ClientSession(url, headers=headers) as http:
            yield Served(running, http, url)
        server.should_exit = True
        await serving
