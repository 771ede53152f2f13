"""Agents and hubs of other versions, by what they said: recorded dialogues, told to those of today.

``tests/data/frames`` holds a dialogue for each protocol that was ever released. ``FARWATCH_TEST_RECORD_FRAMES=1`` writes
that of today's agent and hub, once: a recording is never made anew, for it is what agents out there go on saying.
The version to come is made of the same words with more in them: fields, capabilities and kinds that nobody knows yet.
"""

from __future__ import annotations

import asyncio
import base64
import json
import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from farwatch.link.agent import AgentSession
from farwatch.link.codec import seal, unseal
from farwatch.link.events import Acknowledged, Closed, Welcomed
from farwatch.link.frames import PROTOCOL_VERSION, SUBPROTOCOL, Hello

from .conftest import Hub, Stage, eventually

pytestmark = pytest.mark.integration

FOLDER = Path(__file__).parents[1] / "data" / "frames"
RECORDINGS = sorted(FOLDER.glob("protocol-*.jsonl"))

AGENT, HUB = "agent", "hub"


def read(recording: Path, speaker: str) -> list[bytes]:
    """What one side said, message by message."""
    lines = map(json.loads, recording.read_text().splitlines())
    return [base64.b64decode(line["message"]) for line in lines if line["from"] == speaker]


def open_up(message: bytes) -> tuple[int, dict[str, Any]]:
    """Number and content of a message, as plain data."""
    number, frame = msgspec.msgpack.decode(unseal(message))
    return number, frame


def enrich(value: Any) -> Any:
    """The same with fields that nobody knows, wherever fields have names."""
    if isinstance(value, list):
        return [enrich(each) for each in value]
    if isinstance(value, dict):
        return {key: enrich(each) for key, each in value.items()} | {
            "fromTheFuture": {"list": [1, None, "x"]}
        }
    return value


def make_next(message: bytes) -> bytes:
    """The message as the version to come would say it, to one who speaks today's."""
    number, frame = open_up(message)
    frame = enrich(frame)
    if frame["frame"] == "hello":
        frame["protocol_max"] += 1
        frame["capabilities"] = [*frame.get("capabilities", ()), "call:tomorrow.thing"]
    if frame["frame"] == "agent_status" and frame.get("kinds"):
        frame["kinds"].append({"kind": "Gadget", "state": "synced", "since": frame["api_server_since"]})
    return seal(msgspec.msgpack.encode((number, frame)))


VERSIONS = [
    *(pytest.param(recording, lambda message: message, id=recording.stem) for recording in RECORDINGS),
    pytest.param(FOLDER / f"protocol-{PROTOCOL_VERSION}.jsonl", make_next, id="the-version-to-come"),
]


def test_there_is_a_recording_of_each_protocol_that_is_spoken() -> None:
    assert [recording.stem for recording in RECORDINGS] == [
        f"protocol-{number}" for number in range(1, PROTOCOL_VERSION + 1)
    ]


@pytest.mark.parametrize(("recording", "said"), VERSIONS)
async def test_the_hub_understands_an_agent_of_another_version(
    stage: Stage, recording: Path, said: Any
) -> None:
    hub = stage.hub()
    token = await asyncio.to_thread(hub.add_cluster, "skewed")
    messages = [said(message) for message in read(recording, AGENT)]
    frames = [open_up(message) for message in messages]
    states = [
        number
        for number, frame in frames
        if frame["frame"] in {"snapshot_begin", "snapshot_items", "snapshot_end", "changes"}
    ]
    farewell = frames[-1][1]
    assert farewell["frame"] == "close"

    heard = await tell(hub, token, messages[:-1], states[-1])
    assert not [frame for frame in heard if frame["frame"] in {"refused", "close"}]

    found = await asyncio.to_thread(hub.get, "/clusters/skewed")
    assert found["agentVersion"] == frames[0][1]["agent"]["version"]
    for kind, plural in (("Pod", "pods"), ("Node", "nodes"), ("Deployment", "deployments")):
        names = await asyncio.to_thread(hub.names, plural, "skewed")
        assert names == objects_left(frames, kind)
        assert names
    assert await asyncio.to_thread(hub.metric, "farwatch_hub_links_refused_total", reason="bad_frame") == 0


