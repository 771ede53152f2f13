"""Protobuf bodies, as far as kubectl sends them: its questions about access.

Everything else it writes as JSON. Field numbers: staging/src/k8s.io/api/authorization/v1/generated.proto and
apimachinery's runtime.Unknown of Kubernetes.
"""

from __future__ import annotations

from typing import Any

from farwatch.sim.errors import StatusError, bad_request

MEDIA_TYPE = "application/vnd.kubernetes.protobuf"

_MAGIC = b"k8s\x00"

Schema = dict[int, tuple[str, Any]]
"""Field number to name and type: a schema for a message, ``str`` or ``bytes``."""

_TYPE_META: Schema = {1: ("apiVersion", str), 2: ("kind", str)}
_UNKNOWN: Schema = {1: ("typeMeta", _TYPE_META), 2: ("raw", bytes)}
_RESOURCE: Schema = {
    1: ("namespace", str),
    2: ("verb", str),
    3: ("group", str),
    4: ("version", str),
    5: ("resource", str),
    6: ("subresource", str),
    7: ("name", str),
}
_PATH: Schema = {1: ("path", str), 2: ("verb", str)}
_REVIEWS: dict[str, Schema] = {
    "SelfSubjectAccessReview": {
        2: ("spec", {1: ("resourceAttributes", _RESOURCE), 2: ("nonResourceAttributes", _PATH)})
    },
    "SelfSubjectRulesReview": {2: ("spec", {1: ("namespace", str)})},
    "SelfSubjectReview": {},
}


def decode_document(body: bytes) -> dict[str, Any]:
    """The object in a body; StatusError 400 when it is malformed, 415 when its kind is only understood in JSON."""
    if not body.startswith(_MAGIC):
        raise bad_request("the object provided is unrecognized: not Kubernetes' protobuf")
    try:
        envelope = _decode(body[len(_MAGIC) :], _UNKNOWN)
        meta = envelope.get("typeMeta", {})
        schema = _REVIEWS.get(meta.get("kind", ""))
        if schema is None:
            message = f"{meta.get('kind', 'the object')} is understood in application/json only"
            raise StatusError(415, "UnsupportedMediaType", message, {})
        document: dict[str, Any] = meta | _decode(envelope.get("raw", b""), schema)
    except (IndexError, UnicodeDecodeError, ValueError) as error:
        raise bad_request(f"the object provided is unrecognized: {error}") from None
    return document


def _decode(data: bytes, schema: Schema) -> dict[str, Any]:
    message: dict[str, Any] = {}
    at = 0
    while at < len(data):
        tag, at = _varint(data, at)
        value, at = _value(data, at, tag & 7)
        name, kind = schema.get(tag >> 3, ("", None))
        if kind is None or not isinstance(value, bytes):
            continue
        if kind is str:
            message[name] = value.decode()
        else:
            message[name] = value if kind is bytes else _decode(value, kind)
    return message


def _value(data: bytes, at: int, wire_type: int) -> tuple[bytes | int, int]:
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
