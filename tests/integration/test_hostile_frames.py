"""Peers that speak nonsense over the link: each gets a coded reason and is counted, and nobody else notices."""

from __future__ import annotations

import asyncio
import contextlib
import os
import struct
import zlib
from collections.abc import AsyncIterator, Callable
from typing import Any

import aiohttp
import msgspec
import pytest
import zstandard

from farwatch.link.codec import COMPRESSED, Decoder, encode
from farwatch.link.frames import (
    MAX_FRAME_BYTES,
    PROTOCOL_VERSION,
    SUBPROTOCOL,
    AgentInfo,
    Changes,
    Close,
    CloseCode,
    Heartbeat,
    Hello,
    HubFrame,
    Item,
    Refused,
    SnapshotBegin,
    SnapshotEnd,
    SnapshotItems,
    Welcome,
)

pytestmark = [pytest.mark.integration, pytest.mark.xdist_group("hostile")]

MIB = 1024 * 1024
CLOSED = "farwatch_link_closed_total"


@pytest.fixture(scope="module")
def hub(common_stage: Any) -> Any:
    return common_stage.hub()


@pytest.fixture(scope="module")
def bystander(common_stage: Any, hub: Any) -> Any:
    """An honest agent on the same hub."""
    return common_stage.linked_agent(hub, "honest", common_stage.sim().kubeconfig)


@pytest.fixture(scope="module")
def token(hub: Any, bystander: Any) -> str:
    """A valid token, in the wrong hands."""
    token: str = hub.add_cluster("hostile")
    return token


def hello(**changes: Any) -> Hello:
    info = {
        "version": "0",
        "instance": "i",
        "role": "cluster",
        "cluster_name": "hostile",
        "cluster_uid": "uid-of-hostile",
    }
    return Hello(
        protocol_min=1, protocol_max=PROTOCOL_VERSION, agent=AgentInfo(**{**info, **changes.pop("agent", {})})
    )


def message(flag: int, body: bytes) -> bytes:
    """A message whose header fits its body, whatever that is."""
    return struct.pack(">BI", flag, zlib.crc32(body, flag)) + body


class Peer:
    """Whoever holds the other end of a link, and may send what they like."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.socket = socket
        self._decoder: Decoder[Any] = Decoder(HubFrame)
        self._number = 0

    def number(self) -> int:
        self._number += 1
        return self._number

    async def send(self, *frames: Any) -> None:
        for frame in frames:
            await self.socket.send_bytes(encode(self.number(), frame))

    async def next_frame(self) -> Any:
        """The hub's next frame; None when it has closed the connection."""
        async with asyncio.timeout(20):
            while True:
                received = await self.socket.receive()
                if received.type is not aiohttp.WSMsgType.BINARY:
                    return None
                frame = self._decoder.decode(received.data).frame
                if not isinstance(frame, Heartbeat):
                    return frame

    async def open(self) -> None:
        await self.send(hello())
        assert isinstance(await self.next_frame(), Welcome)

    async def last_word(self) -> Any:
        """What the hub says before it closes."""
        last = None
        while (frame := await self.next_frame()) is not None:
            last = frame
        return last


@pytest.fixture
async def dial(hub: Any, token: str) -> AsyncIterator[Callable[..., Any]]:
    async with aiohttp.ClientSession() as http:

        async def connect(shown: str = token) -> Peer:
            headers = {"Authorization": f"Bearer {shown}"} if shown else {}
            return Peer(
                await http.ws_connect(
                    hub.url + "/link", protocols=(SUBPROTOCOL,), headers=headers, compress=0
                )
            )

        yield connect


@pytest.fixture
def counted(hub: Any, bystander: Any, eventually: Any) -> Callable[..., Any]:
    """Checks that one more link was closed for this reason, and that the honest agent's is as it was."""
    before = {code.value: hub.metric(CLOSED, code=code.value) for code in CloseCode}
    before["disconnected"] = hub.metric(CLOSED, code="disconnected")
    links = hub.metric("farwatch_fleet_agent_connected", cluster="honest")

    async def check(code: str) -> None:
        await asyncio.to_thread(
            eventually, lambda: hub.metric(CLOSED, code=code) == before[code] + 1, f"{code} is counted"
        )
        assert hub.metric("farwatch_fleet_agent_connected", cluster="honest") == links == 1
        assert hub.get("/clusters/honest")["agentState"] == "connected"
        assert bystander.ask_ready().status == 200
        assert "Traceback" not in hub.log

    return check


# --- before the link is open ----------------------------------------------------------------------------------


