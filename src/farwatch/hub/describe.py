"""The API's OpenAPI document, without a running hub: ``python -m farwatch.hub.describe [--digest]``.

The console's types are generated from it; the digest in them says which document they were made of.
"""

from __future__ import annotations

import hashlib
import json
import sys

from farwatch.hub.app import create_description


def describe() -> str:
    """The document as JSON with sorted keys: the same API gives the same text."""
    return json.dumps(create_description().openapi_schema.to_schema(), indent=1, sort_keys=True)


def digest() -> str:
    """SHA-256 of the document, in hexadecimal."""
    return hashlib.sha256(describe().encode()).hexdigest()


if __name__ == "__main__":
    sys.stdout.write((digest() if "--digest" in sys.argv[1:] else describe()) + "\n")
