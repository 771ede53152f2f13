"""Bodies in protobuf, for the kinds in ``messages``.

Go's encoder writes a field without a value as an empty one; such are left out, as they are in JSON. A field that has a
value and is not listed is refused, lest it be lost in silence.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any

from farwatch.sim.errors import StatusError, bad_request
from farwatch.sim.server.messages import ENVELOPE, KINDS, FieldType, Many, Mapped, Message, Scalar

MEDIA_TYPE = "application/vnd.kubernetes.protobuf"

_MAGIC = b"k8s\x00"
_ENTRY_KEY, _ENTRY_VALUE = 1, 2
_INT_OR_STRING_TYPE, _INT_OR_STRING_INT, _INT_OR_STRING_STRING = 1, 2, 3

_Wire = int | bytes


def decode_document(body: bytes) -> dict[str, Any]:
    """The object in a body; StatusError 400 when it is malformed, 415 when not all of it is understood."""
    if not body.startswith(_MAGIC):
        raise bad_request("the object provided is unrecognized: not Kubernetes' protobuf")
    try:
        envelope = _decode(body[len(_MAGIC) :], ENVELOPE)
        meta: dict[str, Any] = envelope.get("typeMeta", {})
        kind = meta.get("kind", "the object")
        if kind not in KINDS:
            raise _json_only(kind)
        return meta | _decode(envelope.get("raw", b""), KINDS[kind])
    except (IndexError, UnicodeDecodeError, ValueError) as error:
        raise bad_request(f"the object provided is unrecognized: {error}") from None


def _json_only(what: str) -> StatusError:
    return StatusError(415, "UnsupportedMediaType", f"{what} is understood in application/json only", {})


# --- messages -------------------------------------------------------------------------------------------------


def _decode(data: bytes, message: Message) -> dict[str, Any]:
    decoded: dict[str, Any] = {}
    for number, value in _fields(data):
        name, kind = message.get(number, ("", None))
        match kind:
            case None:
                if value if isinstance(value, int) else any(value):
                    raise _json_only(f"field {number} of a protobuf message")
            case Many(of):
                decoded.setdefault(name, []).append(_read(value, of))
            case Mapped(to):
                entry = dict(_fields(_as_bytes(value)))
                key = _as_bytes(entry.get(_ENTRY_KEY, b"")).decode()
                decoded.setdefault(name, {})[key] = _read(entry.get(_ENTRY_VALUE, b""), to)
            case _:
                found = _read(value, kind)
                if found not in ("", b"", {}, None):
                    decoded[name] = found
    return decoded


def _read(value: _Wire, kind: FieldType) -> Any:  # noqa: PLR0911 - a table
    match kind:
        case Scalar.STRING:
            return _as_bytes(value).decode()
        case Scalar.RAW:
            return _as_bytes(value)
        case Scalar.BYTES:
            return base64.b64encode(_as_bytes(value)).decode()
        case Scalar.INTEGER:
            return _as_int(value)
        case Scalar.BOOLEAN:
            return bool(_as_int(value))
        case Scalar.QUANTITY:
            return _as_bytes(dict(_fields(_as_bytes(value))).get(1, b"")).decode()
        case Scalar.INT_OR_STRING:
            return _int_or_string(_as_bytes(value))
        case dict():
            return _decode(_as_bytes(value), kind)
    return None


def _int_or_string(data: bytes) -> int | str:
    fields = dict(_fields(data))
    if fields.get(_INT_OR_STRING_TYPE):
        return _as_bytes(fields.get(_INT_OR_STRING_STRING, b"")).decode()
    return _as_int(fields.get(_INT_OR_STRING_INT, 0))


def _as_bytes(value: _Wire) -> bytes:
    if isinstance(value, int):
        raise ValueError("a number where bytes belong")  # noqa: TRY004 - the caller's data is wrong, not its type
    return value


def _as_int(value: _Wire) -> int:
    if isinstance(value, bytes):
        raise ValueError("bytes where a number belongs")  # noqa: TRY004 - likewise
    return value - (1 << 64) if value >> 63 else value


# --- the wire -------------------------------------------------------------------------------------------------


def _fields(data: bytes) -> Iterator[tuple[int, _Wire]]:
    at = 0
    while at < len(data):
        tag, at = _varint(data, at)
        value, at = _value(data, at, tag & 7)
        yield tag >> 3, value


def _value(data: bytes, at: int, wire_type: int) -> tuple[_Wire, int]:
    match wire_type:
        case 0:
            return _varint(data, at)
        case 1:
            return data[at : at + 8], at + 8
        case 2:
            length, at = _varint(data, at)
            if at + length > len(data):
                raise ValueError("a field is longer than its message")
            return data[at : at + length], at + length
        case 5:
            return data[at : at + 4], at + 4
    raise ValueError(f"wire type {wire_type}")


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at += 1
        if byte < 0x80:  # noqa: PLR2004 - the continuation bit
            return value, at
        shift += 7
