"""The API's OpenAPI document, without a running hub: ``python -m farwatch.hub.describe [--digest]``.

The console's types are generated from it; the digest in them says which API they were made of.
"""

from __future__ import annotations

import hashlib
import sys
from typing import Any

import msgspec
from litestar.serialization import default_serializer

from farwatch.hub.app import create_description

_WORDS = frozenset({"description", "example", "examples", "summary", "title", "version"})
"""What a document says to people, beside what it says of the API's shape."""


def describe() -> str:
    """The document as JSON with sorted keys: the same API gives the same text."""
    return msgspec.json.format(_encode(create_description().openapi_schema.to_schema()), indent=1).decode()


def digest() -> str:
    """SHA-256 of the API's shape, in hexadecimal: other words about the same shape change nothing."""
    document = msgspec.json.decode(_encode(create_description().openapi_schema.to_schema()))
    return hashlib.sha256(_encode(_without_words(document))).hexdigest()


def _encode(document: object) -> bytes:
    return msgspec.json.encode(document, enc_hook=default_serializer, order="sorted")


def _without_words(part: Any) -> Any:
    """Without texts for people; a property that is called like one is not a text."""
    if isinstance(part, list):
        return [_without_words(one) for one in part]
    if not isinstance(part, dict):
        return part
    return {
        key: _without_words(value)
        for key, value in part.items()
        if key not in _WORDS or (isinstance(value, dict) and key not in {"example", "examples"})
    }


if __name__ == "__main__":
    sys.stdout.write((digest() if "--digest" in sys.argv[1:] else describe()) + "\n")
