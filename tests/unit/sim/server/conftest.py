from __future__ import annotations

import gzip
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import pytest

from farwatch.sim.errors import StatusError
from farwatch.sim.logs import LogBook
from farwatch.sim.metrics import Metrics
from farwatch.sim.server.api import Api, WatchRequest
from farwatch.sim.server.exchange import Reply, Request, reply_error
from farwatch.sim.server.faults import Faults
from farwatch.sim.server.identity import User
from farwatch.sim.server.podlogs import LogRequest
from farwatch.sim.server.rbac import Authorizer
from farwatch.sim.store import Store

from ...clocks import Clock

ADMIN = User("admin", ("system:masters", "system:authenticated"))
RECORDINGS = Path(__file__).parents[3] / "data" / "recordings"


@dataclass
class Caller:
    """Asks an Api as some user, and reads its JSON."""

    api: Api
    user: User = ADMIN
    headers: dict[str, str] = field(default_factory=dict)

    def send(
        self, method: str, path: str, body: Any = None, media_type: str = "application/json", **query: Any
    ) -> Reply | WatchRequest | LogRequest:
        """The answer, a failure turned into its reply."""
        request = Request(
            method=method,
            path=path,
            query={key.rstrip("_"): str(value) for key, value in query.items()},
            headers={"Content-Type": media_type, **self.headers},
            body=b"" if body is None else msgspec.json.encode(body),
            user=self.user,
        )
        try:
            return self.api.handle(request)
        except StatusError as error:
            return reply_error(error)

    def __call__(self, method: str, path: str, body: Any = None, **query: Any) -> tuple[int, Any]:
        """The code and the document of an answer."""
        reply = self.send(method, path, body, **query)
        assert isinstance(reply, Reply)
        return reply.code, msgspec.json.decode(reply.body)

    def get(self, path: str, **query: Any) -> Any:
        """The document of a GET that succeeds."""
        code, document = self("GET", path, **query)
        assert code == 200, document
        return document


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(clock: Clock) -> Store:
    made = Store(clock)
    made.create("namespaces", {"metadata": {"name": "shop"}})
    return made


@pytest.fixture
def authorizer(store: Store) -> Authorizer:
    return Authorizer(store, enforced=False)


@pytest.fixture
def logs(store: Store) -> LogBook:
    return LogBook(store)


@pytest.fixture
def usage(store: Store) -> Metrics:
    return Metrics(store)


@pytest.fixture
def api(store: Store, logs: LogBook, usage: Metrics, authorizer: Authorizer) -> Api:
    return Api(store, logs, usage, authorizer, Faults(), "127.0.0.1:6443")


@pytest.fixture
def ask(api: Api) -> Caller:
    return Caller(api)


@pytest.fixture
def pods(store: Store) -> list[str]:
    """Seven pods in two namespaces; their names in the order of a list."""
    store.create("namespaces", {"metadata": {"name": "a"}})
    names = []
    for i in range(7):
        namespace, app = ("a", "db") if i < 2 else ("shop", "web")
        names.append(f"p{i}")
        store.create(
            "pods",
            {
                "metadata": {"name": f"p{i}", "namespace": namespace, "labels": {"app": app}},
                "spec": {"nodeName": "n1", "containers": [{"name": "c", "image": "i:1"}]},
                "status": {"phase": "Running"},
            },
        )
    return names


@pytest.fixture(scope="session")
def answers() -> Mapping[str, Any]:
    """What a real server said, by the name of the question."""
    recorded: dict[str, Any] = msgspec.json.decode(
        gzip.decompress((RECORDINGS / "answers.json.gz").read_bytes())
    )
    return recorded


@pytest.fixture(scope="session")
def discovered() -> Mapping[str, Any]:
    """A real server's discovery, by path."""
    recorded: dict[str, Any] = msgspec.json.decode(
        gzip.decompress((RECORDINGS / "discovery.json.gz").read_bytes())
    )
    return recorded
