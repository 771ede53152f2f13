"""What the page on templates shows is true: each example gives what stands beside it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from farwatch.hub.alerting.dispatch import NotifyReason
from farwatch.hub.alerting.message import Message
from farwatch.hub.alerting.templates import Template, TemplateLibrary
from farwatch.hub.alerting.templates.functions import functions

from ..conftest import alert

PAGE = (Path(__file__).parents[5] / "docs" / "templates.md").read_text(encoding="utf-8")
ROWS = [
    [cell.strip().replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", line)[1:4]]
    for line in PAGE.partition("## Functions")[2].partition("## Named")[0].splitlines()
    if line.startswith("| `")
]
MESSAGE = Message(
    receiver="team",
    reason=NotifyReason.FIRST,
    group_key="{}:{}",
    group_labels={},
    alerts=(alert("web-7"),),
)


def test_the_page_names_every_function() -> None:
    named = set(re.findall(r"`(\w+)`", " ".join(names for names, _, _ in ROWS)))
    assert named == set(functions(lambda: 0.0))


@pytest.mark.parametrize(("names", "example", "given"), ROWS, ids=[names for names, _, _ in ROWS])
def test_each_example_gives_what_stands_beside_it(names: str, example: str, given: str) -> None:
    source = example.strip("`")
    if names.startswith("`since`"):
        source = "{{ humanizeDuration 423 }}"
    if ".Values" in source:
        source = '{{ stringSlice "a" "b" | join ", " }}'
    for field in (".StartsAt", ".Labels"):
        if field in source:
            source = "{{ with index .Alerts 0 }}" + source + "{{ end }}"
            break
    rendered = TemplateLibrary.load([]).render(Template(source), MESSAGE)
    if given.startswith("`"):
        assert rendered == given.split("`")[1]
    else:
        assert rendered.startswith('[{"status":"firing"')
