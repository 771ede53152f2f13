"""Frames to bytes and back.

A message is one flag byte (0 plain, 1 zstd), the CRC-32 of the rest with the flag as its start value (4 bytes,
big-endian), then ``[number, frame]`` in MessagePack, as it is or compressed. The checksum is there since a flipped bit
inside a document would decode as well as the right one, and would then stand in the hub's history as the truth.

What arrives is hostile until it has been decoded: the size is checked before anything is decompressed, and whatever
is wrong with the bytes comes out as a ``LinkError``, never as anything else.
"""

from __future__ import annotations

import struct
import threading
import zlib
from typing import Any, Generic, NamedTuple, TypeVar

import msgspec
import zstandard

from farwatch.link.errors import LinkError
from farwatch.link.frames import COMPRESS_ABOVE_BYTES, MAX_FRAME_BYTES, CloseCode

PLAIN = 0
COMPRESSED = 1

_HEADER = struct.Struct(">BI")
HEADER_BYTES = _HEADER.size

MAX_MESSAGE_BYTES = HEADER_BYTES + MAX_FRAME_BYTES
"""The largest message there is; a WebSocket need not take in more."""

COMPRESSION_LEVEL = 1
"""Pages of recorded pods come out at 7 % of their size; level 3 gives the same and takes half again the memory."""

F = TypeVar("F")


class Received(NamedTuple, Generic[F]):
    """A frame that was decoded, its number, and its size before compression."""

    number: int
    frame: F
    size: int


class _Zstd(threading.local):
    """One compressor and one decompressor per thread: they are costly to make and must not be shared."""

    def __init__(self) -> None:
        self.compressor = zstandard.ZstdCompressor(level=COMPRESSION_LEVEL)
        self.decompressor = zstandard.ZstdDecompressor()


_zstd = _Zstd()
_packer = msgspec.msgpack.Encoder()


def pack(number: int, frame: object) -> bytes:
    """The payload ``[number, frame]``; its length is what credit and the size limit count.

    Raises:
        LinkError: ``FRAME_TOO_LARGE``: it is above ``MAX_FRAME_BYTES``.
    """
    payload = _packer.encode((number, frame))
    if len(payload) > MAX_FRAME_BYTES:
        raise LinkError(
            CloseCode.FRAME_TOO_LARGE,
            f"a {type(frame).__name__} of {len(payload)} bytes is above the limit of {MAX_FRAME_BYTES}",
        )
    return payload


def seal(payload: bytes) -> bytes:
    """The message that carries a payload."""
    if len(payload) > COMPRESS_ABOVE_BYTES:
        compressed = _zstd.compressor.compress(payload)
        if len(compressed) < len(payload):
            return _header(COMPRESSED, compressed) + compressed
    return _header(PLAIN, payload) + payload


def encode(number: int, frame: object) -> bytes:
    """The message that carries a frame.

    Raises:
        LinkError: ``FRAME_TOO_LARGE``.
    """
    return seal(pack(number, frame))


def unseal(data: bytes) -> bytes:
    """The payload of a message, never larger than ``MAX_FRAME_BYTES``.

    Raises:
        LinkError: ``BAD_FRAME`` or ``FRAME_TOO_LARGE``.
    """
    if len(data) < HEADER_BYTES:
        raise LinkError(CloseCode.BAD_FRAME, f"a message of {len(data)} bytes, less than a header")
    flag, body = data[0], data[HEADER_BYTES:]
    if flag not in (PLAIN, COMPRESSED):
        raise LinkError(CloseCode.BAD_FRAME, f"the flag byte is {flag}, neither plain (0) nor zstd (1)")
    _check_size(len(body))
    if data[:HEADER_BYTES] != _header(flag, body):
        raise LinkError(CloseCode.BAD_FRAME, "the checksum does not fit: the message was changed on its way")
    return _decompress(body) if flag == COMPRESSED else body


def _header(flag: int, body: bytes) -> bytes:
    return _HEADER.pack(flag, zlib.crc32(body, flag))


def _decompress(data: bytes) -> bytes:
    try:
        # The header's word decides how much is allocated, so it is read first; a frame that keeps it silent (-1)
        # or lies is not one of ours.
        size = zstandard.frame_content_size(data)
        if size < 0:
            raise LinkError(CloseCode.BAD_FRAME, "a compressed frame that does not state its size")
        _check_size(size)
        return _zstd.decompressor.decompress(data, max_output_size=MAX_FRAME_BYTES, allow_extra_data=False)
    except zstandard.ZstdError as error:
        raise LinkError(CloseCode.BAD_FRAME, f"not a zstd frame: {error}") from error


def _check_size(size: int) -> None:
    if size > MAX_FRAME_BYTES:
        raise LinkError(
            CloseCode.FRAME_TOO_LARGE, f"a frame of {size} bytes is above the limit of {MAX_FRAME_BYTES}"
        )


class Decoder(Generic[F]):
    """Decodes the frames of one direction.

    Args:
        frames: The union of frames to accept, ``AgentFrame`` or ``HubFrame``.
    """

    def __init__(self, frames: Any) -> None:
        self._unpacker: msgspec.msgpack.Decoder[tuple[int, F]] = msgspec.msgpack.Decoder(tuple[int, frames])

    def decode(self, data: bytes) -> Received[F]:
        """The frame in a message.

        Raises:
            LinkError: ``BAD_FRAME`` or ``FRAME_TOO_LARGE``.
        """
        payload = unseal(data)
        try:
            number, frame = self._unpacker.decode(payload)
        # RecursionError: arrays nested without end in a field that is skipped.
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            raise LinkError(CloseCode.BAD_FRAME, f"a frame that does not decode: {error}") from error
        return Received(number, frame, len(payload))
