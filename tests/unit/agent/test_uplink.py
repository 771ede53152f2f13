"""How the uplink takes what a hub may do to it; the waits are noted, not lived through."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from aiohttp import web

from farwatch.link.codec import Decoder, encode
from farwatch.link.frames import AgentFrame, Close, CloseCode, Heartbeat, Welcome

AGENT_FRAMES: Decoder[AgentFrame] = Decoder(AgentFrame)

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


@pytest.fixture
async def serve_link() -> AsyncIterator[Callable[[Answer], Awaitable[str]]]:
    """Serves ``/link`` as told; gives the hub's URL."""
    runners: list[web.AppRunner] = []

    async def start(answer: Answer) -> str:
        app = web.Application()
        app.router.add_get("/farwatch/link", answer)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        runners.append(runner)
        await runner.setup()
        site: Any = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        return f"http://127.0.0.1:{site._server.sockets[0].getsockname()[1]}/farwatch"

    yield start
    for runner in runners:
        await runner.cleanup()


def speak(*messages: bytes | str, wait: bool = False) -> Answer:
    """Says these after the agent's Hello, then hangs up, or waits for the agent to."""

    async def answer(request: web.Request) -> web.StreamResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.receive_bytes()
        for message in messages:
            await (socket.send_str(message) if isinstance(message, str) else socket.send_bytes(message))
        while wait and not socket.closed:
            await socket.receive()
        return socket

    return answer


class SilentHub:
    """Welcomes the agent and says nothing more; notes what it hears."""

    def __init__(self, heartbeat_seconds: float) -> None:
        self._heartbeat_seconds = heartbeat_seconds
        self.heard: list[bytes] = []

    async def answer(self, request: web.Request) -> web.StreamResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.receive_bytes()
        await socket.send_bytes(welcome(heartbeat_seconds=self._heartbeat_seconds))
        async for message in socket:
            self.heard.append(message.data)
        return socket


async def first_ending(agent: Any, eventually: Any) -> dict[str, Any]:
    def endings() -> list[dict[str, Any]]:
        return [line for line in agent.logs if line["event"] == "no link to the hub"]

    await eventually(endings)
    return endings()[0]


def welcome(number: int = 1, heartbeat_seconds: float = 10.0, credit_bytes: int = 1_000_000) -> bytes:
    frame = Welcome(
        protocol=1, cluster="prod", heartbeat_seconds=heartbeat_seconds, credit_bytes=credit_bytes
    )
    return encode(number, frame)


@pytest.mark.parametrize(
    ("answer", "code", "words"),
    [
        (speak(), "connection_lost", "broke off"),
        (speak(welcome()), "connection_lost", "broke off"),
        (speak("hello"), "bad_frame", "a TEXT message came"),
        (speak(b"\x07nonsense"), "bad_frame", ""),
        (speak(encode(1, Heartbeat())), "wrong_state", "before Welcome"),
        (speak(welcome(number=5)), "out_of_order", "frame 5"),
        (speak(b"\x00" + bytes(9 * 1024 * 1024)), "connection_lost", "exceeds limit"),
        (speak(welcome(), encode(2, Close(code=CloseCode.OVERLOADED, reason="busy"))), "overloaded", "busy"),
        (speak(welcome(heartbeat_seconds=0.01), wait=True), "heartbeat_lost", "nothing was heard"),
    ],
)
async def test_whatever_the_hub_says_the_agent_goes_on_and_names_it(  # noqa: PLR0917 - a table's columns
    run_agent: Any, eventually: Any, serve_link: Any, answer: Answer, code: str, words: str
) -> None:
    agent = run_agent(hub=await serve_link(answer))
    ending = await first_ending(agent, eventually)
    assert ending["code"] == code, ending
    assert words in ending["reason"]
    await eventually(lambda: sum(line["event"] == "no link to the hub" for line in agent.logs) > 1)


async def test_an_agent_that_hears_nothing_still_sends_each_heartbeat(
    run_agent: Any, eventually: Any, serve_link: Any
) -> None:
    silent = SilentHub(heartbeat_seconds=0.4)
    agent = run_agent(hub=await serve_link(silent.answer))
    assert (await first_ending(agent, eventually))["code"] == "heartbeat_lost"
    frames = [AGENT_FRAMES.decode(data).frame for data in silent.heard]
    assert sum(isinstance(frame, Heartbeat) for frame in frames) >= 2


async def test_a_page_that_is_no_hub_is_named_and_its_retry_time_is_kept(
    run_agent: Any, eventually: Any, serve_link: Any
) -> None:
    async def answer(_request: web.Request) -> web.Response:
        return web.Response(status=503, headers={"Retry-After": "41"})

    agent = run_agent(hub=await serve_link(answer))
    ending = await first_ending(agent, eventually)

    assert (ending["code"], ending["outcome"]) == ("handshake", "unreachable")
    assert "answered 503" in ending["reason"]
    assert 41 <= ending["retry_in_seconds"] <= 42