def _bomb(size: int, *, tell_size: bool = True) -> bytes:
    compressor = zstandard.ZstdCompressor(write_content_size=tell_size)
    return message(COMPRESSED, compressor.compress(bytes(size)))


def _lying_bomb() -> bytes:
    """Its header says 1 KiB, and 64 MiB come out."""
    small = zstandard.ZstdCompressor().compress(bytes(1000))
    large = bytearray(zstandard.ZstdCompressor(write_content_size=True).compress(bytes(64 * MIB)))
    size_field = zstandard.get_frame_parameters(bytes(large))
    assert size_field.content_size == 64 * MIB
    # The frame's header: magic (4), descriptor (1), then the size in four bytes; see RFC 8878, 3.1.1.1.
    offset = large.index(struct.pack("<I", 64 * MIB))
    large[offset : offset + 4] = struct.pack("<I", 1000)
    assert len(small) < len(large) < MIB
    return message(COMPRESSED, bytes(large))


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", CloseCode.BAD_FRAME),
        (b"GET / HTTP/1.1\r\n\r\n", CloseCode.BAD_FRAME),
        (os.urandom(4096), CloseCode.BAD_FRAME),
        (message(0, b""), CloseCode.BAD_FRAME),
        (message(0, b"\xc1" * 100), CloseCode.BAD_FRAME),
        (message(0, b"\x91" * 100_000), CloseCode.BAD_FRAME),
        (message(7, b"x"), CloseCode.BAD_FRAME),
        (encode(1, hello())[:-1], CloseCode.BAD_FRAME),
        (encode(2, hello()), CloseCode.OUT_OF_ORDER),
        (encode(1, Heartbeat()), CloseCode.WRONG_STATE),
        (encode(1, SnapshotBegin(kind="Pod")), CloseCode.WRONG_STATE),
        (message(0, bytes(MAX_FRAME_BYTES + 1)), CloseCode.FRAME_TOO_LARGE),
        (_bomb(1024 * MIB), CloseCode.FRAME_TOO_LARGE),
        (_bomb(64 * MIB, tell_size=False), CloseCode.BAD_FRAME),
        (_lying_bomb(), CloseCode.BAD_FRAME),
    ],
    ids=[
        "nothing",
        "another protocol",
        "noise",
        "empty frame",
        "no MessagePack",
        "nested without end",
        "unknown flag",
        "cut short",
        "second before first",
        "heartbeat before hello",
        "state before hello",
        "too large",
        "bomb",
        "bomb without a size",
        "bomb with a small size",
    ],
)
async def test_a_bad_first_message_closes_the_link_with_its_code(
    dial: Any, counted: Any, data: bytes, code: CloseCode
) -> None:
    peer = await dial()
    await peer.socket.send_bytes(data)
    last = await peer.last_word()
    assert isinstance(last, Close)
    assert last.code is code
    assert last.reason
    await counted(code.value)


async def test_a_text_message_closes_the_link(dial: Any, counted: Any) -> None:
    peer = await dial()
    await peer.socket.send_str("hello")
    last = await peer.last_word()
    assert isinstance(last, Close)
    assert last.code is CloseCode.BAD_FRAME
    await counted("bad_frame")


async def test_a_message_beyond_what_the_socket_takes_closes_it(dial: Any, counted: Any) -> None:
    peer = await dial()
    with contextlib.suppress(ConnectionError):
        await peer.socket.send_bytes(bytes(32 * MIB))
    assert await peer.last_word() is None
    await counted("disconnected")


async def test_a_peer_that_goes_away_at_once_is_counted(dial: Any, counted: Any) -> None:
    peer = await dial()
    await peer.socket.close()
    await counted("disconnected")


@pytest.mark.parametrize(
    ("first", "code"),
    [
        (hello(agent={"role": "oracle"}), CloseCode.WRONG_STATE),
        (hello(agent={"version": "x" * 300}), CloseCode.BAD_FRAME),
        (
            Hello(protocol_min=90, protocol_max=99, agent=hello().agent),
            CloseCode.UNSUPPORTED_PROTOCOL,
        ),
    ],
    ids=["unknown role", "endless word", "future protocol"],
)
async def test_a_hello_that_cannot_be_accepted_is_refused(
    dial: Any, counted: Any, first: Hello, code: CloseCode
) -> None:
    peer = await dial()
    await peer.send(first)
    last = await peer.last_word()
    assert isinstance(last, Refused)
    assert last.code is code
    await counted(code.value)


