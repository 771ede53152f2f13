from __future__ import annotations

import re
from pathlib import Path

import msgspec
import pytest

from farwatch.hub import describe

SCHEMA = Path(__file__).parents[4] / "ui" / "src" / "api" / "schema.d.ts"


def test_the_types_of_the_console_are_of_the_api_as_it_is() -> None:
    first_line = SCHEMA.read_text().partition("\n")[0]
    found = re.search(r"digest: ([0-9a-f]{64})$", first_line)
    assert found is not None, first_line
    assert found[1] == describe.digest(), (
        "the API has changed: run `npm run generate` in ui/ and commit what it writes"
    )


@pytest.mark.parametrize(
    ("change", "same"),
    [
        ({"description": "other words", "type": "object"}, True),
        ({"description": "words", "type": "array"}, False),
        ({"description": "words", "type": "object", "properties": {"title": {"type": "string"}}}, False),
    ],
)
def test_the_digest_is_of_the_shape_and_not_of_the_words(change: dict[str, object], *, same: bool) -> None:
    before = {"description": "words", "type": "object", "example": {"a": 1}}
    shape = describe._without_words(msgspec.json.decode(msgspec.json.encode(before)))
    assert (describe._without_words(change | {"example": {"a": 2}}) == shape) is same
