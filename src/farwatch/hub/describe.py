"""The API's OpenAPI document, without a running hub: ``python -m farwatch.hub.describe [--digest]``.

The console's types are generated from it; the digest in them says which document they were made of.
"""

from __future__ import annotations

import hashlib
import sys

import msgspec
from litestar.serialization import default_serializer

from farwatch.hub.app import create_description


def describe() -> str:
    """The document as JSON with sorted keys: the same API gives the same text."""
    document = create_description().openapi_schema.to_schema()
    encoded = msgspec.json.encode(document, enc_hook=default_serializer, order="sorted")
    return msgspec.json.format(encoded, indent=1).decode()


def digest() -> str:
    """SHA-256 of the document, in hexadecimal."""
    return hashlib.sha256(describe().encode()).hexdigest()


if __name__ == "__main__":
    sys.stdout.write((digest() if "--digest" in sys.argv[1:] else describe()) + "\n")
