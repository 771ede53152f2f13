"""The pages tell what there is, and nothing that is not."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec
import pytest
from typer.testing import CliRunner

from farwatch.cli import app
from farwatch.hub.fleet import FleetChangeKind
from farwatch.hub.fleet.routes import AgentState
from farwatch.hub.live.routes import PERMISSIONS
from farwatch.sim.scenario import SCENARIOS, load_scenario
from farwatch.sim.server.faults import Answer, Faults
from farwatch.sim.troubles import TROUBLES

from ..e2e import pictures

DOCS = Path(__file__).parents[2] / "docs"
PAGES = sorted(path.relative_to(DOCS).as_posix() for path in DOCS.rglob("*.md"))


def read(page: str) -> str:
    return (DOCS / page).read_text()


def rows(page: str, heading: str) -> list[list[str]]:
    """The cells of the table whose first column has this heading."""
    lines = iter(read(page).split("\n"))
    for line in lines:
        if line.startswith(f"| {heading} |"):
            next(lines)
            break
    found = []
    for line in lines:
        if not line.startswith("|"):
            break
        found.append([cell.strip() for cell in line.strip("|").split(" | ")])
    assert found, f"{page} has no table of {heading}"
    return found


def names(page: str, heading: str) -> list[str]:
    return [row[0].strip("`") for row in rows(page, heading)]


def flags(command: str) -> set[str]:
    shown = CliRunner().invoke(app, [command, "--help"], terminal_width=200).output
    return set(re.findall(r"^\s*(--[a-z-]+)", shown, re.MULTILINE)) - {"--help"}


@pytest.mark.parametrize("command", ["hub", "sim"])
def test_every_flag_is_explained(command: str) -> None:
    assert set(names(f"{command}.md", "flag")) == flags(command)


def test_every_trouble_is_described_as_the_simulated_cluster_does() -> None:
    assert rows("sim.md", "trouble") == [
        [f"`{name}`", trouble.subject.value, trouble.description] for name, trouble in TROUBLES.items()
    ]


def test_every_fault_and_scenario_is_named() -> None:
    page = read("sim.md")
    assert set(names("sim.md", "fault")) == {field.name for field in msgspec.structs.fields(Faults)}
    for field in msgspec.structs.fields(Answer):
        assert f"`{field.name}`" in page
    for scenario in SCENARIOS:
        assert f"`{scenario}`" in page


def test_the_scenario_on_the_page_can_be_played(tmp_path: Path) -> None:
    example = re.search(r"```yaml\n(repeat:.*?)```", read("sim.md"), re.DOTALL)
    assert example
    file = tmp_path / "scenario.yaml"
    file.write_text(example[1])
    assert len(load_scenario(str(file)).steps) == 3


def test_every_event_of_the_stream_is_explained() -> None:
    assert set(names("hub.md", "event")) == PERMISSIONS.keys() | {"lost"}
    page = read("hub.md")
    for kind in FleetChangeKind:
        assert f"`{kind}`" in page
    for state in AgentState:
        assert f"`{state}`" in page


def test_every_picture_is_shown_and_every_shown_one_is_taken_by_the_suite() -> None:
    shown = {
        (path.parent / name).resolve()
        for path in (DOCS.parent / "README.md", *map(DOCS.joinpath, PAGES))
        for name in re.findall(r"!\[[^\]]+\]\(([^)]+)\)", path.read_text())
    }
    assert shown == {pictures.FOLDER / f"{name}.png" for name in pictures.PICTURES}
    assert set(pictures.FOLDER.iterdir()) == shown
    assert max(path.stat().st_size for path in shown) <= pictures.MAX_BYTES


@pytest.mark.parametrize("page", PAGES)
def test_links_between_pages_lead_somewhere(page: str) -> None:
    for target, anchor in re.findall(r"\]\((?!https?:)([^)#]*)#?([^)]*)\)", read(page)):
        path = (DOCS / page).parent / target if target else DOCS / page
        assert path.exists(), target
        if anchor:
            headings = re.findall(r"^#+ (.*)$", path.read_text(), re.MULTILINE)
            slugs = {re.sub(r"[^a-z0-9 -]", "", heading.lower()).replace(" ", "-") for heading in headings}
            assert anchor in slugs, f"{target}#{anchor}"
