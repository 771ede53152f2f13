"""What to do about each alert, in words: ``runbooks.md`` beside this module, whose sections docs/detectors.md shows too."""

from __future__ import annotations

import re
from importlib.resources import files

_SECTION = re.compile(r"^### (\w+)\n+(.*?)\s*(?=^##|\Z)", re.MULTILINE | re.DOTALL)
_SOURCE = files(__package__).joinpath("runbooks.md").read_text(encoding="utf-8")

RUNBOOKS: dict[str, tuple[str, ...]] = {
    name: tuple(" ".join(paragraph.split()) for paragraph in text.split("\n\n"))
    for name, text in _SECTION.findall(_SOURCE)
}
"""By the alert's name, its paragraphs in Markdown's words: `code` is the only mark-up."""
