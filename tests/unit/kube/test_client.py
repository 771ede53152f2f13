from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from farwatch.kube.access import ClusterAccess, Credentials, StaticCredentials, with_bearer
from farwatch.kube.client import MAX_LOG_BYTES, KubeClient, PatchType
from farwatch.kube.errors import ApiError, ApiUnreachable, KubeConfigError
from farwatch.kube.kinds import KINDS

POD = KINDS["Pod"]
DEPLOYMENT = KINDS["Deployment"]


class RotatingCredentials:
    """A token that becomes another when it is refused."""

    def __init__(self) -> None:
        self.generation = 1

    async def current(self) -> Credentials:
        return with_bearer(Credentials(), f"token-{self.generation}")

    def invalidate(self, refused: Credentials) -> bool:
        assert refused.headers[-1] == ("Authorization", f"Bearer token-{self.generation}")
        self.generation += 1
        return True


def url(server: TestServer) -> str:
    return str(server.make_url("")).rstrip("/")


# --- reading --------------------------------------------------------------------------------------------------


async def test_pages_may_be_compressed(script: Any, say: Any, client: KubeClient) -> None:
    script.lists = [say.zipped({"metadata": {"resourceVersion": "7"}, "items": [say.pod("a")]})]
    pages = [page async for page in client.list_pages(POD, "shop", limit=5)]
    assert [found.metadata.name for page in pages for found in page.items] == ["a"]
    (request,) = script.requests
    assert request.headers["Accept-Encoding"] == "gzip"
    assert request.query == {"limit": "5"}


async def test_selectors_are_passed_on(script: Any, say: Any, client: KubeClient) -> None:
    script.lists = [say.page()]
    async for _ in client.list_pages(POD, label_selector="app=web", field_selector="spec.nodeName=n"):
        pass
    assert script.requests[0].query["labelSelector"] == "app=web"
    assert script.requests[0].query["fieldSelector"] == "spec.nodeName=n"


async def test_one_object_is_read_from_its_path(script: Any, say: Any, client: KubeClient) -> None:
    script.others["GET /apis/apps/v1/namespaces/shop/deployments/web"] = [say.reply(say.pod("web"))]
    found = await client.get(DEPLOYMENT, "web", "shop")
    assert found.metadata.name == "web"


async def test_version_identity_and_discovery(script: Any, say: Any, client: KubeClient) -> None:
    script.others["GET /version"] = [say.reply({"major": "1", "minor": "36", "gitVersion": "v1.36.2"})]
    script.others["GET /api/v1/namespaces/kube-system"] = [
        say.reply({"metadata": {"name": "kube-system", "uid": "identity"}})
    ]
    script.others["GET /apis/apps/v1"] = [say.reply({"resources": [{"name": "deployments"}]})]
    assert (await client.server_version()).git_version == "v1.36.2"
    assert await client.cluster_uid() == "identity"
    assert await client.serves(DEPLOYMENT)
    assert not await client.serves(KINDS["ReplicaSet"])
    assert not await client.serves(KINDS["Job"])  # its whole group is unknown


async def test_an_identity_that_is_empty_is_none(script: Any, say: Any, client: KubeClient) -> None:
    script.others["GET /api/v1/namespaces/kube-system"] = [say.reply({"metadata": {"name": "kube-system"}})]
    with pytest.raises(ApiError, match="kube-system has no uid"):
        await client.cluster_uid()


@pytest.mark.parametrize("ask", ["server_version", "cluster_uid", "serves", "get"])
async def test_a_page_of_html_is_no_answer(script: Any, say: Any, client: KubeClient, ask: str) -> None:
    script.lists = [say.reply(b"<html>please log in</html>")]
    asked = {
        "server_version": client.server_version,
        "cluster_uid": client.cluster_uid,
        "serves": lambda: client.serves(POD),
        "get": lambda: client.get(POD, "a", "shop"),
    }[ask]
    with pytest.raises(ApiError, match="BadBody"):
        await asked()


LOG = "GET /api/v1/namespaces/shop/pods/web-1/log"