async def test_without_an_identity_nobody_comes_in_until_another_of_the_cluster_has_told_it(
    dial: Any, hub: Any
) -> None:
    token = await asyncio.to_thread(hub.add_cluster, "nameless")
    peer = await dial(token)
    await peer.send(hello(agent={"cluster_uid": ""}))
    refused = await peer.last_word()
    assert (refused.code, refused.retry_after_seconds) == (CloseCode.FOREIGN_CLUSTER, 5.0)
    assert "UID of kube-system" in refused.reason
    known = await dial(token)
    await known.open()
    again = await dial(token)
    await again.send(hello(agent={"cluster_uid": ""}))
    assert isinstance(await again.next_frame(), Welcome)


async def test_without_a_token_the_hello_is_refused(dial: Any, counted: Any) -> None:
    peer = await dial(shown="")
    await peer.send(hello())
    last = await peer.last_word()
    assert isinstance(last, Refused)
    assert last.code is CloseCode.BAD_TOKEN
    assert last.retry_after_seconds
    await counted("bad_token")


# --- once it is open ------------------------------------------------------------------------------------------

NAMESPACE = Item("", "n", "u", "1", b"\x80", 0.0)
DELETED = Item("", "n", "u", "1", None, 0.0)


@pytest.mark.parametrize(
    ("frames", "code"),
    [
        ([hello()], CloseCode.WRONG_STATE),
        ([Changes(kind="Pod", items=[NAMESPACE])], CloseCode.WRONG_STATE),
        ([SnapshotItems(kind="Pod", items=[NAMESPACE])], CloseCode.WRONG_STATE),
        ([SnapshotEnd(kind="Pod", count=0)], CloseCode.WRONG_STATE),
        ([SnapshotBegin(kind="Pod"), SnapshotEnd(kind="Pod", count=5)], CloseCode.BAD_FRAME),
        ([SnapshotBegin(kind="Pod"), SnapshotItems(kind="Pod", items=[DELETED])], CloseCode.BAD_FRAME),
        ([SnapshotBegin(kind=f"Kind{number}") for number in range(300)], CloseCode.BAD_FRAME),
    ],
    ids=[
        "second hello",
        "changes before a snapshot",
        "items without a beginning",
        "an end without a beginning",
        "a wrong count",
        "a deletion in a snapshot",
        "endless kinds",
    ],
)
async def test_a_frame_in_the_wrong_state_closes_an_open_link(
    hub: Any, dial: Any, counted: Any, frames: list[Any], code: CloseCode
) -> None:
    peer = await dial()
    await peer.open()
    await peer.send(*frames)
    last = await peer.last_word()
    assert isinstance(last, Close)
    assert last.code is code
    await counted(code.value)
    assert hub.get("/clusters/hostile")["agentState"] != "connected"


async def test_documents_and_kinds_that_nobody_knows_are_skipped_and_counted(
    hub: Any, dial: Any, bystander: Any, eventually: Any
) -> None:
    names = ("farwatch_inventory_undecodable_total", "farwatch_inventory_unknown_kinds_total")
    before = [hub.metric(name) for name in names]
    peer = await dial()
    await peer.open()
    broken = Item("x", "broken", "u", "1", b"\xc1 no MessagePack", 0.0)
    for kind in ("Pod", "Unheard"):
        await peer.send(
            SnapshotBegin(kind=kind),
            SnapshotItems(kind=kind, items=[broken]),
            SnapshotEnd(kind=kind, count=1),
        )
    await asyncio.to_thread(
        eventually, lambda: [hub.metric(name) for name in names] == [count + 1 for count in before], "counts"
    )
    assert hub.get("/clusters/hostile")["agentState"] == "connected"
    assert hub.names("pods", "hostile") == set()
    await peer.socket.close()


async def test_an_agent_writes_only_as_its_own_cluster(
    hub: Any, dial: Any, bystander: Any, eventually: Any
) -> None:
    document = {"metadata": {"name": "mine", "uid": "u", "resourceVersion": "1", "cluster": "honest"}}
    peer = await dial()
    await peer.open()
    packed = msgspec.msgpack.encode(document)
    item = Item("", "mine", "u", "1", packed, 0.0)
    await peer.send(
        SnapshotBegin(kind="Namespace"),
        SnapshotItems(kind="Namespace", items=[item]),
        SnapshotEnd(kind="Namespace", count=1),
    )
    await asyncio.to_thread(
        eventually, lambda: hub.names("namespaces", "hostile") == {"mine"}, "the namespace"
    )
    assert "mine" not in hub.names("namespaces", "honest")
    await peer.socket.close()


def test_the_link_is_not_for_plain_requests(hub: Any, token: str) -> None:
    for method in ("GET", "POST"):
        answer = hub.ask(method, "/link", token=token)
        assert 400 <= answer.status < 500
