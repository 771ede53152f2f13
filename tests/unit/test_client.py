from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import msgspec
import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st

from farwatch.client import ClientError, EventReader, HubClient, StreamEvent, path_segment

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Names(msgspec.Struct):
    items: list[str]


@asynccontextmanager
async def hub(handler: Handler, token: str = "", seconds: float = 30) -> AsyncIterator[HubClient]:
    """A client of a server that answers everything as the test says."""
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handler)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        async with HubClient(f"http://127.0.0.1:{runner.addresses[0][1]}/", token, seconds) as made:
            yield made
    finally:
        await runner.cleanup()


def answering(status: int, body: bytes, media_type: str = "application/json") -> Handler:
    async def answer(_request: web.Request) -> web.Response:
        return web.Response(status=status, body=body, content_type=media_type)

    return answer


def problem(status: int, detail: str) -> Handler:
    return answering(
        status, msgspec.json.encode({"status": status, "detail": detail}), "application/problem+json"
    )


async def fault(handler: Handler, seconds: float = 30) -> str:
    """What a client says to a person when the hub answers so."""
    async with hub(handler, seconds=seconds) as client:
        with pytest.raises(ClientError) as raised:
            await client.get("/clusters", Names)
    assert "\n" not in str(raised.value)
    return str(raised.value)


class TestAnswers:
    async def test_are_asked_for_with_the_token_below_the_path_of_the_api(self) -> None:
        seen: list[tuple[str, str, str | None, str]] = []

        async def note(request: web.Request) -> web.Response:
            seen.append(
                (request.method, request.path_qs, request.headers.get("Authorization"), await request.text())
            )
            return web.json_response({"items": ["a"]})

        async with hub(note, "secret") as client:
            assert (await client.get("/clusters", Names, limit=3)).items == ["a"]
            await client.post("/clusters", {"name": "prod"}, Names)
            await client.delete("/clusters/prod")
        assert seen == [
            ("GET", "/api/v1/clusters?limit=3", "Bearer secret", ""),
            ("POST", "/api/v1/clusters", "Bearer secret", '{"name":"prod"}'),
            ("DELETE", "/api/v1/clusters/prod", "Bearer secret", ""),
        ]

    async def test_without_a_token_none_is_sent(self) -> None:
        async def check(request: web.Request) -> web.Response:
            assert "Authorization" not in request.headers
            return web.json_response({"items": []})

        async with hub(check) as client:
            await client.get("/clusters", Names)

    async def test_a_refused_token_says_where_to_give_one(self) -> None:
        said = await fault(problem(401, "this API token is unknown or revoked"))
        assert said == "the hub refused: this API token is unknown or revoked (--token or FARWATCH_TOKEN)"
        assert "no valid token" in await fault(answering(401, b""))

    async def test_a_problem_is_told_in_the_hubs_words(self) -> None:
        assert (
            await fault(problem(404, "no cluster is named 'x'")) == "the hub refused: no cluster is named 'x'"
        )

    @pytest.mark.parametrize("body", [b"", b"<h1>Bad Gateway</h1>", b"[]", b"\xff", b'{"detail": null}'])
    async def test_an_error_without_words_is_told_by_its_number(self, body: bytes) -> None:
        assert await fault(answering(502, body)) == "the hub refused: HTTP 502"

    @pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b"{}", b'{"items": [1]}', b"\xff", b'{"items"'])
    async def test_what_no_hub_would_say_raises_doubts_about_the_address(self, body: bytes) -> None:
        assert "not as a Farwatch hub does: is the address right?" in await fault(answering(200, body))