async def test_the_end_of_a_log_is_read_in_whole_lines(script: Any, say: Any, client: KubeClient) -> None:
    script.others[LOG] = [say.reply(b"first line\nsecond line\nthird\n")]

    tail = await client.read_log(
        "shop", "web-1", container="web", previous=True, tail_lines=3, since_seconds=60, keep_bytes=15
    )

    assert tail == (b"third\n", True)
    assert dict(script.requests[0].query) == {
        "container": "web",
        "previous": "true",
        "tailLines": "3",
        "sinceSeconds": "60",
        "limitBytes": str(MAX_LOG_BYTES),
    }


async def test_a_log_that_fits_is_whole(script: Any, say: Any, client: KubeClient) -> None:
    script.others[LOG] = [say.reply(b"one\ntwo")]
    assert await client.read_log("shop", "web-1", tail_lines=9, keep_bytes=7) == (b"one\ntwo", False)
    assert set(script.requests[0].query) == {"tailLines", "limitBytes"}


async def test_of_a_single_long_line_the_end_is_kept(script: Any, say: Any, client: KubeClient) -> None:
    script.others[LOG] = [say.reply(b"x" * 50_000 + b"the end")]
    assert await client.read_log("shop", "web-1", tail_lines=9, keep_bytes=7) == (b"the end", True)


async def test_a_log_that_the_server_cut_is_not_whole(script: Any, say: Any, client: KubeClient) -> None:
    script.others[LOG] = [say.reply(b"x" * MAX_LOG_BYTES)]
    tail = await client.read_log("shop", "web-1", tail_lines=9, keep_bytes=2 * MAX_LOG_BYTES)
    assert (len(tail.content), tail.truncated) == (MAX_LOG_BYTES, True)


async def test_a_log_that_breaks_off_is_no_answer(script: Any, say: Any, client: KubeClient) -> None:
    script.others[LOG] = [say.stream(b"half a li", say.CUT)]
    with pytest.raises(ApiUnreachable):
        await client.read_log("shop", "web-1", tail_lines=9, keep_bytes=100)


# --- writing --------------------------------------------------------------------------------------------------


async def test_writes_go_where_they_belong(script: Any, say: Any, client: KubeClient) -> None:
    path = "/apis/apps/v1/namespaces/shop/deployments"
    answer = [say.reply(say.pod("web"))]
    for key in (f"POST {path}", f"PUT {path}/web", f"PATCH {path}/web/scale", f"DELETE {path}/web"):
        script.others[key] = answer

    await client.create(DEPLOYMENT, {"metadata": {"name": "web"}}, "shop")
    await client.replace(DEPLOYMENT, "web", {"spec": {}}, "shop")
    await client.patch(
        DEPLOYMENT,
        "web",
        [{"op": "replace", "path": "/spec/replicas", "value": 2}],
        "shop",
        patch_type=PatchType.JSON,
        subresource="scale",
        params={"dryRun": "All"},
    )
    await client.delete(DEPLOYMENT, "web", "shop", uid="that-one")

    created, replaced, patched, deleted = script.requests
    assert created.content_type == replaced.content_type == "application/json"
    assert json.loads(await created.text()) == {"metadata": {"name": "web"}}
    assert patched.content_type == "application/json-patch+json"
    assert patched.query == {"dryRun": "All"}
    assert json.loads(await deleted.text()) == {"preconditions": {"uid": "that-one"}}


async def test_a_conflict_is_told_as_one(script: Any, say: Any, client: KubeClient) -> None:
    script.lists = [say.refusal(409, "Conflict", "the object has been modified")]
    with pytest.raises(ApiError) as refused:
        await client.replace(DEPLOYMENT, "web", {}, "shop")
    assert refused.value.is_conflict
    assert refused.value.message == "the object has been modified"


# --- credentials ----------------------------------------------------------------------------------------------


async def test_401_is_tried_once_more_with_new_credentials(script: Any, say: Any, server: TestServer) -> None:
    script.lists = [say.refusal(401, "Unauthorized", "Unauthorized"), say.page(say.pod("a"))]
    async with KubeClient(ClusterAccess(url(server), RotatingCredentials())) as client:
        pages = [page async for page in client.list_pages(POD)]
    assert len(pages) == 1
    assert [sent.headers["Authorization"] for sent in script.requests] == ["Bearer token-1", "Bearer token-2"]


