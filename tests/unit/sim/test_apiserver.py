import asyncio
import io
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
import pytest
import yaml

from farwatch.sim.apiserver import ApiServer
from farwatch.sim.errors import SimError
from farwatch.sim.resources import RESOURCES
from farwatch.sim.server.faults import Answer, Faults
from farwatch.sim.server.identity import ADMIN_GROUP, User
from farwatch.sim.store import Store

PODS = "/api/v1/pods"


@pytest.fixture
def store() -> Store:
    made = Store(lambda: 1_800_000_000.0)
    made.create("namespaces", {"metadata": {"name": "shop"}})
    return made


def add_pod(store: Store, name: str, **labels: str) -> None:
    store.create("pods", {"metadata": {"name": name, "namespace": "shop", "labels": labels}, "spec": {}})


@pytest.fixture
async def server(store: Store) -> AsyncIterator[ApiServer]:
    made = ApiServer(store)
    await made.start()
    yield made
    await made.stop()


@pytest.fixture
async def http(server: ApiServer) -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(server.url) as session:
        yield session


async def read_event(response: aiohttp.ClientResponse) -> tuple[str, Any]:
    event = msgspec.json.decode(await response.content.readline())
    return event["type"], event["object"]


async def read_into(received: bytearray, response: aiohttp.ClientResponse) -> None:
    async for chunk in response.content.iter_any():
        received += chunk


async def test_a_watch_follows_the_store(store: Store, http: aiohttp.ClientSession) -> None:
    add_pod(store, "a")
    async with http.get(PODS, params={"watch": "1"}) as response:
        assert response.content_type == "application/json"
        assert (await read_event(response))[0] == "ADDED"
        store.modify("pods", "shop", "a", lambda pod: pod["metadata"].update(labels={"x": "y"}))
        kind, changed = await read_event(response)
    assert (kind, changed) == ("MODIFIED", store.get("pods", "shop", "a"))


async def test_a_watch_ends_at_its_timeout(http: aiohttp.ClientSession) -> None:
    async with http.get(PODS, params={"watch": "1", "timeoutSeconds": "1"}) as response:
        assert await response.read() == b""


async def test_an_idle_watch_gets_bookmarks(store: Store) -> None:
    server = ApiServer(store, bookmark_seconds=0.01)
    query = {"watch": "1", "allowWatchBookmarks": "true"}
    await server.start()
    async with aiohttp.ClientSession(server.url) as http, http.get(PODS, params=query) as response:
        kind, bookmark = await read_event(response)
    await server.stop()
    assert kind == "BOOKMARK"
    assert bookmark["metadata"] == {"resourceVersion": str(store.resource_version)}


async def test_a_watch_from_a_forgotten_version_gets_an_error_event(
    server: ApiServer, http: aiohttp.ClientSession
) -> None:
    server.expire_history()
    async with http.get(PODS, params={"watch": "1", "resourceVersion": "1"}) as response:
        assert response.status == 200
        kind, status = await read_event(response)
    assert (kind, status["code"], status["reason"]) == ("ERROR", 410, "Expired")
    assert status["message"] == "too old resource version: 1 (2)"


async def test_a_watch_in_table_form_sends_rows(store: Store, http: aiohttp.ClientSession) -> None:
    add_pod(store, "a")
    accept = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"
    async with http.get(PODS, params={"watch": "1"}, headers={"Accept": accept}) as response:
        _, table = await read_event(response)
    assert table["kind"] == "Table"
    assert table["rows"][0]["cells"][0] == "a"


async def test_a_large_answer_is_compressed_for_those_who_accept_it(
    store: Store, http: aiohttp.ClientSession
) -> None:
    for i in range(20):
        add_pod(store, f"p{i}", filler="x" * 10_000)
    async with http.get(PODS, headers={"Accept-Encoding": "gzip"}) as response:
        assert response.headers["Content-Encoding"] == "gzip"
        assert len((await response.json())["items"]) == 20
    async with http.get(PODS, headers={"Accept-Encoding": "identity"}) as response:
        assert "Content-Encoding" not in response.headers


async def test_tokens_are_asked_for(store: Store) -> None:
    server = ApiServer(store, users={"secret": User("admin", (ADMIN_GROUP,))})
    await server.start()
    codes = []
    async with aiohttp.ClientSession(server.url) as http:
        for header in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": "Bearer secret"}):
            async with http.get(PODS, headers=header) as response:
                codes.append(response.status)
        server.tokens.revoke("secret")
        server.tokens.add("new", User("admin", (ADMIN_GROUP,)))
        async with http.get(PODS, headers={"Authorization": "Bearer secret"}) as response:
            codes.append(response.status)
    await server.stop()
    assert codes == [401, 401, 200, 401]


async def test_only_those_who_may_impersonate(store: Store) -> None:
    users = {"admin": User("admin", (ADMIN_GROUP,)), "viewer": User("viewer")}
    server = ApiServer(store, users=users, rbac=True)
    await server.start()
    told = []
    async with aiohttp.ClientSession(server.url) as http:
        for token in users:
            headers = {"Authorization": f"Bearer {token}", "Impersonate-User": "other"}
            async with http.get(PODS, headers=headers) as response:
                told.append((await response.json())["message"])
    await server.stop()
    assert told == [
        'pods is forbidden: User "other" cannot list resource "pods" in API group "" at the cluster scope',
        'users "other" is forbidden: User "viewer" cannot impersonate resource "users" in API group "" at the cluster scope',
    ]