class TestAddresses:
    async def test_where_nobody_listens_is_unreachable(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            port = listener.getsockname()[1]
        async with HubClient(f"http://127.0.0.1:{port}", "") as client:
            with pytest.raises(
                ClientError, match=r"cannot reach the hub at http://127.*; is it running\? \(--hub"
            ):
                await client.get("/clusters", Names)

    async def test_a_connection_that_breaks_is_unreachable(self) -> None:
        async def cut(request: web.Request) -> web.Response:
            assert request.transport is not None
            request.transport.abort()
            return web.Response()

        assert "cannot reach the hub" in await fault(cut)

    @pytest.mark.parametrize("url", ["localhost:8080", "ftp://hub", "", "hub"])
    async def test_what_is_no_address_is_told_with_an_example(self, url: str) -> None:
        async with HubClient(url, "") as client:
            with pytest.raises(ClientError, match="is not the address of a hub, such as http://127"):
                await client.get("/clusters", Names)

    async def test_silence_is_unreachable(self) -> None:
        asked = asyncio.Event()

        async def sleep(_request: web.Request) -> web.Response:
            asked.set()
            await asyncio.Event().wait()
            return web.Response()

        assert "no answer in time" in await fault(sleep, seconds=0.05)

    async def test_outside_its_block_it_is_of_no_use(self) -> None:
        with pytest.raises(RuntimeError, match="outside its 'async with' block"):
            await HubClient("http://127.0.0.1:1", "").get("/clusters", Names)


@pytest.mark.parametrize("name", ["prod-eu-1", "a", "0.x_y"])
def test_a_name_can_be_part_of_a_path(name: str) -> None:
    assert path_segment(name) == name


@pytest.mark.parametrize(
    "name", ["", ".", "..", "prod/tokens", "prod?x", "prod%2Ftokens", "prod#", "-x", "a b", "é"]
)
def test_a_name_that_would_lead_elsewhere_is_refused(name: str) -> None:
    with pytest.raises(ClientError, match="cannot be a cluster's name"):
        path_segment(name)


def streaming(*chunks: bytes, then_cut: bool = False) -> Handler:
    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        for chunk in chunks:
            await response.write(chunk)
        if then_cut:
            assert request.transport is not None
            request.transport.abort()
        return response

    return answer


async def drain(events: AsyncIterator[StreamEvent], seen: list[str]) -> None:
    """Read to the end, whatever that is; what came before it counts."""
    async for event in events:
        seen.append(event.type)  # noqa: PERF401 - likewise


class TestStream:
    async def test_gives_events_until_the_hub_ends_it(self) -> None:
        said = b': following\r\n\r\nevent: alert\r\ndata: {"a": 1}\r\n\r\n: still here\r\n\r\ndata: {"b": 2}\r\n\r\n'
        async with hub(streaming(said)) as client:
            assert [event async for event in client.stream()] == [
                StreamEvent("alert", {"a": 1}),
                StreamEvent("message", {"b": 2}),
            ]

    async def test_passes_on_what_is_wanted(self) -> None:
        async def check(request: web.Request) -> web.Response:
            assert request.path_qs == "/api/v1/stream?types=alert&cluster=prod"
            return web.Response()

        async with hub(check) as client:
            assert [event async for event in client.stream(types="alert", cluster="prod")] == []

    async def test_a_connection_cut_in_the_middle_is_unreachable_after_what_came(self) -> None:
        seen: list[str] = []
        cut = streaming(b'event: alert\ndata: {"a": 1}\n\nevent: al', then_cut=True)
        async with hub(cut) as client:
            with pytest.raises(ClientError, match="cannot reach the hub"):
                await drain(client.stream(), seen)
        assert seen == ["alert"]

    @pytest.mark.parametrize(
        "said", [b"data: nonsense\n\n", b"data: [1]\n\n", b"data: " + b"x" * 3_000_000 + b"\n\n"]
    )
    async def test_what_no_hub_would_say_raises_doubts_about_the_address(self, said: bytes) -> None:
        async with hub(streaming(said)) as client:
            with pytest.raises(ClientError, match="not as a Farwatch hub does"):
                await drain(client.stream(), [])

    async def test_a_refusal_is_told(self) -> None:
        async with hub(problem(400, "types: 'x' is none of")) as client:
            with pytest.raises(ClientError, match="the hub refused: types"):
                await drain(client.stream(types="x"), [])


def read(text: str) -> list[tuple[str, str]]:
    reader = EventReader()
    return [found for line in text.split("\n") if (found := reader.read(line))]


class TestEventReader:
    @pytest.mark.parametrize(
        ("text", "events"),
        [
            ("data: a\n\n", [("message", "a")]),
            ("data:a\n\n", [("message", "a")]),
            ("data:  a\n\n", [("message", " a")]),
            ("event: x\ndata: a\ndata: b\n\n", [("x", "a\nb")]),
            ("data: a\n: a comment between\ndata: b\n\n", [("message", "a\nb")]),
            ("event: x\n\ndata: a\n\n", [("message", "a")]),
            ("id: 7\nretry: 10\nunknown: x\ndata\n\n", [("message", "")]),
            ("data: a: b\n\n", [("message", "a: b")]),
            ("data: cut off", []),
            (":\n\n: still here\n\n", []),
        ],
    )
    def test_reads_by_the_rules_of_the_standard(self, text: str, events: list[tuple[str, str]]) -> None:
        assert read(text) == events

    @given(st.lists(st.tuples(st.from_regex(r"[a-z]{1,8}", fullmatch=True), st.text().map(ascii))))
    def test_reads_back_what_a_hub_writes(self, events: list[tuple[str, str]]) -> None:
        written = "".join(f"event: {kind}\ndata: {data}\n\n" for kind, data in events)
        assert read(written) == events

    @given(st.lists(st.text()))
    def test_never_fails_whatever_comes(self, lines: list[str]) -> None:
        reader = EventReader()
        for line in lines:
            reader.read(line)
