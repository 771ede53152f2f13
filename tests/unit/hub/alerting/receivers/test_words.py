"""What comes of texts, apart from any service."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from farwatch.hub.alerting.dispatch import NotifyReason
from farwatch.hub.alerting.message import Message
from farwatch.hub.alerting.receivers.words import TemplateTree, Words
from farwatch.hub.alerting.templates import TemplateLibrary

from ..conftest import alert

LIBRARY = TemplateLibrary()


def said(summary: str) -> Any:
    """What a tree tells of a summary that an alert brings."""
    message = Message(
        receiver="team",
        reason=NotifyReason.FIRST,
        group_key="{}:{}",
        group_labels={},
        alerts=(alert("a", summary=summary),),
    )
    tree = TemplateTree("{{ (index .Alerts 0).Annotations.summary }}")
    return tree.render(Words(LIBRARY, message))


@pytest.mark.parametrize(
    ("summary", "expected"),
    [
        ("7", 7),
        ("0.5", 0.5),
        ("true", True),
        ("null", None),
        ('{"a": [1, "b:"]}', {"a": [1, "b:"]}),
        ("a: [1, b]", {"a": [1, "b"]}),
        ("1: x", {"1": "x"}),
        ("pod: web, down", {"pod": "web, down"}),
        ("plain words", "plain words"),
        ('"quoted"', '"quoted"'),
        ("12:30:45", "12:30:45"),
        ("2026-03-01", "2026-03-01"),
        ("[2026-03-01, 1:30]", ["2026-03-01", "1:30"]),
    ],
)
def test_a_text_that_comes_out_as_yaml_is_what_it_says_as_upstream(summary: str, expected: Any) -> None:
    assert said(summary) == expected


@pytest.mark.parametrize(
    "summary",
    [
        "2026-13-45",
        "9" * 30,
        "a: " + "9" * 30,
        "9" * 5_000,
        "[" * 3_000,
        "&a [*a]",
        "a: &a [x]\nb: *a",
        "{~: 1}",
        ".inf",
        "!!binary aGk=",
        "[.nan]",
        "0x_",
        "0b_",
    ],
)
def test_one_that_cannot_be_read_stays_as_it_is(summary: str) -> None:
    assert said(summary) == summary


@given(st.text("[]{}&*!:-, \n\"'0123456789abx.~_?|>%@`#", max_size=40))
def test_whatever_a_label_holds_can_be_sent(summary: str) -> None:
    msgspec.json.encode(said(summary))


def test_a_long_text_is_read_as_json_alone() -> None:
    long = "x" * 20_000
    assert said(f'["{long}"]') == [long]
    assert said(f"a: {long}") == f"a: {long}"
