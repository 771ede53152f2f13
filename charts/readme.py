"""Writes each chart's README from its values.yaml: what is said of a value is said there, once.

    python charts/readme.py           writes them
    python charts/readme.py --check   names those that differ, and exits with 1

A README keeps what stands above its table, up to the line that begins it.
"""
# ruff: noqa: INP001 - a script, beside what it reads

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import yaml

CHARTS = Path(__file__).parent
MARK = "<!-- made from values.yaml by charts/readme.py; what stands below is not written by hand -->"


@dataclass(frozen=True)
class Value:
    """A value: its path, ``hub.url``, its default as JSON, and the comment above it."""

    path: str
    default: str
    meaning: str


def read_values(text: str) -> Iterator[Value]:
    """Every value of a values.yaml that has a comment, in its order; ValueError for one that has none.

    A comment above a mapping describes the whole of it; its default then stands as JSON.
    """
    root = yaml.compose(text)
    if not isinstance(root, yaml.MappingNode):
        raise ValueError("values.yaml is no mapping")  # noqa: TRY004 - the file is wrong
    yield from _read_mapping(root, (), text.splitlines())


def _read_mapping(node: yaml.MappingNode, above: tuple[str, ...], lines: list[str]) -> Iterator[Value]:
    for key, value in node.value:
        path = (*above, key.value)
        meaning = _comment_above(lines, key.start_mark.line)
        if meaning:
            yield Value(".".join(path), _as_json(value), meaning)
        elif isinstance(value, yaml.MappingNode) and value.value:
            yield from _read_mapping(value, path, lines)
        else:
            raise ValueError(f"{'.'.join(path)}: has no comment; say above it what it means")


def _comment_above(lines: list[str], at: int) -> str:
    found: list[str] = []
    while at > 0 and lines[at - 1].lstrip().startswith("#"):
        at -= 1
        found.insert(0, lines[at].lstrip().removeprefix("#").strip())
    return " ".join(found)


def _as_json(node: yaml.Node) -> str:
    return json.dumps(yaml.safe_load(yaml.serialize(node)))


def render(text: str) -> str:
    """The table of all values."""
    rows = [
        f"| `{each.path}` | `{each.default}` | {each.meaning.replace('|', chr(92) + '|')} |"
        for each in read_values(text)
    ]
    return "\n".join(("| value | default | meaning |", "|---|---|---|", *rows))


def write_readme(chart: Path) -> str:
    """The README a chart should have; ValueError when it lacks the line that begins the table."""
    head, mark, _ = (chart / "README.md").read_text().partition(MARK)
    if not mark:
        raise ValueError(f"{chart.name}/README.md: put this line where the table is to begin: {MARK}")
    return f"{head}{mark}\n\n{render((chart / 'values.yaml').read_text())}\n"


def main(arguments: list[str]) -> int:
    """Write or check every README; the exit code."""
    stale = 0
    for chart in sorted(path.parent for path in CHARTS.glob("*/values.yaml")):
        wanted = write_readme(chart)
        if (chart / "README.md").read_text() == wanted:
            continue
        if "--check" in arguments:
            stale += 1
            print(f"{chart.name}/README.md differs from its values; run python charts/readme.py")  # noqa: T201
        else:
            (chart / "README.md").write_text(wanted)
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
