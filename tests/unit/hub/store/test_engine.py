"""What an engine says, in words for people."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from farwatch.hub.store.engine import escape, explain, find_codes, write_insert


@pytest.mark.parametrize(
    ("said", "line"),
    [
        (
            "Code: 60. DB::Exception: Table a.b does not exist. (UNKNOWN_TABLE)",
            "Table a.b does not exist. [UNKNOWN_TABLE]",
        ),
        (
            "Code: 159. DB::Exception: Timeout exceeded: elapsed 1001 ms. (TIMEOUT_EXCEEDED) (version 25.8.1.1 (official build))\n",
            "Timeout exceeded: elapsed 1001 ms. [TIMEOUT_EXCEEDED]",
        ),
        (
            "Code: 1001. DB::Exception: Received: Code: 27. DB::Exception: Cannot parse (at row 1) (CANNOT_PARSE)\nstack",
            "Cannot parse (at row 1) [CANNOT_PARSE]",
        ),
        ("out of the blue", "out of the blue [UNKNOWN]"),
        ("", " [UNKNOWN]"),
    ],
)
def test_a_fault_is_its_innermost_message_and_name(said: str, line: str) -> None:
    assert explain(said) == line


@given(st.text() | st.builds(lambda size: f"({'X' * size})", st.integers(0, 5000)))
def test_whatever_is_said_is_one_bounded_line(said: str) -> None:
    line = explain("Code: 1. DB::Exception: " + said)
    assert "\n" not in line
    assert len(line) < 1000


def test_codes_are_found_at_every_depth() -> None:
    assert find_codes("Code: 1. DB::Exception: x: Code: 27. DB::Exception: y") == {1, 27}
    assert find_codes("Code 1") == set()


@pytest.mark.parametrize(
    ("value", "written"), [("a\tb\\\n\0'", "a\\tb\\\\\\n\\0'"), (7, "7"), (1.5, "1.5"), ("", "")]
)
def test_a_value_is_written_in_the_escaped_text_form(value: str | float, written: str) -> None:
    assert escape(value) == written


def test_an_insert_names_its_columns_and_token() -> None:
    statement = write_insert("changes", ("a", "b"), "run-1")
    assert statement.startswith("INSERT INTO changes (a, b) SETTINGS insert_deduplication_token = 'run-1', ")
    assert statement.endswith("FORMAT JSONCompactEachRow")
