from __future__ import annotations

import tracemalloc
import zlib
from contextlib import suppress

import msgspec
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from farwatch.link import codec
from farwatch.link.errors import LinkError
from farwatch.link.frames import (
    COMPRESS_ABOVE_BYTES,
    MAX_FRAME_BYTES,
    AgentFrame,
    Changes,
    CloseCode,
    Heartbeat,
    HubFrame,
    Item,
    SnapshotEnd,
)

MIB = 1024 * 1024


def decoder() -> codec.Decoder[object]:
    return codec.Decoder(AgentFrame)


def message(flag: int, body: bytes) -> bytes:
    return bytes([flag]) + zlib.crc32(body, flag).to_bytes(4, "big") + body


def fault_of(data: bytes) -> LinkError:
    with pytest.raises(LinkError) as raised:
        decoder().decode(data)
    return raised.value


def changes(document_bytes: int) -> Changes:
    return Changes(kind="Pod", items=[Item("shop", "web-1", "uid-1", "7", b"x" * document_bytes, 1.5)])


def test_a_small_frame_travels_as_it_is() -> None:
    data = codec.encode(3, Heartbeat())
    assert data[0] == codec.PLAIN
    assert decoder().decode(data) == (3, Heartbeat(), len(data) - codec.HEADER_BYTES)


def test_a_large_frame_travels_compressed_and_counts_with_its_full_size() -> None:
    frame = changes(50_000)
    data = codec.encode(9, frame)
    received = decoder().decode(data)
    assert data[0] == codec.COMPRESSED
    assert (received.number, received.frame) == (9, frame)
    assert received.size == len(codec.pack(9, frame)) > 50_000 > len(data)


