from __future__ import annotations

import re
from pathlib import Path

from farwatch.hub.describe import digest

SCHEMA = Path(__file__).parents[4] / "ui" / "src" / "api" / "schema.d.ts"


def test_the_types_of_the_console_are_of_the_api_as_it_is() -> None:
    first_line = SCHEMA.read_text().partition("\n")[0]
    found = re.search(r"digest: ([0-9a-f]{64})$", first_line)
    assert found is not None, first_line
    assert found[1] == digest(), (
        "the API has changed: run `npm run generate` in ui/ and commit what it writes"
    )
