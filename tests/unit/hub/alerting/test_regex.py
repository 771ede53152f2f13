from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from farwatch.hub.alerting.regex import Regex

ATOMS = st.sampled_from(
    ["a", "b", "é", ".", "[ab]", "[^a]", r"\d", r"\w", r"\b", r"\B", "^", "$", "(?s:.)", "(?i:A)"]
)
EXPRESSIONS = st.recursive(
    ATOMS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map("".join).map("({})".format),
        st.lists(inner, min_size=1, max_size=3).map("|".join).map("(?:{})".format),
        st.tuples(inner, st.sampled_from(["*", "+", "?", "{2}", "{1,2}", "{1,}", "*?"])).map(
            lambda pair: f"(?:{pair[0]}){pair[1]}"
        ),
    ),
    max_leaves=8,
)


@given(EXPRESSIONS, st.text("abA1é \n", max_size=6))
def test_it_matches_what_pythons_own_expressions_match(pattern: str, text: str) -> None:
    # \A, \z and ASCII classes are Go's reading; an empty \B is the one place where Python's re went another way.
    pythons = re.compile(pattern.replace("$", r"\Z"), re.ASCII)
    if text or "B" not in pattern:
        assert Regex(pattern).matches(text) == bool(pythons.fullmatch(text)), (pattern, text)


@pytest.mark.parametrize(
    ("pattern", "yes", "no"),
    [
        ("", [""], ["a"]),
        ("a|b|", ["a", "b", ""], ["ab"]),
        ("foo.*", ["foo", "foobar"], ["foo\nbar", "xfoo"]),
        ("(?s)foo.*", ["foo\nbar"], []),
        ("(?m)a$\n^b", ["a\nb"], ["ab"]),
        ("(?i)Prod", ["prod", "PROD"], ["prd"]),
        ("(?i)a(?-i)b", ["Ab"], ["AB"]),
        ("(?P<name>a)(?<other>b)", ["ab"], []),
        ("[]a]+", ["]", "a]"], ["b"]),
        ("[^]a]", ["b"], ["]", "a"]),
        ("[a-c-]+", ["a-c"], ["d"]),
        (r"[\d\]]+", ["1]"], ["a"]),
        ("[[:alpha:]_]+", ["a_Z"], ["1", "é"]),
        ("[[:^digit:]]", ["a"], ["1"]),
        (r"\pL\p{Lu}\P{L}\p{^N}", ["éÉ1a"], ["éé1a"]),
        (r"\x41\x{e9}\012\0", ["Aé\n\0"], []),
        (r"\Qa.b*\E+", [], ["a.b"]),
        (r"\Qa.b\E", ["a.b"], ["axb"]),
        (r"\.\-\/", [".-/"], ["x-/"]),
        ("a{,2}", ["a{,2}"], ["aa"]),
        ("a{2,}", ["aa", "aaaa"], ["a"]),
        ("x{0}", [""], ["x"]),
        ("a$", ["a"], ["a\n"]),
        ("(^a$)*", ["", "a"], ["aa"]),
    ],
)
def test_it_reads_go_s_syntax(pattern: str, yes: list[str], no: list[str]) -> None:
    regex = Regex(pattern)
    assert [text for text in yes + no if regex.matches(text)] == yes


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("(", r"a `\(` without its `\)`"),
        (")", r"a `\)` without its `\(`"),
        ("[a", "without its `]`"),
        ("[z-a]", "ends before it begins"),
        ("[[:nope:]]", "names no class"),
        ("*a", "nothing before `\\*`"),
        ("a**", "repetition is repeated"),
        ("a{2}{3}", "repetition is repeated"),
        ("a{1001}", "more than 1000"),
        ("a{3,2}", "ends before it begins"),
        ("((a{500}){500}){500}", "too large"),
        ("(?=a)", "no looking ahead"),
        ("(?<!a)", "no looking ahead"),
        (r"(a)\1", "reference to a group"),
        (r"\y", "means nothing"),
        ("a\\", "lone"),
        (r"\p{Greek}", "scripts are not supported"),
        (r"\x{FFFFFF}", "no character"),
        ("(" * 5_000, "nested too deeply"),
    ],
)
def test_what_is_none_is_refused_with_the_reason(pattern: str, expected: str) -> None:
    with pytest.raises(ValueError, match=expected):
        Regex(pattern)


@given(st.text(max_size=30))
def test_any_text_is_an_expression_or_refused(pattern: str) -> None:
    try:
        Regex(pattern).matches(pattern)
    except ValueError:
        return


@pytest.mark.parametrize("pattern", ["(a*)*b", "(a|aa)+b", "(a|a)*b", ".*.*.*.*.*b", "(.*)+(.*)+x"])
def test_no_expression_runs_away(pattern: str) -> None:
    # A backtracking matcher would not come to an end within the life of the sun.
    assert not Regex(pattern).matches("a" * 5_000)


def test_what_it_remembers_has_a_bound() -> None:
    regex = Regex("(.*x.{3})+")
    for first in range(0x4E00, 0x4E00 + 12_000):
        assert not regex.matches(chr(first))
    assert regex._moves <= 10_000
    assert regex.matches("xabc")