async def test_a_hub_that_nobody_runs_is_tried_again_ever_more_slowly(
    run_agent: Any, eventually: Any, hub: Any
) -> None:
    await hub.vanish()
    agent = run_agent()

    def delays() -> list[float]:
        return [line["retry_in_seconds"] for line in agent.logs if line["event"] == "no link to the hub"]

    await eventually(lambda: len(delays()) >= 8)
    for attempt, delay in enumerate(delays()):
        assert delay <= min(60, 2**attempt) + 0.1  # full jitter below a ceiling that doubles
    ending = await first_ending(agent, eventually)
    assert ending["code"] == "unreachable"
    assert ending["reason"].endswith(": connection refused")


@pytest.mark.parametrize(
    ("retry_after", "least", "most"),
    [(None, 60, 61), (300.0, 300, 301), (0.0, 0, 1)],
    ids=["unnamed", "late", "soon"],
)
async def test_a_refusal_that_only_people_can_end_is_retried_slowly_or_as_the_hub_says(  # noqa: PLR0917 - likewise
    run_agent: Any, eventually: Any, hub: Any, retry_after: float | None, least: float, most: float
) -> None:
    hub.refusal = (CloseCode.FOREIGN_CLUSTER, "this token belongs to another cluster", retry_after)
    agent = run_agent()
    ending = await first_ending(agent, eventually)
    assert (ending["outcome"], ending["code"]) == ("refused", "foreign_cluster")
    assert least <= ending["retry_in_seconds"] <= most


async def test_a_rotated_token_is_taken_from_its_file_at_the_next_connection(
    run_agent: Any, eventually: Any, hub: Any, tmp_path: Any
) -> None:
    file = tmp_path / "token"
    file.write_text("old")
    hub.tokens = {"new"}
    agent = run_agent(token=None, token_file=str(file))
    await first_ending(agent, eventually)
    file.write_text("new")
    await agent.eventually_ready()
    assert hub.offered_tokens[0] == "old"
    assert hub.offered_tokens[-1] == "new"


async def test_stopping_waits_for_the_hub_to_acknowledge_but_not_for_ever(
    run_agent: Any, eventually: Any, hub: Any, api_server: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("farwatch.agent.main.FLUSH_SECONDS", 0.1)
    hub.acknowledges = False
    agent = run_agent()
    await agent.eventually_ready()
    await agent.stop()
    assert [close.code for close in hub.closes] == [CloseCode.SHUTTING_DOWN]
    assert any("before the hub has acknowledged" in line["event"] for line in agent.logs)


async def test_stopping_does_not_wait_for_a_hub_that_reads_no_more(
    run_agent: Any, serve_link: Any, api_server: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("farwatch.agent.main.FLUSH_SECONDS", 0.5)
    monkeypatch.setattr("farwatch.agent.uplink.FAREWELL_SECONDS", 0.1)
    rng = random.Random(1)  # noqa: S311 - text that does not compress
    for number in range(40):
        api_server.put("nodes", f"n{number}", status={"nodeInfo": {"osImage": rng.randbytes(300_000).hex()}})
    never = asyncio.Event()

    async def answer(request: web.Request) -> web.StreamResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.receive_bytes()
        await socket.send_bytes(welcome(credit_bytes=1 << 40))
        assert isinstance(request.transport, asyncio.Transport)
        request.transport.pause_reading()
        await never.wait()
        return socket

    agent = run_agent(hub=await serve_link(answer))
    await agent.eventually_ready()
    await agent.stop()
    assert any("before the hub has acknowledged" in line["event"] for line in agent.logs)


async def test_stopping_while_dialling_or_waiting_is_immediate(
    run_agent: Any, eventually: Any, serve_link: Any
) -> None:
    never = asyncio.Event()

    async def answer(_request: web.Request) -> web.StreamResponse:
        await never.wait()
        return web.Response()

    agent = run_agent(hub=await serve_link(answer))
    await eventually(lambda: any(line["event"] == "started" for line in agent.logs))
    await agent.stop()
    assert agent.logs[-1]["event"] == "stopped"


async def test_an_answer_waits_for_no_company(
    run_agent: Any, eventually: Any, hub: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("farwatch.agent.uplink.FLUSH_INTERVAL_SECONDS", 3600.0)
    run_agent()
    await eventually(lambda: hub.hellos)

    await hub.call("agent.status", timeout_seconds=60.0)

    await eventually(lambda: hub.answers)
    await hub.vanish()  # or stopping would wait for what still waits for company


async def test_a_call_is_cancelled_by_the_hub_or_by_its_deadline(
    run_agent: Any, eventually: Any, hub: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[str] = []
    stopped: list[str] = []

    def endless(_state: Any) -> Any:
        from farwatch.agent.calls.handler import Handler  # noqa: PLC0415 - beside its only use
        from farwatch.calls.status import StatusParams  # noqa: PLC0415

        async def serve(_params: Any, _caller: Any) -> None:
            started.append("started")
            try:
                await asyncio.Event().wait()
            finally:
                stopped.append("stopped")

        return Handler(StatusParams, serve)

    monkeypatch.setattr("farwatch.agent.main.status_handler", endless)
    agent = run_agent()
    await agent.eventually_ready()

    call = await hub.call("agent.status")
    await eventually(lambda: started)
    await hub.cancel(call)
    await hub.call("agent.status", timeout_seconds=0.05)

    await eventually(lambda: len(stopped) == 2)
    await eventually(lambda: hub.answers)
    assert [answer.code for answer in hub.answers] == ["deadline_exceeded"]