async def test_a_frozen_watch_says_nothing_until_it_thaws(
    store: Store, server: ApiServer, http: aiohttp.ClientSession
) -> None:
    version = str(store.resource_version)
    server.faults.frozen.add("pods")
    async with http.get(PODS, params={"watch": "1", "resourceVersion": version}) as response:
        add_pod(store, "a")
        reading = asyncio.create_task(read_event(response))
        await asyncio.sleep(0.1)
        assert not reading.done()
        server.faults.frozen.clear()
        kind, _ = await reading
    assert kind == "ADDED"


async def test_a_cut_watch_ends_in_the_middle_of_a_line(
    store: Store, server: ApiServer, http: aiohttp.ClientSession
) -> None:
    add_pod(store, "a")
    query = {"watch": "1", "resourceVersion": str(store.resource_version)}
    async with http.get(PODS, params=query) as response:
        async with http.post("/_sim/faults/cut") as control:
            assert control.status == 200
        received = bytearray()
        with pytest.raises(aiohttp.ClientPayloadError):
            await read_into(received, response)
    assert received.startswith(b'{"type":"MODIFIED"')
    assert not received.endswith(b"\n")


async def test_faults_are_read_and_set_over_http(server: ApiServer, http: aiohttp.ClientSession) -> None:
    wanted = {"answers": [{"code": 503, "retry_after": 2}], "frozen": ["pods"]}
    async with http.put("/_sim/faults", json=wanted) as response:
        assert response.status == 200
    assert server.faults == Faults(answers=[Answer(code=503, retry_after=2)], frozen={"pods"})
    async with http.get(PODS) as response:
        assert (response.status, response.headers["Retry-After"]) == (503, "2")
    async with http.put("/_sim/faults", json={"frozn": []}) as response:
        assert response.status == 400
        assert "frozn" in await response.text()
    async with http.put("/_sim/faults", json={}) as response:
        assert (await response.json())["answers"] == []
    async with http.get(PODS) as response:
        assert response.status == 200
    async with http.get("/_sim/faults/none") as response:
        assert response.status == 404


async def test_history_is_expired_over_http(store: Store, http: aiohttp.ClientSession) -> None:
    query = {"resourceVersion": str(store.resource_version), "resourceVersionMatch": "Exact"}
    async with http.post("/_sim/faults/expire") as response:
        assert response.status == 200
    async with http.get(PODS, params=query) as response:
        assert response.status == 410


async def test_a_refusing_server_closes_without_an_answer(
    server: ApiServer, http: aiohttp.ClientSession
) -> None:
    server.faults = Faults(refuse=True)
    with pytest.raises(aiohttp.ClientConnectionError):
        await http.get(PODS)
    async with http.put("/_sim/faults", json={}) as response:
        assert response.status == 200


async def test_a_slow_server_answers_late(server: ApiServer, http: aiohttp.ClientSession) -> None:
    server.faults = Faults(delay=30.0)
    with pytest.raises(TimeoutError):
        await http.get(PODS, timeout=aiohttp.ClientTimeout(total=0.05))


async def test_too_large_a_body_is_refused(http: aiohttp.ClientSession) -> None:
    async with http.post("/api/v1/namespaces/shop/configmaps", data=io.BytesIO(b"x" * 4_000_000)) as response:
        assert response.status == 413


async def test_logs_are_followed_until_the_run_ends(server: ApiServer, http: aiohttp.ClientSession) -> None:
    spec = {"containers": [{"name": "c", "image": "i"}]}
    server.store.create("pods", {"metadata": {"name": "a", "namespace": "shop"}, "spec": spec})
    server.logs.write("shop", "a", "c", "one")
    path = "/api/v1/namespaces/shop/pods/a/log"
    async with http.get(path, params={"follow": "true"}) as response:
        assert await response.content.readline() == b"one\n"
        server.logs.write("shop", "a", "c", "two")
        assert await response.content.readline() == b"two\n"
        server.logs.restart("shop", "a", "c")
        assert await response.content.read() == b""


async def test_a_deleted_namespace_is_emptied(store: Store, server: ApiServer) -> None:
    gone = asyncio.Event()
    store.subscribe("namespaces", lambda change: gone.set() if change.type == "DELETED" else None)
    namespace = store.get("namespaces", "", "shop")
    namespace["metadata"]["deletionTimestamp"] = "2027-01-15T07:59:00Z"
    namespace["status"]["phase"] = "Terminating"
    entry = store.collection("namespaces").get(("", "shop"))
    store.write(RESOURCES["namespaces"], namespace, entry)
    async with asyncio.timeout(10):
        await gone.wait()


async def test_stopping_ends_open_watches(store: Store) -> None:
    server = ApiServer(store)
    await server.start()
    async with aiohttp.ClientSession(server.url) as http, http.get(PODS, params={"watch": "1"}) as response:
        await server.stop()
        assert await response.read() == b""


async def test_a_taken_port_is_told_with_a_way_out(store: Store, server: ApiServer) -> None:
    port = int(server.url.rpartition(":")[2])
    with pytest.raises(SimError, match=f"cannot listen on 127.0.0.1:{port}: .*--listen"):
        await ApiServer(store).start(port=port)


async def test_the_kubeconfig_leads_to_the_server(server: ApiServer, tmp_path: Path) -> None:
    path = server.write_kubeconfig(tmp_path / "deep" / "config", name="test", token="secret")
    config = yaml.safe_load(path.read_text())
    assert config["clusters"][0]["cluster"] == {"server": server.url}
    assert config["users"][0]["user"] == {"token": "secret"}
    assert config["current-context"] == "test"
    assert path.stat().st_mode & 0o777 == 0o600