def objects_left(frames: list[tuple[int, dict[str, Any]]], kind: str) -> set[str]:
    """The names of a kind's objects after all that was said."""
    names: set[str] = set()
    for _, frame in frames:
        if frame.get("kind") != kind:
            continue
        if frame["frame"] == "snapshot_begin":
            names.clear()
        for _namespace, name, _uid, _version, document, *_ in frame.get("items", ()):
            names.add(name) if document is not None else names.discard(name)
    return names


async def tell(hub: Hub, token: str, messages: list[bytes], last_state: int) -> list[dict[str, Any]]:
    """Say all that to the hub; what it said until all of it was durable."""
    heard: list[dict[str, Any]] = []
    async with (
        asyncio.timeout(30),
        aiohttp.ClientSession(headers={"Authorization": f"Bearer {token}"}) as http,
        http.ws_connect(f"{hub.url}/link", protocols=(SUBPROTOCOL,), compress=0) as socket,
    ):
        await socket.send_bytes(messages[0])
        heard.append(open_up((await socket.receive()).data)[1])
        for message in messages[1:]:
            await socket.send_bytes(message)
        while not any(frame["frame"] == "ack" and frame["number"] >= last_state for frame in heard):
            received = await socket.receive()
            assert received.type is aiohttp.WSMsgType.BINARY, (received, heard)
            heard.append(open_up(received.data)[1])
    return heard


class Words:
    """A source with no objects, and much to say of it: the hub has all that to acknowledge."""

    def kinds(self) -> list[str]:
        return [f"Kind{number}" for number in range(100)]

    def items(self, _kind: str) -> Iterator[Any]:
        return iter(())

    def item(self, _kind: str, _namespace: str, _name: str) -> None:
        return None


@pytest.mark.parametrize(("recording", "said"), VERSIONS)
def test_an_agent_understands_a_hub_of_another_version(recording: Path, said: Any) -> None:
    hello = msgspec.convert(open_up(read(recording, AGENT)[0])[1], Hello)
    session = AgentSession(hello, Words(), lambda: 0.0)
    session.open()
    told = Counter[type]()
    for message in map(said, read(recording, HUB)):
        list(session.frames())
        told.update(type(event) for event in session.receive(message))
    assert told[Welcomed] == 1
    assert told[Acknowledged] > 1
    assert not told[Closed]


# --- making a recording -----------------------------------------------------------------------------------------


@pytest.mark.skipif(
    "FARWATCH_TEST_RECORD_FRAMES" not in os.environ,
    reason="writes a recording of a new protocol; set FARWATCH_TEST_RECORD_FRAMES=1 to make one",
)
async def test_record(stage: Stage) -> None:
    target = FOLDER / f"protocol-{PROTOCOL_VERSION}.jsonl"
    assert not target.exists(), f"{target} is what agents out there say: it stays as it is"
    hub, sim = stage.hub(), stage.sim("--nodes", "1", "--pods", "4")
    lines: list[str] = []

    async def relay(request: web.Request) -> web.WebSocketResponse:
        near = web.WebSocketResponse(protocols=(SUBPROTOCOL,), compress=False, max_msg_size=0)
        await near.prepare(request)
        async with (
            aiohttp.ClientSession(headers={"Authorization": request.headers["Authorization"]}) as http,
            http.ws_connect(f"{hub.url}/link", protocols=(SUBPROTOCOL,), compress=0, max_msg_size=0) as far,
        ):

            async def pass_on(speaker: str, source: Any, target: Any) -> None:
                async for message in source:
                    lines.append(
                        json.dumps({"from": speaker, "message": base64.b64encode(message.data).decode()})
                    )
                    await target.send_bytes(message.data)
                await target.close()

            await asyncio.gather(pass_on(AGENT, near, far), pass_on(HUB, far, near))
        return near

    app = web.Application()
    app.router.add_get("/link", relay)
    async with TestServer(app) as server:
        token = await asyncio.to_thread(hub.add_cluster, "recorded")
        agent = stage.agent(str(server.make_url("")).rstrip("/"), token, sim.kubeconfig)
        await asyncio.to_thread(hub.wait_synced, "recorded")
        await asyncio.to_thread(sim.put_namespace, "recorded-namespace")
        await asyncio.to_thread(
            eventually, lambda: "recorded-namespace" in hub.names("namespaces", "recorded"), "a change"
        )
        await asyncio.to_thread(agent.terminate)
    target.write_text("\n".join(lines) + "\n")
