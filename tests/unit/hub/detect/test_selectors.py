from __future__ import annotations

import pytest

from farwatch.hub.detect.selectors import parse_selector

LABELS = {"team": "pay", "tier": "dev", "example.com/part": ""}


@pytest.mark.parametrize(
    "text",
    [
        "team=pay",
        "team==pay",
        "team!=ops",
        "owner!=anybody",
        "team in (pay, ops)",
        "team notin (ops)",
        "owner notin (anybody)",
        "team",
        "!owner",
        "example.com/part=",
        "team=pay, tier in (dev,test), !owner",
    ],
)
def test_a_selector_that_holds(text: str) -> None:
    assert parse_selector(text)(LABELS)


@pytest.mark.parametrize(
    "text",
    ["team=ops", "team!=pay", "team in (ops)", "team notin (pay)", "owner", "!team", "team=pay,tier=prod"],
)
def test_a_selector_that_does_not(text: str) -> None:
    assert not parse_selector(text)(LABELS)


@pytest.mark.parametrize("text", ["", "=pay", "team=a b", "team in pay", "team ~ pay", "team=pay,,"])
def test_what_is_no_selector_is_refused_with_a_way_out(text: str) -> None:
    with pytest.raises(ValueError, match="is no label selector; write key=value"):
        parse_selector(text)