async def test_401_is_not_tried_for_ever(script: Any, say: Any, server: TestServer) -> None:
    script.lists = [say.refusal(401, "Unauthorized", "Unauthorized")]
    async with KubeClient(ClusterAccess(url(server), RotatingCredentials())) as client:
        with pytest.raises(ApiError, match="401 Unauthorized"):
            await client.server_version()
    assert len(script.requests) == 2


async def test_401_is_not_tried_again_with_credentials_that_cannot_change(
    script: Any, say: Any, server: TestServer
) -> None:
    script.lists = [say.refusal(401, "Unauthorized", "Unauthorized")]
    access = ClusterAccess(url(server), StaticCredentials(with_bearer(Credentials(), "token")))
    async with KubeClient(access) as client:
        with pytest.raises(ApiError):
            await client.server_version()
    assert len(script.requests) == 1


async def test_a_redirect_is_not_followed_with_our_token(script: Any, say: Any, server: TestServer) -> None:
    async def elsewhere(request: web.Request) -> web.StreamResponse:
        return web.Response(status=302, headers={"Location": "/elsewhere"})

    script.lists = [elsewhere]
    access = ClusterAccess(url(server), StaticCredentials(with_bearer(Credentials(), "token")))
    async with KubeClient(access) as client:
        with pytest.raises(ApiError, match="302"):
            await client.server_version()
    assert [sent.path for sent in script.requests] == ["/version"]


# --- networks -------------------------------------------------------------------------------------------------


async def test_proxies_of_the_environment_are_not_used(
    script: Any, say: Any, client: KubeClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    script.lists = [say.page()]
    assert [page.items async for page in client.list_pages(POD)] == [[]]


async def test_the_proxy_of_the_kubeconfig_is_used(script: Any, say: Any, server: TestServer) -> None:
    script.lists = [say.page()]
    access = ClusterAccess("http://api.cluster.example:6443", proxy=url(server))
    async with KubeClient(access) as client:
        assert [page.items async for page in client.list_pages(POD)] == [[]]
    (request,) = script.requests
    assert request.headers["Host"] == "api.cluster.example:6443"


async def test_an_answer_that_stands_still_is_none(script: Any, say: Any, server: TestServer) -> None:
    script.lists = [say.stream(b'{"metadata":', say.HANG)]
    async with KubeClient(ClusterAccess(url(server)), read_seconds=0.1) as client:
        with pytest.raises(ApiUnreachable, match="does not answer"):
            await client.server_version()


async def test_an_answer_that_breaks_off_is_none(script: Any, say: Any, client: KubeClient) -> None:
    script.lists = [say.stream(b'{"metadata":', say.CUT)]
    with pytest.raises(ApiUnreachable):
        await client.server_version()


async def test_what_is_no_http_at_all_is_no_answer() -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(10)
        writer.write(b"SSH-2.0-OpenSSH\r\n")
        writer.close()

    odd = await asyncio.start_server(talk, "127.0.0.1", 0)
    port = odd.sockets[0].getsockname()[1]
    async with odd, KubeClient(ClusterAccess(f"http://127.0.0.1:{port}")) as client:
        with pytest.raises(ApiUnreachable):
            await client.server_version()


async def test_a_server_that_is_no_url_is_told_as_a_fault_of_the_configuration() -> None:
    async with KubeClient(ClusterAccess("http://[broken")) as client:
        with pytest.raises(KubeConfigError):
            await client.server_version()


async def test_leaving_a_watch_closes_its_connection(script: Any, say: Any, client: KubeClient) -> None:
    noticed = asyncio.Event()

    async def watch(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        try:
            while True:
                await response.write(say.event("ADDED", say.pod("a")))
                await asyncio.sleep(0.001)
        finally:
            noticed.set()

    script.watches = [watch]
    async with client.watch(POD) as stream:
        assert await anext(aiter(stream))
    await asyncio.wait_for(noticed.wait(), 20)
