"""Text on a terminal: what others wrote is shown as it is, and never obeyed."""

from __future__ import annotations

import os
import re
import sys

from rich.console import Console
from rich.text import Text

# C0 and C1: a name or message could move the cursor, change colours, or set the terminal's title by them.
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


PLAIN_WIDTH = 160
"""How wide lines may be where no terminal says it: in a pipe, a file, a CI job's log."""


def make_console() -> Console:
    """A console on standard output that takes no text for mark-up, emoji or something to highlight."""
    says_width = sys.stdout.isatty() or "COLUMNS" in os.environ
    return Console(markup=False, emoji=False, highlight=False, width=None if says_width else PLAIN_WIDTH)


def plain(text: str, style: str = "") -> Text:
    """What others wrote, in one line, with control characters made visible as ``�``."""
    return Text(
        _CONTROLS.sub("\N{REPLACEMENT CHARACTER}", text.replace("\n", " ").replace("\t", " ")), style=style
    )