def test_what_compression_would_make_larger_travels_as_it_is() -> None:
    noise = zlib.compress(bytes(range(256)) * 8) + bytes(
        i * i * 31 % 251 for i in range(COMPRESS_ABOVE_BYTES)
    )
    incompressible = b"".join(
        zlib.crc32(noise + bytes([i % 256, i // 256])).to_bytes(4, "big") for i in range(900)
    )
    frame = Changes(kind="Pod", items=[Item("shop", "web-1", "uid-1", "7", incompressible, 1.5)])
    data = codec.encode(1, frame)
    assert data[0] == codec.PLAIN
    assert decoder().decode(data).frame == frame


def test_a_field_that_a_newer_peer_added_is_ignored() -> None:
    body = msgspec.msgpack.encode(
        [1, {"frame": "snapshot_end", "kind": "Pod", "count": 2, "colour": ["red"]}]
    )
    assert decoder().decode(message(codec.PLAIN, body)).frame == SnapshotEnd(kind="Pod", count=2)


def test_a_frame_above_the_limit_is_not_encoded() -> None:
    with pytest.raises(LinkError) as raised:
        codec.encode(1, changes(MAX_FRAME_BYTES))
    assert raised.value.code is CloseCode.FRAME_TOO_LARGE


def test_the_largest_frame_passes_and_one_byte_more_does_not() -> None:
    overhead = len(codec.pack(1, changes(MAX_FRAME_BYTES - 200))) - (MAX_FRAME_BYTES - 200)
    largest = changes(MAX_FRAME_BYTES - overhead)
    assert decoder().decode(codec.encode(1, largest)).size == MAX_FRAME_BYTES
    larger = msgspec.msgpack.encode((1, changes(MAX_FRAME_BYTES - overhead + 1)))
    compressed = zstandard.ZstdCompressor().compress(larger)
    assert fault_of(message(codec.COMPRESSED, compressed)).code is CloseCode.FRAME_TOO_LARGE
    assert fault_of(message(codec.PLAIN, larger)).code is CloseCode.FRAME_TOO_LARGE


@pytest.mark.parametrize("stated", [True, False], ids=["size stated", "size kept silent"])
def test_a_bomb_is_refused_without_being_unpacked(stated: bool) -> None:
    compressor = zstandard.ZstdCompressor(write_content_size=stated)
    bomb = message(codec.COMPRESSED, compressor.compress(bytes(256 * MIB)))
    assert len(bomb) < 64 * 1024
    fault = None
    tracemalloc.start()
    try:
        fault = fault_of(bomb)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert fault.code is (CloseCode.FRAME_TOO_LARGE if stated else CloseCode.BAD_FRAME)
    assert peak < 1 * MIB


def test_a_bomb_that_understates_its_size_is_refused() -> None:
    honest = bytearray(zstandard.ZstdCompressor(write_checksum=False).compress(bytes(64 * MIB)))
    stated = zstandard.frame_content_size(bytes(honest)).to_bytes(4, "little")
    position = bytes(honest).index(stated)
    honest[position : position + 4] = (1000).to_bytes(4, "little")
    assert zstandard.frame_content_size(bytes(honest)) == 1000
    assert fault_of(message(codec.COMPRESSED, bytes(honest))).code is CloseCode.BAD_FRAME


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "0 bytes, less than a header"),
        (b"\x00\x01", "2 bytes, less than a header"),
        (message(7, b"x"), "flag byte is 7"),
        (b"\x00\x00\x00\x00\x00\x90", "checksum does not fit"),
        (message(1, b"no zstd"), "not a zstd frame"),
        (message(1, zstandard.ZstdCompressor().compress(b"\x92\x01" * 900)[:-8]), "not a zstd frame"),
        (message(1, zstandard.ZstdCompressor().compress(b"\x92\x01" * 900) + b"more"), "not a zstd frame"),
        (message(0, b"\x92\x01"), "does not decode"),
        (message(0, msgspec.msgpack.encode([1, {"frame": "gossip"}])), "gossip"),
        (message(0, msgspec.msgpack.encode([1, {"frame": "ack", "number": 1}])), "ack"),
        (message(0, msgspec.msgpack.encode([1, {"frame": "snapshot_begin", "kind": ""}])), "$[1].kind"),
        (message(0, msgspec.msgpack.encode([1, {"frame": "snapshot_end", "kind": "Pod", "count": -1}])), "count"),
        (message(0, b"\x92\x01\x82\xa5frame\xa9heartbeat\xa1x" + b"\x91" * 100_000), "recursion"),
        (message(0, b"\x92\x01\x83\xa5frame\xa7changes\xa4kind\xa3Pod\xa5items\xdd\xff\xff\xff\xff"), "truncated"),
        (message(0, b"\x92\x01\x82\xa5frame\xaesnapshot_begin\xa4kind\xa2\xff\xfe"), "utf-8"),
    ],
)  # fmt: skip
def test_a_message_that_is_none_is_a_bad_frame(data: bytes, words: str) -> None:
    fault = fault_of(data)
    assert fault.code is CloseCode.BAD_FRAME
    assert words in fault.reason


@pytest.mark.parametrize("seconds", [0.0, -1.0, float("nan"), float("inf"), 1e9])
def test_a_heartbeat_that_is_no_time_is_a_bad_frame(seconds: float) -> None:
    welcome = {
        "frame": "welcome",
        "protocol": 1,
        "cluster": "c",
        "heartbeat_seconds": seconds,
        "credit_bytes": 1,
    }
    with pytest.raises(LinkError) as raised:
        codec.Decoder[object](HubFrame).decode(codec.encode(1, welcome))
    assert raised.value.code is CloseCode.BAD_FRAME


@given(data=st.binary(max_size=300), guarded=st.booleans(), flag=st.integers(0, 2))
def test_no_bytes_raise_anything_but_a_link_error(data: bytes, guarded: bool, flag: int) -> None:
    with suppress(LinkError):
        decoder().decode(message(flag, data) if guarded else data)


@given(bit=st.integers(min_value=0))
def test_every_flipped_bit_is_noticed(bit: int) -> None:
    data = bytearray(codec.encode(4, changes(200)))
    bit %= len(data) * 8
    data[bit // 8] ^= 1 << bit % 8
    assert fault_of(bytes(data)).code is CloseCode.BAD_FRAME
