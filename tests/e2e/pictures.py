"""The pictures that the pages of docs/ show: which there are, and how they become small.

``make screenshots`` has ``test_pictures.py`` take them, and then this script put them into ``docs/images``.
"""

from __future__ import annotations

import sys
from pathlib import Path

FOLDER = Path(__file__).parents[2] / "docs" / "images"
COLOURS = 128
MAX_BYTES = 120_000

PICTURES = (
    "overview",
    "overview-dark",
    "alert",
    "alert-dark",
    "silence-preview",
    "objects",
    "object-history",
    "routing-tester",
    "configuration-diff",
    "onboarding",
    "audit-log",
)
"""Their names, without ``.png``."""


def shrink(taken: Path, kept: Path) -> int:
    """Write a screenshot with a palette of its own; how many bytes it has."""
    from PIL import Image  # noqa: PLC0415 (only who makes pictures needs it)

    with Image.open(taken) as image:
        image.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE).save(kept, optimize=True)
    return kept.stat().st_size


def main(folder: Path) -> None:
    """Replace what is in docs/images by what was taken into a folder."""
    FOLDER.mkdir(exist_ok=True)
    for name in PICTURES:
        size = shrink(folder / f"{name}.png", FOLDER / f"{name}.png")
        if size > MAX_BYTES:
            sys.exit(f"{name}.png has {size} bytes, more than {MAX_BYTES}: show less on it")
    for other in FOLDER.glob("*.png"):
        if other.stem not in PICTURES:
            other.unlink()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
